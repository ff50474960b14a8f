"""The rate: never more than SES allows in a clock second of reserved time, and nearly all of it with a backlog."""

import heapq
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.runs import chunk_size_at
from chalicelib.storage.table import Table
from chalicelib.storage.tickets import DynamoTickets, calls_per_period
from devstack import resources
from tests.fakes.dynamodb import FakeDynamoDB
from tests.storage.conftest import EVERY_STORE, fresh_table

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(params=EVERY_STORE)
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """An empty table, on each store in turn."""
    with fresh_table(request.param) as made:
        yield made


def in_memory() -> Table:
    client = FakeDynamoDB()
    resources._make_table(client)
    return Table(client, resources.PREFIX, lambda seconds: None)


def most_in_one_second(slots: list[datetime], size: int) -> int:
    """Recipients in the fullest clock second."""
    return max(Counter(int(slot.timestamp()) for slot in slots).values()) * size


def test_slots_of_one_worker(table: Table) -> None:
    """At 130 a second three calls of 43 fit into each second, evenly spread."""
    tickets = DynamoTickets(table)
    slots = [tickets.take(130, NOW) for _ in range(7)]
    expected = [NOW + timedelta(seconds=place // 3 + place % 3 / 3) for place in range(7)]
    differences = [abs(slot - at) for slot, at in zip(slots, expected, strict=True)]
    assert max(differences) < timedelta(milliseconds=1)


def test_an_idle_counter_begins_with_the_clock(table: Table) -> None:
    """What was not used is lost, and no second is given that has begun: its call would fall into the next one."""
    tickets = DynamoTickets(table)
    tickets.take(14, NOW)
    later = NOW + timedelta(seconds=100.9)
    slots = [tickets.take(14, later) for _ in range(3)]
    assert slots == [NOW + timedelta(seconds=101 + place) for place in range(3)]


def test_two_workers_share_one_counter(table: Table) -> None:
    """Whatever each believes of it."""
    one, other = DynamoTickets(table), DynamoTickets(table)
    slots = [worker.take(50, NOW) for worker in (one, other, other, one, one)]
    assert slots == [NOW + timedelta(seconds=place) for place in range(5)]


def test_ten_workers_at_once(table: Table) -> None:
    """No number twice, none left out."""

    def take(_: int) -> list[datetime]:
        tickets = DynamoTickets(table)
        return [tickets.take(200, NOW) for _ in range(4)]

    with ThreadPoolExecutor(10) as pool:
        slots = sorted(slot for some in pool.map(take, range(10)) for slot in some)
    assert slots == [NOW + timedelta(seconds=place / 4) for place in range(40)]


@pytest.mark.parametrize("rate", [14, 51, 130, 200, 1_000])
def test_ten_workers_with_a_backlog(rate: int) -> None:
    """In virtual time, each call taking 80 ms: at most the rate in every second, and at least 97 % of it over all."""
    table = in_memory()
    size = chunk_size_at(rate)
    seconds = 30
    backlog = rate * seconds // size
    workers = [(NOW + timedelta(milliseconds=37 * number), number) for number in range(10)]
    tickets = [DynamoTickets(table) for _ in workers]
    heapq.heapify(workers)
    slots: list[datetime] = []
    for _ in range(backlog):
        free_at, number = heapq.heappop(workers)
        slot = tickets[number].take(rate, free_at)
        slots.append(slot)
        heapq.heappush(workers, (max(slot, free_at) + timedelta(milliseconds=80), number))
    assert len(set(slots)) == backlog
    assert most_in_one_second(slots, size) <= rate
    by_second = Counter(int(slot.timestamp()) for slot in slots)
    first, last = min(by_second), max(by_second)
    assert last - first >= seconds - 1
    assert all(by_second[second] * size >= 0.97 * rate for second in range(first + 1, last))


@settings(max_examples=50, deadline=None)
@given(
    st.floats(0.1, 1_500),
    st.lists(st.tuples(st.floats(0, 5), st.integers(0, 9)), min_size=1, max_size=60),
)
def test_never_more_than_the_rate(rate: float, takes: list[tuple[float, int]]) -> None:
    """Whoever comes when: no clock second, and below one a second no period, holds more; and no slot is long gone."""
    table = in_memory()
    workers = [DynamoTickets(table) for _ in range(10)]
    now, slots = NOW, list[datetime]()
    for pause, worker in takes:
        now += timedelta(seconds=pause)
        slot = workers[worker].take(rate, now)
        slots.append(slot)
        _, period = calls_per_period(rate)
        assert now - slot < timedelta(seconds=period)
    assert len(set(slots)) == len(slots)
    if rate >= 1:
        assert most_in_one_second(slots, chunk_size_at(rate)) <= rate
        return
    ordered = sorted(slots)
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    assert all(gap >= timedelta(seconds=1 / rate - 0.001) for gap in gaps)


def test_a_changed_rate_has_its_own_counter(table: Table) -> None:
    """From the clock on, not from what was reserved at the old rate."""
    tickets = DynamoTickets(table)
    for _ in range(20):
        tickets.take(1, NOW)
    assert tickets.take(200, NOW) == NOW


def test_a_lowered_rate_begins_with_the_clock(table: Table) -> None:
    """A worker whose last number was far higher finds a counter that nobody has used."""
    tickets = DynamoTickets(table)
    assert [tickets.take(rate, NOW) for rate in (200, 14)] == [NOW, NOW]


@pytest.mark.parametrize(("rate", "seconds"), [(0.9, 2), (0.5, 2), (0.1, 10), (0, 1_000)])
def test_a_rate_below_one_makes_one_call_in_several_seconds(rate: float, seconds: int) -> None:
    """Rounded up; a rate of nothing is taken for very little, for a slot is a moment."""
    assert calls_per_period(rate) == (1, seconds)
