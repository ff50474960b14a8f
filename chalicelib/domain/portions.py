"""How many recipients one tick may release, and how mass emails share them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

GRANT_COUNTS_FOR = timedelta(minutes=58)
"""An hourly tick has its whole hour even if the schedule fires up to two minutes early."""


@dataclass(frozen=True)
class Grant:
    """So many recipients were released at that time."""

    at: datetime
    count: int


@dataclass(frozen=True)
class Claimant:
    """A mass email that could use a share; ``start_at`` decides who gets odd ones."""

    id: str
    start_at: datetime
    remaining: int


def portion(
    *,
    hourly_limit: int | None,
    grants: Sequence[Grant],
    now: datetime,
    max_24_hour_send: float,
    sent_last_24_hours: float,
    released_unsent: int,
) -> int | None:
    """How many may be released now, over all mass emails; None is no limit.

    ``max_24_hour_send`` of -1 is no limit (https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendQuota.html).
    """
    rests = []
    if hourly_limit is not None:
        rests.append(hourly_limit - sum(grant.count for grant in grants if now - grant.at < GRANT_COUNTS_FOR))
    if max_24_hour_send >= 0:
        rests.append(int(max_24_hour_send - sent_last_24_hours) - released_unsent)
    return max(0, min(rests)) if rests else None


def shares(
    available: int | None, batch_limit: int | None, claimants: Sequence[Claimant]
) -> Mapping[str, int]:
    """Equal shares; what one cannot use goes to the others, odd ones to the earliest ``start_at`` (then id).

    >>> shares(500, None, [Claimant("a", t, 10_000), Claimant("b", t, 20)])  # doctest: +SKIP
    {"a": 480, "b": 20}
    """
    wants = {
        claimant.id: min(claimant.remaining, batch_limit if batch_limit is not None else claimant.remaining)
        for claimant in sorted(claimants, key=lambda each: (each.start_at, each.id))
    }
    if available is None:
        return wants
    given = dict.fromkeys(wants, 0)
    left = available
    while hungry := [claimant for claimant, want in wants.items() if given[claimant] < want]:
        even = left // len(hungry)
        if not even:  # only now are there odd ones: before, somebody may not have used their even share
            return given | {claimant: given[claimant] + 1 for claimant in hungry[:left]}
        for claimant in hungry:
            more = min(even, wants[claimant] - given[claimant])
            given[claimant] += more
            left -= more
    return given
