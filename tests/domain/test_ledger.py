"""A recipient's status is derived from all that is known, whatever came first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.activity import PROVES_ACCEPTANCE, Activity, Mark
from chalicelib.domain.ledger import (
    Chunk,
    Member,
    RecipientStatus,
    Result,
    Segment,
    chunk_named,
    first_chunk,
    states,
)
from chalicelib.domain.records import MassEmailStatus, TargetType

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
S = RecipientStatus
IN_PROCESS, CANCELED = MassEmailStatus.IN_PROCESS, MassEmailStatus.CANCELED


def members(count: int) -> list[Member]:
    return [
        Member(TargetType.CONTACT, f"{number:017x}", f"p{number}@example.org", f"{number:032x}", (0,))
        for number in range(count)
    ]


def segment(
    *chunks: Chunk, count: int = 4, marks: dict[Mark, set[int]] | None = None, number: int = 7
) -> Segment:
    activity = Activity(marks={mark: frozenset(places) for mark, places in (marks or {}).items()})
    return Segment(number, members(count), {chunk.name: chunk for chunk in chunks}, activity)


def done(*results: tuple[int, Result], name: str = "0.4", attempts: int = 0) -> Chunk:
    return Chunk(name, tuple(range(4)), "D", attempts=attempts, done_at=NOW, version=2, results=dict(results))


SENT, FAILED = Result(S.SENT, message_id="m"), Result(S.FAILED, "failed")
UNKNOWN = Result(S.UNKNOWN, "silent")


def statuses(found: Segment, status: MassEmailStatus = IN_PROCESS) -> list[str]:
    return [str(state.status) for state in states(found, status)]


def test_nobody_claimed_anything() -> None:
    """Everybody is Pending, and Skipped once the mass email is canceled."""
    assert statuses(segment()) == ["Pending"] * 4
    canceled = states(segment(), CANCELED)
    assert {(state.status, state.reason) for state in canceled} == {(S.SKIPPED, "canceled")}


def test_a_claimed_chunk_is_sending() -> None:
    """Those of it that were skipped before the call are not; a cancel does not take the claim back."""
    chunk = replace(first_chunk(0, 3), state="Ct", claimed_at=NOW, results={1: Result(S.SKIPPED, "invalid")})
    assert statuses(segment(chunk)) == ["Sending", "Skipped", "Sending", "Pending"]
    assert statuses(segment(chunk), CANCELED) == ["Sending", "Skipped", "Sending", "Skipped"]


def test_a_chunk_that_went_back_is_pending() -> None:
    """With the attempts that it has had."""
    chunk = replace(first_chunk(0, 4), state="W2", attempts=1)
    assert statuses(segment(chunk)) == ["Pending"] * 4
    assert states(segment(chunk), IN_PROCESS)[0].attempts == 1


def test_a_done_chunk_and_its_child() -> None:
    """The parent's results stand, the rest is where the child is."""
    parent = done((0, SENT), (1, FAILED))
    child = Chunk("0.4a", (2, 3), "W1", attempts=1)
    assert statuses(segment(parent, child)) == ["Sent", "Failed", "Pending", "Pending"]


@pytest.mark.parametrize(
    ("result", "attempts"),
    [
        (SENT, 1),
        (FAILED, 1),
        (UNKNOWN, 1),
        (Result(S.SKIPPED, "optedOut"), 0),
        (Result(S.FAILED, "renderError"), 0),
        (Result(S.FAILED, "messageTooLarge"), 0),
    ],
)
def test_an_attempt_is_a_call(result: Result, attempts: int) -> None:
    """What was found before the call is none."""
    (state, *_) = states(segment(done((0, result))), IN_PROCESS)
    assert state.attempts == attempts
    assert state.at == NOW
    assert state.version == 2


@pytest.mark.parametrize("mark", sorted(PROVES_ACCEPTANCE))
@pytest.mark.parametrize("before", [None, UNKNOWN, FAILED, SENT])
def test_any_sign_of_life_proves_acceptance(mark: Mark, before: Result | None) -> None:
    """An event, an open, a click, an opt-out: also after Unknown, and before the send's own answer is stored."""
    chunks = [done((0, before))] if before else [replace(first_chunk(0, 4), state="Ct")]
    (state, *_) = states(segment(*chunks, marks={mark: {0}}), IN_PROCESS)
    assert state.status is S.SENT
    assert state.reason == ""


