"""People as rows of a table: which columns there are, and what stands in them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any

from chalicelib.domain.clock import rfc3339
from chalicelib.domain.records import TargetType
from chalicelib.domain.where import Field, Hop
from chalicelib.domain.where_fields import field_of
from chalicelib.domain.where_matching import value_at
from chalicelib.errors import FieldError

MAX_COLUMNS = 50
USUAL = ("id", "name", "emailAddress")
"""The columns of a report that names none."""


def column_problems(target_type: TargetType, columns: Sequence[str]) -> list[FieldError]:
    """Columns that such people do not have, or that are there twice."""
    if len(columns) > MAX_COLUMNS:
        return [FieldError("columns", f"must have at most {MAX_COLUMNS} entries")]
    problems = []
    for place, column in enumerate(columns):
        if field_of(target_type, column) is None:
            problems.append(FieldError(f"columns.{place}", f"unknown attribute of {target_type}"))
        elif column in columns[:place]:
            problems.append(FieldError(f"columns.{place}", "is there twice"))
    return problems


def fields_of(target_type: TargetType, columns: Sequence[str]) -> list[Field]:
    """What stands in each column; of columns without a problem."""
    found = [field_of(target_type, column) for column in columns]
    return [each for each in found if each is not None]


def row_of(columns: Sequence[Field], person: Mapping[str, Any], linked: Mapping[Hop, Any]) -> list[Any]:
    """A person's values; None where there is nothing."""
    return [value_at(each, person if each.hop is None else linked.get(each.hop, {})) for each in columns]


def plain(record: Any) -> dict[str, Any]:
    """A record's fields as in the API: camelCase names, times as text; those without a value left out."""
    kind: Any = type(record)
    found = ((outside, getattr(record, name)) for name, outside in _names(kind))
    return {outside: _plain(value) for outside, value in found if value is not None}


def _plain(value: Any) -> Any:
    return rfc3339(value) if isinstance(value, datetime) else value


@cache
def _names(kind: Any) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, _camel(field.name)) for field in fields(kind))


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)
