"""The rows of an import: each becomes the fields of a person or company, or says why it cannot.

All that is decided here comes from the file alone, so reading it again decides the same: an import that was interrupted
skips what it has done and goes on. An address counts once in a file; the first good row with it wins.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.addresses import address_problem
from chalicelib.domain.csv_cells import unguarded
from chalicelib.domain.csv_lines import Record
from chalicelib.domain.ids import is_id
from chalicelib.domain.imports_columns import (
    ADDRESS,
    ATTRIBUTE,
    ATTRIBUTES,
    BOUNCED_AT,
    INVALID,
    LISTMONK_STATUS,
    NAME,
    OPTED_OUT,
    UNSUBSCRIBED_AT,
    Column,
)
from chalicelib.domain.people import target_problems
from chalicelib.domain.ports import AnyTarget
from chalicelib.domain.records import TARGET_CLASSES, TargetType

_YES = frozenset({"true", "1", "yes", "y", "oui", "o", "vrai", "x"})
_NO = frozenset({"false", "0", "no", "n", "non", "faux"})
_NOT_MAILED_BY_LISTMONK = frozenset({"blocklisted", "disabled"})  # https://listmonk.app/docs/concepts/
_IDS = frozenset({"accountId", "campaignId"})
_BOOLEANS = frozenset({OPTED_OUT, INVALID, "isActive"})
_SNAKE = {
    ADDRESS: "email_address",
    "firstName": "first_name",
    "lastName": "last_name",
    "salutationName": "salutation_name",
    "accountId": "account_id",
    "campaignId": "campaign_id",
    "isActive": "is_active",
}
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODY: Mapping[str, Any] = {"id": "0" * 17, "created_at": _LONG_AGO, "modified_at": _LONG_AGO}


@dataclass(frozen=True, slots=True)
class GoodRow:
    """A row that can be taken; ``number`` counts rows from 1, ``line`` is the line of the file.

    ``fields`` have snake_case names and hold what was written; empty cells say nothing and are not among them. ``texts`` are
    the attributes that have a column of their own, and so are told as text whatever they are; ``whole_name`` is a person's name
    that was cut into its parts here.
    """

    number: int
    line: int
    cells: Sequence[str]
    address_key: str
    fields: Mapping[str, Any]
    opts_out: bool = False
    is_invalid: bool = False
    texts: frozenset[str] = frozenset()
    whole_name: str | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken."""

    number: int
    line: int
    cells: Sequence[str]
    reason: str


Row = GoodRow | BadRow


class RowFault(ValueError):
    """What is wrong with a row, as a sentence that begins with the column's header."""


