"""The contract of ``domain.ports.Memberships``, on the fake, on moto and on DynamoDB Local."""

from itertools import islice

import pytest

from chalicelib.domain.people import Ref, ref_of
from chalicelib.domain.ports import AnyTarget, ListCounts, Membership
from chalicelib.domain.records import TargetType
from tests.fakes.people import key_of
from tests.storage.people_stores import START, People, people

__all__ = ["people"]
LIST, OTHER_LIST = "1" * 17, "2" * 17
KARI = "kari@example.com"
CONTACT, LEAD = TargetType.CONTACT, TargetType.LEAD


def member(target: AnyTarget, list_id: str = LIST, *, opted_out: bool = False) -> Membership:
    return Membership(list_id, *ref_of(target), opted_out=opted_out)


def add(people: People, *targets: AnyTarget, opted_out: bool = False) -> int:
    return people.memberships.add(LIST, [member(target, opted_out=opted_out) for target in targets])


def counts(people: People, list_id: str = LIST) -> tuple[int, int]:
    found = people.memberships.counts([list_id])[list_id]
    return found.entries, found.opted_out


def leave(people: People, *lists: str, address: str = KARI) -> None:
    people.addresses.opt_out(
        key_of(address), address, everything=False, list_ids=lists, reason="unsubscribed", at=START
    )


def cancel(people: People, *lists: str, address: str = KARI) -> None:
    people.addresses.cancel_opt_out(key_of(address), everything=False, list_ids=lists, at=START)


def all_pages(people: People, limit: int, **wanted: object) -> list[list[Membership]]:
    pages, start = [], None
    while True:
        page = people.memberships.page(LIST, limit=limit, start=start, **wanted)  # type: ignore[arg-type]
        pages.append(list(page.items))
        start = page.next_key
        if start is None:
            return pages


def test_an_unknown_list_is_empty(people: People) -> None:
    """Counts are numbers, never missing."""
    assert people.memberships.counts([LIST, OTHER_LIST]) == {LIST: ListCounts(), OTHER_LIST: ListCounts()}
    assert all_pages(people, 5) == [[]]
    assert list(people.memberships.walk(LIST)) == []


def test_members_are_added_once(people: People) -> None:
    """Again, or twice in one call, changes nothing; the answer is how many were new."""
    first, second = people.person(CONTACT, 1), people.person(LEAD, 2)
    assert add(people, first, first) == 1
    assert add(people, first, second) == 1
    assert counts(people) == (2, 0)
    assert people.memberships.lists_of(*ref_of(first)) == [member(first)]


def test_unknown_and_deleted_persons_are_passed_over(people: People) -> None:
    """Only who exists can be a member."""
    there, gone = people.person(CONTACT, 1), people.person(CONTACT, 2)
    people.targets.bury(gone, at=START, erased=False)
    assert add(people, gone, there) == 1
    assert people.memberships.lists_of(*ref_of(gone)) == []
    assert counts(people) == (1, 0)


def test_more_members_than_one_transaction_holds(people: People) -> None:
    """A hundred at a call, counted exactly, then taken off again."""
    crowd = [people.person(CONTACT, number) for number in range(100)]
    assert add(people, *crowd[:40]) == 40
    assert add(people, *crowd) == 60
    assert counts(people) == (100, 0)
    assert people.memberships.remove(LIST, [ref_of(each) for each in crowd[5:]]) == 95
    assert counts(people) == (5, 0)


def test_who_left_the_list_is_opted_out_at_once_when_added(people: People) -> None:
    """By the address, whatever its case and whichever record opted out."""
    leave(people, LIST)
    left, stayed = people.person(CONTACT, 1, "Kari@Example.com"), people.person(LEAD, 2, "ola@example.com")
    add(people, left, stayed)
    assert counts(people) == (2, 1)
    assert people.memberships.find([LIST], *ref_of(left)) == [member(left, opted_out=True)]
    assert people.memberships.find([LIST], *ref_of(stayed)) == [member(stayed)]


