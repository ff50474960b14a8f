"""EventBridge's cron: six fields, of which day-of-month or day-of-week is ``?``.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

HORIZON = timedelta(days=366)  # how far ahead is looked
FIELDS = 6
_MONTHS = {
    "JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6,
    "JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12,
}  # fmt: skip
_WEEKDAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_ITEM = re.compile(r"(?:(\*)|([0-9A-Z]+)(?:-([0-9A-Z]+))?)(?:/([0-9]+))?\Z")


@dataclass(frozen=True)
class Field:
    """One field's name, its first and last value, and the names that stand for values."""

    name: str
    first: int
    last: int
    names: Mapping[str, int]

    def values(self, text: str) -> frozenset[int]:
        """The values that a list such as ``1-5,10/15`` means.

        Raises:
            ValueError: It means none.
        """
        return frozenset(value for item in text.split(",") for value in self._item(item))

    def _item(self, item: str) -> range:
        match = _ITEM.match(item)
        if match is None:
            raise ValueError(f"{self.name} cannot be '{item}'")
        star, start, end, step = match.groups()
        first = self.first if star else self.value(start)
        # ``5`` is one value, but ``5/10`` goes from 5 to the end.
        last = self.last if star or (step and not end) else self.value(end or start)
        if last < first:
            raise ValueError(f"{self.name} goes backwards in '{item}'")
        if step is not None and not 1 <= int(step) <= self.last:
            raise ValueError(f"{self.name} has no step '{step}'")
        return range(first, last + 1, int(step or 1))

    def value(self, text: str) -> int:
        """One value, by number or name.

        Raises:
            ValueError: There is no such value.
        """
        number = self.names.get(text, int(text) if text.isdecimal() else None)
        if number is None or not self.first <= number <= self.last:
            raise ValueError(f"{self.name} cannot be '{text}'")
        return number


MINUTES = Field("minutes", 0, 59, {})
HOURS = Field("hours", 0, 23, {})
DAY_OF_MONTH = Field("day-of-month", 1, 31, {})
MONTH = Field("month", 1, 12, _MONTHS)
DAY_OF_WEEK = Field("day-of-week", 1, 7, _WEEKDAYS)
YEAR = Field("year", 1970, 2199, {})


@dataclass(frozen=True)
class DaysOfMonth:
    """Days by number; ``nearest`` are those of ``3W``, ``last`` is ``L``."""

    numbers: frozenset[int] = frozenset()
    nearest: frozenset[int] = frozenset()
    last: bool = False

    @classmethod
    def of(cls, text: str) -> "DaysOfMonth":
        """Read the field.

        Raises:
            ValueError: Not this field.
        """
        items = text.split(",")
        nearest = [item[:-1] for item in items if re.fullmatch("[0-9]+W", item)]
        plain = [item for item in items if item != "L" and not item.endswith("W")]
        if len(plain) + len(nearest) + items.count("L") < len(items):
            raise ValueError(f"day-of-month cannot be '{text}'")
        return cls(
            numbers=DAY_OF_MONTH.values(",".join(plain)) if plain else frozenset(),
            nearest=frozenset(DAY_OF_MONTH.value(number) for number in nearest),
            last="L" in items,
        )

    def fits(self, day: date) -> bool:
        """Whether the field means this day."""
        length = calendar.monthrange(day.year, day.month)[1]
        if day.day in self.numbers or (self.last and day.day == length):
            return True
        return any(
            _nearest_weekday(day, number, length) == day for number in self.nearest if number <= length
        )


@dataclass(frozen=True)
class DaysOfWeek:
    """Weekdays by number, 1 is Sunday; ``last`` are those of ``6L``, ``nth`` those of ``3#2``."""

    numbers: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()
    nth: tuple[int, int] | None = None

    @classmethod
    def of(cls, text: str) -> "DaysOfWeek":
        """Read the field.

        Raises:
            ValueError: Not this field.
        """
        nth = re.fullmatch("([0-9A-Z]+)#([1-5])", text)  # "you can define only one expression" with #
        if nth is not None:
            return cls(nth=(DAY_OF_WEEK.value(nth[1]), int(nth[2])))
        items = ["7" if item == "L" else item for item in text.split(",")]
        last = [item[:-1] for item in items if item.endswith("L")]
        plain = [item for item in items if not item.endswith("L")]
        return cls(
            numbers=DAY_OF_WEEK.values(",".join(plain)) if plain else frozenset(),
            last=frozenset(DAY_OF_WEEK.value(name) for name in last),
        )

    def fits(self, day: date) -> bool:
        """Whether the field means this day."""
        number = day.isoweekday() % 7 + 1
        length = calendar.monthrange(day.year, day.month)[1]
        if number in self.numbers or (number in self.last and day.day + 7 > length):
            return True
        return self.nth == (number, (day.day + 6) // 7)


@dataclass(frozen=True)
class Cron:
    """One expression, read."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: DaysOfMonth | DaysOfWeek
    months: frozenset[int]
    years: frozenset[int]

    @classmethod
    def of(cls, text: str) -> "Cron":
        """Read the six fields.

        Raises:
            ValueError: Not six, or one of them is wrong; the message names it.
        """
        fields = text.split(" ")
        if len(fields) != FIELDS:
            raise ValueError("six fields are needed: minutes hours day-of-month month day-of-week year")
        minutes, hours, day_of_month, month, day_of_week, year = fields
        if (day_of_month == "?") == (day_of_week == "?"):
            raise ValueError("exactly one of day-of-month and day-of-week must be '?'")
        return cls(
            minutes=MINUTES.values(minutes),
            hours=HOURS.values(hours),
            days=DaysOfWeek.of(day_of_week) if day_of_month == "?" else DaysOfMonth.of(day_of_month),
            months=MONTH.values(month),
            years=YEAR.values(year),
        )

    def after(self, now: datetime) -> datetime | None:
        """The first minute after ``now`` that fits, within :data:`HORIZON`."""
        return next((moment for moment in self._moments(now) if moment > now), None)

    def _moments(self, now: datetime) -> Iterator[datetime]:
        for day in _days(now.date()):
            if day.year in self.years and day.month in self.months and self.days.fits(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        yield datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def _days(first: date) -> Iterable[date]:
    return (first + timedelta(days=ahead) for ahead in range(HORIZON.days + 1))


def _nearest_weekday(day: date, number: int, length: int) -> date:
    """Monday to Friday, as near as can be to the day with this number, in the same month."""
    wanted = day.replace(day=number)
    if wanted.isoweekday() == calendar.SATURDAY + 1:
        return wanted + timedelta(days=2 if number == 1 else -1)
    if wanted.isoweekday() == calendar.SUNDAY + 1:
        return wanted + timedelta(days=-2 if number == length else 1)
    return wanted
