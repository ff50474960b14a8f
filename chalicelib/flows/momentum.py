"""Of which mass email this worker sent a chunk just now: the next one is hardly refused, so its slot is taken unseen.

With a backlog every worker waits for the rate, and what was read before the wait must be read again after it. A worker that
just sent saves the first reading: a request a chunk, a third of the read units. What that can cost is one slot of the rate
for each worker after a pause, a cancel, or a message that came twice.
"""

from datetime import datetime, timedelta

LASTS = timedelta(seconds=60)  # so long a send may have been stopped without this worker knowing


class Momentum:
    """One per process; keeps a single fact, replaced whole, so that threads may share it."""

    def __init__(self) -> None:
        self._last: tuple[str, float, datetime] | None = None

    def rate(self, mass_email_id: str, now: datetime) -> float | None:
        """The rate at which a chunk of this mass email was sent just now; None if none was."""
        last = self._last
        if last is None or last[0] != mass_email_id or now - last[2] > LASTS:
            return None
        return last[1]

    def gained(self, mass_email_id: str, rate: float, now: datetime) -> None:
        """A chunk may be sent."""
        self._last = (mass_email_id, rate, now)

    def lost(self) -> None:
        """One may not, or its rate is another."""
        self._last = None
