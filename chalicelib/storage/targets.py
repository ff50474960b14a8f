"""Accounts, contacts, leads and users, and who holds which address.

A type's people are spread over partitions that hold the living only: a deleted person leaves a grave beside what was kept
of them (:class:`Grave`). A person and the note of who holds their address always change in one transaction. That note is one
item per address, so that those of many addresses are one request.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain.people import Grave, Ref, SentPointer, ref_of, type_of
from chalicelib.domain.ports import AnyTarget, Page
from chalicelib.domain.records import TARGET_CLASSES, TargetType
from chalicelib.errors import Conflict, Invalid, NotFound, PreconditionFailed
from chalicelib.storage import keys
from chalicelib.storage.addresses import erasing
from chalicelib.storage.codec import Item, from_item, to_item, to_value
from chalicelib.storage.newest_first import Stream, newest_first
from chalicelib.storage.search_rows import name_order
from chalicelib.storage.table import Table, TransactionFailed

Operation = dict[str, dict[str, Any]]
POINTER_RECIPIENT = "recipientId"
"""The attribute of a ``sent#`` pointer; the freeze writes it."""
HOLDERS = "refs"
"""The attribute of an address's ``holders``: a set of ``<Type>#<id>``."""
MAX_HOLDERS = 1_000  # records with one address: 26 kB; an item holds 400 KB, and an opt-out marks them all
_TOO_MANY = f"is held by {MAX_HOLDERS} records, and no more may hold it"


class DynamoTargets:
    """``domain.ports.Targets`` on the table; ``key_of`` is the keyed hash of an address."""

    def __init__(self, table: Table, key_of: Callable[[str], str]) -> None:
        self._table = table
        self._key_of = key_of

    def get(self, target_type: TargetType, target_id: str) -> AnyTarget:
        """The target.

        Raises:
            NotFound: No such target, or a deleted one.
        """
        item = self._table.get(keys.target(target_type, target_id))
        if item is None:
            raise NotFound(f"no such {target_type.lower()}")
        return target_from_item(item)

    def find_many(self, refs: Collection[Ref]) -> Mapping[Ref, AnyTarget]:
        """Those that exist."""
        return self._found(refs, consistent=True)

    def find_lately(self, refs: Collection[Ref]) -> Mapping[Ref, AnyTarget]:
        """Those that exist, as they were a moment ago, at half the price; who seems to be missing is asked for again."""
        found = self._found(refs, consistent=False)
        unseen = [ref for ref in refs if ref not in found]
        return {**found, **self._found(unseen, consistent=True)} if unseen else found

    def _found(self, refs: Collection[Ref], *, consistent: bool) -> Mapping[Ref, AnyTarget]:
        items = self._table.get_many((keys.target(*ref) for ref in refs), consistent=consistent)
        targets = [target_from_item(item) for item in items]
        return {ref_of(target): target for target in targets}

    def add(self, target: AnyTarget) -> None:
        """Store a new target and note it as a holder of its address, in one transaction.

        Raises:
            Conflict: Its id is taken; take another.
            Invalid: Its address is held by :data:`MAX_HOLDERS` records.
        """
        put = {"Item": target_item(target), "ConditionExpression": "attribute_not_exists(PK)"}
        try:
            self._table.transact({"Put": put}, *self._moved(target, None, target.email_address))
        except TransactionFailed as failure:
            if 0 in failure.failed:
                raise Conflict("the id is taken") from failure
            raise Invalid.of("emailAddress", _TOO_MANY) from failure

    def replace(self, target: AnyTarget, before: AnyTarget) -> AnyTarget:
        """Store an edited target with ``rev = before.rev + 1`` and move its note when the address changed; answer it.

        Raises:
            PreconditionFailed: Somebody was faster.
            Invalid: Its new address is held by :data:`MAX_HOLDERS` records.
        """
        after = replace(target, rev=before.rev + 1)
        put = {"Item": target_item(after), **as_read(before)}
        moved = self._moved(after, before.email_address, after.email_address)
        try:
            self._table.transact({"Put": put}, *moved)
        except TransactionFailed as failure:
            if 0 in failure.failed:
                raise PreconditionFailed("somebody changed it meanwhile") from failure
            raise Invalid.of("emailAddress", _TOO_MANY) from failure
        return after

    def page(self, target_type: TargetType, *, limit: int, start: str | None = None) -> Page[AnyTarget]:
        """Newest first."""
        streams = [Stream(keys.targets_partition(target_type, spread)) for spread in range(keys.SPREAD)]
        page = newest_first(self._table, streams, limit=limit, start=start)
        return Page([target_from_item(item) for item in page.items], page.next_key, page.read)

    def holders(self, address_key: str) -> Sequence[Ref]:
        """Who holds this address."""
        return holders_from_item(self._table.get(keys.address_holders(address_key)) or {})

    def bury(self, target: AnyTarget, *, at: datetime, erased: bool) -> Grave:
        """Delete the target, its note as a holder, and with ``erased`` all that is known in clear of its address; at once.

        Raises:
            PreconditionFailed: Somebody changed or deleted it meanwhile.
        """
        target_type, target_id = ref_of(target)
        address_key = self._key_of(target.email_address) if target.email_address else None
        grave = Grave(target_type, target_id, at, address_key, at if erased else None)
        operations: list[Operation] = [
            {"Delete": {"Key": keys.target(target_type, target_id), **as_read(target)}},
            {"Put": {"Item": {**keys.grave(target_type, target_id), **to_item(grave)}}},
            *self._moved(target, target.email_address, None),
        ]
        if erased and address_key:
            operations.append(erasing(address_key, at))
        try:
            self._table.transact(*operations)
        except TransactionFailed as failure:
            raise PreconditionFailed("somebody changed it meanwhile") from failure
        return grave

    def grave(self, target_type: TargetType, target_id: str) -> Grave | None:
        """What is left of a deleted target, or None if it lives or never did."""
        item = self._table.get(keys.grave(target_type, target_id))
        return from_item(Grave, item) if item else None

    def erase_grave(self, grave: Grave, *, at: datetime) -> None:
        """Erase the address of one who was only deleted before; again changes nothing."""
        if grave.erased_at is not None:
            return
        operations: list[Operation] = [
            {
                "Update": {
                    "Key": keys.grave(grave.target_type, grave.target_id),
                    "UpdateExpression": "SET erasedAt = :at",
                    "ExpressionAttributeValues": {":at": to_value(at)},
                }
            }
        ]
        if grave.address_key:
            operations.append(erasing(grave.address_key, at))
        self._table.transact(*operations)

    def sent_pointers(self, target_type: TargetType, target_id: str, *, limit: int) -> Sequence[SentPointer]:
        """What this target was sent, oldest mass email first; at most ``limit``."""
        page = self._table.query(
            **_beginning(keys.beside_target(target_type, target_id), "sent#"),
            ConsistentRead=True,
            Limit=limit,
        )
        return [
            SentPointer(item["SK"]["S"].removeprefix("sent#"), item[POINTER_RECIPIENT]["S"])
            for item in page.items
        ]

    def remove_pointers(
        self, target_type: TargetType, target_id: str, pointers: Collection[SentPointer]
    ) -> None:
        """Forget that this target was sent these."""
        self._table.write_many(
            deletes=[keys.sent_pointer(target_type, target_id, each.mass_email_id) for each in pointers]
        )

    def _moved(self, target: AnyTarget, old: str | None, new: str | None) -> list[Operation]:
        """The operations that take the holder's note from one address to another."""
        old_key = self._key_of(old) if old else None
        new_key = self._key_of(new) if new else None
        if old_key == new_key:
            return []
        operations: list[Operation] = []
        if old_key:
            operations.append(_letting_go(old_key, ref_of(target)))
        if new_key:
            room = f"attribute_not_exists({HOLDERS}) OR size({HOLDERS}) < :max"
            operations.append(holding(new_key, ref_of(target), room, {":max": {"N": str(MAX_HOLDERS)}}))
        return operations


