"""The changes of memberships: read, write on condition of what was read, and read again if somebody was faster."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from chalicelib.domain.clock import Clock
from chalicelib.domain.people import Ref, ref_of
from chalicelib.domain.ports import AnyTarget, Membership
from chalicelib.domain.records import AddressFlags
from chalicelib.errors import Deferred
from chalicelib.storage import keys
from chalicelib.storage.addresses import DynamoAddresses
from chalicelib.storage.membership_rows import (
    Operation,
    Standing,
    counting,
    joining,
    leaving,
    marking,
    standing_from_item,
    vanishing,
)
from chalicelib.storage.table import TRANSACT_WRITE, Table, TransactionFailed
from chalicelib.storage.targets import target_from_item

T = TypeVar("T")
PER_CHANGE = (
    TRANSACT_WRITE - 1
) // 3  # members of one transaction: at most three rows each, and the list's counts
ATTEMPTS = 10  # before giving way to those who keep being faster


@dataclass(frozen=True)
class _Known:
    """What is read before persons are put on a list."""

    targets: Mapping[Ref, AnyTarget]
    standings: Mapping[Ref, Standing]


class MembershipChanges:
    """Every write to a membership."""

    def __init__(self, table: Table, key_of: Callable[[str], str], clock: Clock) -> None:
        self._table = table
        self._addresses = DynamoAddresses(table)
        self._key_of = key_of
        self._clock = clock

    def add(self, list_id: str, members: Sequence[Membership]) -> int:
        """See ``DynamoMemberships.add``."""
        unique = {(each.target_type, each.target_id): each for each in members}
        return sum(self._add_some(list_id, dict(some)) for some in _chunks(list(unique.items())))

    def _add_some(self, list_id: str, members: Mapping[Ref, Membership]) -> int:
        for _ in range(ATTEMPTS):
            known = self._known(list_id, members)
            joined = self._newcomers(list_id, members, known)
            try:
                self._join(list_id, joined, known)
            except TransactionFailed:
                continue
            self._catch_up(list_id, members, known, joined)
            return len(joined)
        raise Deferred("the list is busy")

    def _known(self, list_id: str, members: Mapping[Ref, Membership]) -> _Known:
        wanted = [keys.target(*ref) for ref in members]
        wanted += [keys.reverse_membership(*ref, list_id) for ref in members]
        items = self._table.get_many(wanted)
        standings = [standing_from_item(item) for item in items if _is_reverse(item)]
        targets = [target_from_item(item) for item in items if not _is_reverse(item)]
        return _Known({ref_of(each): each for each in targets}, {each.ref: each for each in standings})

    def _newcomers(
        self, list_id: str, members: Mapping[Ref, Membership], known: _Known
    ) -> Mapping[Ref, Membership]:
        """Those who exist and are not on the list yet, as they are to be on it."""
        new = {
            ref: member
            for ref, member in members.items()
            if ref in known.targets and not (ref in known.standings and known.standings[ref].is_member)
        }
        left = self._left(list_id, new, known)
        return {
            ref: replace(
                member,
                list_id=list_id,
                opted_out=member.opted_out or ref in left or ref in known.standings,
            )
            for ref, member in new.items()
        }

    def _join(self, list_id: str, joined: Mapping[Ref, Membership], known: _Known) -> None:
        if not joined:
            return
        at = self._clock.now()
        opted_out = sum(member.opted_out for member in joined.values())
        operations = [counting(list_id, entries=len(joined), opted_out=opted_out)]
        for ref, member in joined.items():
            operations += joining(
                member, target_rev=known.targets[ref].rev, before=known.standings.get(ref), at=at
            )
        self._table.transact(*operations)

    def _catch_up(
        self,
        list_id: str,
        members: Mapping[Ref, Membership],
        known: _Known,
        joined: Mapping[Ref, Membership],
    ) -> None:
        """Whoever leaves the list writes the address row first and looks for memberships then; so we look the other way.

        Without this, one who leaves between our reading and our writing would stand on the list unmarked.
        """
        unmarked = {
            ref: member
            for ref, member in members.items()
            if not (joined.get(ref) and joined[ref].opted_out)
            and not (ref in known.standings and known.standings[ref].opted_out)
        }
        for ref, address_key in self._left(list_id, unmarked, known).items():
            self.mark([list_id], [ref], opted_out=True, address_key=address_key)

    def _left(self, list_id: str, refs: Collection[Ref], known: _Known) -> Mapping[Ref, str]:
        """Whose address has left the list: the addresses' keys."""
        address_keys = {
            ref: self._key_of(known.targets[ref].email_address or "")
            for ref in refs
            if ref in known.targets and known.targets[ref].email_address
        }
        flags: Mapping[str, AddressFlags] = self._addresses.flags(set(address_keys.values()))
        return {
            ref: key for ref, key in address_keys.items() if key in flags and list_id in flags[key].lists_left
        }

    def remove(self, list_id: str, members: Collection[Ref]) -> int:
        """See ``DynamoMemberships.remove``."""
        return sum(self._remove_some(list_id, some) for some in _chunks(sorted(set(members))))

    def _remove_some(self, list_id: str, refs: Sequence[Ref]) -> int:
        for _ in range(ATTEMPTS):
            found = [each for each in self.standings([list_id], refs) if each.is_member]
            if not found:
                return 0
            opted_out = sum(member.opted_out for member in found)
            operations = [counting(list_id, entries=-len(found), opted_out=-opted_out)]
            for member in found:
                operations += leaving(member)
            try:
                self._table.transact(*operations)
            except TransactionFailed:
                continue
            return len(found)
        raise Deferred("the list is busy")

    def mark(
        self, list_ids: Collection[str], refs: Collection[Ref], *, opted_out: bool, address_key: str | None
    ) -> Sequence[Membership]:
        """See ``DynamoMemberships.mark``."""
        places = [(list_id, ref) for list_id in sorted(set(list_ids)) for ref in sorted(set(refs))]
        changed: list[Membership] = []
        for some in _chunks(places):
            changed += self._mark_some(some, opted_out=opted_out, address_key=address_key)
        return changed

    def _mark_some(
        self, places: Sequence[tuple[str, Ref]], *, opted_out: bool, address_key: str | None
    ) -> Sequence[Membership]:
        for _ in range(ATTEMPTS):
            others = [each for each in self._standings(places) if each.opted_out is not opted_out]
            if not others:
                return []
            lists = sorted({each.list_id for each in others})
            try:
                self._table.transact(*_remarking(others, lists, address_key, opted_out=opted_out))
            except TransactionFailed as failure:
                if address_key is None or 0 not in failure.failed:
                    continue
                if len(lists) == 1:
                    return []  # the reader has changed their mind meanwhile
                return self._mark_apart(others, opted_out=opted_out, address_key=address_key)
            return [replace(each, opted_out=opted_out).membership for each in others if each.is_member]
        raise Deferred("the list is busy")

    def _mark_apart(
        self, others: Sequence[Standing], *, opted_out: bool, address_key: str
    ) -> Sequence[Membership]:
        """List by list, since the address row does not agree to all of them."""
        changed: list[Membership] = []
        for list_id in sorted({each.list_id for each in others}):
            places = [(list_id, each.ref) for each in others if each.list_id == list_id]
            changed += self._mark_some(places, opted_out=opted_out, address_key=address_key)
        return changed

    def forget(self, ref: Ref) -> None:
        """See ``DynamoMemberships.forget``."""
        for _ in range(ATTEMPTS):
            standings = self.all_standings(ref)
            if not standings:
                return
            for some in _chunks(standings):
                self._forget_some(some)
        raise Deferred("the lists are busy")

    def _forget_some(self, standings: Sequence[Standing]) -> None:
        operations = [operation for each in standings for operation in vanishing(each)]
        try:
            self._table.transact(*operations)
        except TransactionFailed:
            return  # seen again at the next reading

    def standings(self, list_ids: Collection[str], refs: Collection[Ref]) -> list[Standing]:
        """How these persons stand to these lists, where there is anything to say."""
        return self._standings([(list_id, ref) for list_id in list_ids for ref in refs])

    def _standings(self, places: Collection[tuple[str, Ref]]) -> list[Standing]:
        items = self._table.get_many(keys.reverse_membership(*ref, list_id) for list_id, ref in places)
        return sorted(map(standing_from_item, items), key=lambda each: (each.list_id, each.ref))

    def all_standings(self, ref: Ref) -> list[Standing]:
        """How this person stands to all lists."""
        items = self._table.query_all(
            KeyConditionExpression="PK = :partition AND begins_with(SK, :list)",
            ExpressionAttributeValues={
                ":partition": {"S": keys.beside_target(*ref)},
                ":list": {"S": "list#"},
            },
            ConsistentRead=True,
        )
        return [standing_from_item(item) for item in items]


