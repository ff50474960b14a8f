"""Finds people: DynamoDB leaves out what it can, the rest is asked here, page by page."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from chalicelib.domain.people import Ref
from chalicelib.domain.ports import AnyTarget, Page
from chalicelib.domain.records import TargetType
from chalicelib.domain.search import MAX_READ, Found, Search, Stretch
from chalicelib.domain.where import Node
from chalicelib.storage import keys
from chalicelib.storage.search_any_list import ROWS_AT_ONCE
from chalicelib.storage.search_budget import Budget
from chalicelib.storage.search_filter import filter_of
from chalicelib.storage.search_links import Judge
from chalicelib.storage.search_members import Members, narrowed
from chalicelib.storage.search_merge import Choice, Stretched, merged
from chalicelib.storage.search_rows import found_from_item, projection
from chalicelib.storage.table import Table
from chalicelib.storage.targets import target_from_item

WALKED_AT_ONCE = 1_000  # items of one query of a walk


class DynamoSearch:
    """``domain.ports_search.PeopleSearch`` on the table; ``key_of`` is the keyed hash of an address."""

    def __init__(self, table: Table, key_of: Callable[[str], str], *, max_read: int = MAX_READ) -> None:
        self._table = table
        self._key_of = key_of
        self._max_read = max_read

    def page(
        self, search: Search, *, limit: int, start: str | None = None, beside: int = 0
    ) -> Page[AnyTarget]:
        """In the search's order; looks at no more than ``max_read`` items and answers what it has then.

        ``beside`` items are read by the caller for each of them, at most: room is left for those.
        """
        members = None if search.sort.is_by_name else self._members(search)
        judge = members.judge if members else self._judge(search.where)
        unsettled, after = _parts_of(start)
        judge.go_on(unsettled)
        request = {} if members else filter_of(search.where, search.target_type)
        stretched = Stretched(
            partitions=members.partitions if members else _partitions(search),
            is_ascending=search.sort.is_ascending,
            by_name=search.sort.is_by_name,
            request=request,
            prefix=members.prefix if members else "",
        )
        way = members or judge
        budget = Budget(
            self._max_read - limit * beside,
            way.cost_of_one,
            at_least=len(stretched.partitions),
            aside=ROWS_AT_ONCE if judge.asks_any_list else 0,
        )
        choice = Choice(way.candidates, judge.settled)
        page = merged(self._table, stretched, choice, limit=limit, start=after, budget=budget)
        position = None if page.position is None else f"{judge.where_it_stopped}|{page.position}"
        read = page.read + judge.read + (members.read if members else 0)
        return Page([target_from_item(item) for item in page.items], position, read)

    def walk(self, search: Search, *, start: str | None = None) -> Iterator[Stretch]:
        """Partition by partition, oldest first; where it goes on is the id of the last person who was looked at."""
        members, judge = self._members(search), self._judge(search.where)
        begin = keys.spread_of(start) if start else 0
        for spread in range(begin, keys.SPREAD):
            after = start if start and spread == begin else None
            if members is not None:
                yield from self._walk_members(search, members, spread, after)
            else:
                partition = keys.targets_partition(search.target_type, spread)
                yield from self._walk_one(search, judge, partition, after)

    def _walk_members(
        self, search: Search, members: Members, spread: int, after: str | None
    ) -> Iterator[Stretch]:
        projected = projection(search.where, search.target_type)
        for batch in members.batches(spread, after, WALKED_AT_ONCE):
            found = [found_from_item(item) for item in members.chosen(batch, **projected)]
            yield Stretch(found, batch[-1]["SK"]["S"].removeprefix(members.prefix))

    def _walk_one(self, search: Search, judge: Judge, partition: str, after: str | None) -> Iterator[Stretch]:
        request = _together(
            filter_of(search.where, search.target_type), projection(search.where, search.target_type)
        )
        request["ExpressionAttributeValues"] = {
            **request.get("ExpressionAttributeValues", {}),
            ":partition": {"S": partition},
        }
        last = keys.key(partition, after) if after else None
        while True:
            page = self._table.query(
                **request,
                KeyConditionExpression="PK = :partition",
                ConsistentRead=True,
                Limit=WALKED_AT_ONCE,
                start=last,
            )
            last = page.last_key
            found = [found_from_item(item) for item in judge.chosen(page.items, neighbours=True)]
            end = last["SK"]["S"] if last else found[-1].ref[1] if found else None
            if end is not None:
                yield Stretch(found, end)
            if last is None:
                return

    def among(self, search: Search, refs: Collection[Ref]) -> Sequence[Found]:
        """Those of these whom the search finds."""
        judge = self._judge(search.where)
        wanted = [keys.target(*ref) for ref in refs if ref[0] is search.target_type]
        items = self._table.get_many(wanted, **projection(search.where, search.target_type))
        return [found_from_item(item) for item in judge.chosen(items)]

    def find(self, refs: Collection[Ref]) -> Sequence[Found]:
        """Those of these who exist."""
        everybody = projection(Search(TargetType.ACCOUNT).where, TargetType.ACCOUNT)
        items = self._table.get_many((keys.target(*ref) for ref in refs), **everybody)
        return [found_from_item(item) for item in items]

    def _judge(self, where: Node) -> Judge:
        return Judge(self._table, self._key_of, where)

    def _members(self, search: Search) -> Members | None:
        """Whom to look at when all who fit are on some list."""
        found = narrowed(search.where)
        if found is None:
            return None
        return Members(self._table, search.target_type, found.list_ids, self._judge(found.rest))


def _partitions(search: Search) -> list[str]:
    partition = keys.names_partition if search.sort.is_by_name else keys.targets_partition
    return [partition(search.target_type, spread) for spread in range(keys.SPREAD)]


def _parts_of(start: str | None) -> tuple[str, str | None]:
    """Of a page's position: with whom its judge was not done and how far it was, and where the order goes on."""
    if start is None:
        return "", None
    unsettled, _, after = start.partition("|")
    return unsettled, after


def _together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two parts of a request, each with names of its own."""
    names = {**one.get("ExpressionAttributeNames", {}), **other.get("ExpressionAttributeNames", {})}
    return {**one, **other, "ExpressionAttributeNames": names}
