"""EventBridge's schedule expressions."""

import calendar
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.schedule import ScheduleFault, next_run_at, parse, schedule_problem

NOW = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)  # a Monday

moments = st.integers(1_577_836_800, 2_208_988_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("cron(0 10 * * ? *)", "2026-03-02T10:00"),
        ("cron(15 12 * * ? *)", "2026-03-02T12:15"),
        ("cron(0 18 ? * MON-FRI *)", "2026-03-02T18:00"),
        ("cron(0 8 1 * ? *)", "2026-04-01T08:00"),
        ("cron(0/15 * * * ? *)", "2026-03-02T09:15"),
        ("cron(0/10 * ? * MON-FRI *)", "2026-03-02T09:10"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-03-02T09:05"),
        ("cron(10,30,50 * * * ? *)", "2026-03-02T09:10"),
        ("cron(0 0 L * ? *)", "2026-03-31T00:00"),
        ("cron(0 0 L 2 ? 2028)", None),
        ("cron(0 0 14W * ? *)", "2026-03-13T00:00"),  # the 14th is a Saturday
        ("cron(0 0 15W * ? *)", "2026-03-16T00:00"),  # the 15th is a Sunday
        ("cron(0 0 1W 8 ? *)", "2026-08-03T00:00"),  # Saturday the 1st: not back into July
        ("cron(0 0 31W 5 ? *)", "2026-05-29T00:00"),  # Sunday the 31st: not on into June
        ("cron(0 0 ? * 3#2 *)", "2026-03-10T00:00"),  # "3#2 would be the second Tuesday of the month"
        ("cron(0 0 ? * 6L *)", "2026-03-27T00:00"),
        ("cron(0 0 ? * L *)", "2026-03-07T00:00"),
        ("cron(0 9 2 3 ? 2026)", None),  # half a minute too late
    ],
)
def test_the_next_run(expression: str, first: str | None) -> None:
    """Expressions of AWS's page and of the reference fire when they should."""
    expected = None if first is None else datetime.fromisoformat(first).replace(tzinfo=UTC)
    assert next_run_at(expression, NOW) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "", "hourly", "rate(0 minutes)", "rate(1 hours)", "rate(2 hour)", "rate(1 week)", "rate(-1 hours)", "rate(1.5 hours)",
        "rate(1 hour) ", "cron(0 10 * * *)", "cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(0 10 1 * 2 *)",
        "cron(60 10 * * ? *)", "cron(0 24 * * ? *)", "cron(0 0 32 * ? *)", "cron(0 0 0 * ? *)", "cron(0 0 1 13 ? *)",
        "cron(0 0 ? * 0 *)", "cron(0 0 ? * 8 *)", "cron(0 0 1 * ? 1969)", "cron(a 0 1 * ? *)", "cron(0/0 * * * ? *)",
        "cron(5-1 * * * ? *)", "cron(0 0 ? * 3#6 *)", "cron(0 0 ? * 3#1,6#3 *)", "cron(0 0 W * ? *)", "cron(0 0 LW,L ? *)",
        "cron( 0 10 * * ? *)", "cron(0 10 * * ? *) ", "cron(, 10 * * ? *)", "cron(٣ 10 * * ? *)", "cron(0 10 * * ? *)\n",
    ],
)  # fmt: skip
def test_what_is_no_schedule(expression: str) -> None:
    """What EventBridge would refuse is refused here, with a sentence."""
    with pytest.raises(ScheduleFault):
        parse(expression)
    assert schedule_problem(expression, NOW)


@pytest.mark.parametrize(
    ("expression", "fires"),
    [
        ("rate(31 days)", True),
        ("rate(32 days)", False),
        ("rate(744 hours)", True),
        ("rate(745 hours)", False),
        ("cron(0 8 1 * ? *)", True),
        ("cron(0 0 1 1 ? *)", False),
        ("cron(0 0 30 2 ? *)", False),
        ("cron(0 0 1 * ? 2025)", False),
    ],
)
def test_a_schedule_must_fire_within_31_days(expression: str, fires: bool) -> None:
    """A schedule that rests longer than a month is a mistake."""
    assert (schedule_problem(expression, NOW) is None) == fires


@given(
    now=moments,
    since=moments,
    value=st.integers(1, 5000),
    unit=st.sampled_from(["minute", "hour", "day"]),
)
def test_a_rate_counts_from_when_the_rule_was_put(
    now: datetime, since: datetime, value: int, unit: str
) -> None:
    """The next run is a whole number of periods after the rule was put, and the first of these after now."""
    following = next_run_at(f"rate({value} {unit}{'s' if value > 1 else ''})", now, since=since)
    period = value * timedelta(**{f"{unit}s": 1})
    assert following is not None
    assert following > now
    assert following >= since + period
    assert (following - since) % period == timedelta(0)
    assert following - period <= max(now, since)


@given(
    now=moments,
    minutes=st.sets(st.integers(0, 59), min_size=1),
    hours=st.sets(st.integers(0, 23), min_size=1),
    weekdays=st.sets(st.integers(1, 7), min_size=1),
)
def test_no_earlier_minute_fits(
    now: datetime, minutes: set[int], hours: set[int], weekdays: set[int]
) -> None:
    """The next run is the first fitting minute: walking on minute by minute finds the same."""
    lists = [",".join(map(str, values)) for values in (minutes, hours, weekdays)]
    found = next_run_at(f"cron({lists[0]} {lists[1]} ? * {lists[2]} *)", now)
    assert found is not None
    walked = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while not (
        walked.minute in minutes and walked.hour in hours and (walked.isoweekday() % 7 + 1) in weekdays
    ):
        # Whole hours and days that cannot fit are stepped over, for speed alone.
        step = timedelta(minutes=1) if walked.hour in hours else timedelta(minutes=60 - walked.minute)
        walked += step
    assert found == walked


@given(now=moments, day=st.integers(1, 31))
def test_the_nearest_weekday_is_a_weekday_of_that_month(now: datetime, day: int) -> None:
    """``nW`` never falls on a weekend and lies at most two days from the n-th."""
    found = next_run_at(f"cron(0 0 {day}W * ? *)", now)
    assert found is not None
    assert found.isoweekday() <= 5
    assert abs(found.day - day) <= 2
    assert day <= calendar.monthrange(found.year, found.month)[1]
