"""Clocks that can be moved: one that runs beside the machine's, and one that stands still."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


class MovableClock:
    """The machine's time plus an offset; every function and every queue of the local cloud reads this one."""

    def __init__(self) -> None:
        self._offset = timedelta(0)
        self._moved = threading.Condition()
        self._skips = threading.local()

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC) + self._offset

    def sleep(self, seconds: float) -> None:
        """Wait until that much of *this clock's* time has passed: moving the clock wakes the sleeper."""
        if seconds <= 0:
            return
        if getattr(self._skips, "on", False):
            self.advance(seconds)
            return
        end = self.now() + timedelta(seconds=seconds)
        with self._moved:
            while (left := (end - self.now()).total_seconds()) > 0:
                self._moved.wait(left)

    def advance(self, seconds: float) -> None:
        """Move the clock forward.

        Raises:
            ValueError: ``seconds`` is negative; time does not run backwards.
        """
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        with self._moved:
            self._offset += timedelta(seconds=seconds)
            self._moved.notify_all()

    @contextmanager
    def skipping(self) -> Iterator[None]:
        """Within this, the calling thread's sleeps move the clock instead of waiting: a tick costs no waiting time.

        Only for one thread at a time: sleepers side by side would add their waits up.
        """
        self._skips.on = True
        try:
            yield
        finally:
            self._skips.on = False


class VirtualClock:
    """Stands still but for ``sleep`` and ``advance``: what proofs and tests with a fixed seed use."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """The time, in UTC."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let that much time pass at once."""
        self._now += timedelta(seconds=max(0.0, seconds))

    advance = sleep
