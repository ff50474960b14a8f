"""What the queues carry: JSON without addresses. A message only points; the ledger decides."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.clock import parse_rfc3339, rfc3339
from chalicelib.domain.ids import TEST_SEGMENTS_FROM, base_of, is_id

VERSION = 1


class UnreadableMessage(ValueError):
    """Not a message of ours, or of another version; it goes to the dead-letter queue."""


class ForeignEvent(UnreadableMessage):
    """An event of another topic, or about another account's mail; it goes to the dead-letter queue, for a person to look at."""


def read(body: str) -> Mapping[str, Any]:
    """What a message says.

    Raises:
        UnreadableMessage: No JSON object.
    """
    try:
        message = json.loads(body)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise UnreadableMessage("no JSON object")
    return message


@dataclass(frozen=True)
class ChunkMessage:
    """Send this chunk; answered as done whenever the chunk does not wait for just this ``go``.

    ``slot`` is the moment that the rate ticket gave, when the wait was too long to sit out; ``last`` says that the plan
    ends with this chunk.

    ``address_keys`` are the keyed hashes of the chunk's addresses, only so that their rows can be read in the very first
    request; what is left out is read later.
    """

    mass_email_id: str
    campaign_id: str | None
    segment: int
    chunk: str
    go: int = 0
    plan_id: str | None = None
    last: bool = False
    slot: datetime | None = None
    address_keys: tuple[str, ...] = ()

    @property
    def base(self) -> str:
        """Where the mass email's segments are."""
        return base_of(self.mass_email_id)

    @property
    def is_test(self) -> bool:
        """Whether the chunk is one of Send Test's."""
        return self.segment >= TEST_SEGMENTS_FROM

    def again(self, *, chunk: str, go: int) -> "ChunkMessage":
        """The message for what is left of this chunk: the others of its plan may be done before it."""
        return replace(self, chunk=chunk, go=go, slot=None, last=True)

    def to_json(self) -> Mapping[str, object]:
        """As it goes on the queue."""
        return {
            "v": VERSION,
            "massEmailId": self.mass_email_id,
            "campaignId": self.campaign_id,
            "segment": self.segment,
            "chunk": self.chunk,
            "go": self.go,
            "planId": self.plan_id,
            "last": self.last,
            "slot": rfc3339(self.slot) if self.slot else None,
            "keys": list(self.address_keys),
        }

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> "ChunkMessage":
        """Read a message.

        Raises:
            UnreadableMessage: Not one, or of another version.
        """
        if message.get("v") != VERSION or not is_id(message.get("massEmailId")):
            raise UnreadableMessage("no chunk message of version 1")
        try:
            return cls(
                mass_email_id=message["massEmailId"],
                campaign_id=message["campaignId"],
                segment=int(message["segment"]),
                chunk=str(message["chunk"]),
                go=int(message["go"]),
                plan_id=message["planId"],
                last=bool(message["last"]),
                slot=parse_rfc3339(message["slot"]) if message["slot"] else None,
                address_keys=tuple(map(str, message["keys"])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableMessage("a chunk message lacks a field") from error
