"""The records of the small kinds: one partition per kind, sorted by id, so newest last.

::

    DynamoRecords(table, "Campaign", Campaign)       # implements domain.ports.Records[Campaign]
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any, Generic, TypeVar

from chalicelib.domain.ports import Page
from chalicelib.domain.records import Record
from chalicelib.errors import NotFound, PreconditionFailed
from chalicelib.storage import keys
from chalicelib.storage.codec import Item, camel, from_item, to_item, to_value
from chalicelib.storage.table import ConditionFailed, Table

T = TypeVar("T", bound=Record)
READS_PER_PAGE = 4  # queries of 1 MB each; an answer of Lambda may have 6 MB (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)
_MANY = 100  # items looked at by one query of a filtered page, at least
_NEW = "attribute_not_exists(PK)"
_GONE = "somebody changed it in the meantime: read it again"


class DynamoRecords(Generic[T]):
    """Implements :class:`chalicelib.domain.ports.Records` for one kind."""

    def __init__(self, table: Table, kind: str, cls: type[T]) -> None:
        self._table = table
        self._kind = kind
        self._cls = cls

    def get(self, record_id: str) -> T:
        """The record.

        Raises:
            NotFound: No such record, or a deleted one.
        """
        record = self.find(record_id)
        if record is None:
            raise NotFound(f"no such {self._kind}")
        return record

    def find(self, record_id: str, *, deleted: bool = False) -> T | None:
        """The record or None; ``deleted=True`` also finds what callers can no longer see."""
        item = self._table.get(keys.record(self._kind, record_id))
        record = None if item is None else from_item(self._cls, item)
        return record if record is None or deleted or record.deleted_at is None else None

    def find_many(self, record_ids: Collection[str]) -> Mapping[str, T]:
        """Those that exist, by id."""
        items = self._table.get_many(keys.record(self._kind, record_id) for record_id in record_ids)
        records = (from_item(self._cls, item) for item in items)
        return {record.id: record for record in records if record.deleted_at is None}

    def add(self, record: T) -> None:
        """Store a new record."""
        new = self.put_new(record)
        self._table.put(new.pop("Item"), **new)

    def put_new(self, record: T) -> dict[str, Any]:
        """The same as one operation of a transaction: ``{"Put": records.put_new(record)}``."""
        return {"Item": self.item(record), "ConditionExpression": _NEW}

    def replace(self, record: T, *, expected_rev: int, before: T | None = None) -> T:
        """Store an edited record with ``rev = expected_rev + 1`` and answer it.

        With ``before`` only what differs from it is written: what the sender changes meanwhile (which leaves ``rev`` alone)
        stays. Without it the whole record is.

        Raises:
            PreconditionFailed: The stored ``rev`` is another, or the record is gone.
        """
        update = self.update(record, expected_rev=expected_rev, before=before)
        try:
            stored = self._table.update(update.pop("Key"), **update, ReturnValues="ALL_NEW")
        except ConditionFailed as failed:
            raise PreconditionFailed(_GONE) from failed
        return from_item(self._cls, stored)

    def update(self, record: T, *, expected_rev: int, before: T | None = None) -> dict[str, Any]:
        """The same as one operation of a transaction: ``{"Update": records.update(…)}``."""
        old = to_item(before) if before is not None else None
        new = {**to_item(record), "rev": to_value(expected_rev + 1)}
        names = sorted(
            set(new) | set(old if old is not None else (camel(field.name) for field in fields(self._cls)))
        )
        changed = [name for name in names if old is None or old.get(name) != new.get(name)]
        sets = [f"#{place} = :{place}" for place, name in enumerate(changed) if name in new]
        removes = [f"#{place}" for place, name in enumerate(changed) if name not in new]
        return {
            "Key": keys.record(self._kind, record.id),
            "UpdateExpression": f"SET {', '.join(sets)}"
            + (f" REMOVE {', '.join(removes)}" if removes else ""),
            "ConditionExpression": "#rev = :expected AND attribute_not_exists(deletedAt)",
            "ExpressionAttributeNames": {"#rev": "rev"}
            | {f"#{place}": name for place, name in enumerate(changed)},
            "ExpressionAttributeValues": {":expected": to_value(expected_rev)}
            | {f":{place}": new[name] for place, name in enumerate(changed) if name in new},
        }

    def item(self, record: T) -> Item:
        """The record as it is stored."""
        return {**keys.record(self._kind, record.id), **to_item(record)}

    def page(
        self, *, limit: int, start: str | None = None, equals: Mapping[str, object] | None = None
    ) -> Page[T]:
        """Newest first; ``equals`` filters by camelCase attribute (a tuple means: any of these; None is no filter).

        A page may hold fewer than ``limit`` although more follow: it ends after :data:`READS_PER_PAGE` queries.
        """
        found: list[T] = []
        read, position = 0, start
        for items, last, scanned in self._queries(limit, start, equals or {}):
            found += [from_item(self._cls, item) for item in items]
            read += scanned
            if len(found) > limit:
                return Page(found[:limit], found[limit - 1].id, read)
            position = last
        return Page(found, position, read)

    def _queries(
        self, limit: int, start: str | None, equals: Mapping[str, object]
    ) -> Iterator[tuple[list[Item], str | None, int]]:
        request = _filtered(equals)
        position = start
        for _ in range(READS_PER_PAGE):
            page = self._table.query(
                KeyConditionExpression="PK = :kind",
                ScanIndexForward=False,
                ConsistentRead=True,  # a caller sees what they just made
                Limit=max(limit + 1, _MANY) if equals else limit + 1,
                start=None if position is None else dict(keys.record(self._kind, position)),
                FilterExpression=request["filter"],
                ExpressionAttributeValues={":kind": {"S": self._kind}, **request["values"]},
                **({"ExpressionAttributeNames": request["names"]} if request["names"] else {}),
            )
            position = None if page.last_key is None else page.last_key["SK"]["S"]
            yield list(page.items), position, page.scanned
            if position is None:
                return


def _filtered(equals: Mapping[str, object]) -> dict[str, Any]:
    clauses = ["attribute_not_exists(deletedAt)"]
    names: dict[str, str] = {}
    values: Item = {}
    for place, (name, value) in enumerate(equals.items()):
        if value is None:
            continue
        choices = value if isinstance(value, tuple) else (value,)
        names[f"#f{place}"] = name
        marks = [f":f{place}x{each}" for each in range(len(choices))]
        values |= {mark: to_value(choice) for mark, choice in zip(marks, choices, strict=True)}
        clauses.append(f"#f{place} IN ({', '.join(marks)})")
    return {"filter": " AND ".join(clauses), "names": names, "values": values}
