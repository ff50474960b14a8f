"""Failed tokens: who is counted as one, from when on, and what it costs."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import TooMany
from chalicelib.flows.failed_tokens import LIMIT, WINDOW, FailedTokens, site_of
from tests.fakes.clock import FakeClock


class Counts:
    """In memory; ``asked`` counts the requests."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, datetime], int] = {}
        self.asked = 0

    def add(self, source_key: str, window: datetime) -> int:
        """Count one more."""
        self.asked += 1
        self.found[source_key, window] = self.found.get((source_key, window), 0) + 1
        return self.found[source_key, window]


class Door:
    """Who stands there, as one process sees it."""

    def __init__(self, counts: Any = None) -> None:
        self.clock = FakeClock()
        self.counts = counts or Counts()
        self.reports: list[str] = []
        self.failed = FailedTokens(
            self.counts, self.clock, str.upper, lambda name, *_: self.reports.append(name)
        )

    def refused(self, source: str, times: int) -> list[int]:
        """The seconds to wait that were told, of so many failures."""
        told = []
        for _ in range(times):
            try:
                self.failed.note(source)
            except TooMany as error:
                told.append(error.retry_after)
        return told


def test_from_the_limit_on_a_source_waits() -> None:
    """For the rest of the window; then it may fail again."""
    door = Door()
    assert door.refused("192.0.2.1", LIMIT) == []
    (wait,) = door.refused("192.0.2.1", 1)
    assert 1 <= wait <= WINDOW.total_seconds()
    assert door.refused("192.0.2.2", 1) == []
    door.clock.advance(wait)
    assert door.refused("192.0.2.1", LIMIT) == []


def test_who_is_over_the_limit_costs_nothing_more() -> None:
    """One request for each failure up to the limit, and none after."""
    door = Door()
    assert len(door.refused("192.0.2.1", 10 * LIMIT)) == 9 * LIMIT
    assert door.counts.asked == LIMIT + 1


def test_processes_count_together() -> None:
    """Lambda has many."""
    first = Door()
    others = [Door(first.counts) for _ in range(LIMIT)]
    for door in others:
        assert door.refused("192.0.2.1", 1) == []
    assert len(first.refused("192.0.2.1", 1)) == 1


def test_a_table_that_is_down_lets_nobody_wait() -> None:
    """The caller is answered 401 all the same."""

    class Broken:
        def add(self, _source_key: str, _window: datetime) -> int:
            raise ConnectionError

    door = Door(Broken())
    assert door.refused("192.0.2.1", 2) == []
    assert door.reports == ["failedTokenNotCounted"] * 2


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_who_is_one_source(address: str, site: str) -> None:
    """A subscriber of IPv6 has more addresses than could be counted."""
    assert site_of(address) == site


@given(st.timedeltas(timedelta(0), timedelta(days=2)))
def test_the_wait_ends_with_the_window(passed: timedelta) -> None:
    """Whenever it began: neither zero nor longer than a window, and never too short."""
    door = Door()
    door.clock.advance(passed.total_seconds())
    (wait,) = door.refused("192.0.2.1", LIMIT + 1)
    assert 1 <= wait <= WINDOW.total_seconds()
    door.clock.advance(wait)
    assert door.refused("192.0.2.1", LIMIT) == []
