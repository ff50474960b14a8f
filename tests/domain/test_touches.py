"""Which opens and clicks count."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.touches import NO_LINK, Touch, counted, read_word, touch_at

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
TOUCHES = st.builds(
    Touch,
    milliseconds=st.integers(0, 10_000),
    link=st.integers(NO_LINK, 5),
    machine=st.booleans(),
).flatmap(
    lambda touch: st.sampled_from(
        [
            touch,
            Touch(
                touch.milliseconds,
                touch.link,
                touch.machine,
                implies_open=touch.is_click and not touch.machine,
            ),
        ]
    )
)


@given(TOUCHES)
def test_a_word_says_all_of_its_touch(touch: Touch) -> None:
    """What is read from a set is what was put in."""
    assert read_word(touch.word, machine=touch.machine) == touch


@pytest.mark.parametrize(
    ("touch", "word"),
    [
        (touch_at(AT), "mm8y7c00"),
        (touch_at(AT, link=3), "mm8y7c00.3"),
        (touch_at(AT, link=0, implies_open=True), "mm8y7c00.0+"),
    ],
)
def test_words_of_years_ago_are_read(touch: Touch, word: str) -> None:
    """They are in the table."""
    assert touch.word == word
    assert read_word(word, machine=False) == touch


@given(st.datetimes(datetime(1970, 1, 2), datetime(2500, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_a_touch_is_true_to_the_millisecond(naive: datetime) -> None:
    """The time of a touch is the event's, cut to milliseconds."""
    at = naive.replace(tzinfo=UTC)
    assert timedelta() <= at - touch_at(at).at < timedelta(milliseconds=1)


@given(st.lists(TOUCHES, max_size=12), st.randoms())
def test_order_and_repetition_change_nothing(touches: list[Touch], random: object) -> None:
    """Events may come twice, late and in any order."""
    shuffled = touches + touches[: len(touches) // 2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert counted(shuffled) == counted(set(touches))


@given(st.lists(TOUCHES, max_size=12))
def test_only_persons_count(touches: list[Touch]) -> None:
    """What counts was done by nobody who is a machine, and whoever did anything is counted as one or the other."""
    came_to = counted(touches)
    assert not any(came_to.is_machine(touch) for touch in came_to.clicked.values())
    assert came_to.opened is None or not came_to.is_machine(came_to.opened)
    clicks = [touch for touch in touches if touch.is_click]
    assert bool(clicks) == (bool(came_to.clicked) or came_to.clicked_by_machine)


def test_the_first_person_counts_even_after_a_machine() -> None:
    """A scanner's visit does not hide the reader's."""
    scanner, reader = Touch(1, machine=True), Touch(2)
    assert counted([scanner, reader]).opened == reader
    assert counted([scanner]).opened is None
    assert counted([scanner]).opened_by_machine


def test_a_click_counts_once_per_link() -> None:
    """The first click on each link is the counted one."""
    first, again, other = Touch(1, 0), Touch(9000, 0), Touch(4000, 1)
    came_to = counted([again, other, first])
    assert came_to.clicked == {0: first, 1: other}
    assert came_to.is_first(first, as_open=False)
    assert not came_to.is_first(again, as_open=False)


def test_a_click_implies_an_open_only_where_opens_are_tracked() -> None:
    """With open tracking on, who clicked has opened."""
    assert counted([Touch(1, 0, implies_open=True)]).opened == Touch(1, 0, implies_open=True)
    assert counted([Touch(1, 0)]).opened is None


def test_the_third_link_within_two_seconds_is_a_machines() -> None:
    """Two links a person can follow so fast; the third and what follows no more."""
    burst = [Touch(0, 0), Touch(900, 1), Touch(1999, 2), Touch(2001, 3)]
    came_to = counted(burst)
    assert set(came_to.clicked) == {0, 1}
    assert came_to.scanned == {burst[2], burst[3]}
    assert counted([Touch(0, 0), Touch(900, 1), Touch(2001, 2)]).scanned == frozenset()
    assert counted([Touch(0, 0), Touch(100, 0), Touch(200, 0)]).scanned == frozenset()
