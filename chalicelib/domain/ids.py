"""Identifiers: 17 lower-case hex digits, time-ordered.

68 bits: 44 bits of milliseconds since 1970 (enough until the year 2527), then 24 bits that are random for a record
and ``segment(18) | position(6)`` for a recipient of a mass email.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

BASE_BITS, SEGMENT_BITS, POSITION_BITS = 44, 18, 6
LOW_BITS = SEGMENT_BITS + POSITION_BITS
SEGMENT_CAPACITY = 50
TEST_SEGMENTS_FROM = 1 << (SEGMENT_BITS - 1)
MAX_RECIPIENTS = TEST_SEGMENTS_FROM * SEGMENT_CAPACITY

_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_ID = re.compile(r"[0-9a-f]{17}\Z")


def is_id(text: object) -> bool:
    """Whether this is written as an id."""
    return isinstance(text, str) and _ID.match(text) is not None


def new_id(now: datetime, random_bits: Callable[[int], int] = secrets.randbits) -> str:
    """An id for a record made at ``now``."""
    milliseconds = (now - _EPOCH) // _MILLISECOND  # in whole numbers: a float may come out one too small
    return f"{milliseconds << LOW_BITS | random_bits(LOW_BITS):017x}"


def id_time(text: str) -> datetime:
    """When the record with this id was made, to the millisecond."""
    return _EPOCH + (int(text, 16) >> LOW_BITS) * _MILLISECOND


def base_of(text: str) -> str:
    """The first 44 bits, 11 hex digits: what a mass email shares with all its recipients."""
    return text[:11]


@dataclass(frozen=True, order=True)
class Place:
    """Where a recipient stands in the ledger; its id is nothing but this."""

    base: str
    segment: int
    position: int

    @property
    def recipient_id(self) -> str:
        """The recipient's id."""
        return f"{self.base}{self.segment << POSITION_BITS | self.position:06x}"

    @cached_property
    def packed(self) -> bytes:
        """The recipient's id as nine bytes."""
        low = self.segment << POSITION_BITS | self.position
        return (int(self.base, 16) << LOW_BITS | low).to_bytes(9, "big")

    @property
    def is_test(self) -> bool:
        """Whether this recipient is one of Send Test's."""
        return self.segment >= TEST_SEGMENTS_FROM

    @classmethod
    def of(cls, recipient_id: str) -> "Place":
        """Read a recipient's id.

        Raises:
            ValueError: It is not written as an id.
        """
        if not is_id(recipient_id):
            raise ValueError("not an id")
        low = int(recipient_id[11:], 16)
        return cls(recipient_id[:11], low >> POSITION_BITS, low & (1 << POSITION_BITS) - 1)
