"""How far a mass email is: what the freeze wrote, what was released, which plans are open.

Segments are written in *stretches*: all segments of one are full but its last. From the stretches alone follow the size of every
segment and the chunks of every plan, so nothing needs to be written for a chunk before somebody claims it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import ceil

from chalicelib.domain.ids import SEGMENT_CAPACITY
from chalicelib.domain.ledger import Chunk, first_chunk


class Phase(StrEnum):
    """Nothing is released before the freeze is whole."""

    NEW = "new"
    FREEZING = "freezing"
    FROZEN = "frozen"


@dataclass(frozen=True)
class Stretch:
    """Segments ``first`` to ``first + count - 1`` hold ``size`` recipients each, the last one ``last``."""

    first: int
    count: int
    size: int
    last: int

    def size_of(self, segment: int) -> int:
        """How many recipients this segment of the stretch holds."""
        return self.last if segment == self.first + self.count - 1 else self.size


@dataclass(frozen=True, order=True)
class Spot:
    """A place between recipients: before ``position`` of ``segment``."""

    segment: int = 0
    position: int = 0


@dataclass(frozen=True)
class PlannedChunk:
    """One message of the send queue."""

    segment: int
    chunk: Chunk


@dataclass(frozen=True)
class Plan:
    """What one tick released of one mass email: stored before it is worked off.

    A plan of the send itself is a stretch of the ledger from ``start`` to ``end`` (excluded); a plan of a retry lists its
    positions. ``settled_to`` is a watermark: every chunk before it is done.
    """

    id: str
    mass_email_id: str
    count: int
    chunk_size: int
    created_at: datetime
    start: Spot = Spot()
    end: Spot = Spot()
    wave: int = 0
    retries: tuple[tuple[int, ...], ...] = ()  # (segment, position, position, …)
    enqueued_at: datetime | None = None
    settled_to: int = 0


@dataclass(frozen=True)
class Run:
    """The progress of one mass email; ``rev`` guards every write."""

    mass_email_id: str
    phase: Phase = Phase.NEW
    freeze: int = 0
    freeze_from: int = 0  # the first segment of this freeze
    cursor: str | None = None  # where this freeze goes on; None at its start
    stretches: tuple[Stretch, ...] = ()
    segments: int = 0
    recipients: int = 0
    memberships: int = 0  # of this freeze
    left_out: Mapping[str, int] = field(default_factory=dict)  # of this freeze, by reason
    left_pages: int = 0
    pointers_to: int = 0  # segments before this one certainly have their pointers
    released_to: Spot = Spot()
    released: int = 0
    retry_wave: int = 0
    retry_left: int = 0
    retry_pages: int = 0
    open_plans: tuple[str, ...] = ()
    discard_from: int = 0  # the segments that an interrupted freeze wrote, until they are removed;
    discard_to: int = 0  # their numbers are not used again
    resumed_at: datetime | None = None
    touched_at: datetime | None = None  # when a freezer last wrote; long ago means that it died
    rev: int = 0

    @property
    def remaining(self) -> int:
        """How many can be released by one plan: those of a retry first."""
        return self.retry_left or self.recipients - self.released


def chunk_size_at(rate: float) -> int:
    """How many recipients one call may hold at ``rate`` recipients a second, so that whole calls fill each second.

    At 130/s it is 43 (three calls a second make 129), not 50 (two calls make 100): at least 97 % of the rate from 50 on.
    """
    whole = max(1, int(rate))
    return whole // ceil(whole / SEGMENT_CAPACITY)


def segment_size_at(rate: float) -> int:
    """How many recipients the freeze writes into a segment: as many whole calls as it holds.

    A chunk lies in one segment, and SES may raise the rate after the freeze: segments of a single call at one recipient a
    second, a sandbox's rate, would never be sent faster.
    """
    call = chunk_size_at(rate)
    return SEGMENT_CAPACITY // call * call


def sizes(stretches: Sequence[Stretch], start: Spot) -> Iterator[tuple[int, int]]:
    """(segment, its size) from ``start`` on."""
    for stretch in stretches:
        for segment in range(max(stretch.first, start.segment), stretch.first + stretch.count):
            yield segment, stretch.size_of(segment)


def advance(stretches: Sequence[Stretch], start: Spot, count: int) -> Spot:
    """The spot exactly ``count`` recipients after ``start``; there must be that many."""
    left = count
    spot = start
    for segment, size in sizes(stretches, start):
        first = start.position if segment == start.segment else 0
        if left <= size - first:
            spot = Spot(segment, first + left)
            return Spot(segment + 1, 0) if spot.position == size else spot
        left -= size - first
    raise ValueError("fewer recipients are left than were asked for")


def chunks_of(plan: Plan, stretches: Sequence[Stretch]) -> Iterator[PlannedChunk]:
    """The chunks of a plan, in order; always the same ones for the same plan."""
    if plan.wave:
        for segment, *positions in plan.retries:
            yield PlannedChunk(segment, Chunk(f"{plan.wave}/{positions[0]}", tuple(positions)))
        return
    for segment, size in sizes(stretches, plan.start):
        if segment > plan.end.segment or (segment == plan.end.segment and plan.end.position == 0):
            return
        first = plan.start.position if segment == plan.start.segment else 0
        last = plan.end.position if segment == plan.end.segment else size
        for start in range(first, last, plan.chunk_size):
            yield PlannedChunk(segment, first_chunk(start, min(start + plan.chunk_size, last)))
