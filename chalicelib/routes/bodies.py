"""The types that requests are written in, and JSON bodies into plain values.

A body is declared as a subclass of :class:`Body`; see ``blueprint.py`` for how a view gets it. Strings are kept as they were
sent, never trimmed; what would be a blank name or break a line of a header is refused.
"""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from chalicelib.domain.addresses import address_problem
from chalicelib.domain.web_addresses import MAX_URL, web_address_problem
from chalicelib.errors import FieldError, Invalid, TooLarge
from chalicelib.routes.sentences import PATTERNS

MAX_BODY = 1024 * 1024  # bytes; a template of 400 kB (one DynamoDB item) and a list of 20,000 ids fit
MAX_DEPTH = 24  # levels of lists and objects; DynamoDB takes 32, and we add some of our own
MAX_LINE = 255  # characters of a name
MAX_SUBJECT = 1000  # characters, before anything is filled in
MAX_TEXT = 10_000  # characters of a description
MAX_IDS = 1000  # ids in one list of a body

_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_ID = "^[0-9a-f]{17}$"
_NAME = rf"^[^{_CONTROL}]*[^{_CONTROL}\s][^{_CONTROL}]*$"
_ONE_LINE = f"^[^{_CONTROL}]*$"
_MANY_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
PATTERNS.update(
    {
        _ID: "expected an id: 17 lower-case hex digits",
        _NAME: "must not be blank, nor hold line breaks or control characters",
        _ONE_LINE: "must not hold line breaks or control characters",
        _MANY_LINES: "must not hold control characters",
    }
)


class Body(Struct, rename="camel", forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What a caller sends: camelCase outside, snake_case inside, unknown fields refused."""


class Query(Struct, rename="camel", forbid_unknown_fields=True, kw_only=True, frozen=True):
    """The query parameters of a route; none but these are taken."""


class Listed(Query, kw_only=True, frozen=True):
    """The query parameters of every list; subclasses add their filters."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _time_problem(moment: datetime) -> str | None:
    """Years at either end cannot be told in UTC, or compared with a portion of hours added."""
    return None if 1970 <= moment.year < 9999 else "must be a year from 1970 to 9998"  # noqa: PLR2004 - named in the text


Id = Annotated[str, Meta(pattern=_ID, max_length=17)]
Ids = Annotated[tuple[Id, ...], Meta(max_length=MAX_IDS)]
Name = Annotated[str, Meta(pattern=_NAME, min_length=1, max_length=MAX_LINE)]
Line = Annotated[str, Meta(pattern=_ONE_LINE, max_length=MAX_LINE)]
Subject = Annotated[str, Meta(pattern=_ONE_LINE, max_length=MAX_SUBJECT)]
Text = Annotated[str, Meta(pattern=_MANY_LINES, max_length=MAX_TEXT)]
LongText = Annotated[str, Meta(pattern=_MANY_LINES)]
Address = Annotated[
    str, Meta(max_length=320, extra={"rule": address_problem}, extra_json_schema={"format": "email"})
]
WebUrl = Annotated[
    str, Meta(max_length=MAX_URL, extra={"rule": web_address_problem}, extra_json_schema={"format": "uri"})
]
Time = Annotated[datetime, Meta(tz=True, extra={"rule": _time_problem, "finish": _utc})]
Day = date


def parsed(raw: bytes) -> Any:
    """The JSON of a body as plain Python; an empty body is an empty object.

    Raises:
        TooLarge: More than :data:`MAX_BODY` bytes.
        Invalid: No JSON, a key twice in one object, NaN, half a surrogate pair, or nested deeper than :data:`MAX_DEPTH`.
    """
    if len(raw) > MAX_BODY:
        raise TooLarge(f"a body may have at most {MAX_BODY} bytes")
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
        # Half a surrogate pair can be escaped in JSON, yet is no text: nothing could store it.
        _encodable = rb"\ud" in raw.lower() and json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise Invalid.of("body", "is not UTF-8 text") from error
    except RecursionError as error:
        raise Invalid.of("body", f"is nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise Invalid.of("body", "is not JSON") from error
    if _deeper_than(value, MAX_DEPTH):
        raise Invalid.of("body", f"is nested deeper than {MAX_DEPTH} levels")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 8259 leaves open which of two equal keys counts; a caller who sends both means neither."""
    made = dict(pairs)
    if len(made) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise Invalid(*(FieldError(name, "is there twice") for name, count in counts.items() if count > 1))
    return made


def _refuse_constant(_: str) -> Any:
    raise Invalid.of("body", "NaN and Infinity are not JSON")


def _deeper_than(value: object, levels: int) -> bool:
    if isinstance(value, Mapping):
        return levels == 0 or any(_deeper_than(part, levels - 1) for part in value.values())
    if isinstance(value, list):
        return levels == 0 or any(_deeper_than(part, levels - 1) for part in value)
    return False
