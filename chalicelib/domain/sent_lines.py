"""Who has a Sent line in the log: every recipient who is Sent, once, however late that was found out.

What a call came to is often known only hours later, from an event or a reader. So a finished chunk is logged with everybody
whom its call may have reached, and which of these rows speaks for a recipient is worked out when the log is read.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from chalicelib.domain.ledger import Chunk, RecipientStatus, Result, Segment, states
from chalicelib.domain.records import MassEmailStatus

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def reached(chunk: Chunk) -> Sequence[int]:
    """The positions that a finished chunk's call reached, or may have: those Sent, and those whose end it did not tell."""
    return [position for position in chunk.positions if _may_be_sent(chunk, chunk.results.get(position))]


def _may_be_sent(chunk: Chunk, result: Result | None) -> bool:
    if result is None:
        return chunk.claimed_at is not None
    return result.status in (RecipientStatus.SENT, RecipientStatus.UNKNOWN)


def sent_by(segment: Segment) -> Mapping[int, str]:
    """(position → name of the chunk that is their Sent line) of those who are Sent.

    That is the call which SES answered with a MessageId; where no answer was seen, the first that may have been it.
    """
    size = 1 + max(
        (position for chunk in segment.chunks.values() for position in chunk.positions), default=-1
    )
    known = states(segment, MassEmailStatus.COMPLETE, size=size)
    lines: dict[int, str] = {}
    for chunk in sorted(segment.chunks.values(), key=_by_time):
        for position in reached(chunk) if chunk.is_done else ():
            if known[position].status is not RecipientStatus.SENT:
                continue
            result = chunk.results.get(position)
            if position not in lines or (result is not None and result.message_id is not None):
                lines[position] = chunk.name
    return lines


def _by_time(chunk: Chunk) -> tuple[datetime, str]:
    return chunk.claimed_at or _LONG_AGO, chunk.name