def target_from_item(item: Mapping[str, Mapping[str, Any]]) -> AnyTarget:
    """A person's item as a value; the partition says which type it is."""
    target_type = TargetType(item["PK"]["S"].partition("#")[0])
    return from_item(TARGET_CLASSES[target_type], item)


def target_item(target: AnyTarget) -> Item:
    """A person as it is stored."""
    return {**keys.target(type_of(target), target.id), **to_item(target), **name_order(target)}


def as_read(target: AnyTarget) -> dict[str, Any]:
    """The condition that the stored target is still this one."""
    return {
        "ConditionExpression": "rev = :rev",
        "ExpressionAttributeValues": {":rev": to_value(target.rev)},
    }


def holding(address_key: str, ref: Ref, condition: str, values: Mapping[str, Any]) -> Operation:
    """The operation that notes a holder of an address, on this condition of the note."""
    return {
        "Update": {
            "Key": keys.address_holders(address_key),
            "UpdateExpression": f"ADD {HOLDERS} :ref",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {":ref": {"SS": ["#".join(ref)]}, **values},
        }
    }


def holders_from_item(item: Mapping[str, Mapping[str, Any]]) -> Sequence[Ref]:
    """Who holds an address, by its note; in order."""
    return [_ref(text) for text in sorted(item.get(HOLDERS, {}).get("SS", ()))]


def _letting_go(address_key: str, ref: Ref) -> Operation:
    return {
        "Update": {
            "Key": keys.address_holders(address_key),
            "UpdateExpression": f"DELETE {HOLDERS} :ref",
            "ExpressionAttributeValues": {":ref": {"SS": ["#".join(ref)]}},
        }
    }


def _beginning(partition: str, prefix: str) -> dict[str, Any]:
    return {
        "KeyConditionExpression": "PK = :partition AND begins_with(SK, :prefix)",
        "ExpressionAttributeValues": {":partition": {"S": partition}, ":prefix": {"S": prefix}},
    }


def _ref(text: str) -> Ref:
    target_type, _, target_id = text.partition("#")
    return TargetType(target_type), target_id