@dataclass
class _Values:
    """What the cells of a row say, by destination."""

    fields: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class RowReader:
    """Reads the rows of one file; ``key_of`` makes an address's keyed hash."""

    target_type: TargetType
    columns: Sequence[Column]
    key_of: Callable[[str], str]

    def read(self, records: Iterator[Record]) -> Iterator[Row]:
        """All rows, in order; ``records`` begin after the header."""
        seen: dict[int, int] = {}  # the keys' first 64 bits: a set of texts would weigh four times as much
        for number, record in enumerate(records, start=1):
            try:
                row = self._row(number, record)
            except RowFault as fault:
                yield BadRow(number, record.line, record.cells, str(fault))
                continue
            key = int(row.address_key[:16], 16)
            first = seen.setdefault(key, row.line)
            if first == row.line:
                yield row
                continue
            yield BadRow(
                number, row.line, row.cells, f"{self._header(ADDRESS)}: stands in line {first} already"
            )

    def _row(self, number: int, record: Record) -> GoodRow:
        if record.problem:
            raise RowFault(record.problem)
        if any(
            map(str.strip, record.cells[len(self.columns) :])
        ):  # empty ones are delimiters at a line's end
            raise RowFault(f"has {len(record.cells)} cells, the header has {len(self.columns)}")
        values = self._values(record.cells)
        opts_out, is_invalid = _flags(values.fields)
        whole_name = self._whole_name(values.fields)
        fields = _in_snake_case(values, whole_name)
        self._check(fields)
        return GoodRow(
            number=number,
            line=record.line,
            cells=record.cells,
            address_key=self.key_of(fields["email_address"]),
            fields=fields,
            opts_out=opts_out,
            is_invalid=is_invalid,
            texts=frozenset(values.texts),
            whole_name=whole_name,
        )

    def _whole_name(self, told: dict[str, Any]) -> str | None:
        """Take a person's whole name out of what is told; it says something unless its parts are there, too."""
        if self.target_type is TargetType.ACCOUNT:
            return None
        name: str | None = told.pop(NAME, None)
        return None if "firstName" in told or "lastName" in told else name

    def _values(self, cells: Sequence[str]) -> _Values:
        values = _Values()
        for column, cell in zip(self.columns, cells, strict=False):  # missing cells at the end are empty
            text = unguarded(cell.strip())
            destination = column.destination
            if destination is None or not text:
                continue
            if destination.startswith(ATTRIBUTE):
                name = destination[len(ATTRIBUTE) :]
                values.attributes[name] = text
                values.texts.add(name)
            elif destination == ATTRIBUTES:
                values.attributes = {**_json_object(text, column.header), **values.attributes}
            else:
                values.fields[destination] = _value(destination, text, column.header)
        return values

    def _check(self, fields: Mapping[str, Any]) -> None:
        address = fields.get("email_address")
        if not address:
            raise RowFault(f"{self._header(ADDRESS)}: is missing")
        problem = address_problem(address)
        if problem:
            raise RowFault(f"{self._header(ADDRESS)}: {problem}")
        problems = target_problems(_as_new(self.target_type, fields))
        if problems:
            raise RowFault("; ".join(f"{self._header(each.field)}: {each.message}" for each in problems))

    def _header(self, destination: str) -> str:
        """The header of the column that goes there, as the file's owner knows it."""
        return next((each.header for each in self.columns if each.destination == destination), destination)


def _value(destination: str, text: str, header: str) -> Any:
    if destination in _BOOLEANS:
        folded = text.casefold()
        if folded not in _YES | _NO:
            raise RowFault(f"{header}: is neither yes nor no")
        return folded in _YES
    if destination in _IDS and not is_id(text):
        raise RowFault(f"{header}: is no id: 17 lower-case hex digits")
    return text


def _json_object(text: str, header: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RowFault(f"{header}: is not JSON") from error
    if not isinstance(value, dict):
        raise RowFault(f"{header}: is no JSON object")
    return value


def _flags(fields: dict[str, Any]) -> tuple[bool, bool]:
    """Take out of ``fields`` what is said of the address: that it opted out, that it is invalid."""
    status = fields.pop(LISTMONK_STATUS, "").casefold()
    said_out = (
        fields.pop(OPTED_OUT, False),
        fields.pop(UNSUBSCRIBED_AT, ""),
        status in _NOT_MAILED_BY_LISTMONK,
    )
    said_invalid = (fields.pop(INVALID, False), fields.pop(BOUNCED_AT, ""))
    return any(said_out), any(said_invalid)


def _in_snake_case(values: _Values, whole_name: str | None) -> Mapping[str, Any]:
    """What is told, by the names of a target's fields; a whole name is cut before its last word."""
    fields = {_SNAKE.get(name, name): value for name, value in values.fields.items()}
    if whole_name:
        first, _, last = whole_name.rpartition(" ")
        fields |= {"first_name": first.strip(), "last_name": last} if first else {"first_name": last}
    if values.attributes:
        fields["attributes"] = values.attributes
    return fields


def _as_new(target_type: TargetType, fields: Mapping[str, Any]) -> AnyTarget:
    """A person with these fields, only to see whether they hold."""
    named = {"name": "?", **fields} if target_type is TargetType.ACCOUNT else fields
    return TARGET_CLASSES[target_type](**_NOBODY, **named)
