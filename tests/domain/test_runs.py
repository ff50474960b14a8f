"""Stretches, plans and chunks: every recipient of a plan stands in exactly one chunk, the same one however often it is asked."""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ids import SEGMENT_CAPACITY
from chalicelib.domain.runs import (
    Plan,
    Run,
    Spot,
    Stretch,
    advance,
    chunk_size_at,
    chunks_of,
    segment_size_at,
    sizes,
)

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@st.composite
def stretches(draw: st.DrawFn) -> tuple[Stretch, ...]:
    """As freezes leave them: contiguous, full but for the last segment of each; some are empty."""
    found: list[Stretch] = []
    first = 0
    for _ in range(draw(st.integers(0, 4))):
        size = draw(st.integers(1, SEGMENT_CAPACITY))
        number = draw(st.integers(0, 4))
        last = draw(st.integers(1, size)) if number else size
        found.append(Stretch(first, number, size, last))
        first += number
    return tuple(found)


def everybody(some: Sequence[Stretch]) -> list[tuple[int, int]]:
    """All places, in order."""
    return [(segment, position) for segment, size in sizes(some, Spot()) for position in range(size)]


@given(stretches(), st.data())
def test_plans_one_after_another_cover_everybody_once(some: tuple[Stretch, ...], data: st.DataObject) -> None:
    """Whatever the portions and the chunk sizes: in order, nobody twice, nobody left out, no chunk too large."""
    people = everybody(some)
    released: list[tuple[int, int]] = []
    start = Spot()
    while len(released) < len(people):
        portion = data.draw(st.integers(1, len(people) - len(released)))
        chunk_size = data.draw(st.integers(1, SEGMENT_CAPACITY))
        end = advance(some, start, portion)
        plan = Plan("p" * 17, "m" * 17, portion, chunk_size, NOW, start, end)
        planned = list(chunks_of(plan, some))
        assert planned == list(chunks_of(plan, some))
        assert all(1 <= len(each.chunk.positions) <= chunk_size for each in planned)
        names = [(each.segment, each.chunk.name) for each in planned]
        assert len(set(names)) == len(names)
        places = [(each.segment, position) for each in planned for position in each.chunk.positions]
        assert len(places) == portion
        released += places
        start = end
    assert released == people


@given(stretches())
def test_nobody_is_released_who_is_not_there(some: tuple[Stretch, ...]) -> None:
    """Asking for one more than there are is a fault, not a plan."""
    with pytest.raises(ValueError, match="fewer recipients"):
        advance(some, Spot(), len(everybody(some)) + 1)


def test_a_plan_may_begin_and_end_within_a_segment() -> None:
    """The chunk is less where the portion asks for it."""
    some = (Stretch(0, 2, 50, 20),)
    plan = Plan("p" * 17, "m" * 17, 45, 50, NOW, Spot(0, 10), advance(some, Spot(0, 10), 45))
    assert [(each.segment, each.chunk.name) for each in chunks_of(plan, some)] == [(0, "10.50"), (1, "0.5")]


def test_a_retry_sends_just_its_places() -> None:
    """Each group of places is a chunk; its name tells the wave, so it can never be mistaken for an earlier one."""
    plan = Plan("p" * 17, "m" * 17, 3, 50, NOW, wave=2, retries=((4, 1, 7), (9, 0)))
    planned = list(chunks_of(plan, ()))
    assert [(each.segment, each.chunk.name, each.chunk.positions, each.chunk.wave) for each in planned] == [
        (4, "2/1", (1, 7), 2),
        (9, "2/0", (0,), 2),
    ]


@pytest.mark.parametrize(
    ("rate", "size"), [(0.2, 1), (1, 1), (14, 14), (50, 50), (51, 25), (130, 43), (200, 50), (1000, 50)]
)
def test_chunk_sizes(rate: float, size: int) -> None:
    """130 a second are three calls of 43, not two of 50."""
    assert chunk_size_at(rate) == size


@given(st.floats(1, 5_000))
def test_whole_calls_fill_the_rate(rate: float) -> None:
    """Never above it, at most 50 in a call, and at least 97 % of it from 50 a second on."""
    size = chunk_size_at(rate)
    in_a_second = size * ceil(int(rate) / SEGMENT_CAPACITY)
    assert 1 <= size <= SEGMENT_CAPACITY
    assert in_a_second <= rate
    if rate >= SEGMENT_CAPACITY:
        assert in_a_second >= 0.97 * int(rate)


@given(st.floats(0.1, 1_000), st.floats(0.1, 1_000))
def test_segments_hold_whole_calls_and_outlive_a_change_of_the_rate(before: float, after: float) -> None:
    """At the rate of the freeze no call is cut short; at a higher one calls are at least half as full as they could be."""
    size, call = segment_size_at(before), chunk_size_at(after)
    assert size % chunk_size_at(before) == 0
    assert chunk_size_at(before) <= size <= SEGMENT_CAPACITY
    calls = -(-size // call)
    if after >= before:
        assert size / calls >= call / 2


def test_a_retry_goes_before_the_rest() -> None:
    """What one plan can release: the retry's places first, then those that were never released."""
    assert Run("m" * 17, recipients=10, released=4).remaining == 6
    assert Run("m" * 17, recipients=10, released=10, retry_left=3).remaining == 3
