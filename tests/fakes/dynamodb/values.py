"""Attribute values: let in once, checked and in one canonical form, so that ``==`` is DynamoDB's own equality.

A value is boto3's ``{"S": "text"}``. Let in, numbers are written in one way and sets are sorted. What is stored is never
changed in place and never handed out: callers get copies, writers make new values.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from tests.fakes.dynamodb import numbers
from tests.fakes.dynamodb.errors import Invalid

AttributeValue = dict[str, Any]
Item = dict[str, AttributeValue]
Token = str | bytes | Decimal
"""A scalar in a form that Python orders as DynamoDB does: strings by UTF-8, which is by code point, bytes, numbers."""

SCALARS: Final = frozenset({"S", "N", "B"})
SETS: Final = frozenset({"SS", "NS", "BS"})
KINDS: Final = SCALARS | SETS | {"BOOL", "NULL", "L", "M"}

MAX_NESTING = 32  # levels; https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-attributes


def admitted(value: Any, depth: int = 0) -> AttributeValue:
    """A copy of the value in canonical form.

    Raises:
        Invalid: DynamoDB does not take it.
    """
    if not isinstance(value, Mapping) or len(value) != 1:
        raise _not_one_type(value)
    ((kind, content),) = value.items()
    if kind == "S" and isinstance(content, str):
        return {"S": content}
    admit = _ADMIT.get(kind)
    if admit is None:
        raise _not_one_type(value)
    return {kind: admit(content, depth)}


def admitted_item(item: Mapping[str, Any]) -> Item:
    """The attributes of an item in canonical form.

    Raises:
        Invalid: DynamoDB does not take one of them.
    """
    return {_named(name): admitted(value) for name, value in item.items()}


def copied(value: AttributeValue) -> AttributeValue:
    """A copy that shares nothing that can be changed."""
    ((kind, content),) = value.items()
    if kind == "M":
        return {"M": {name: copied(part) for name, part in content.items()}}
    if kind == "L":
        return {"L": [copied(part) for part in content]}
    if kind in SETS:
        return {kind: content.copy()}
    return {kind: content}


def copied_item(item: Mapping[str, AttributeValue]) -> Item:
    """A copy of all attributes that shares nothing that can be changed."""
    return {name: copied(value) for name, value in item.items()}


def token(value: AttributeValue) -> Token:
    """What a scalar is ordered by among scalars of its kind."""
    ((kind, content),) = value.items()
    return Decimal(content) if kind == "N" else content


def kind_of(value: AttributeValue) -> str:
    """Its type, as DynamoDB writes it: ``S``, ``N``, ``SS`` and so on."""
    return next(iter(value))


def as_set(kind: str, members: Iterable[Any]) -> AttributeValue:
    """A set of these members in canonical form."""
    return {kind: sorted(members, key=Decimal if kind == "NS" else None)}


def item_size(item: Mapping[str, AttributeValue]) -> int:
    """Bytes of an item, as capacity and limits count them: names and values.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum([_text_size(name) + size(value) for name, value in item.items()])


def size(value: AttributeValue) -> int:
    """Bytes of a value; same source."""
    ((kind, content),) = value.items()
    if kind == "S":
        return _text_size(content)
    if kind == "L":
        return 3 + sum([1 + size(part) for part in content])
    if kind == "M":
        return 3 + sum([1 + _text_size(name) + size(part) for name, part in content.items()])
    if kind in SETS:
        return sum([_SCALAR_SIZE[kind[0]](member) for member in content])
    return _SCALAR_SIZE[kind](content) if kind in SCALARS else 1


def check_nesting(value: AttributeValue, depth: int = 0) -> None:
    """Refuse what lies too deep.

    Raises:
        Invalid: More than 32 levels.
    """
    if depth >= MAX_NESTING:
        raise Invalid("Nesting Levels have exceeded supported limits")
    ((kind, content),) = value.items()
    for part in content.values() if kind == "M" else content if kind == "L" else ():
        check_nesting(part, depth + 1)


def _text_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _named(name: str) -> str:
    if not name:
        raise Invalid("Empty attribute name")
    return name


def _not_one_type(value: Any) -> Invalid:
    if value:
        return Invalid(
            "Supplied AttributeValue has more than one datatypes set, "
            "must contain exactly one of the supported datatypes"
        )
    return Invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")


def _text(content: Any, _: int) -> str:
    if not isinstance(content, str):
        raise Invalid("STRING_VALUE is needed")
    return content


def _number(content: Any, _: int) -> str:
    if not isinstance(content, str):
        raise Invalid("A number is sent as a string")
    return numbers.canonical(content)


def _binary(content: Any, _: int) -> bytes:
    if not isinstance(content, bytes | bytearray):
        raise Invalid("A binary value is sent as bytes")
    return bytes(content)


def _truth(content: Any, _: int) -> bool:
    if not isinstance(content, bool):
        raise Invalid("A BOOL is true or false")
    return content


def _null(content: Any, _: int) -> bool:
    if content is not True:
        raise Invalid("Null attribute value types must have the value of true")
    return True


def _list(content: Any, depth: int) -> list[AttributeValue]:
    _check_depth(depth)
    return [admitted(part, depth + 1) for part in content]


def _map(content: Any, depth: int) -> Item:
    _check_depth(depth)
    return {_named(name): admitted(part, depth + 1) for name, part in content.items()}


def _check_depth(depth: int) -> None:
    if depth >= MAX_NESTING - 1:
        raise Invalid("Nesting Levels have exceeded supported limits")


def _set_of(kind: str) -> Callable[[Any, int], list[Any]]:
    admit = _ADMIT[kind]

    def admit_set(content: Any, depth: int) -> list[Any]:
        if not content:
            raise Invalid("One or more parameter values were invalid: A set may not be empty")
        members = {admit(member, depth) for member in content}
        if len(members) != len(content):
            raise Invalid("One or more parameter values were invalid: Input collection contains duplicates")
        return sorted(members, key=Decimal if kind == "N" else None)

    return admit_set


_ADMIT: dict[str, Callable[[Any, int], Any]] = {
    "S": _text,
    "N": _number,
    "B": _binary,
    "BOOL": _truth,
    "NULL": _null,
    "L": _list,
    "M": _map,
}
_ADMIT |= {f"{kind}S": _set_of(kind) for kind in SCALARS}

_SCALAR_SIZE: dict[str, Callable[[Any], int]] = {"S": _text_size, "N": numbers.size, "B": len}
