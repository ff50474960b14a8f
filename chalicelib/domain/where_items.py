"""One item of a ``where`` as it was sent, read value by value; each fault names its place."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from chalicelib.domain.ids import is_id
from chalicelib.domain.people import MAX_DIGITS, MAX_NUMBER, MIN_NUMBER
from chalicelib.domain.where import Field, Kind, Moment
from chalicelib.domain.where_dates import EARLIEST, LATEST, moment_of
from chalicelib.domain.where_limits import MAX_DAYS, MAX_TEXT, MAX_VALUES
from chalicelib.domain.where_values import Scalar
from chalicelib.errors import Invalid

KEYS = frozenset({"type", "attribute", "value", "dateTime", "timeZone"})
_PAIR = 2


@dataclass(frozen=True)
class Item:
    """An object of a ``where``; ``place`` is its path in the request, such as ``where.0.value.1``."""

    raw: Mapping[str, Any]
    place: str

    def refusal(self, key: str, message: str) -> Invalid:
        """What is wrong with the value of this key."""
        return Invalid.of(f"{self.place}.{key}", message)

    def word(self, key: str) -> str:
        """A text that must be there."""
        value = self.raw.get(key)
        if value is None:
            raise self.refusal(key, "is required")
        if not isinstance(value, str):
            raise self.refusal(key, "expected a text")
        return value

    def nothing(self) -> None:
        """No value, for the operator needs none."""
        if self.raw.get("value") is not None:
            raise self.refusal("value", f"{self.raw['type']} takes no value")

    def text(self) -> str:
        """A text to look for, not empty."""
        value = self._given()
        if not isinstance(value, str) or not value:
            raise self.refusal("value", "expected a text that is not empty")
        return self._short(value, "value")

    def scalar(self, field: Field) -> Scalar:
        """A value as the field holds it."""
        return self._scalar(field, self._given(), "value")

    def scalars(self, field: Field) -> tuple[Scalar, ...]:
        """Some of them; one alone may stand without its brackets, as in the reference."""
        return tuple(self._each(lambda value, key: self._scalar(field, value, key)))

    def ids(self) -> tuple[str, ...]:
        """Ids of records."""

        def one(value: object, key: str) -> str:
            if not isinstance(value, str) or not is_id(value):
                raise self.refusal(key, "expected an id: 17 lower-case hex digits")
            return value

        return tuple(dict.fromkeys(self._each(one)))

    def moment(self) -> Moment:
        """A day or a point of time."""
        return self._moment(self._given(), "value")

    def pair(self) -> tuple[object, object]:
        """Two values, whatever they are."""
        value = self._given()
        if not isinstance(value, list) or len(value) != _PAIR:
            raise self.refusal("value", "expected a list of two values")
        return value[0], value[1]

    def moments(self) -> tuple[Moment, Moment]:
        """From when until when."""
        begin, end = self.pair()
        return self._moment(begin, "value.0"), self._moment(end, "value.1")

    def bounds(self, field: Field) -> tuple[Scalar, Scalar]:
        """From what to what."""
        begin, end = self.pair()
        return self._scalar(field, begin, "value.0"), self._scalar(field, end, "value.1")

    def days(self) -> int:
        """How many days; the reference's own pages send them as text."""
        value = self._given()
        if (
            isinstance(value, str)
            and value.isascii()
            and value.isdigit()
            and len(value) <= len(str(MAX_DAYS))
        ):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_DAYS:
            raise self.refusal("value", f"expected a number of days from 0 to {MAX_DAYS}")
        return value

    def zone(self) -> tzinfo | None:
        """The time zone that was named."""
        name = self.raw.get("timeZone")
        if name is None:
            return None
        try:
            from zoneinfo import ZoneInfo  # noqa: PLC0415 - slow to import, and few searches name a zone

            return ZoneInfo(name)
        except (TypeError, AttributeError, KeyError, ValueError, OSError) as error:
            # No text, an unknown name, a path, a directory of the zones
            raise self.refusal("timeZone", "expected a time zone such as Europe/Paris") from error

    def _given(self) -> Any:
        value = self.raw.get("value")
        if value is None:
            raise self.refusal("value", "is required")
        return value

    def _each(self, read: Callable[[object, str], Any]) -> list[Any]:
        value = self._given()
        if not isinstance(value, list):
            return [read(value, "value")]
        if not 0 < len(value) <= MAX_VALUES:
            raise self.refusal("value", f"must have 1 to {MAX_VALUES} entries")
        return [read(each, f"value.{place}") for place, each in enumerate(value)]

    def _scalar(self, field: Field, value: object, key: str) -> Scalar:
        if field.kind is Kind.BOOLEAN and not isinstance(value, bool):
            raise self.refusal(key, "expected true or false")
        if field.kind is Kind.TEXT and not isinstance(value, str):
            raise self.refusal(key, "expected a text")
        if isinstance(value, str):
            return self._short(value, key)
        if isinstance(value, bool):
            return value
        if not isinstance(value, int | float):
            raise self.refusal(key, "expected a text, a number, true or false")
        if not _is_kept(value):
            raise self.refusal(key, "is a number that is too large, too small or none")
        return value

    def _short(self, text: str, key: str) -> str:
        if len(text) > MAX_TEXT:
            raise self.refusal(key, f"is longer than {MAX_TEXT} characters")
        return text

    def _moment(self, value: object, key: str) -> Moment:
        moment = moment_of(value) if isinstance(value, str) else None
        if moment is None:
            raise self.refusal(
                key, "expected a day such as 2026-03-01 or a time such as 2026-03-01T09:00:00Z"
            )
        if not EARLIEST <= moment.year <= LATEST:
            raise self.refusal(key, f"expected a year from {EARLIEST} to {LATEST}")
        if isinstance(moment, datetime) and moment.tzinfo is None and self.raw.get("dateTime") is False:
            raise self.refusal(key, "expected a day, since dateTime is false")
        return moment


def _is_kept(number: float) -> bool:
    """Whether DynamoDB could hold this number: no other can be in the table, and it would refuse to look for one."""
    if isinstance(number, int):
        return len(str(abs(number))) <= MAX_DIGITS
    return math.isfinite(number) and (number == 0 or MIN_NUMBER <= abs(number) <= MAX_NUMBER)
