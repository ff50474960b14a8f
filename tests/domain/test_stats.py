"""Numbers and percentages (row 87 of the checklist)."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.activity import NOTHING, Activity, Mark
from chalicelib.domain.stats import NUMBERS, Numbers, numbers_of, percentage

SETS = st.dictionaries(st.sampled_from(list(Mark)), st.frozensets(st.integers(0, 49), max_size=8))


@given(SETS)
def test_hard_and_soft_add_up(marks: dict[Mark, frozenset[int]]) -> None:
    """Every bounced recipient is one of the two."""
    numbers = numbers_of(50, Activity(marks))
    assert numbers.hard_bounced + numbers.soft_bounced == numbers.bounced
    either = Activity(marks).having(Mark.BOUNCED_HARD) | Activity(marks).having(Mark.BOUNCED_SOFT)
    assert numbers.bounced == len(either)


def test_machines_are_left_out() -> None:
    """What only machines opened and clicked is nobody's open and click."""
    marks = {Mark.OPENED_BY_MACHINE: frozenset({1}), Mark.CLICKED_BY_MACHINE: frozenset({1})}
    assert numbers_of(1, Activity(marks)) == Numbers(sent=1)


def test_numbers_are_never_null() -> None:
    """Where nothing happened there is a zero."""
    assert [getattr(numbers_of(0, NOTHING), name) for name in NUMBERS] == [0] * len(NUMBERS)


def test_percentages_are_of_what_was_sent() -> None:
    """Two decimals, a half to the even neighbour; none where nothing was sent."""
    assert percentage(1, 3) == 33.33
    assert percentage(2, 3) == 66.67
    assert percentage(1, 20_000) == 0.0  # 0.005
    assert percentage(3, 20_000) == 0.02  # 0.015
    assert percentage(5, 5) == 100.0
    assert percentage(0, 0) is None


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_sums_are_sums(opened: int, sent: int) -> None:
    """A campaign's numbers are those of its mass emails together."""
    both = Numbers(sent=sent, opened=opened) + Numbers(sent=1, clicked=2)
    assert both == Numbers(sent=sent + 1, opened=opened, clicked=2)
