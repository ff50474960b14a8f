"""Ids tell when they were made, and a recipient's id is nothing but its place."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.ids import (
    LOW_BITS,
    MAX_RECIPIENTS,
    POSITION_BITS,
    SEGMENT_BITS,
    SEGMENT_CAPACITY,
    TEST_SEGMENTS_FROM,
    Place,
    base_of,
    id_time,
    is_id,
    new_id,
)

TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2520, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis takes naive bounds
LOW = st.integers(0, (1 << LOW_BITS) - 1)
PLACES = st.builds(
    Place,
    st.integers(0, (1 << 44) - 1).map(lambda bits: f"{bits:011x}"),
    st.integers(0, (1 << SEGMENT_BITS) - 1),
    st.integers(0, (1 << POSITION_BITS) - 1),
)


@given(TIMES, LOW)
@example(datetime(2515, 1, 1, 0, 0, 0, 3000, tzinfo=UTC), 0)  # a float's millisecond is one less
def test_an_id_is_17_hex_digits_and_tells_its_time(now: datetime, low: int) -> None:
    """The millisecond in which it was made."""
    made = new_id(now, lambda bits: low)
    assert is_id(made)
    assert timedelta(0) <= now - id_time(made) < timedelta(milliseconds=1)


@given(TIMES, TIMES, LOW, LOW)
def test_ids_are_in_the_order_of_time(one: datetime, other: datetime, low: int, other_low: int) -> None:
    """Text order is time order, to the millisecond."""
    earlier, later = sorted((one, other))
    if later - earlier < timedelta(milliseconds=2):
        return
    assert new_id(earlier, lambda _: low) < new_id(later, lambda _: other_low)


@given(PLACES)
def test_a_recipient_id_is_its_place(place: Place) -> None:
    """There and back, and it begins with its mass email's base."""
    assert is_id(place.recipient_id)
    assert Place.of(place.recipient_id) == place
    assert base_of(place.recipient_id) == place.base


@given(PLACES, PLACES)
def test_recipient_ids_are_in_the_order_of_the_ledger(one: Place, other: Place) -> None:
    """Sorting ids sorts places, and no two places share an id."""
    assert (one < other) is (one.recipient_id < other.recipient_id)


def test_a_test_is_known_by_its_id() -> None:
    """One bit tells Send Test's recipients from the others, and the others have all the room below it."""
    assert not Place("5" * 11, TEST_SEGMENTS_FROM - 1, 0).is_test
    assert Place("5" * 11, TEST_SEGMENTS_FROM, 0).is_test
    assert MAX_RECIPIENTS == TEST_SEGMENTS_FROM * SEGMENT_CAPACITY
    assert SEGMENT_CAPACITY <= 1 << POSITION_BITS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5" * 16,
        "5" * 18,
        "F" * 17,
        "5" * 16 + "g",
        "5" * 17 + "\n",
        " " + "5" * 16,
        "\u0665" * 17,
        5,
        None,
    ],
)
def test_what_is_no_id(text: object) -> None:
    """Only 17 lower-case hex digits are."""
    assert not is_id(text)
    if isinstance(text, str):
        with pytest.raises(ValueError, match="not an id"):
            Place.of(text)
