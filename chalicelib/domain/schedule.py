"""EventBridge's schedule expressions: which are valid, and when they next fire (always UTC).

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.domain.cron import Cron

MAX_GAP = timedelta(days=31)  # a schedule that rests longer is taken for a mistake
_RATE = re.compile(r"rate\(([1-9][0-9]{0,5}) (minute|hour|day)(s?)\)\Z")
_CRON = re.compile(r"cron\(([^()]+)\)\Z")


class ScheduleFault(ValueError):
    """No schedule that EventBridge would take; the message says what is wrong with it."""


@dataclass(frozen=True)
class Rate:
    """Every so often, counted from when the rule was put."""

    period: timedelta

    def after(self, now: datetime, since: datetime | None) -> datetime:
        """The first time after ``now``; without ``since`` one whole period later."""
        if since is None or since >= now:
            return (since or now) + self.period
        return since + ((now - since) // self.period + 1) * self.period


def parse(expression: str) -> Rate | Cron:
    """Read ``rate(…)`` or ``cron(…)``.

    Raises:
        ScheduleFault: It is neither.
    """
    rate = _RATE.match(expression)
    if rate is not None:
        return _rate(int(rate[1]), rate[2], plural=bool(rate[3]))
    cron = _CRON.match(expression)
    if cron is None:
        raise ScheduleFault("is neither rate(value unit), such as rate(1 hour), nor cron(six fields)")
    try:
        return Cron.of(cron[1])
    except ValueError as error:
        raise ScheduleFault(f"is no cron expression of EventBridge: {error}") from error


def _rate(value: int, unit: str, *, plural: bool) -> Rate:
    # "For a value of 1 the unit must be singular, above it plural" (the page above).
    if plural != (value > 1):
        raise ScheduleFault(f"rate({value} …) takes the unit {unit}{'s' if value > 1 else ''}")
    return Rate(value * timedelta(**{f"{unit}s": 1}))


def next_run_at(expression: str, now: datetime, *, since: datetime | None = None) -> datetime | None:
    """When the schedule next fires after ``now``, in UTC; None when it never does within a year.

    Args:
        expression: As in the settings.
        now: The time.
        since: When the rule was put: what a rate counts from.

    Raises:
        ScheduleFault: No schedule.
    """
    schedule = parse(expression)
    if isinstance(schedule, Rate):
        return schedule.after(now.astimezone(UTC), since)
    return schedule.after(now.astimezone(UTC))


def schedule_problem(expression: str, now: datetime) -> str | None:
    """Why this cannot be the schedule of a sender, or None."""
    try:
        following = next_run_at(expression, now)
    except ScheduleFault as fault:
        return str(fault)
    if following is None or following - now > MAX_GAP:
        return f"does not fire within {MAX_GAP.days} days"
    return None
