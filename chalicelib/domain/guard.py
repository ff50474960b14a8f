"""When sending must pause itself: too many bounces or complaints among a day's messages.

SES reviews an account from 5 % of bounces or 0.1 % of complaints on, and may stop it at twice that or less:
https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-bounce-rate.html, …-complaint-rate.html. Like SES's, the rates
know hard bounces only, and none from a suppression list. Their base is what mailboxes answered for: delivered or bounced.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

WINDOW = timedelta(hours=24)
SLICE = timedelta(minutes=30)
OPEN_FOR = timedelta(minutes=30)
"""Events of the last half hour at least are counted anew every time, for some come late; older slices are counted once."""


@dataclass(frozen=True)
class Limits:
    """The settings: rates in percent, None for no limit; below ``least`` answered messages no rate says anything."""

    bounce_rate: float | None = 5.0
    complaint_rate: float | None = 0.1
    least: int = 1000


@dataclass(frozen=True)
class Tally:
    """Messages by what mailboxes answered."""

    delivered: int = 0
    bounced: int = 0
    complained: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """The sums of both."""
        return Tally(
            self.delivered + other.delivered,
            self.bounced + other.bounced,
            self.complained + other.complained,
        )

    @property
    def answered(self) -> int:
        """The base of both rates."""
        return self.delivered + self.bounced

    @property
    def bounce_rate(self) -> float:
        """Percent."""
        return _percent(self.bounced, self.answered)

    @property
    def complaint_rate(self) -> float:
        """Percent."""
        return _percent(self.complained, self.answered)


@dataclass(frozen=True)
class Slice:
    """What came in between two moments, the end excluded."""

    start: datetime
    end: datetime
    tally: Tally


@dataclass(frozen=True)
class History:
    """One mass email's last day: slices that are closed, up to ``closed_to``; ``tripped`` while its pause is ours."""

    closed_to: datetime
    slices: tuple[Slice, ...] = ()
    tripped: bool = False

    def due(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The slices that can be closed by now, and were not yet."""
        start, last = max(self.closed_to, now - WINDOW), now - OPEN_FOR
        while (end := _slice_end(start)) <= last:
            yield start, end
            start = end

    def closed(self, slices: tuple[Slice, ...], now: datetime) -> "History":
        """With these closed, and without what is older than a day."""
        kept = tuple(each for each in (*self.slices, *slices) if each.end > now - WINDOW)
        return replace(self, closed_to=slices[-1].end if slices else self.closed_to, slices=kept)

    @property
    def tally(self) -> Tally:
        """The sum of what is closed."""
        return sum((each.tally for each in self.slices), Tally())


def breach(tally: Tally, limits: Limits) -> str | None:
    """Why sending must pause, as a sentence; None if it need not."""
    if tally.answered < limits.least:
        return None
    of = f"of {tally.answered:,} messages within 24 hours"
    if limits.bounce_rate is not None and tally.bounce_rate >= limits.bounce_rate:
        return f"{tally.bounce_rate:.2f} % {of} bounced; the limit is {limits.bounce_rate:g} %"
    if limits.complaint_rate is not None and tally.complaint_rate >= limits.complaint_rate:
        return (
            f"{tally.complaint_rate:.2f} % {of} were complained of; the limit is {limits.complaint_rate:g} %"
        )
    return None


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _slice_end(moment: datetime) -> datetime:
    """The next half hour of the clock."""
    seconds = int(SLICE.total_seconds())
    return datetime.fromtimestamp((int(moment.timestamp()) // seconds + 1) * seconds, UTC)
