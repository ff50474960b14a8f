"""Imports: what a caller asks for, what stands about an address, and what a row changes there."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from chalicelib.domain.csv_cells import text_of
from chalicelib.domain.csv_dialect import Delimiter, Encoding
from chalicelib.domain.ids import LOW_BITS, base_of
from chalicelib.domain.imports_rows import BadRow, GoodRow
from chalicelib.domain.people import Ref, is_unchanged, merged, target_problems
from chalicelib.domain.ports import AnyTarget
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import TARGET_CLASSES, AddressFlags, TargetType

JOB_KIND = "import"
MAX_BYTES = 100 * 1024 * 1024  # of a file
MAX_ROWS = 500_000  # of a file: the addresses of all of them are held in memory, some 100 bytes each
MAX_LISTS = 10  # that an import joins: a row and its memberships are one transaction
_LOW = (1 << LOW_BITS) - 1


class Mode(StrEnum):
    """What happens to a row whose address nobody holds, and to one whose address somebody does."""

    CREATE = "create"
    UPDATE = "update"
    CREATE_AND_UPDATE = "create and update"


@dataclass(frozen=True, kw_only=True)
class ImportOrder:
    """What a caller asks for; ``mapping`` is header → destination (:mod:`chalicelib.domain.imports_columns`)."""

    entity_type: TargetType
    mode: Mode
    target_list_ids: tuple[str, ...] = ()
    mapping: Mapping[str, str | None] = field(default_factory=dict)
    delimiter: Delimiter | None = None
    encoding: Encoding | None = None

    def to_arguments(self) -> Mapping[str, object]:
        """As a job keeps it."""
        return {
            "entityType": self.entity_type.value,
            "mode": self.mode.value,
            "targetListIds": list(self.target_list_ids),
            "mapping": dict(self.mapping),
            "delimiter": self.delimiter and self.delimiter.value,
            "encoding": self.encoding and self.encoding.value,
        }

    @classmethod
    def of(cls, job: Job) -> "ImportOrder":
        """Read it from its job."""
        kept: Any = job.arguments
        return cls(
            entity_type=TargetType(kept["entityType"]),
            mode=Mode(kept["mode"]),
            target_list_ids=tuple(kept["targetListIds"]),
            mapping=kept["mapping"],
            delimiter=Delimiter(kept["delimiter"]) if kept["delimiter"] else None,
            encoding=Encoding(kept["encoding"]) if kept["encoding"] else None,
        )


@dataclass(frozen=True)
class Standing:
    """How a person stands to a list: on it, or (``is_member`` false) removed from it after opting out."""

    is_member: bool
    opted_out: bool


@dataclass(frozen=True)
class Known:
    """What stands about an address: all who hold it, the oldest of the import's type, and how that one stands to its lists."""

    holders: Sequence[Ref] = ()
    flags: AddressFlags | None = None
    target: AnyTarget | None = None
    standings: Mapping[str, Standing] = field(default_factory=dict)


NOTHING_KNOWN = Known()


@dataclass(frozen=True)
class Change:
    """What one row changes: ``after`` is new if ``known.target`` is None, and that itself if nothing of it is another.

    ``joins`` are lists, each with "as opted out".
    """

    row: GoodRow
    known: Known
    after: AnyTarget
    joins: Mapping[str, bool]

    @property
    def is_new(self) -> bool:
        """Whether somebody is created."""
        return self.known.target is None

    @property
    def is_update(self) -> bool:
        """Whether somebody's own fields change."""
        return not self.is_new and self.after is not self.known.target


@dataclass(frozen=True)
class Step:
    """Rows that are written together with the job's progress: all or nothing, once."""

    before: Job
    after: Job
    changes: Sequence[Change]
    refused: Sequence[BadRow]
    at: datetime


