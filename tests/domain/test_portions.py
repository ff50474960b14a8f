"""How many go in a tick, and who gets them (rows 31 to 33 as the design changed them)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.portions import GRANT_COUNTS_FOR, Claimant, Grant, portion, shares

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def the_portion(
    limit: int | None = None,
    grants: Sequence[Grant] = (),
    *,
    now: datetime = NOW,
    most: float = -1,
    sent: float = 0,
    unsent: int = 0,
) -> int | None:
    return portion(
        hourly_limit=limit,
        grants=grants,
        now=now,
        max_24_hour_send=most,
        sent_last_24_hours=sent,
        released_unsent=unsent,
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (the_portion(), None),
        (the_portion(100), 100),
        (the_portion(100, [Grant(NOW, 30)]), 70),
        (the_portion(100, [Grant(NOW, 130)]), 0),
        (the_portion(0), 0),
        (the_portion(None, most=200, sent=50), 150),
        (the_portion(None, most=200, sent=50, unsent=100), 50),
        (the_portion(None, most=200, sent=250), 0),
        (the_portion(100, most=200, sent=150), 50),
        (the_portion(100, most=50_000, sent=150), 100),
        (the_portion(100, most=-1, sent=1e9, unsent=10**9), 100),
        (the_portion(None, most=0), 0),
    ],
)
def test_the_smallest_rest_counts(found: int | None, expected: int | None) -> None:
    """The hourly limit's rest and SES's; -1 and null are no limit."""
    assert found == expected


def test_a_grant_counts_for_58_minutes() -> None:
    """An hourly tick that fires two minutes early has its whole hour; three minutes early, none of it."""
    grants = [Grant(NOW, 100)]
    assert the_portion(100, grants, now=NOW + timedelta(minutes=57, seconds=59)) == 0
    assert the_portion(100, grants, now=NOW + timedelta(minutes=58)) == 100
    assert timedelta(minutes=58) == GRANT_COUNTS_FOR


@given(
    st.integers(0, 500),
    st.lists(st.tuples(st.integers(0, 3_600), st.integers(0, 300)), min_size=1, max_size=30),
)
def test_never_above_the_limit_in_any_window(limit: int, ticks: list[tuple[int, int]]) -> None:
    """Whenever the ticks come and whatever is wanted, no 58 minutes hold more than the limit."""
    now, grants = NOW, list[Grant]()
    for seconds, wanted in ticks:
        now += timedelta(seconds=seconds)
        granted = min(wanted, the_portion(limit, grants, now=now) or 0)
        grants.append(Grant(now, granted))
    for first in grants:
        window = [each for each in grants if first.at <= each.at < first.at + GRANT_COUNTS_FOR]
        assert sum(each.count for each in window) <= limit


CLAIMANTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 400)), max_size=8).map(
    lambda rows: [
        Claimant(f"{place:017x}", NOW + timedelta(hours=hour), remaining)
        for place, (hour, remaining) in enumerate(rows)
    ]
)


@given(st.none() | st.integers(0, 1_000), st.none() | st.integers(0, 200), CLAIMANTS)
def test_everything_that_can_be_used_is_given(
    available: int | None, batch: int | None, claimants: list[Claimant]
) -> None:
    """Exactly the portion, or all that is wanted if that is less; nobody more than they want or than the batch limit."""
    wants = {each.id: min(each.remaining, each.remaining if batch is None else batch) for each in claimants}
    given_out = shares(available, batch, claimants)
    assert given_out.keys() == wants.keys()
    assert all(0 <= given_out[key] <= want for key, want in wants.items())
    total = sum(wants.values())
    assert sum(given_out.values()) == (total if available is None else min(available, total))


@given(st.integers(0, 1_000), st.none() | st.integers(0, 200), CLAIMANTS)
def test_shares_are_equal(available: int, batch: int | None, claimants: list[Claimant]) -> None:
    """Who got less than another got all they could use, or is one short as a later ``startAt``."""
    given_out = shares(available, batch, claimants)
    for one in claimants:
        want = min(one.remaining, one.remaining if batch is None else batch)
        for other in claimants:
            behind = given_out[other.id] - given_out[one.id]
            if behind <= 0 or given_out[one.id] == want:
                continue
            assert behind == 1
            assert (other.start_at, other.id) < (one.start_at, one.id)


@given(st.integers(0, 1_000), CLAIMANTS, st.randoms())
def test_the_order_of_asking_does_not_matter(
    available: int, claimants: list[Claimant], random: object
) -> None:
    """The same claimants in another order get the same."""
    shuffled = list(claimants)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random
    assert shares(available, None, shuffled) == shares(available, None, claimants)


def test_the_designs_example() -> None:
    """500; A has 10,000, B has 20: B 20, A 480."""
    assert shares(500, None, [Claimant("a", NOW, 10_000), Claimant("b", NOW, 20)]) == {"a": 480, "b": 20}


def test_odd_ones_go_to_the_earliest() -> None:
    """By ``startAt``, then by id."""
    later = NOW + timedelta(hours=1)
    claimants = [Claimant("c", NOW, 9), Claimant("a", later, 9), Claimant("b", NOW, 9)]
    assert shares(8, None, claimants) == {"a": 2, "b": 3, "c": 3}
    assert shares(7, None, claimants) == {"a": 2, "b": 3, "c": 2}


def test_the_batch_limit_is_each_ones() -> None:
    """What it holds back goes to the others."""
    claimants = [Claimant("a", NOW, 10), Claimant("b", NOW, 500), Claimant("c", NOW, 500)]
    assert shares(250, 100, claimants) == {"a": 10, "b": 100, "c": 100}
