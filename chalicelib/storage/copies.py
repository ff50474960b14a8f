"""Stored copies (``storeSentEmails``): what each recipient of one call got beyond the common part.

They stand beside their segment under the name of one claim, so a worker that loses the race for a chunk overwrites nothing.
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.domain.ids import Place
from chalicelib.storage import keys
from chalicelib.storage.codec import Item
from chalicelib.storage.ledger_codec import dumps
from chalicelib.storage.table import Table

PAGE = 1_000_000  # characters before compression, which makes a tenth of such text; an item holds 400 KB

Copy = Mapping[str, object]


class DynamoCopies:
    """The copies of all segments."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def store(self, base: str, number: int, name: str, copies: Mapping[int, Copy]) -> None:
        """Keep these, by position; too much for one item goes into several."""
        pages: list[dict[str, Copy]] = [{}]
        size = 0
        for position, copy in copies.items():
            length = len(dumps(copy))
            if size + length > PAGE and pages[-1]:
                pages.append({})
                size = 0
            pages[-1][str(position)] = copy
            size += length
        self._table.write_many(
            {**keys.segment(base, number, f"copy#{name}#{page}"), "z": _packed(some)}
            for page, some in enumerate(pages)
        )

    def of(self, place: Place, name: str) -> Copy | None:
        """What was kept for this recipient under that name."""
        for item in self._items(place, f"{name}#"):
            copies = _unpacked(item)
            if str(place.position) in copies:
                return copies[str(place.position)]
        return None

    def forget(self, place: Place) -> None:
        """Take this recipient out of all copies."""
        for item in self._items(place, ""):
            copies = _unpacked(item)
            if copies.pop(str(place.position), None) is not None:
                self._table.put({**item, "z": _packed(copies)})

    def _items(self, place: Place, prefix: str) -> Iterator[Item]:
        return self._table.query_all(
            KeyConditionExpression="PK = :partition AND begins_with(SK, :prefix)",
            ExpressionAttributeValues={
                ":partition": {"S": keys.segment_partition(place.base, place.segment)},
                ":prefix": {"S": f"copy#{prefix}"},
            },
            ConsistentRead=True,
        )


def _packed(copies: Mapping[str, Copy]) -> dict[str, Any]:
    return {"B": zlib.compress(dumps(copies).encode())}


def _unpacked(item: Item) -> dict[str, Copy]:
    copies: dict[str, Copy] = json.loads(zlib.decompress(bytes(item["z"]["B"])))
    return copies
