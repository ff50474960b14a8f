"""Where a search asks for members of a list, only they are looked at: memberships lie in the order of people, list by list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice
from typing import Any

from chalicelib.domain.records import TargetType
from chalicelib.domain.where import All, Node, OnLists
from chalicelib.storage import keys
from chalicelib.storage.codec import Item
from chalicelib.storage.search_links import Candidate, Judge
from chalicelib.storage.table import Table

_AFTER_IDS = "~"  # sorts after every hex digit


@dataclass(frozen=True)
class Narrowed:
    """Whoever fits is on one of these lists; ``rest`` is what is still to be asked of those who are."""

    list_ids: tuple[str, ...]
    rest: Node


def narrowed(node: Node) -> Narrowed | None:
    """The fewest lists that all who fit are on; None if the search asks for no list, or not of everybody."""
    parts = list(_conjuncts(node))
    asked = [part for part in parts if isinstance(part, OnLists)]
    if not asked:
        return None
    chosen = min(asked, key=lambda part: 1 if part.every else len(part.list_ids))
    others = [part for part in parts if part is not chosen]
    if not chosen.every:
        return Narrowed(chosen.list_ids, All(tuple(others)))
    first, *further = chosen.list_ids
    if further:
        others.append(OnLists(tuple(further), every=True))
    return Narrowed((first,), All(tuple(others)))


def _conjuncts(node: Node) -> Iterator[Node]:
    if not isinstance(node, All):
        yield node
        return
    for part in node.parts:
        yield from _conjuncts(part)


class Members:
    """People by their memberships; ``judge`` asks the rest of the search. ``read`` counts people, not what the judge reads."""

    def __init__(self, table: Table, target_type: TargetType, list_ids: Sequence[str], judge: Judge) -> None:
        self._table = table
        self._target_type = target_type
        self._list_ids = list_ids
        self.judge = judge
        self.read = 0

    @property
    def cost_of_one(self) -> int:
        """How many items one member is, at most."""
        return 2 + self.judge.lookups

    @property
    def prefix(self) -> str:
        """What stands before the id in a membership's sort key."""
        return f"{self._target_type}#"

    @property
    def partitions(self) -> list[str]:
        """Where the memberships lie."""
        return [
            keys.list_partition(list_id, spread)
            for list_id in self._list_ids
            for spread in range(keys.SPREAD)
        ]

    def chosen(self, memberships: Sequence[Item], **projected: Any) -> list[Item]:
        """The people of these memberships whom the search wants, as they are stored; in the memberships' order."""
        return self.judge.chosen(self._people(memberships, **projected))

    def candidates(self, memberships: Sequence[Item]) -> list[Candidate]:
        """Those whom it wants or may want; the judge settles it."""
        return self.judge.candidates(self._people(memberships))

    def _people(self, memberships: Sequence[Item], **projected: Any) -> list[Item]:
        ids = [row["SK"]["S"].removeprefix(self.prefix) for row in memberships]
        self.read += len(ids)
        found = self._table.get_many((keys.target(self._target_type, each) for each in ids), **projected)
        people = {item["SK"]["S"]: item for item in found}
        return [people[each] for each in ids if each in people]

    def batches(self, spread: int, after: str | None, size: int) -> Iterator[list[Item]]:
        """The memberships of one spread, oldest person first and each person once, so many at a time."""
        rows = [self._partition(list_id, spread, after, size) for list_id in self._list_ids]
        ordered = groupby(merge(*rows, key=_sort_key), key=_sort_key)
        firsts = (next(group) for _, group in ordered)
        while batch := list(islice(firsts, size)):
            yield batch

    def _partition(self, list_id: str, spread: int, after: str | None, size: int) -> Iterator[Item]:
        return self._table.query_all(
            KeyConditionExpression="PK = :partition AND SK BETWEEN :low AND :high",
            ExpressionAttributeValues={
                ":partition": {"S": keys.list_partition(list_id, spread)},
                **ids_between(self.prefix, after, None),
            },
            ConsistentRead=True,
            Limit=size,
        )


def ids_between(prefix: str, after: str | None, before: str | None) -> Item:
    """The bounds ``:low`` and ``:high`` of the sort keys whose ids lie between these two, neither of them included."""
    low = (
        f"{prefix}{after}!" if after is not None else prefix
    )  # a longer text sorts after what it begins with
    high = f"{prefix}{_below(before)}" if before is not None else f"{prefix}{_AFTER_IDS}"
    return {":low": {"S": low}, ":high": {"S": high}}


def _below(record_id: str) -> str:
    """The next lower id; below the lowest something that sorts before every id."""
    return f"{int(record_id, 16) - 1:0{len(record_id)}x}"


def _sort_key(item: Item) -> str:
    key: str = item["SK"]["S"]
    return key
