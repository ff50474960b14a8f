"""The dates of a search: what is written, and which time a word such as "last month" means now and there.

A day, a month or a year begins and ends at midnight of the time zone. A field or attribute may hold an instant or a mere day;
a word says of both what is meant (a day is "past" once it is over). Words and their bounds are the reference's; where it takes
the first second of the next month for the last of this one (it compares inclusively) we do not.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from chalicelib.domain.where import All, Dated, Either, Moment, Node, Not, Span, Test

EARLIEST, LATEST = (
    1900,
    2999,
)  # years that a search may name: a day more or less stays a date that Python can hold
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?\Z", re.ASCII)
_DAY_LENGTH = len("2026-03-01")
_MONTHS = 12
_QUARTER = 3  # months


def moment_of(text: str) -> Moment | None:
    """A day or a point of time as it is written, None if it is neither.

    ``2026-03-01``; RFC 3339 with an offset; the same without one, or with a space for the T, as the reference writes it.
    """
    if not _MOMENT.match(text):
        return None
    try:
        if len(text) == _DAY_LENGTH:
            return date.fromisoformat(text)
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def with_moments(node: Node, now: datetime, zone: tzinfo) -> Node:
    """The tree with a span in the place of every word; ``zone`` is that of questions that name none."""
    if isinstance(node, Test) and isinstance(node.check, Dated):
        return replace(node, check=span_of(node.check, now, node.check.zone or zone))
    if isinstance(node, All):
        return All(tuple(with_moments(part, now, zone) for part in node.parts))
    if isinstance(node, Either):
        return Either(tuple(with_moments(part, now, zone) for part in node.parts))
    if isinstance(node, Not):
        return Not(with_moments(node.part, now, zone))
    return node


def span_of(dated: Dated, now: datetime, zone: tzinfo) -> Span:
    """The time that is meant."""
    if dated.word in _OF_MOMENTS:
        return _OF_MOMENTS[dated.word](*dated.values, zone)
    if dated.word in _OF_DAYS:
        return _OF_DAYS[dated.word](now, *dated.values, zone)
    first, months = _MONTHS_FROM[dated.word](now.astimezone(zone).date())
    return _days(first, _months_later(first, months) - _DAY, zone)


def _before(moment: Moment, zone: tzinfo) -> Span:
    at, local = _told(moment, zone)
    return Span(until=at, last=local.date() - (_DAY if _is_midnight(local) else timedelta(0)), zone=zone)


def _since(moment: Moment, zone: tzinfo) -> Span:
    at, local = _told(moment, zone)
    return Span(since=at, first=local.date() + (timedelta(0) if _is_midnight(local) else _DAY), zone=zone)


def _after(moment: Moment, zone: tzinfo) -> Span:
    """Of a day: after its end, as in the reference."""
    if not isinstance(moment, datetime):
        return _since(moment + _DAY, zone)
    at, local = _told(moment, zone)
    return Span(since=at + _INSTANT, first=local.date() + _DAY, zone=zone)


def _until(moment: Moment, zone: tzinfo) -> Span:
    """Of a day: until its end."""
    if not isinstance(moment, datetime):
        return _before(moment + _DAY, zone)
    at, local = _told(moment, zone)
    return Span(until=at + _INSTANT, last=local.date(), zone=zone)


def _between(begin: Moment, end: Moment, zone: tzinfo) -> Span:
    until = _until(end, zone)
    return replace(_since(begin, zone), until=until.until, last=until.last)


def _days(first: date, last: date, zone: tzinfo) -> Span:
    return _between(first, last, zone)


def _past(now: datetime, zone: tzinfo) -> Span:
    return Span(until=now, last=_today(now, zone) - _DAY, zone=zone)


def _future(now: datetime, zone: tzinfo) -> Span:
    return Span(since=now + _INSTANT, first=_today(now, zone) + _DAY, zone=zone)


def _last(now: datetime, days: int, zone: tzinfo) -> Span:
    """From the beginning of the day so many days ago until now."""
    today = _today(now, zone)
    return replace(_since(today - days * _DAY, zone), until=now + _INSTANT, last=today)


def _next(now: datetime, days: int, zone: tzinfo) -> Span:
    """From now until the end of the day in so many days."""
    today = _today(now, zone)
    return replace(_until(today + days * _DAY, zone), since=now, first=today)


_OF_MOMENTS: Mapping[str, Callable[..., Span]] = {
    "on": lambda moment, zone: _between(moment, moment, zone),
    "before": _before,
    "after": _after,
    "since": _since,
    "until": _until,
    "between": _between,
}
_OF_DAYS: Mapping[str, Callable[..., Span]] = {
    "today": lambda now, zone: _days(_today(now, zone), _today(now, zone), zone),
    "past": _past,
    "future": _future,
    "lastSevenDays": lambda now, zone: _last(now, 7, zone),
    "lastXDays": _last,
    "nextXDays": _next,
    "olderThanXDays": lambda now, days, zone: _before(_today(now, zone) - days * _DAY, zone),
    "afterXDays": lambda now, days, zone: _after(_today(now, zone) + days * _DAY, zone),
}
_MONTHS_FROM: Mapping[str, Callable[[date], tuple[date, int]]] = {
    "lastMonth": lambda today: (_months_later(_month(today), -1), 1),
    "currentMonth": lambda today: (_month(today), 1),
    "nextMonth": lambda today: (_months_later(_month(today), 1), 1),
    "lastQuarter": lambda today: (_months_later(_quarter(today), -_QUARTER), _QUARTER),
    "currentQuarter": lambda today: (_quarter(today), _QUARTER),
    "lastYear": lambda today: (_months_later(_year(today), -_MONTHS), _MONTHS),
    "currentYear": lambda today: (_year(today), _MONTHS),
}
PERIODS = tuple(_MONTHS_FROM)


def _told(moment: Moment, zone: tzinfo) -> tuple[datetime, datetime]:
    """A moment as an instant in UTC, and as the clocks of the zone show it.

    A midnight that a change to summer time leaves out is the moment of the change: the day's first.
    """
    if not isinstance(moment, datetime):
        local = datetime.combine(moment, time.min, zone)
        return local.astimezone(UTC), local
    local = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    return local.astimezone(UTC), local


def _is_midnight(local: datetime) -> bool:
    return local.time() == time.min


def _today(now: datetime, zone: tzinfo) -> date:
    return now.astimezone(zone).date()


def _month(today: date) -> date:
    return today.replace(day=1)


def _quarter(today: date) -> date:
    return today.replace(month=today.month - (today.month - 1) % _QUARTER, day=1)


def _year(today: date) -> date:
    return today.replace(month=1, day=1)


def _months_later(first: date, months: int) -> date:
    """Of the first of a month, so many months on (or back)."""
    count = first.year * _MONTHS + first.month - 1 + months
    return date(count // _MONTHS, count % _MONTHS + 1, 1)
