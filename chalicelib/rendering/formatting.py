"""How a value is written in a message: reference section 1.7, as changed by docs/decisions/message-rendering.md."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2.exceptions import SecurityError

from chalicelib.rendering.values import Empty, RecordView

_WORDS = {"fr": ("Oui", "Non")}
_ENGLISH = ("Yes", "No")
_DATE_TOKEN = re.compile("YYYY|YY|MM|M|DD|D")
_DATE_PARTS: Mapping[str, Callable[[date], str]] = {
    "YYYY": lambda day: f"{day.year:04}",
    "YY": lambda day: f"{day.year % 100:02}",
    "MM": lambda day: f"{day.month:02}",
    "M": lambda day: str(day.month),
    "DD": lambda day: f"{day.day:02}",
    "D": lambda day: str(day.day),
}


@dataclass(frozen=True)
class Formatting:
    """The organisation's way of writing dates and yes or no; ``date_format`` in the reference's tokens (``DD.MM.YYYY``)."""

    date_format: str
    zone: tzinfo
    language: str

    @classmethod
    def of(cls, date_format: str, time_zone: str, language: str) -> "Formatting":
        """By the names of the settings; an unknown time zone is UTC."""
        return cls(date_format, zone_of(time_zone), language)

    def date(self, day: date) -> str:
        """A date, such as 24.12.2026."""
        return _written(self.date_format, day.year, day.month, day.day)

    def moment(self, moment: datetime) -> str:
        """A time in the organisation's time zone, to the minute, such as 24.12.2026 18:05."""
        local = self.local(moment)
        return f"{self.date(local)} {local:%H:%M}"

    def local(self, moment: datetime) -> datetime:
        """The same moment in the organisation's time zone."""
        return moment.astimezone(self.zone)

    def text(self, value: Any) -> str:
        """Any value as text.

        Raises:
            SecurityError: It is no value but a piece of the template engine.
        """
        if isinstance(value, str):
            return str(value)
        if value is None or isinstance(value, Empty):
            return ""
        if isinstance(value, bool):
            return _WORDS.get(self.language, _ENGLISH)[not value]
        if isinstance(value, int | float | Decimal):
            return _number(value)
        return self._compound(value)

    def _compound(self, value: Any) -> str:
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, date):
            return self.date(value)
        if isinstance(value, RecordView):
            return str(value)
        if isinstance(value, Mapping):
            return ", ".join(f"{key}: {self.text(item)}" for key, item in value.items())
        if isinstance(value, list | tuple | range):
            return ", ".join(self.text(item) for item in value)
        raise SecurityError(
            "only values can be printed or filtered: this is a function or a piece of the template engine"
        )


def _number(value: float | Decimal) -> str:
    """Digits only: neither grouped (a year is no amount) nor with an exponent."""
    if isinstance(value, int) or not math.isfinite(value):
        return str(value)
    if value == int(value):
        return str(int(value))
    return f"{Decimal(repr(value)) if isinstance(value, float) else value:f}"


def zone_of(name: str) -> tzinfo:
    """The time zone of this name, UTC when there is none."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # reads the system's files: only where a date is printed

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a directory is an OSError
        return UTC


@lru_cache(maxsize=1_000)  # every reader of a mass email is told the same day
def _written(date_format: str, year: int, month: int, day: int) -> str:
    the_day = date(year, month, day)
    return _DATE_TOKEN.sub(lambda token: _DATE_PARTS[token[0]](the_day), date_format)
