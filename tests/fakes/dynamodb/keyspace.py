"""Items by partition, sorted within each: the order of a table, or of one of its indexes.

A partition is copied before its first change after a snapshot, so a snapshot costs one copy of the dictionary of
partitions, and what it holds never changes.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from tests.fakes.dynamodb.key_conditions import Span
from tests.fakes.dynamodb.schema import Place
from tests.fakes.dynamodb.values import Item, Token

SortKey = tuple[Token, ...]

_first = itemgetter(0)


class Stored(NamedTuple):
    """An item as it is kept: never changed, only replaced. ``size`` is in bytes."""

    attributes: Item
    size: int


@dataclass
class _Partition:
    """``owner`` is the keyspace's mark at the time of the copy: another mark means that a snapshot holds it too."""

    owner: object
    items: dict[SortKey, Stored] = field(default_factory=dict)
    order: list[SortKey] = field(default_factory=list)

    def copied(self, owner: object) -> "_Partition":
        return _Partition(owner, self.items.copy(), self.order.copy())


Frozen = Mapping[Token, _Partition]


class Keyspace:
    """Partitions by hash key."""

    def __init__(self) -> None:
        self._partitions: dict[Token, _Partition] = {}
        self._mark = object()

    def get(self, place: Place) -> Stored | None:
        """The item at this place."""
        partition = self._partitions.get(place[0])
        return None if partition is None else partition.items.get(place[1])

    def put(self, place: Place, stored: Stored) -> None:
        """Put an item in its place, whatever was there."""
        partition = self._own(place[0])
        if place[1] not in partition.items:
            insort(partition.order, place[1])
        partition.items[place[1]] = stored

    def remove(self, place: Place) -> None:
        """Take away what is there, if anything is."""
        if self.get(place) is None:
            return
        partition = self._own(place[0])
        del partition.items[place[1]]
        del partition.order[bisect_left(partition.order, place[1])]
        if not partition.items:
            del self._partitions[place[0]]

    def _own(self, hash_token: Token) -> _Partition:
        partition = self._partitions.get(hash_token)
        if partition is None:
            partition = _Partition(self._mark)
        elif partition.owner is not self._mark:
            partition = partition.copied(self._mark)
        self._partitions[hash_token] = partition
        return partition

    def walk(self, span: Span, *, after: SortKey | None, forward: bool) -> Iterator[Stored]:
        """The items of a span in order, from behind ``after`` on."""
        partition = self._partitions.get(span.hash)
        if partition is None:
            return
        low, high = _limits(partition.order, span)
        if after is not None and forward:
            low = max(low, bisect_right(partition.order, after))
        if after is not None and not forward:
            high = min(high, bisect_left(partition.order, after))
        places = range(low, high) if forward else range(high - 1, low - 1, -1)
        for place in places:
            yield partition.items[partition.order[place]]

    def everything(self) -> Iterator[Stored]:
        """All items, partition by partition."""
        for partition in self._partitions.values():
            for sort_key in partition.order:
                yield partition.items[sort_key]

    def snapshot(self) -> Frozen:
        """What is here now."""
        self._mark = object()
        return self._partitions.copy()

    def restore(self, frozen: Frozen) -> None:
        """Be again as then."""
        self._mark = object()
        self._partitions = dict(frozen)


def _limits(order: list[SortKey], span: Span) -> tuple[int, int]:
    if span.operator is None:
        return 0, len(order)
    return _LIMITS[span.operator](order, *span.bounds)


def _before(order: list[SortKey], bound: Token) -> int:
    return bisect_left(order, bound, key=_first)


def _behind(order: list[SortKey], bound: Token) -> int:
    return bisect_right(order, bound, key=_first)


def _beginning(order: list[SortKey], prefix: Any) -> tuple[int, int]:
    def cut(sort_key: SortKey) -> Any:
        start: Any = sort_key[0]
        return start[: len(prefix)]

    return bisect_left(order, prefix, key=cut), bisect_right(order, prefix, key=cut)


_LIMITS: Mapping[str, Callable[..., tuple[int, int]]] = {
    "=": lambda order, bound: (_before(order, bound), _behind(order, bound)),
    "<": lambda order, bound: (0, _before(order, bound)),
    "<=": lambda order, bound: (0, _behind(order, bound)),
    ">": lambda order, bound: (_behind(order, bound), len(order)),
    ">=": lambda order, bound: (_before(order, bound), len(order)),
    "BETWEEN": lambda order, low, high: (_before(order, low), _behind(order, high)),
    "begins_with": _beginning,
}