def test_opting_out_entirely_is_not_an_opt_out_of_the_list(people: People) -> None:
    """The address's own flag is looked at when mail goes out; the membership stays as it is."""
    people.addresses.opt_out(key_of(KARI), KARI, everything=True, list_ids=[], reason="complaint", at=START)
    add(people, people.person(CONTACT, 1, KARI))
    assert counts(people) == (1, 0)


@pytest.mark.parametrize("address", [KARI, None])
def test_an_opt_out_survives_removal(people: People, address: str | None) -> None:
    """Also of a member without an address; who was not opted out comes back as such."""
    out, other = people.person(CONTACT, 1, address), people.person(CONTACT, 2)
    add(people, out, other)
    assert people.memberships.mark([LIST], [ref_of(out)], opted_out=True)
    assert people.memberships.remove(LIST, [ref_of(out), ref_of(other)]) == 2
    assert counts(people) == (0, 0)
    assert people.memberships.lists_of(*ref_of(out)) == []
    assert people.memberships.find([LIST], *ref_of(out)) == []
    assert people.memberships.remove(LIST, [ref_of(out)]) == 0
    assert add(people, out, other) == 2
    assert counts(people) == (2, 1)
    assert people.memberships.lists_of(*ref_of(out)) == [member(out, opted_out=True)]


def test_a_cancelled_opt_out_of_a_removed_member_is_forgotten(people: People) -> None:
    """Who may come back as opted out no longer does; nobody's mark changed, for they are no member."""
    out = people.person(CONTACT, 1)
    add(people, out, opted_out=True)
    people.memberships.remove(LIST, [ref_of(out)])
    assert people.memberships.mark([LIST], [ref_of(out)], opted_out=False) == []
    add(people, out)
    assert counts(people) == (1, 0)


def test_marks_change_once_and_are_counted(people: People) -> None:
    """Marking again, or one who is no member, changes nothing."""
    there, elsewhere = people.person(CONTACT, 1), people.person(CONTACT, 2)
    add(people, there)
    for opted_out, expected in ((True, (1, 1)), (False, (1, 0))):
        assert people.memberships.mark([LIST], [ref_of(there)], opted_out=opted_out)
        assert not people.memberships.mark([LIST], [ref_of(there)], opted_out=opted_out)
        assert not people.memberships.mark([LIST], [ref_of(elsewhere)], opted_out=opted_out)
        assert counts(people) == expected


def test_many_are_marked_at_once(people: People) -> None:
    """All holders on all lists in question; the answer is what changed, as it is now."""
    crowd = [people.person(CONTACT, number, KARI) for number in range(40)]
    for list_id in (LIST, OTHER_LIST):
        people.memberships.add(list_id, [member(each, list_id) for each in crowd])
    leave(people, LIST, OTHER_LIST)
    refs = [ref_of(each) for each in crowd]
    changed = people.memberships.mark(
        [LIST, OTHER_LIST, "3" * 17], refs, opted_out=True, address_key=key_of(KARI)
    )
    assert len(changed) == 80
    assert all(each.opted_out for each in changed)
    assert (counts(people), counts(people, OTHER_LIST)) == ((40, 40), (40, 40))


def test_a_mark_follows_the_address_row(people: People) -> None:
    """Where the row says otherwise by now, nothing is marked: of two at one moment the same one wins in both places."""
    contact = people.person(CONTACT, 1, KARI)
    add(people, contact)
    refs = [ref_of(contact)]
    assert people.memberships.mark([LIST], refs, opted_out=True, address_key=key_of(KARI)) == []
    leave(people, LIST)
    assert people.memberships.mark([LIST], refs, opted_out=True, address_key=key_of(KARI)) != []
    assert people.memberships.mark([LIST], refs, opted_out=False, address_key=key_of(KARI)) == []
    cancel(people, LIST)
    assert people.memberships.mark([LIST], refs, opted_out=False, address_key=key_of(KARI)) != []
    assert counts(people) == (1, 0)


