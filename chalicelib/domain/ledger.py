"""The ledger: who a mass email's recipients are, and what became of each send.

A *segment* holds at most 50 recipients at positions that never change. A *chunk* is the part of a segment that goes out in
one ``SendBulkEmail`` call. Until its first claim a chunk is only a name in a stored plan; then it is one of

* waiting ``W<go>`` - may be claimed by whoever brings this ``go`` (how often it was put on the queue again);
* claimed ``C<token>`` - one worker is about to call, is calling, or died: only the sweep may decide;
* done ``D`` - what became of its positions is in ``results``; those without a result went on into child chunks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.activity import NOTHING, Activity, Mark
from chalicelib.domain.records import MassEmailStatus, TargetType


class RecipientStatus(StrEnum):
    """Where a recipient is; Pending and Sending are not final."""

    PENDING = "Pending"
    SENDING = "Sending"
    SENT = "Sent"
    FAILED = "Failed"
    SKIPPED = "Skipped"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Member:
    """One recipient as frozen. ``lists`` are indexes into the mass email's target lists.

    ``email_address`` is None once the person was erased; ``address_key`` stays.
    """

    target_type: TargetType
    target_id: str
    email_address: str | None
    address_key: str
    lists: tuple[int, ...] = ()
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one recipient in one chunk; ``reason`` is empty when Sent."""

    status: RecipientStatus
    reason: str = ""
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of a segment.

    ``attempts`` counts the attempts that its positions had before this chunk. ``state`` is the text that every write
    is conditional on; empty for a chunk that has never been claimed.
    """

    name: str
    positions: tuple[int, ...]
    state: str = ""
    attempts: int = 0
    claimed_at: datetime | None = None
    call_by: datetime | None = None
    done_at: datetime | None = None
    version: int = 0  # which frozen message the call used
    copy: str = ""  # under which name its messages were kept (``storeSentEmails``); empty when they were not
    results: Mapping[int, Result] = field(default_factory=dict)

    @property
    def waits(self) -> bool:
        """Whether it may be claimed."""
        return not self.state or self.state[0] == "W"

    @property
    def is_claimed(self) -> bool:
        """Whether a call may be under way."""
        return self.state[:1] == "C"

    @property
    def is_done(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state[:1] == "D"

    @property
    def go(self) -> int:
        """How often it was put back on the queue."""
        return int(self.state[1:]) if self.state[:1] == "W" else 0

    @property
    def wave(self) -> int:
        """0 for the send itself, then one more each time the failed were put back: a later wave's word counts."""
        wave, slash, _ = self.name.partition("/")
        return int(wave) if slash else 0

    @property
    def open_positions(self) -> tuple[int, ...]:
        """The positions without a result: in the call, or still to come."""
        return tuple(position for position in self.positions if position not in self.results)


def first_chunk(start: int, end: int) -> Chunk:
    """The chunk of a plan: positions ``start`` to ``end``, the end excluded."""
    return Chunk(f"{start}.{end}", tuple(range(start, end)))


def chunk_named(name: str) -> Chunk | None:
    """The never claimed chunk of this name; None for a child's name, which exists only where it is stored."""
    start, dot, end = name.partition(".")
    if not dot or not start.isdigit() or not end.isdigit():
        return None
    return first_chunk(int(start), int(end))


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment as read: who, what became of the send, what they did."""

    number: int
    members: Sequence[Member]
    chunks: Mapping[str, Chunk] = field(default_factory=dict)
    activity: Activity = NOTHING

    def chunk(self, name: str) -> Chunk | None:
        """The chunk of this name, stored or still only planned."""
        return self.chunks.get(name) or chunk_named(name)


@dataclass(frozen=True, slots=True)
class RecipientState:
    """What a recipient's status is, derived from all that is known."""

    status: RecipientStatus
    reason: str = ""
    message_id: str | None = None
    attempts: int = 0
    at: datetime | None = None
    version: int = 0


_NEVER = RecipientState(RecipientStatus.PENDING)


def states(
    segment: Segment, mass_email_status: MassEmailStatus, *, size: int | None = None
) -> list[RecipientState]:
    """The state of every position of the segment, in order; ``size`` where the members were not read.

    The send's own result comes first; evidence from events and persons is laid over it, whatever came first in time.
    """
    found = [_NEVER] * (len(segment.members) if size is None else size)
    for chunk in sorted(segment.chunks.values(), key=lambda chunk: chunk.wave):
        for position, state in _of_chunk(chunk):
            found[position] = state
    accepted = segment.activity.accepted
    rejected = segment.activity.having(Mark.REJECTED)
    settled = dict.fromkeys(segment.activity.having(Mark.SETTLED_SENT), RecipientStatus.SENT)
    settled |= dict.fromkeys(segment.activity.having(Mark.SETTLED_FAILED), RecipientStatus.FAILED)
    return [
        _with_evidence(
            state,
            accepted=position in accepted,
            rejected=position in rejected,
            settled=settled.get(position),
            canceled=mass_email_status is MassEmailStatus.CANCELED,
        )
        for position, state in enumerate(found)
    ]


def _of_chunk(chunk: Chunk) -> Iterable[tuple[int, RecipientState]]:
    for position in chunk.open_positions if not chunk.is_done else ():
        status = RecipientStatus.SENDING if chunk.is_claimed else RecipientStatus.PENDING
        yield (
            position,
            RecipientState(status, attempts=chunk.attempts, at=chunk.claimed_at, version=chunk.version),
        )
    for position, result in chunk.results.items():
        called = result.status is not RecipientStatus.SKIPPED and result.reason not in UNCALLED
        yield (
            position,
            RecipientState(
                result.status,
                result.reason,
                result.message_id,
                chunk.attempts + called,
                chunk.done_at or chunk.claimed_at,
                chunk.version,
            ),
        )


def _with_evidence(
    state: RecipientState, *, accepted: bool, rejected: bool, settled: RecipientStatus | None, canceled: bool
) -> RecipientState:
    if rejected:
        return _ending(state, RecipientStatus.FAILED, REJECTED)
    if accepted and state.status is not RecipientStatus.SENT:
        return _ending(state, RecipientStatus.SENT)
    if settled is not None and state.status is RecipientStatus.UNKNOWN:
        return _ending(state, settled, "" if settled is RecipientStatus.SENT else "settled")
    if canceled and state.status is RecipientStatus.PENDING:
        return _ending(state, RecipientStatus.SKIPPED, "canceled")
    return state


def _ending(state: RecipientState, status: RecipientStatus, reason: str = "") -> RecipientState:
    return RecipientState(status, reason, state.message_id, state.attempts, state.at, state.version)


RENDER_ERROR = "renderError"
ATTEMPTS_EXHAUSTED = "attemptsExhausted"
SILENT = "silent"
REJECTED = "rejected"  # SES took the message and then did not send it: a Reject or RenderingFailure event
MESSAGE_TOO_LARGE = "messageTooLarge"
UNCALLED = frozenset({RENDER_ERROR, MESSAGE_TOO_LARGE})
"""Reasons of a failure that was found before the call: they are no attempt."""

NOT_RETRYABLE = frozenset(
    {"messageRejected", "invalidParameter", "invalidParameterValue", REJECTED, MESSAGE_TOO_LARGE}
)
"""Failures that stay what they are however often they are tried (retry-failed leaves them)."""
