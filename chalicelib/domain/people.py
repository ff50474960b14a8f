"""Accounts, contacts, leads and users: what must hold inside one of them, and what is left of one that is gone."""

import json
import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from chalicelib.domain.addresses import address_problem
from chalicelib.domain.ports import AnyTarget
from chalicelib.domain.records import Account, Contact, Lead, TargetType, User
from chalicelib.errors import FieldError

MAX_TEXT = 255  # characters of a name or another short text
MAX_ATTRIBUTES_BYTES = 32 * 1024  # of `attributes`, as compact JSON in UTF-8
MAX_ATTRIBUTES_DEPTH = 5  # levels of objects and arrays, `attributes` itself being the first
MAX_ATTRIBUTES_KEYS = 200  # over all levels
MAX_ATTRIBUTE_NAME = 100  # characters of one key
MAX_NUMBER = 1e125  # DynamoDB's numbers: 38 digits, magnitude from 1e-130 to 9.99e125
MIN_NUMBER = 1e-125
MAX_DIGITS = (
    38  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-data-types
)
_NOT_IN_A_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control, lone surrogate, line and paragraph separators

_TYPES: Mapping[type, TargetType] = {
    Account: TargetType.ACCOUNT,
    Contact: TargetType.CONTACT,
    Lead: TargetType.LEAD,
    User: TargetType.USER,
}
_TEXTS: Mapping[str, str] = {
    "name": "name",
    "first_name": "firstName",
    "last_name": "lastName",
    "salutation_name": "salutationName",
    "status": "status",
    "source": "source",
}

Ref = tuple[TargetType, str]


@dataclass(frozen=True)
class Grave:
    """What stays of a deleted person: no personal data, only the keyed hash of the address, so that it can be erased yet."""

    target_type: TargetType
    target_id: str
    deleted_at: datetime
    address_key: str | None = None
    erased_at: datetime | None = None


@dataclass(frozen=True)
class SentPointer:
    """This person is that recipient of that mass email."""

    mass_email_id: str
    recipient_id: str


def type_of(target: AnyTarget) -> TargetType:
    """What kind of target this is."""
    return _TYPES[type(target)]


def ref_of(target: AnyTarget) -> Ref:
    """The target's type and id."""
    return _TYPES[type(target)], target.id


def target_problems(target: AnyTarget) -> list[FieldError]:
    """All that is wrong inside this target; fields named as in the API. Links to others are not looked at."""
    problems = list(_text_problems(target))
    if isinstance(target, Account) and not target.name.strip():
        problems.append(FieldError("name", "is required"))
    problem = None if target.email_address is None else address_problem(target.email_address)
    if problem:
        problems.append(FieldError("emailAddress", problem))
    problem = attributes_problem(target.attributes)
    if problem:
        problems.append(FieldError("attributes", problem))
    return problems


def _text_problems(target: AnyTarget) -> Iterator[FieldError]:
    for name, outside in _TEXTS.items():
        text = target.__dict__.get(name)
        problem = line_problem(text) if isinstance(text, str) else None
        if problem:
            yield FieldError(outside, problem)


def line_problem(text: str) -> str | None:
    """Why this text cannot be one line of a message or its header, or None."""
    if len(text) > MAX_TEXT:
        return f"is longer than {MAX_TEXT} characters"
    if any(unicodedata.category(character) in _NOT_IN_A_LINE for character in text):
        return "holds a line break or a control character"
    return None


def merged(before: Mapping[str, object], patch: Mapping[str, object]) -> dict[str, object]:
    """Free attributes after a merge patch (RFC 7396 section 2): null removes, objects are merged, all else replaces."""
    after = {name: value for name, value in before.items() if name not in patch}
    for name, value in patch.items():
        known = before.get(name)
        if isinstance(value, Mapping):
            after[name] = merged(known if isinstance(known, Mapping) else {}, value)
        elif value is not None:
            after[name] = value
    return after


def is_unchanged(after: AnyTarget, before: AnyTarget) -> bool:
    """Whether nothing of a target is another, its free attributes compared as the JSON that they are.

    To Python ``True`` is 1, and 1e23 is not the 100000000000000000000000 that DynamoDB makes of it.
    """
    return replace(after, attributes=before.attributes) == before and _is_same(
        after.attributes, before.attributes
    )


def _is_same(one: object, other: object) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_is_same(part, other[name]) for name, part in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) or isinstance(other, float):
        return _decimal(one) == _decimal(other)
    return one == other


def _decimal(value: object) -> object:
    """A number as its shortest digits say it, which is what is stored; anything else as it is."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def attributes_problem(attributes: Mapping[str, object]) -> str | None:
    """Why these free attributes cannot be kept, or None.

    What is kept comes back as it was: numbers stay within what DynamoDB holds, texts are proper Unicode.
    """
    seen: list[str] = []
    for problem in _value_problems(attributes, MAX_ATTRIBUTES_DEPTH, seen):
        return problem
    try:
        size = len(json.dumps(attributes, ensure_ascii=False, separators=(",", ":")).encode())
    except UnicodeEncodeError:
        return "holds text that is no Unicode"
    return f"is larger than {MAX_ATTRIBUTES_BYTES} bytes" if size > MAX_ATTRIBUTES_BYTES else None


def _value_problems(value: object, depth: int, seen: list[str]) -> Iterator[str]:
    if isinstance(value, float | int) and not isinstance(value, bool):
        yield from _number_problems(value)
    if isinstance(value, Mapping | list | tuple) and depth == 0:
        yield f"is nested deeper than {MAX_ATTRIBUTES_DEPTH} levels"
        return
    if isinstance(value, Mapping):
        for name, part in value.items():
            seen.append(name)
            yield from _key_problems(name, len(seen))
            yield from _value_problems(part, depth - 1, seen)
    if isinstance(value, list | tuple):
        for part in value:
            yield from _value_problems(part, depth - 1, seen)


def _key_problems(name: str, count: int) -> Iterator[str]:
    if not 0 < len(name) <= MAX_ATTRIBUTE_NAME or line_problem(name):
        yield f"has a name that is empty, longer than {MAX_ATTRIBUTE_NAME} characters or not one line"
    if count > MAX_ATTRIBUTES_KEYS:
        yield f"has more than {MAX_ATTRIBUTES_KEYS} names"


def _number_problems(number: float) -> Iterator[str]:
    if not math.isfinite(number) or not (number == 0 or MIN_NUMBER <= abs(number) <= MAX_NUMBER):
        yield "holds a number that is too large, too small or none"
    elif isinstance(number, int) and len(str(abs(number))) > MAX_DIGITS:
        yield f"holds a number of more than {MAX_DIGITS} digits"
