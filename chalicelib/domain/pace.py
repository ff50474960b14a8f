"""How long a mass email takes at its portions, SES's daily quota and rate: the schedule played in advance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.portions import GRANT_COUNTS_FOR, Grant, portion

DAY = timedelta(
    hours=24
)  # https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html: a rolling window
PLAYED = 1_000  # portions; what is left after them goes on at the same pace

NextTick = Callable[[datetime], datetime | None]


@dataclass(frozen=True)
class Limits:
    """What holds a send back; ``grants`` are what other sends were granted lately, ``daily`` of -1 is no limit."""

    hourly: int | None
    batch: int | None
    daily: float
    sent_last_24_hours: float
    rate: float  # recipients a second
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True)
class _Play:
    """So much is left, after so many portions; ``own`` are those of the last day; the sender is busy until ``busy_to``."""

    left: int
    busy_to: datetime
    own: tuple[Grant, ...] = ()
    portions: int = 0


def duration(recipients: int, limits: Limits, first: datetime, next_tick: NextTick) -> timedelta | None:
    """From the first tick until the last recipient is sent to, if no other mass email shares the portions.

    What was sent in the last 24 hours is taken to have been sent just now. Over a thousand portions the pace is taken to stay.

    Args:
        recipients: To be sent to.
        limits: As they are now.
        first: The tick that starts it.
        next_tick: The tick after a time; None where there is none.

    Returns:
        None when it never ends: a limit of zero, a schedule that rests.
    """
    play = _Play(recipients, first)
    at: datetime | None = first
    while play.left and play.portions < PLAYED:
        if at is None:
            return None
        count = _released(play, limits, first, at)
        if count:
            play = _after(play, count, at, limits.rate)
            at = next_tick(at)
            continue
        free = _next_room(play, limits, first, at)
        at = None if free is None else next_tick(free - timedelta(microseconds=1))
    took = play.busy_to - first
    return took * (recipients / (recipients - play.left)) if recipients else took


def _released(play: _Play, limits: Limits, first: datetime, at: datetime) -> int:
    lately = sum(grant.count for grant in play.own if at - grant.at < DAY)
    available = portion(
        hourly_limit=limits.hourly,
        grants=(*limits.grants, *play.own),
        now=at,
        max_24_hour_send=limits.daily,
        sent_last_24_hours=lately + (limits.sent_last_24_hours if at - first < DAY else 0),
        released_unsent=0,
    )
    return min(each for each in (play.left, available, limits.batch) if each is not None)


def _after(play: _Play, count: int, at: datetime, rate: float) -> _Play:
    busy_to = max(play.busy_to, at) + timedelta(seconds=count / rate)
    recent = tuple(grant for grant in play.own if at - grant.at < DAY)
    return _Play(play.left - count, busy_to, (*recent, Grant(at, count)), play.portions + 1)


def _next_room(play: _Play, limits: Limits, first: datetime, at: datetime) -> datetime | None:
    """When something stops counting against a limit; None when nothing ever will."""
    ends = [
        *_ends((*limits.grants, *play.own), GRANT_COUNTS_FOR),
        *_ends(play.own, DAY),
        *([first + DAY] if limits.sent_last_24_hours else []),
    ]
    return min((end for end in ends if end > at), default=None)


def _ends(grants: Sequence[Grant], counts_for: timedelta) -> list[datetime]:
    return [grant.at + counts_for for grant in grants if grant.count]
