"""A clock that stands still until somebody moves it."""

import threading
from datetime import UTC, datetime, timedelta

NINE_ON_A_MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


class FakeClock:
    """Time that passes only by ``sleep`` and ``advance``; fulfils :class:`chalicelib.domain.clock.Clock`."""

    def __init__(self, now: datetime = NINE_ON_A_MONDAY) -> None:
        self._now = now
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The time, in UTC."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let that much time pass at once; none for zero or less."""
        if seconds > 0:
            self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move the clock forward.

        Raises:
            ValueError: ``seconds`` is negative; time does not run backwards.
        """
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def reset(self, now: datetime) -> None:
        """Stand at another time, as when a prepared state is played again."""
        self._now = now
