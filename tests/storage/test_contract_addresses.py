"""The contract of ``domain.ports.Addresses``, on the fake, on moto and on DynamoDB Local."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from chalicelib.domain.records import AddressFlags
from tests.fakes.people import key_of
from tests.storage.people_stores import START, People, people

__all__ = ["people"]
ADDRESS = "kari@example.com"
KEY = key_of(ADDRESS)
LIST, OTHER_LIST = "1" * 17, "2" * 17


def later(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def flags(people: People, key: str = KEY) -> AddressFlags:
    return people.addresses.flags([key]).get(key, AddressFlags(key=key))


def opt_out(
    people: People, *, everything: bool = False, lists: tuple[str, ...] = (), at: datetime = START
) -> None:
    people.addresses.opt_out(
        KEY, ADDRESS, everything=everything, list_ids=lists, reason="unsubscribed", at=at
    )


def test_knows_nothing_of_an_address_without_flags(people: People) -> None:
    """An address that nothing happened to has no row."""
    assert people.addresses.flags([KEY]) == {}


def test_flags_come_for_many_at_once(people: People) -> None:
    """More keys than one batch holds, some of them unknown, one of them twice."""
    keys = [key_of(f"reader{number}@example.com") for number in range(120)]
    people.addresses.mark_invalid(keys[119], "", reason="General", at=START)
    people.addresses.mark_invalid(keys[3], "", reason="General", at=START)
    assert set(people.addresses.flags([*keys, keys[3]])) == {keys[3], keys[119]}


def test_opting_out_entirely_says_why_and_since_when(people: People) -> None:
    """The first reason and time stay when it happens again; the first is the earliest, not the one that came first."""
    opt_out(people, everything=True)
    people.addresses.opt_out(KEY, ADDRESS, everything=True, list_ids=(), reason="complaint", at=later(5))
    assert (flags(people).opt_out, flags(people).reason, flags(people).since) == (True, "unsubscribed", START)
    assert flags(people).lists_left == frozenset()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_earliest_opt_out_says_why(people: People, order: tuple[int, ...]) -> None:
    """In whatever order events come; of two at one moment always the same one."""
    causes = [("unsubscribed", later(0)), ("complained", later(0)), ("admin", later(1))]
    for reason, at in (causes[number] for number in order):
        people.addresses.opt_out(KEY, ADDRESS, everything=True, list_ids=(), reason=reason, at=at)
    assert (flags(people).opt_out, flags(people).reason, flags(people).since) == (True, "complained", START)
    people.addresses.cancel_opt_out(KEY, everything=True, list_ids=(), at=later(0.5))
    assert flags(people).opt_out, "the latest opt-out is later than the undo"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_earliest_bounce_says_why(people: People, order: tuple[int, ...]) -> None:
    """In whatever order events come; one from before an administrator's word is none of them."""
    people.addresses.mark_invalid(KEY, ADDRESS, reason="bounced", at=later(-9))
    people.addresses.clear_invalid(KEY, at=later(-5))
    causes = [("suppressed", later(0)), ("bounced", later(1)), ("bounced", later(-7))]
    for reason, at in (causes[number] for number in order):
        people.addresses.mark_invalid(KEY, ADDRESS, reason=reason, at=at)
    assert (flags(people).invalid, flags(people).reason, flags(people).since) == (True, "suppressed", START)


def test_leaving_lists_is_not_opting_out(people: People) -> None:
    """Lists that are left add up; the address itself is not flagged."""
    opt_out(people, lists=(LIST,))
    opt_out(people, lists=(LIST, OTHER_LIST))
    assert flags(people).lists_left == {LIST, OTHER_LIST}
    assert not flags(people).opt_out
    assert flags(people).reason is None


def test_opting_out_of_nothing_makes_no_row(people: People) -> None:
    """Neither everything nor a list: nothing is stored."""
    opt_out(people)
    assert people.addresses.flags([KEY]) == {}


def test_a_cancel_takes_back_just_its_set(people: People) -> None:
    """Lists and everything are cancelled apart."""
    opt_out(people, everything=True, lists=(LIST, OTHER_LIST))
    people.addresses.cancel_opt_out(KEY, everything=False, list_ids=[LIST], at=later(1))
    assert (flags(people).opt_out, flags(people).lists_left) == (True, {OTHER_LIST})
    people.addresses.cancel_opt_out(KEY, everything=True, list_ids=[], at=later(1))
    assert (flags(people).opt_out, flags(people).reason, flags(people).since) == (False, None, None)
    assert flags(people).lists_left == {OTHER_LIST}


def test_a_cancel_of_nothing_makes_no_row(people: People) -> None:
    """Who never opted out has nothing to cancel."""
    people.addresses.cancel_opt_out(KEY, everything=True, list_ids=[LIST], at=START)
    assert people.addresses.flags([KEY]) == {}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_readers_last_word_counts(people: People, order: tuple[int, ...]) -> None:
    """Opt-out, undo, opt-out again: whatever arrives late, the address ends opted out."""
    steps = [
        lambda: opt_out(people, lists=(LIST,), at=later(0)),
        lambda: people.addresses.cancel_opt_out(KEY, everything=False, list_ids=[LIST], at=later(1)),
        lambda: opt_out(people, lists=(LIST,), at=later(2)),
    ]
    for number in order:
        steps[number]()
    assert flags(people).lists_left == {LIST}


def test_an_early_opt_out_that_comes_late_does_not_weaken_a_later_one(people: People) -> None:
    """The time of the latest opt-out stays, so an undo from before it is still passed over."""
    opt_out(people, everything=True, at=later(3))
    opt_out(people, everything=True, lists=(LIST,), at=later(1))
    opt_out(people, lists=(OTHER_LIST,), at=later(1))
    people.addresses.cancel_opt_out(KEY, everything=True, list_ids=[LIST], at=later(2))
    assert (flags(people).opt_out, flags(people).lists_left) == (True, {LIST, OTHER_LIST})


