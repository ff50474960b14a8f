"""Frozen dataclasses to DynamoDB items and back: snake_case to camelCase, None left out.

``str`` S, ``bool`` BOOL, ``int`` and ``float`` N, ``datetime`` and ``date`` S (RFC 3339), enums their value, tuples L,
frozensets SS (left out when empty: DynamoDB has no empty set), mappings M, nested dataclasses M, bytes B.
"""

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from chalicelib.domain.clock import rfc3339

_DIGITS = 38  # of an integer; what has more was a float, for DynamoDB writes 1e+50 out in full:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
D = TypeVar("D")
AttributeValue = dict[str, Any]
Item = dict[str, AttributeValue]


def camel(name: str) -> str:
    """``email_address`` is ``emailAddress`` to the outside."""
    head, *rest = name.split("_")
    return head + "".join(part.title() if not part.isdigit() else part for part in rest)


def to_value(value: Any) -> AttributeValue:  # noqa: C901, PLR0911 - one line a type
    """A Python value as DynamoDB takes it."""
    if isinstance(value, str):
        return {"S": str(value)}
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": repr(value)}
    if isinstance(value, datetime):
        return {"S": rfc3339(value)}
    if isinstance(value, date):
        return {"S": value.isoformat()}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, frozenset | set):
        return {"SS": sorted(value)}
    if isinstance(value, Mapping):
        return {"M": {str(name): to_value(part) for name, part in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [to_value(part) for part in value]}
    if is_dataclass(value):
        return {"M": to_item(value)}
    raise TypeError(f"no DynamoDB type for {type(value).__name__}")


def from_value(attribute: Mapping[str, Any]) -> Any:  # noqa: PLR0911 - one line a type
    """A DynamoDB value as plain Python (times stay text; :func:`from_item` reads them by the field's type)."""
    ((kind, value),) = attribute.items()
    if kind == "N":
        digits = value.removeprefix("-")
        return int(value) if digits.isdecimal() and len(digits) <= _DIGITS else float(value)
    if kind == "NULL":
        return None
    if kind == "M":
        return {name: from_value(part) for name, part in value.items()}
    if kind == "L":
        return [from_value(part) for part in value]
    if kind == "SS":
        return frozenset(value)
    if kind == "NS":
        return frozenset(int(number) for number in value)
    return value


def to_item(record: Any) -> Item:
    """The attributes of a dataclass; fields that are None or an empty set are left out."""
    item: Item = {}
    for name, outside in _names(type(record)):  # type: ignore[arg-type]  # a class is hashable
        value = getattr(record, name)
        if value is None or (isinstance(value, frozenset) and not value):
            continue
        item[outside] = to_value(value)
    return item


def from_item(cls: type[D], item: Mapping[str, Mapping[str, Any]]) -> D:
    """A dataclass from an item's attributes; others (keys, TTL) are passed over."""
    return _build(cls, {name: from_value(value) for name, value in item.items()})


def _build(cls: type[D], values: Mapping[str, Any]) -> D:
    arguments = {}
    for name, outside, read, has_default in _readers(cls):  # type: ignore[arg-type]  # a class is hashable
        if outside in values:
            arguments[name] = read(values[outside])
        elif not has_default:
            arguments[name] = read(None)
    return cls(**arguments)


@cache
def _names(cls: Any) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, camel(field.name)) for field in fields(cls))


@cache
def _readers(cls: Any) -> tuple[tuple[str, str, Callable[[Any], Any], bool], ...]:
    hints = get_type_hints(cls)
    return tuple(
        (
            field.name,
            camel(field.name),
            _reader(hints[field.name]),
            field.default is not MISSING or field.default_factory is not MISSING,
        )
        for field in fields(cls)
    )


def _reader(hint: Any) -> Callable[[Any], Any]:  # noqa: PLR0911 - one line a type
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = _reader(next(part for part in get_args(hint) if part is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin in (tuple, Sequence):
        part = _reader(get_args(hint)[0])
        return lambda value: tuple(part(each) for each in value or ())
    if origin is frozenset:
        return lambda value: frozenset(value or ())
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    if hint is datetime:
        return datetime.fromisoformat
    if hint is date:
        return date.fromisoformat
    if hint is float:
        return float
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda value: _build(hint, value)
    return lambda value: value
