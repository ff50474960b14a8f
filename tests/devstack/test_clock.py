"""The clocks move when they are told to, and sleepers go with them."""

import threading
import time
from datetime import timedelta

import pytest

from devstack.clock import MovableClock, VirtualClock


def test_moving_the_clock_wakes_a_sleeper() -> None:
    """Who sleeps a thousand seconds is awake as soon as they have passed on this clock."""
    clock = MovableClock()
    sleeper = threading.Thread(target=clock.sleep, args=(1_000,))
    sleeper.start()
    clock.advance(500)
    sleeper.join(0.05)
    assert sleeper.is_alive()
    clock.advance(501)
    sleeper.join(5)
    assert not sleeper.is_alive()


def test_while_skipping_a_sleep_moves_the_clock() -> None:
    """An hour's sleep takes no time; afterwards, and in other threads, sleeping is waiting again."""
    clock = MovableClock()
    before, start = clock.now(), time.monotonic()
    with clock.skipping():
        clock.sleep(3_600)
    assert clock.now() - before >= timedelta(hours=1)
    assert time.monotonic() - start < 1
    before = clock.now()
    clock.sleep(0.02)
    assert timedelta(seconds=0.02) <= clock.now() - before < timedelta(seconds=5)


def test_time_does_not_run_backwards() -> None:
    """Neither clock can be moved back; sleeping for nothing is nothing."""
    with pytest.raises(ValueError, match="forward"):
        MovableClock().advance(-1)
    clock = VirtualClock()
    before = clock.now()
    clock.sleep(-1)
    assert clock.now() == before
    clock.advance(2)
    assert clock.now() - before == timedelta(seconds=2)