def test_invalid_stays_until_an_administrator_clears_it(people: People) -> None:
    """Marked twice it keeps its first reason; cleared it has none."""
    people.addresses.mark_invalid(KEY, ADDRESS, reason="General", at=START)
    people.addresses.mark_invalid(KEY, ADDRESS, reason="NoEmail", at=later(1))
    assert (flags(people).invalid, flags(people).reason, flags(people).since) == (True, "General", START)
    people.addresses.clear_invalid(KEY, at=later(2))
    assert (flags(people).invalid, flags(people).reason, flags(people).since) == (False, None, None)


def test_a_bounce_from_before_the_clearing_is_passed_over(people: People) -> None:
    """A late copy of an old event does not undo an administrator's word; a new bounce does."""
    people.addresses.mark_invalid(KEY, ADDRESS, reason="General", at=START)
    people.addresses.clear_invalid(KEY, at=later(2))
    people.addresses.mark_invalid(KEY, ADDRESS, reason="General", at=START)
    assert not flags(people).invalid
    people.addresses.mark_invalid(KEY, ADDRESS, reason="General", at=later(3))
    assert flags(people).invalid


def test_clearing_what_is_not_invalid_makes_no_row(people: People) -> None:
    """An address nobody knows stays unknown."""
    people.addresses.clear_invalid(KEY, at=START)
    people.addresses.admit(KEY, at=START)
    people.addresses.delivered(KEY, at=START)
    assert people.addresses.flags([KEY]) == {}


def test_the_later_of_two_reasons_is_the_reason(people: People) -> None:
    """Opted out and then invalid: the answer names the newer; when that is cleared, the older again."""
    opt_out(people, everything=True, at=START)
    people.addresses.mark_invalid(KEY, ADDRESS, reason="General", at=later(1))
    assert (flags(people).reason, flags(people).since) == ("General", later(1))
    people.addresses.clear_invalid(KEY, at=later(2))
    assert (flags(people).reason, flags(people).since) == ("unsubscribed", START)


def soft(people: People, minute: float, event: str = "") -> int:
    in_a_row = people.addresses.soft_bounce(
        KEY, ADDRESS, at=later(minute), event_id=event or f"event{minute}"
    )
    assert list(in_a_row) == sorted(in_a_row)
    return len(in_a_row)


def test_soft_bounces_add_up_once_per_event(people: People) -> None:
    """The same event twice counts once, two events of one moment count twice."""
    assert [soft(people, 1), soft(people, 1), soft(people, 2), soft(people, 2, "another")] == [1, 1, 2, 3]
    assert (flags(people).soft_bounces, flags(people).last_soft_bounce_at) == (3, later(2))
    assert not flags(people).invalid


def test_a_delivery_ends_the_row_of_earlier_soft_bounces(people: People) -> None:
    """Those after it still count, whichever was heard of first."""
    soft(people, 1)
    soft(people, 3)
    people.addresses.delivered(KEY, at=later(2))
    assert flags(people).soft_bounces == 1
    assert soft(people, 4) == 2
    assert soft(people, 1.5) == 2, "older than the delivery: not in this row"
    people.addresses.delivered(KEY, at=later(1))
    assert flags(people).soft_bounces == 2, "an older delivery ends nothing"
    assert soft(people, 5) == 3
    people.addresses.delivered(KEY, at=later(5))
    assert flags(people).soft_bounces == 0
    assert flags(people).last_soft_bounce_at is None


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_order_of_arrival_does_not_matter(people: People, order: tuple[int, ...]) -> None:
    """Once a soft bounce is known, bounces and deliveries give the same row in any order."""
    soft(people, 0)
    steps = [
        lambda: soft(people, 1),
        lambda: people.addresses.delivered(KEY, at=later(2)),
        lambda: soft(people, 3),
        lambda: soft(people, 4),
    ]
    for number in order:
        steps[number]()
    assert flags(people).soft_bounces == 2


def test_clearing_invalid_also_forgets_the_soft_bounces_that_led_to_it(people: People) -> None:
    """The next soft bounce is the first of a new row."""
    soft(people, 1)
    soft(people, 2)
    people.addresses.clear_invalid(KEY, at=later(3))
    assert flags(people).soft_bounces == 0
    assert soft(people, 2) == 0, "an old event that comes again"
    assert soft(people, 4) == 1


def test_undo_does_not_bring_back_an_erased_address(people: People) -> None:
    """Only an administrator admits it again."""
    target = people.person("Contact", address=ADDRESS)  # type: ignore[arg-type]
    people.targets.bury(target, at=START, erased=True)
    people.addresses.cancel_opt_out(KEY, everything=True, list_ids=[], at=later(1))
    assert (flags(people).erased, flags(people).opt_out, flags(people).reason) == (True, True, "erased")
    people.addresses.opt_out(KEY, ADDRESS, everything=True, list_ids=(), reason="complained", at=later(-1))
    assert (flags(people).reason, flags(people).since) == ("erased", START), (
        "nor does an event from before it"
    )
    people.addresses.admit(KEY, at=later(2))
    assert (flags(people).erased, flags(people).opt_out, flags(people).reason) == (False, False, None)


def test_no_row_ever_holds_the_address(people: People) -> None:
    """Only the keyed hash is stored, so there is nothing to erase."""
    opt_out(people, everything=True, lists=(LIST,))
    people.addresses.mark_invalid(KEY, ADDRESS, reason="General", at=START)
    soft(people, 1)
    assert flags(people).address is None
