"""Reading JSON that may say anything: the value if it is of the type, else nothing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def mapping(value: object) -> Mapping[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: object) -> Sequence[object]:
    """An array, or an empty one."""
    return value if isinstance(value, list) else ()


def mappings(value: object) -> list[Mapping[str, Any]]:
    """The objects of an array."""
    return [entry for entry in sequence(value) if isinstance(entry, Mapping)]


def text(value: object) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def first_text(value: object) -> str | None:
    """A tag's value: event publishing writes a list of one."""
    return text(value[0]) if isinstance(value, list) and value else text(value)


def moment(value: object) -> datetime | None:
    """ISO 8601 as SES writes it: with Z, with an offset (also after a space), or without any, which is UTC."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value.replace(" +", "+").replace(" -", "-"))
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