def test_a_forgotten_person_is_on_no_list(people: People) -> None:
    """Counts follow; an opt-out left behind by a removal goes too; others stay."""
    gone, stays = people.person(CONTACT, 1), people.person(CONTACT, 2)
    lists = [f"{number:017x}" for number in range(40)]
    for list_id in lists:
        people.memberships.add(list_id, [member(gone, list_id), member(stays, list_id)])
    people.memberships.mark([lists[0]], [ref_of(gone)], opted_out=True)
    people.memberships.mark([lists[1]], [ref_of(gone)], opted_out=True)
    people.memberships.remove(lists[1], [ref_of(gone)])
    people.memberships.forget(*ref_of(gone))
    people.memberships.forget(*ref_of(gone))
    assert people.memberships.lists_of(*ref_of(gone)) == []
    assert set(people.memberships.counts(lists).values()) == {ListCounts(1, 0)}
    people.memberships.add(lists[1], [member(gone, lists[1])])
    assert counts(people, lists[1]) == (2, 0)


def test_pages_are_newest_first_over_all_types(people: People) -> None:
    """Complete, without repeats, by any page length; types only break a tie of ids."""
    crowd = [people.person(kind, number) for number in range(9) for kind in (CONTACT, LEAD)]
    add(people, *crowd)
    for limit in (5, 18, 50):
        pages = all_pages(people, limit)
        found = [(each.target_id, each.target_type) for page in pages for each in page]
        assert found == sorted(((each.id, ref_of(each)[0]) for each in crowd), reverse=True)


def test_pages_can_be_of_one_type_or_mark(people: People) -> None:
    """Filters combine, and a page is filled in spite of what they pass over."""
    crowd = [people.person(kind, number) for number in range(20) for kind in (CONTACT, LEAD)]
    add(people, *crowd)
    out = {ref_of(each) for each in crowd[::7]}
    people.memberships.mark([LIST], out, opted_out=True)

    def found(**wanted: object) -> set[Ref]:
        seen = [
            (each.target_type, each.target_id) for page in all_pages(people, 3, **wanted) for each in page
        ]
        assert len(seen) == len(set(seen))
        return set(seen)

    everybody = {ref_of(each) for each in crowd}
    assert found(target_type=LEAD) == {ref for ref in everybody if ref[0] is LEAD}
    assert found(opted_out=True) == out
    assert found(opted_out=False, target_type=CONTACT) == {
        ref for ref in everybody - out if ref[0] is CONTACT
    }
    assert found(target_type=TargetType.USER) == set()


def test_the_walk_goes_type_by_type_and_resumes_anywhere(people: People) -> None:
    """Accounts, Contacts, Leads, Users: the same order each time; after each key comes exactly the rest."""
    crowd = [people.person(kind, number) for number in range(10) for kind in reversed(TargetType)]
    add(people, *crowd)
    people.memberships.add(OTHER_LIST, [member(crowd[0], OTHER_LIST)])
    steps = list(people.memberships.walk(LIST))
    types = [each.target_type for each, _ in steps]
    assert types == sorted(types, key=list(TargetType).index)
    assert {(each.target_type, each.target_id) for each, _ in steps} == {ref_of(each) for each in crowd}
    assert len(steps) == 40
    for place in (0, 9, 10, 26, 39):
        assert list(people.memberships.walk(LIST, start=steps[place][1])) == steps[place + 1 :]


def test_the_walk_goes_on_after_a_key_whose_member_is_gone(people: People) -> None:
    """A freeze that resumes does not need the member it stopped at."""
    crowd = [people.person(CONTACT, number) for number in range(10)]
    add(people, *crowd)
    steps = list(people.memberships.walk(LIST))
    stopped = steps[4]
    people.memberships.remove(LIST, [(CONTACT, stopped[0].target_id)])
    assert list(people.memberships.walk(LIST, start=stopped[1])) == steps[5:]
    assert list(islice(people.memberships.walk(LIST), 4)) == steps[:4]


def test_lists_are_marked_one_by_one_where_the_row_agrees_only_to_some(people: People) -> None:
    """A reader who left one of two lists is marked on that one."""
    contact = people.person(CONTACT, 1, KARI)
    for list_id in (LIST, OTHER_LIST):
        people.memberships.add(list_id, [member(contact, list_id)])
    leave(people, OTHER_LIST)
    changed = people.memberships.mark(
        [LIST, OTHER_LIST], [ref_of(contact)], opted_out=True, address_key=key_of(KARI)
    )
    assert changed == [member(contact, OTHER_LIST, opted_out=True)]
