"""Leaving lists and coming back, on fakes: for all records with the address, whatever happens in between."""

import pytest

from chalicelib.domain.people import Ref, ref_of
from chalicelib.domain.ports import ListCounts, Membership
from chalicelib.domain.records import TargetType
from tests.fakes.people import key_of
from tests.flows.people_desk import Desk

KARI = "kari@example.com"
KEY = key_of(KARI)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def person(desk: Desk, address: str | None = KARI, kind: TargetType = TargetType.CONTACT) -> Ref:
    return ref_of(desk.people.create(kind, {"email_address": address}).target)


def join(desk: Desk, list_id: str, *refs: Ref) -> None:
    desk.memberships.add(list_id, [Membership(list_id, *ref) for ref in refs])


def leave(desk: Desk, *lists: str, everything: bool = False) -> None:
    at = desk.clock.now()
    desk.opt_out.leave(KEY, everything=everything, list_ids=lists, reason="unsubscribed", at=at)


def rejoin(desk: Desk, *lists: str, everything: bool = False) -> None:
    desk.opt_out.rejoin(KEY, everything=everything, list_ids=lists, at=desk.clock.now())


def marks(desk: Desk, list_id: str) -> list[bool]:
    return [member.opted_out for member, _ in desk.memberships.walk(list_id)]


def test_all_records_with_the_address_leave(desk: Desk) -> None:
    """Contact and lead alike; others and other lists stay."""
    first, second = desk.a_list(), desk.a_list()
    contact, lead = person(desk), person(desk, "Kari@EXAMPLE.com", TargetType.LEAD)
    join(desk, first, contact, lead, person(desk, "ola@example.com"), person(desk, None))
    join(desk, second, contact)
    leave(desk, first)
    assert desk.memberships.counts([first, second]) == {first: ListCounts(4, 2), second: ListCounts(1, 0)}


def test_leaving_and_coming_back_are_exact_opposites(desk: Desk) -> None:
    """Twice is as good as once, and everything is apart from lists."""
    list_id = desk.a_list()
    join(desk, list_id, person(desk))
    for _ in range(2):
        leave(desk, list_id, everything=True)
    assert marks(desk, list_id) == [True]
    rejoin(desk, list_id)
    assert (marks(desk, list_id), desk.addresses.flags([KEY])[KEY].opt_out) == ([False], True)
    for _ in range(2):
        rejoin(desk, list_id, everything=True)
    assert not desk.addresses.flags([KEY])[KEY].opt_out


def test_who_was_removed_before_they_left_stays_out_when_added_again(desk: Desk) -> None:
    """The lists of a mailing count, member or not."""
    list_id, reader = desk.a_list(), person(desk)
    leave(desk, list_id)
    join(desk, list_id, reader)
    assert marks(desk, list_id) == [True]


def test_a_late_undo_does_not_undo_a_later_opt_out(desk: Desk) -> None:
    """The queue may keep an undo for minutes; row and marks say the same in the end."""
    list_id = desk.a_list()
    join(desk, list_id, person(desk))
    leave(desk, list_id)
    undone_at = desk.clock.now()
    desk.clock.advance(60)
    leave(desk, list_id)
    desk.opt_out.rejoin(KEY, everything=False, list_ids=[list_id], at=undone_at)
    assert marks(desk, list_id) == [True]
    assert desk.addresses.flags([KEY])[KEY].lists_left == {list_id}


def test_one_that_died_after_the_address_row_is_finished_by_the_next(desk: Desk) -> None:
    """Mail goes by the row at once; the marks follow with the repetition."""
    list_id = desk.a_list()
    join(desk, list_id, person(desk))
    desk.addresses.opt_out(
        KEY, KARI, everything=False, list_ids=[list_id], reason="page", at=desk.clock.now()
    )
    assert marks(desk, list_id) == [False]
    leave(desk, list_id)
    assert marks(desk, list_id) == [True]
