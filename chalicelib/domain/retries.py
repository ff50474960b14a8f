"""Which failures may be tried again, and the places that a retry sends again."""

from collections.abc import Iterable, Sequence

from chalicelib.domain.ledger import NOT_RETRYABLE, RecipientStatus, Segment, states
from chalicelib.domain.records import MassEmailStatus

Places = tuple[int, ...]
"""(segment, position, position, …)"""


def retryable(segment: Segment, status: MassEmailStatus) -> Places | None:
    """The positions of this segment that a retry sends again; None when there are none."""
    positions = [
        position
        for position, state in enumerate(states(segment, status))
        if state.status is RecipientStatus.FAILED and state.reason not in NOT_RETRYABLE
    ]
    return (segment.number, *positions) if positions else None


def split_off(
    places: Sequence[Places], count: int, chunk_size: int
) -> tuple[tuple[Places, ...], tuple[Places, ...]]:
    """The first ``count`` positions, cut into chunks, and the rest."""
    taken: list[Places] = []
    rest: list[Places] = []
    left = count
    for segment, *positions in places:
        mine, others = positions[:left], positions[left:]
        left -= len(mine)
        taken += ((segment, *mine[start : start + chunk_size]) for start in range(0, len(mine), chunk_size))
        if others:
            rest.append((segment, *others))
    return tuple(taken), tuple(rest)


def count_of(places: Iterable[Places]) -> int:
    """How many positions these are."""
    return sum(len(each) - 1 for each in places)
