"""Which failures a retry sends again, and how its portions are cut."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.activity import Mark
from chalicelib.domain.ledger import NOT_RETRYABLE, Chunk, RecipientStatus, Result
from chalicelib.domain.records import MassEmailStatus
from chalicelib.domain.retries import count_of, retryable, split_off
from tests.domain.test_ledger import FAILED, SENT, UNKNOWN, done, segment

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
S = RecipientStatus


def test_what_a_retry_sends_again() -> None:
    """Failures that may pass; not those that stay what they are, and nobody else."""
    stays = sorted(NOT_RETRYABLE)
    results = [(0, FAILED), (1, Result(S.FAILED, "attemptsExhausted")), (2, SENT), (3, UNKNOWN)]
    results += [(place + 4, Result(S.FAILED, reason)) for place, reason in enumerate(stays)]
    chunk = Chunk("0.50", tuple(range(len(results))), "D", results=dict(results), done_at=NOW)
    assert retryable(segment(chunk, count=len(results)), MassEmailStatus.COMPLETE) == (7, 0, 1)
    assert retryable(segment(done((0, SENT))), MassEmailStatus.COMPLETE) is None


def test_what_a_person_called_failed_can_be_retried() -> None:
    """And what an event proves sent cannot, though its call failed."""
    marks = {Mark.SETTLED_FAILED: {0}, Mark.DELIVERED: {1}}
    found = segment(done((0, UNKNOWN), (1, FAILED)), marks=marks)
    assert retryable(found, MassEmailStatus.COMPLETE) == (7, 0)


PLACES = st.lists(
    st.tuples(st.integers(0, 99), st.sets(st.integers(0, 49), min_size=1)),
    max_size=6,
    unique_by=lambda row: row[0],
).map(lambda rows: [(number, *sorted(places)) for number, places in sorted(rows)])


@given(PLACES, st.integers(1, 50), st.data())
def test_a_retrys_portions_cover_its_places_once(
    places: list[tuple[int, ...]], chunk_size: int, data: st.DataObject
) -> None:
    """Portion after portion, in chunks that fit a call."""
    rest, found = tuple(places), list[tuple[int, int]]()
    while count_of(rest):
        portion = data.draw(st.integers(1, count_of(rest)))
        taken, rest = split_off(rest, portion, chunk_size)
        assert count_of(taken) == portion
        assert all(1 <= len(each) - 1 <= chunk_size for each in taken)
        found += [(number, place) for number, *some in taken for place in some]
    assert found == [(number, place) for number, *some in places for place in some]
