"""Who is on which list, with counts that are exact under any concurrency.

Every change reads how the persons stand to the list and writes on condition that they still do, in one transaction with
the list's counts; if somebody was faster it reads again.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from chalicelib.domain.clock import Clock
from chalicelib.domain.people import Ref
from chalicelib.domain.ports import ListCounts, Membership, Page
from chalicelib.domain.records import TargetType
from chalicelib.storage import keys
from chalicelib.storage.codec import Item
from chalicelib.storage.membership_changes import MembershipChanges
from chalicelib.storage.membership_rows import (
    counts_from_item,
    membership_from_item,
)
from chalicelib.storage.newest_first import Stream, newest_first
from chalicelib.storage.table import Table

WALKED_AT_ONCE = 1_000  # rows of one query of a walk; eight are held at once, and a page of 1 MB would be ten times as many


class DynamoMemberships:
    """``domain.ports.Memberships`` on the table; ``key_of`` is the keyed hash of an address."""

    def __init__(self, table: Table, key_of: Callable[[str], str], clock: Clock) -> None:
        self._table = table
        self._changes = MembershipChanges(table, key_of, clock)

    def add(self, list_id: str, members: Sequence[Membership]) -> int:
        """Put them on the list; those already on it stay as they are, unknown persons are passed over.

        A new member is opted out if ``opted_out`` says so, if their address left this list, or if they were when they were
        removed from it. Answers how many were new.
        """
        return self._changes.add(list_id, members)

    def remove(self, list_id: str, members: Collection[Ref]) -> int:
        """Take them off the list; answers how many were on it."""
        return self._changes.remove(list_id, members)

    def mark(
        self,
        list_ids: Collection[str],
        refs: Collection[Ref],
        *,
        opted_out: bool,
        address_key: str | None = None,
    ) -> Sequence[Membership]:
        """Mark these persons on those of these lists that they are on; answers whose mark changed, as it is now.

        With ``address_key`` only as long as that address row agrees, so that of an opt-out and its undo at one moment the
        one wins here that wins there. ``opted_out=False`` also forgets the opt-outs of those who were removed.
        """
        return self._changes.mark(list_ids, refs, opted_out=opted_out, address_key=address_key)

    def forget(self, target_type: TargetType, target_id: str) -> None:
        """Leave nothing of a person's standing to any list: they are gone."""
        self._changes.forget((target_type, target_id))

    def find(
        self, list_ids: Collection[str], target_type: TargetType, target_id: str
    ) -> Sequence[Membership]:
        """On which of these lists the target is."""
        standings = self._changes.standings(list_ids, [(target_type, target_id)])
        return [standing.membership for standing in standings if standing.is_member]

    def lists_of(self, target_type: TargetType, target_id: str) -> Sequence[Membership]:
        """All lists that the target is on."""
        standings = self._changes.all_standings((target_type, target_id))
        return [standing.membership for standing in standings if standing.is_member]

    def page(
        self,
        list_id: str,
        *,
        limit: int,
        start: str | None = None,
        target_type: TargetType | None = None,
        opted_out: bool | None = None,
    ) -> Page[Membership]:
        """For callers: newest target first, whatever its type."""
        kinds = [target_type] if target_type else list(TargetType)
        streams = [
            Stream(keys.list_partition(list_id, spread), f"{kind}#")
            for kind, spread in product(kinds, range(keys.SPREAD))
        ]
        wanted: dict[str, Any] = {}
        if opted_out is not None:
            wanted["FilterExpression"] = "optedOut = :wanted"
            wanted["ExpressionAttributeValues"] = {":wanted": {"BOOL": opted_out}}
        page = newest_first(self._table, streams, limit=limit, start=start, **wanted)
        return Page([membership_from_item(item) for item in page.items], page.next_key, page.read)

    def walk(self, list_id: str, *, start: str | None = None) -> Iterator[tuple[Membership, str]]:
        """For freezing: Accounts, Contacts, Leads, Users; each with the key after which to go on.

        Within a type partition by partition, oldest first: the same order at every walk. Sort keys begin with the type, and
        the types' names are in the order of the types: so one query reads all types of a partition.
        """
        begin = _place_of(start) if start else (next(iter(TargetType)), 0)
        streams = [
            _Ahead(self._partition(list_id, spread, _first_key(begin, spread, start)))
            for spread in range(keys.SPREAD)
        ]
        for kind in TargetType:
            for stream in streams:
                yield from stream.of(kind)

    def _partition(self, list_id: str, spread: int, after: str) -> Iterator[Item]:
        """One partition of the list, from after this sort key on."""
        return self._table.query_all(
            KeyConditionExpression="PK = :partition AND SK > :after",
            ExpressionAttributeValues={
                ":partition": {"S": keys.list_partition(list_id, spread)},
                ":after": {"S": after},
            },
            ConsistentRead=True,
            Limit=WALKED_AT_ONCE,
        )

    def counts(self, list_ids: Collection[str]) -> Mapping[str, ListCounts]:
        """The counts of these lists."""
        items = self._table.get_many(keys.list_counts(list_id) for list_id in list_ids)
        found = dict(counts_from_item(item) for item in items)
        return {list_id: found.get(list_id, ListCounts()) for list_id in list_ids}


class _Ahead:
    """A partition's rows, looked at one ahead, so that those of one type can be taken."""

    def __init__(self, rows: Iterator[Item]) -> None:
        self._rows = rows
        self._next: Item | None = next(rows, None)

    def of(self, kind: TargetType) -> Iterator[tuple[Membership, str]]:
        """The rows of this type; those of the types before it must have been taken."""
        prefix = f"{kind}#"
        while self._next is not None and self._next["SK"]["S"].startswith(prefix):
            yield membership_from_item(self._next), self._next["SK"]["S"]
            self._next = next(self._rows, None)


def _first_key(begin: tuple[TargetType, int], spread: int, start: str | None) -> str:
    """The sort key after which a partition goes on: its part of the type that was reached may be done, begun or to come."""
    kind, reached = begin
    if start is None:
        return "!"  # before every type's name
    if spread == reached:
        return start
    return f"{kind}#~" if spread < reached else f"{kind}#"  # ids are hex digits, which sort before the tilde


def _place_of(key: str) -> tuple[TargetType, int]:
    target_type, _, target_id = key.partition("#")
    return TargetType(target_type), keys.spread_of(target_id)