class ImportStore(Protocol):
    """What an import reads and writes."""

    def rows_per_step(self, order: ImportOrder) -> int:
        """How many changes fit one step of this import."""
        ...

    def known(
        self, target_type: TargetType, address_keys: Collection[str], list_ids: Sequence[str]
    ) -> Mapping[str, Known]:
        """What stands about each of these addresses."""
        ...

    def write(self, step: Step) -> bool:
        """Write a step; False when something that it goes by has changed: look again.

        Raises:
            Overtaken: The job is not as ``step.before`` any more: another worker has it, or it is over.
        """
        ...

    def save(self, before: Job, after: Job) -> None:
        """Store the job's progress alone.

        Raises:
            Overtaken: The job is not as ``before`` any more.
        """
        ...

    def refused(self, job_id: str) -> Iterator[BadRow]:
        """The refused rows so far, in the file's order."""
        ...


def person_id(job_id: str, number: int, attempt: int = 0) -> str:
    """The id of whom row ``number`` creates: the import's own, counted on, so that no two rows of a file ever share one.

    Should somebody else's record of the same millisecond have it, the next attempt's is as far off as a file is long.
    """
    return f"{base_of(job_id)}{(int(job_id, 16) + number + attempt * MAX_ROWS) & _LOW:06x}"


def change_of(
    row: GoodRow, known: Known, order: ImportOrder, *, new_id: str, at: datetime
) -> Change | BadRow:
    """What this row changes, or why it is refused; ``new_id`` is for whom it creates."""
    if known.target is not None and order.mode is Mode.CREATE:
        return _refused(row, "somebody with this address is there already")
    if known.target is None and order.mode is Mode.UPDATE:
        return _refused(row, "nobody with this address is there")
    if known.target is None:
        after = _created(order.entity_type, row.fields, new_id, at)
    else:
        after = _updated(known.target, row, at)
    problems = () if after is known.target else target_problems(after)
    if problems:
        return _refused(row, "; ".join(f"{each.field}: {each.message}" for each in problems))
    return Change(row, known, after, _joins(known, order.target_list_ids))


def _created(target_type: TargetType, told: Mapping[str, Any], new_id: str, at: datetime) -> AnyTarget:
    """A null among the attributes says that there is none, as it will when the file comes again."""
    fields = {**told, "attributes": merged({}, told.get("attributes", {}))}
    if target_type is TargetType.ACCOUNT:
        fields.setdefault("name", "")
    return TARGET_CLASSES[target_type](id=new_id, created_at=at, modified_at=at, **fields)


def _updated(before: AnyTarget, row: GoodRow, at: datetime) -> AnyTarget:
    """Cells replace, attributes are merged; the address stays as its holder writes it, a whole name as it is cut there."""
    stays = (
        {"email_address"} if row.whole_name != before.name else {"email_address", "first_name", "last_name"}
    )
    changes = {name: value for name, value in row.fields.items() if name not in stays}
    if "attributes" in changes:
        changes["attributes"] = merged(before.attributes, _said_anew(row, before.attributes))
    after: AnyTarget = replace(before, **changes)
    return before if is_unchanged(after, before) else replace(after, modified_at=at, rev=before.rev + 1)


def _said_anew(row: GoodRow, before: Mapping[str, object]) -> Mapping[str, object]:
    """The row's attributes but those that a column tells as an export tells what is there: a number stays one."""
    return {
        name: value
        for name, value in row.fields["attributes"].items()
        if not (name in row.texts and name in before and text_of(before[name]).strip() == value.strip())
    }


def _joins(known: Known, list_ids: Sequence[str]) -> Mapping[str, bool]:
    """Who left a list, by address or before they were removed from it, comes back to it opted out."""
    left = known.flags.lists_left if known.flags else frozenset()
    return {
        list_id: list_id in left or list_id in known.standings
        for list_id in list_ids
        if not (list_id in known.standings and known.standings[list_id].is_member)
    }


def _refused(row: GoodRow, reason: str) -> BadRow:
    return BadRow(row.number, row.line, row.cells, reason)
