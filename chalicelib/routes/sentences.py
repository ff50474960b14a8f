"""msgspec's words for a fault, in the words of JSON that callers know."""

import re
from enum import Enum
from typing import Any, get_args

_WORDS = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "datetime": "a time",
    "date": "a date",
}
_TIME = "an RFC 3339 time with an offset or Z is needed, such as 2026-03-01T09:00:00Z"
_DATE = "a date is needed, such as 2026-03-01"
PATTERNS: dict[str, str] = {}
"""What a pattern of ``bodies.py`` means, by the pattern."""


def sentence(message: str, kind: Any) -> str:
    """What is wrong, as a clause that follows the field's name."""
    message = message.partition(" - at `$")[0]
    if message.startswith("Invalid enum value"):
        return f"expected one of: {', '.join(_choices(kind))}"
    if "RFC3339 encoded date" in message or "timezone component" in message:
        return _DATE if message.endswith("encoded date") else _TIME
    pattern = re.fullmatch(r"Expected `str` matching regex '(.*)'", message, re.DOTALL)
    if pattern:
        return next((says for text, says in PATTERNS.items() if text in _patterns(kind)), "has a wrong form")
    length = re.fullmatch(r"Expected `(str|array)` of length (<=|>=) (\d+)", message)
    if length:
        unit = "characters" if length[1] == "str" else "entries"
        return f"must have {'at most' if length[2] == '<=' else 'at least'} {length[3]} {unit}"
    bound = re.fullmatch(r"Expected `(?:int|float)` (<=|>=|<|>) (-?[\d.]+)", message)
    if bound:
        return f"must be {bound[1]} {bound[2]}"
    return re.sub(r"`([^`]*)`", lambda match: _WORDS.get(match[1], match[1]), message).replace(
        "Expected", "expected"
    )


def _choices(kind: Any) -> list[str]:
    for part in (kind, *get_args(kind)):
        if isinstance(part, type) and issubclass(part, Enum):
            return [str(member.value) for member in part]
    return [str(choice) for choice in get_args(kind)]


def _patterns(kind: Any) -> list[str]:
    return [meta.pattern for meta in getattr(kind, "__metadata__", ()) if getattr(meta, "pattern", None)]