def _remarking(
    others: Sequence[Standing], lists: Sequence[str], address_key: str | None, *, opted_out: bool
) -> Sequence[Operation]:
    """All operations that mark these; the address row's agreement, if asked for, comes first."""
    operations = [_agreeing(address_key, lists, opted_out=opted_out)] if address_key else []
    for list_id in lists:
        members = sum(each.is_member for each in others if each.list_id == list_id)
        operations.append(counting(list_id, entries=0, opted_out=members if opted_out else -members))
    for each in others:
        operations += marking(each, opted_out=opted_out)
    return operations


def _agreeing(address_key: str, lists: Sequence[str], *, opted_out: bool) -> Operation:
    """The condition that an address row says of these lists what is about to be written.

    ``NOT contains`` also holds where there is no row.
    """
    negation = "" if opted_out else "NOT "
    names = [f":list{place}" for place in range(len(lists))]
    return {
        "ConditionCheck": {
            "Key": keys.address_flags(address_key),
            "ConditionExpression": " AND ".join(f"{negation}contains(lists, {name})" for name in names),
            "ExpressionAttributeValues": {
                name: {"S": list_id} for name, list_id in zip(names, lists, strict=True)
            },
        }
    }


def _is_reverse(item: Mapping[str, Any]) -> bool:
    sort: str = item["SK"]["S"]
    return sort.startswith("list#")


def _chunks(everything: Sequence[T], size: int = PER_CHANGE) -> Iterator[Sequence[T]]:
    return (everything[start : start + size] for start in range(0, len(everything), size))
