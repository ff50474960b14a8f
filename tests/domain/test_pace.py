"""How long a send takes: the portions, the daily quota and the rate, played in advance."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.pace import PLAYED, Limits, duration
from chalicelib.domain.portions import Grant

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
FREE: dict[str, Any] = {"hourly": None, "batch": None, "daily": -1, "sent_last_24_hours": 0, "rate": 100.0}


def hourly(at: datetime) -> datetime:
    """A schedule on the hour."""
    return at.replace(minute=0, second=0, microsecond=0) + HOUR


def hours(recipients: int, **limits: Any) -> float | None:
    took = duration(recipients, Limits(**{**FREE, **limits}), NINE, hourly)
    return None if took is None else took / HOUR


@pytest.mark.parametrize(
    ("recipients", "limits", "expected"),
    [
        (0, {}, 0),
        (360_000, {}, 1),
        (1_000, {"hourly": 500}, 1 + 5 / 3600),
        (1_001, {"hourly": 500}, 2 + 0.01 / 3600),
        (1_000, {"hourly": 500, "batch": 100}, 9 + 1 / 3600),
        (3_000, {"daily": 1_000}, 48 + 10 / 3600),
        (1_000, {"daily": 1_000, "sent_last_24_hours": 400}, 24 + 4 / 3600),
        (500, {"hourly": 500, "grants": (Grant(NINE, 500),)}, 1 + 5 / 3600),
        (720_000, {"hourly": 720_000}, 2),
        (100, {"hourly": 0}, None),
        (100, {"daily": 0}, None),
        (100, {"batch": 0}, None),
    ],
)
def test_what_holds_a_send_back(recipients: int, limits: dict[str, Any], expected: float | None) -> None:
    """The hourly limit, the batch limit, the day, the rate, what others were granted; a limit of zero never ends."""
    found = hours(recipients, **limits)
    assert found == (expected if expected is None else pytest.approx(expected))


def test_a_schedule_that_rests() -> None:
    """Whoever waits for a tick that never comes is never done."""
    assert duration(1_000, Limits(**{**FREE, "hourly": 500}), NINE, lambda _: None) is None


def test_a_long_send_goes_on_as_it_began() -> None:
    """After a thousand portions nothing new is to be expected: two thousand take twice the time."""
    once, twice = hours(100 * PLAYED, hourly=100), hours(200 * PLAYED, hourly=100)
    assert once is not None
    assert twice == pytest.approx(2 * once)


@settings(deadline=None)  # a shared machine
@given(
    st.integers(1, 50_000),
    st.one_of(st.none(), st.integers(1, 5_000)),
    st.one_of(st.just(-1), st.integers(1, 20_000)),
    st.floats(1, 1_000),
)
def test_more_people_never_take_less_time(
    recipients: int, hourly_limit: int | None, daily: int, rate: float
) -> None:
    """And nobody is faster than the rate, or than the hourly limit."""
    limits = {"hourly": hourly_limit, "daily": daily, "rate": rate}
    took, longer = hours(recipients, **limits), hours(recipients + 100, **limits)
    assert took is not None
    assert longer is not None
    assert took <= longer * 1.0001 + 1e-6
    assert took >= recipients / rate / 3600 * 0.9999 - 1e-6
    if hourly_limit is not None:
        assert took >= (recipients - 1) // hourly_limit * 0.999
