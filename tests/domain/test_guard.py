"""When sending pauses itself: the rates, their base, and the slices of a day."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.guard import OPEN_FOR, WINDOW, History, Limits, Slice, Tally, breach

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LIMITS = Limits()
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001 - made aware
counts = st.integers(0, 5_000)


@pytest.mark.parametrize(
    ("tally", "sentence"),
    [
        (Tally(950, 50), "5.00 % of 1,000 messages within 24 hours bounced; the limit is 5 %"),
        (Tally(951, 49), None),
        (Tally(949, 50), None),  # 999 say nothing
        (Tally(0, 1000), "100.00 % of 1,000 messages within 24 hours bounced; the limit is 5 %"),
        (
            Tally(1000, 0, 1),
            "0.10 % of 1,000 messages within 24 hours were complained of; the limit is 0.1 %",
        ),
        (Tally(1001, 0, 1), None),
        (Tally(), None),
    ],
)
def test_the_limits(tally: Tally, sentence: str | None) -> None:
    """Reached is past: SES looks at an account from there. Who only ever bounces is stopped, too."""
    assert breach(tally, LIMITS) == sentence


def test_of_nothing_there_is_no_rate() -> None:
    """Nobody answered yet."""
    assert (Tally().bounce_rate, Tally().complaint_rate) == (0, 0)


def test_a_limit_can_be_lifted() -> None:
    """An administrator's null."""
    assert breach(Tally(0, 2000, 2000), Limits(None, None)) is None
    assert breach(Tally(0, 2000), Limits(None, 0.1)) is None


@given(delivered=counts, bounced=counts, complained=counts, more=counts)
def test_more_deliveries_never_trip_it(delivered: int, bounced: int, complained: int, more: int) -> None:
    """Once there are enough messages for a rate."""
    tally = Tally(delivered, bounced, complained)
    if tally.answered >= LIMITS.least and breach(tally, LIMITS) is None:
        assert breach(tally + Tally(delivered=more), LIMITS) is None


@given(start=moments, passed=st.timedeltas(timedelta(0), timedelta(days=3)))
def test_slices_follow_on_each_other(start: datetime, passed: timedelta) -> None:
    """From where the last one ended to half an hour ago: nothing is counted twice, and nothing of the day is left out."""
    now = start + passed
    history = History(closed_to=start)
    slices = tuple(Slice(begin, end, Tally(1)) for begin, end in history.due(now))
    assert all(one.end == other.start for one, other in pairwise(slices))
    after = history.closed(slices, now)
    assert all(begin < end for begin, end in ((each.start, each.end) for each in after.slices))
    assert after.closed_to <= max(start, now - OPEN_FOR)
    assert now - after.closed_to < OPEN_FOR * 2 or after.closed_to == start
    assert after.tally == Tally(len(after.slices))


@given(start=moments)
def test_a_day_later_it_is_forgotten(start: datetime) -> None:
    """What ended more than a day ago counts no more."""
    history = History(start, (Slice(start - OPEN_FOR, start, Tally(7, 7, 7)),))
    assert history.closed((), start + WINDOW - timedelta(seconds=1)).tally == Tally(7, 7, 7)
    assert history.closed((), start + WINDOW).tally == Tally()


def test_closing_is_final() -> None:
    """A closed slice is not due again."""
    history = History(closed_to=NOW)
    later = NOW + timedelta(hours=2)
    slices = tuple(Slice(begin, end, Tally()) for begin, end in history.due(later))
    assert [each.end for each in slices] == [NOW + timedelta(minutes=30 * n) for n in (1, 2, 3)]
    assert list(history.closed(slices, later).due(later)) == []
