"""Sorted keys beside a moto table, so that a query looks at its own page and not at every item.

moto sorts the whole table for every Query, main table and index alike. Here each partition's sort keys are kept
sorted; a query is handed the slice that its key condition, start key and limit leave, and moto's own code does the rest.
Only string keys (all of ours) are kept; for others, moto does it its own way.
"""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, str]
Entry = tuple[
    str, str, str
]  # range key of the index or table, then the table's own key: unique and in query order


@dataclass(frozen=True)
class Schema:
    """The names of hash and range key; ``range`` of the main table is its sort key."""

    hash: str
    range: str


@dataclass
class _Order:
    schema: Schema
    partitions: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    places: dict[Key, tuple[str, Entry]] = field(default_factory=dict)

    def put(self, key: Key, attributes: Mapping[str, Any] | None) -> None:
        """Note an item as it is now; None when it is gone."""
        self._forget(key)
        if attributes is None:
            return
        hash_value, range_value = (
            attributes.get(self.schema.hash),
            attributes.get(self.schema.range),
        )
        if hash_value is None or range_value is None:
            return  # not in a sparse index
        entry = (range_value.value, *key)
        insort(self.partitions[hash_value.value], entry)
        self.places[key] = (hash_value.value, entry)

    def _forget(self, key: Key) -> None:
        place = self.places.pop(key, None)
        if place is None:
            return
        partition = self.partitions[place[0]]
        del partition[bisect_left(partition, place[1])]


@dataclass(frozen=True)
class Wanted:
    """What a query asks for.

    ``comparison`` is moto's word for the condition on the range key (``=``, ``<``, ``BEGINS_WITH``…), ``start`` the entry
    after which to go on.
    """

    hash: str
    comparison: str | None
    values: Sequence[str]
    start: Entry | None
    forward: bool
    limit: int | None


class KeyOrder:
    """The orders of one table: its own (name None) and one per global index."""

    def __init__(self, schemas: Mapping[str | None, Schema]) -> None:
        self._orders = {name: _Order(schema) for name, schema in schemas.items()}

    def put(self, key: Key, attributes: Mapping[str, Any] | None) -> None:
        """Note an item as it is now; None when it is gone."""
        for order in self._orders.values():
            order.put(key, attributes)

    def knows(self, index: str | None) -> bool:
        """Whether queries of this index can be answered from here."""
        return index in self._orders

    def schema(self, index: str | None) -> Schema:
        """The key names of this index."""
        return self._orders[index].schema

    def select(self, index: str | None, wanted: Wanted) -> Iterator[Key]:
        """The keys of the page, in order, and one more so that a query knows whether there is a next page."""
        entries = self._orders[index].partitions.get(wanted.hash, [])
        low, high = _bounds(entries, wanted.comparison, wanted.values)
        if wanted.start is not None and wanted.forward:
            low = max(low, bisect_right(entries, wanted.start))
        if wanted.start is not None and not wanted.forward:
            high = min(high, bisect_left(entries, wanted.start))
        if wanted.limit is not None and wanted.forward:
            high = min(high, low + wanted.limit + 1)
        if wanted.limit is not None and not wanted.forward:
            low = max(low, high - wanted.limit - 1)
        return ((pk, sk) for _, pk, sk in entries[low:high])


def _bounds(entries: list[Entry], comparison: str | None, values: Sequence[str]) -> tuple[int, int]:
    """Where the entries lie whose range key meets the condition.

    DynamoDB orders strings by their UTF-8 bytes, Python by code points: the same order.
    """

    def first(value: str, cut: Callable[[str], str] = str) -> int:
        return bisect_left(entries, value, key=lambda entry: cut(entry[0]))

    def after(value: str, cut: Callable[[str], str] = str) -> int:
        return bisect_right(entries, value, key=lambda entry: cut(entry[0]))

    if comparison is None:
        return 0, len(entries)
    one = values[0]
    if comparison == "BEGINS_WITH":
        return first(one, lambda text: text[: len(one)]), after(one, lambda text: text[: len(one)])
    if comparison == "BETWEEN":
        return first(one), after(values[1])
    low = {"=": first, ">=": first, ">": after}.get(comparison)
    high = {"=": after, "<=": after, "<": first}.get(comparison)
    return low(one) if low else 0, high(one) if high else len(entries)
