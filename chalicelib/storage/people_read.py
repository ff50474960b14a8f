"""The two reads of a chunk: its targets, just the fields that the message uses, and its address rows."""

from collections.abc import Collection, Mapping
from typing import Any

from chalicelib.domain.ledger import Member
from chalicelib.domain.ports_reading import ReadPeople
from chalicelib.domain.records import AddressFlags, TargetType
from chalicelib.storage import keys
from chalicelib.storage.addresses import flags_from_item
from chalicelib.storage.codec import Item, from_value
from chalicelib.storage.table import Table

_ALWAYS = ("emailAddress", "erasedAt", "deletedAt", "isActive", "accountId")
_FLAGS = ("optOut", "invalid", "lists", "erased")


class DynamoPeople:
    """Fulfils :class:`chalicelib.domain.ports_reading.People`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(
        self,
        members: Collection[Member],
        target_fields: Mapping[TargetType, frozenset[str]],
        account_fields: frozenset[str],
        known: Mapping[str, AddressFlags | None],
    ) -> ReadPeople:
        """Address rows consistent: an opt-out counts at once. Fifty people and their accounts are one request."""
        accounts = {member.account_id for member in members if member.account_id} if account_fields else set()
        wanted = [keys.target(member.target_type, member.target_id) for member in members]
        wanted += [keys.target(TargetType.ACCOUNT, account_id) for account_id in accounts]
        used = frozenset[str]().union(
            account_fields, *(target_fields.get(each.target_type, frozenset()) for each in members)
        )
        projection = _projection({*_ALWAYS, *used})
        # What a message says may be a moment old, at half the price; whether it may be sent stands in the address rows.
        found = _sorted(self._table.get_many(wanted, consistent=False, **projection))
        unseen = [key for key in wanted if (key["PK"]["S"], key["SK"]["S"]) not in found]
        unknown = [keys.address_flags(each.address_key) for each in members if each.address_key not in known]
        if unseen:  # deleted, or so new that a copy of the table does not have them yet
            found.update(_sorted(self._table.get_many(unseen, **projection)))
        if unknown:
            found.update(_sorted(self._table.get_many(unknown, **_projection(_FLAGS))))
        missing = _accounts_moved(found, accounts) if account_fields else set()
        if missing:  # a contact changed its account since the freeze
            found.update(
                _sorted(self._table.get_many(keys.target(TargetType.ACCOUNT, each) for each in missing))
            )
        return _read(found, known)


def _projection(fields: Collection[str]) -> Mapping[str, Any]:
    """Only these attributes; names go by placeholder, since many are reserved words."""
    names = {f"#{place}": name for place, name in enumerate(sorted({*fields, "PK", "SK"}))}
    return {"ProjectionExpression": ",".join(names), "ExpressionAttributeNames": names}


def _sorted(items: Collection[Item]) -> dict[tuple[str, str], Item]:
    return {(item["PK"]["S"], item["SK"]["S"]): item for item in items}


def _accounts_moved(found: Mapping[tuple[str, str], Item], asked: Collection[str]) -> set[str]:
    now = {item["accountId"]["S"] for (partition, _), item in found.items() if "accountId" in item}
    return now - set(asked)


def _read(found: Mapping[tuple[str, str], Item], known: Mapping[str, AddressFlags | None]) -> ReadPeople:
    targets: dict[str, Mapping[str, object]] = {}
    accounts: dict[str, Mapping[str, object]] = {}
    flags = {key: row for key, row in known.items() if row is not None}
    for (partition, sort), item in found.items():
        if partition.startswith("addr#"):
            row = flags_from_item(item)
            flags[row.key] = row
        elif "deletedAt" not in item:
            values: dict[str, object] = {
                name: value["S"] if "S" in value else from_value(value) for name, value in item.items()
            }
            del values["PK"], values["SK"]
            values["id"] = sort
            targets[sort] = values
            if partition.startswith(f"{TargetType.ACCOUNT}#"):
                accounts[sort] = values
    return ReadPeople(targets, accounts, flags)
