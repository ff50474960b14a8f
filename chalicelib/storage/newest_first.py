"""Newest first over several partitions that are each sorted by id: an exact k-way merge, read a little at a time.

Ids are time-ordered and never change, so "what comes after this id" means the same for every partition: the position of a
page is the last id given, and rows that others add meanwhile are newer than any position.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.storage.codec import Item
from chalicelib.storage.table import Table

ID_LENGTH = 17
FIRST_READ_MARGIN = 3  # items beyond a partition's even share: the shares differ a little
LARGEST_READ = 1_000  # items of one query; a selective filter reaches it by doubling
MAX_READ = 10_000  # items looked at for one page; then it answers what it has

Position = tuple[str, str]  # (id, prefix), in descending order
_TOP: Position = ("g", "")  # above every id: "g" follows the last hex digit
_BOTTOM: Position = ("", "")


@dataclass(frozen=True)
class Stream:
    """The rows of one partition whose sort key is this prefix and an id; without a prefix it holds nothing but ids."""

    partition: str
    prefix: str = ""


@dataclass(frozen=True)
class MergedPage:
    """Raw items; ``next_key`` is a position as text, None at the end; ``read`` counts what was looked at."""

    items: Sequence[Item]
    next_key: str | None
    read: int


def newest_first(
    table: Table,
    streams: Sequence[Stream],
    *,
    limit: int,
    start: str | None = None,
    max_read: int = MAX_READ,
    **request: Any,
) -> MergedPage:
    """One page of at most ``limit`` items over all streams.

    ``request`` goes into every query (FilterExpression, ProjectionExpression and their names and values). A page that
    looked at ``max_read`` items, after the first of each stream, ends early, with the position where the next one goes on.
    """
    begin = _read_position(start) if start else _TOP
    share = limit // max(len(streams), 1) + FIRST_READ_MARGIN
    readers = [_Reader(table, stream, begin, share, request) for stream in streams]
    found: list[tuple[Position, Item]] = []
    read = 0
    while len(found) <= limit and readers:
        newest = max(readers, key=lambda reader: reader.position)
        if newest.ended:
            return MergedPage([item for _, item in found], None, read)
        if newest.buffer:
            found.append(newest.buffer.popleft())
        elif read < max_read or newest.is_unread:  # so that every page gets on
            read += newest.fill()
        else:  # everything above this position has been looked at
            return MergedPage([item for _, item in found], _write_position(newest.position), read)
    if len(found) <= limit:
        return MergedPage([item for _, item in found], None, read)
    return MergedPage([item for _, item in found[:limit]], _write_position(found[limit - 1][0]), read)


class _Reader:
    """One stream, with what was read of it and not yet given out."""

    def __init__(
        self, table: Table, stream: Stream, begin: Position, size: int, request: dict[str, Any]
    ) -> None:
        self._table = table
        self._stream = stream
        self._size = size
        self._request = request
        self._high = _highest_below(begin, stream.prefix)
        self._start: Item | None = None
        self._read_to = begin
        self._at_end = self._high is None
        self.buffer: deque[tuple[Position, Item]] = deque()

    @property
    def position(self) -> Position:
        """Nothing that is still to come of this stream is above it."""
        if self.buffer:
            return self.buffer[0][0]
        return _BOTTOM if self._at_end else self._read_to

    @property
    def ended(self) -> bool:
        """Nothing is still to come."""
        return self._at_end and not self.buffer

    @property
    def is_unread(self) -> bool:
        """Nothing was read of it yet."""
        return not self._at_end and self._start is None

    def fill(self) -> int:
        """Read on; answers how many items that took."""
        values = dict(self._request.get("ExpressionAttributeValues", {}))
        values[":partition"] = {"S": self._stream.partition}
        values[":low"] = {"S": f"{self._stream.prefix}0"}
        values[":high"] = {"S": f"{self._stream.prefix}{self._high}"}
        page = self._table.query(
            **{
                **self._request,
                "KeyConditionExpression": "PK = :partition AND SK BETWEEN :low AND :high",
                "ExpressionAttributeValues": values,
                "ScanIndexForward": False,
                "ConsistentRead": True,
                "Limit": self._size,
                "start": self._start,
            }
        )
        self._size = min(2 * self._size, LARGEST_READ)
        self.buffer.extend((self._position_of(item), item) for item in page.items)
        self._start = page.last_key
        self._at_end = page.last_key is None
        if page.last_key is not None:
            self._read_to = self._position_of(page.last_key)
        return page.scanned

    def _position_of(self, item: Item) -> Position:
        sort: str = item["SK"]["S"]
        return sort[len(self._stream.prefix) :], self._stream.prefix


def _highest_below(begin: Position, prefix: str) -> str | None:
    """The highest id that a stream with this prefix can still give below a position; None if there is none."""
    record_id, begin_prefix = begin
    if begin == _TOP or prefix < begin_prefix:
        return record_id
    below = int(record_id, 16) - 1
    return f"{below:0{ID_LENGTH}x}" if below >= 0 else None


def _write_position(position: Position) -> str:
    return "".join(position)


def _read_position(text: str) -> Position:
    return text[:ID_LENGTH], text[ID_LENGTH:]
