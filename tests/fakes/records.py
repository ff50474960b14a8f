"""Records of the small kinds in memory: what ``storage.records`` does, in a dictionary."""

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from typing import Any, Generic, TypeVar

from chalicelib.domain.ports import Page
from chalicelib.domain.records import Record
from chalicelib.errors import NotFound, PreconditionFailed

T = TypeVar("T", bound=Record)


def outside(name: str) -> str:
    """``email_address`` is ``emailAddress`` in a filter."""
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def differing(after: Record, before: Record) -> dict[str, Any]:
    """The fields of ``after`` that differ from ``before``."""
    return {
        field.name: getattr(after, field.name)
        for field in fields(before)
        if getattr(after, field.name) != getattr(before, field.name)
    }


class FakeRecords(Generic[T]):
    """``domain.ports.Records``; ``rows`` are all that were ever stored, the deleted too."""

    def __init__(self, *records: T) -> None:
        self.rows: dict[str, T] = {record.id: record for record in records}

    def get(self, record_id: str) -> T:
        """The record."""
        record = self.find(record_id)
        if record is None:
            raise NotFound("no such record")
        return record

    def find(self, record_id: str, *, deleted: bool = False) -> T | None:
        """The record or None."""
        record = self.rows.get(record_id)
        return record if record is None or deleted or record.deleted_at is None else None

    def find_many(self, record_ids: Collection[str]) -> Mapping[str, T]:
        """Those that exist."""
        found = {record_id: self.find(record_id) for record_id in record_ids}
        return {record_id: record for record_id, record in found.items() if record is not None}

    def add(self, record: T) -> None:
        """Store a new record."""
        self.rows[record.id] = record

    def replace(self, record: T, *, expected_rev: int, before: T | None = None) -> T:
        """Store an edited record; with ``before`` only what differs from it."""
        stored = self.find(record.id)
        if stored is None or stored.rev != expected_rev:
            raise PreconditionFailed("somebody changed it in the meantime: read it again")
        changed = record if before is None else replace(stored, **differing(record, before))
        self.rows[record.id] = replace(changed, rev=expected_rev + 1)
        return self.rows[record.id]

    def page(
        self, *, limit: int, start: str | None = None, equals: Mapping[str, object] | None = None
    ) -> Page[T]:
        """Newest first."""
        wanted = {name: value for name, value in (equals or {}).items() if value is not None}
        fitting = [
            record
            for record_id, record in sorted(self.rows.items(), reverse=True)
            if record.deleted_at is None
            and (start is None or record_id < start)
            and all(_fits(record, name, value) for name, value in wanted.items())
        ]
        more = len(fitting) > limit
        return Page(fitting[:limit], fitting[limit - 1].id if more else None, len(fitting))


def _fits(record: Record, name: str, value: object) -> bool:
    values = {outside(field.name): getattr(record, field.name) for field in fields(record)}
    return values[name] in (value if isinstance(value, tuple) else (value,))