@pytest.mark.parametrize("before", [UNKNOWN, SENT])
def test_a_reject_ends_failed(before: Result) -> None:
    """SES took it and then did not send it; other evidence does not outweigh that."""
    found = segment(done((0, before)), marks={Mark.REJECTED: {0}, Mark.ACCEPTED: {0}})
    (state, *_) = states(found, IN_PROCESS)
    assert (state.status, state.reason) == (S.FAILED, "rejected")


def test_a_bounce_leaves_it_sent() -> None:
    """A bounce or a complaint is about a message that was sent."""
    marks = {Mark.BOUNCED_HARD: {0}, Mark.COMPLAINED: {1}}
    assert statuses(segment(done((0, SENT), (1, SENT)), marks=marks))[:2] == ["Sent", "Sent"]


def test_a_person_decides_about_unknown_only() -> None:
    """Sent or Failed as they said; what is known otherwise stays as it is."""
    marks = {Mark.SETTLED_SENT: {0, 2}, Mark.SETTLED_FAILED: {1, 3}}
    found = segment(done((0, UNKNOWN), (1, UNKNOWN), (2, FAILED), (3, SENT)), marks=marks)
    assert [(state.status, state.reason) for state in states(found, IN_PROCESS)] == [
        (S.SENT, ""),
        (S.FAILED, "settled"),
        (S.FAILED, "failed"),
        (S.SENT, ""),
    ]


def test_evidence_outweighs_a_persons_decision() -> None:
    """Settled as Failed, and then an event proves that it was sent."""
    found = segment(done((0, UNKNOWN)), marks={Mark.SETTLED_FAILED: {0}, Mark.ACCEPTED: {0}})
    assert states(found, IN_PROCESS)[0].status is S.SENT


def test_the_last_wave_counts() -> None:
    """A retry's word is newer, in whatever order the chunks are read."""
    first = done((0, FAILED), (1, FAILED), (2, SENT), (3, SENT))
    again = Chunk("1/0", (0,), "W1")
    twice = Chunk("10/1", (1,), "D", results={1: SENT}, done_at=NOW)
    second = Chunk("2/1", (1,), "D", results={1: FAILED}, done_at=NOW)
    for chunks in ((first, again, second, twice), (twice, second, again, first)):
        assert statuses(segment(*chunks)) == ["Pending", "Sent", "Sent", "Sent"]


MARKS = st.dictionaries(st.sampled_from(Mark), st.sets(st.integers(0, 3)), max_size=6)


@given(st.permutations([SENT, FAILED, UNKNOWN, Result(S.SKIPPED, "invalid")]), MARKS)
def test_counting_needs_no_members(results: list[Result], marks: dict[Mark, set[int]]) -> None:
    """Read without the members, with the size alone, the states are the same; each has exactly one."""
    full = segment(done(*enumerate(results)), marks=marks)
    bare = replace(full, members=[])
    assert states(bare, IN_PROCESS, size=4) == states(full, IN_PROCESS)
    assert len(states(full, IN_PROCESS)) == 4


@pytest.mark.parametrize("name", ["0.50a", "1/3", "1/3a", "", ".", "0.", "x.y", "0.5.0"])
def test_only_a_planned_name_makes_a_chunk(name: str) -> None:
    """A child or a retry exists only where it is stored: a stray message of one does nothing."""
    assert chunk_named(name) is None
    assert segment().chunk(name) is None


def test_a_planned_chunk_needs_nothing_stored() -> None:
    """Its name says all."""
    found = segment().chunk("1.3")
    assert found == first_chunk(1, 3)
    assert found is not None
    assert found.waits
    assert (found.go, found.is_claimed, found.is_done) == (0, False, False)


def test_chunk_times_are_of_the_last_claim() -> None:
    """``at`` of a recipient under way is when it was claimed."""
    at = NOW + timedelta(minutes=1)
    (state, *_) = states(segment(replace(first_chunk(0, 4), state="Ct", claimed_at=at)), IN_PROCESS)
    assert state.at == at
