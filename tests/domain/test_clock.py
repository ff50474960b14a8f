"""Times as the API writes and reads them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.clock import SystemClock, parse_rfc3339, rfc3339

TIMES = st.datetimes(
    datetime(2, 1, 1),  # noqa: DTZ001 - hypothesis takes naive bounds
    datetime(9998, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(TIMES)
def test_a_time_comes_back_in_utc(moment: datetime) -> None:
    """To the microsecond, whatever its offset was, and with ``Z``."""
    text = rfc3339(moment)
    assert text.endswith("Z")
    assert parse_rfc3339(text) == moment
    assert parse_rfc3339(text).tzinfo is UTC
    assert parse_rfc3339(moment.isoformat()) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-03-01",
        "2026-03-01T09:00:00",
        "2026-03-01 09:00:00Z",
        "2026-02-30T09:00:00Z",
        "2026-03-01T25:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_what_is_no_time(text: str) -> None:
    """One without an offset above all, and one that no calendar here can hold."""
    with pytest.raises(ValueError):
        parse_rfc3339(text)


def test_the_machines_clock() -> None:
    """It is in UTC, goes on, and does not wait for a time that has passed."""
    clock = SystemClock()
    before = clock.now()
    clock.sleep(-1)
    clock.sleep(0.001)
    assert clock.now() - before >= timedelta(milliseconds=1)
    assert before.tzinfo is UTC
