"""The contract of ``domain.ports.Targets``, on the fake, on moto and on DynamoDB Local."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.people import SentPointer, is_unchanged, ref_of, target_problems
from chalicelib.domain.ports import AnyTarget
from chalicelib.domain.records import Account, Contact, Lead, TargetType, User
from chalicelib.errors import Conflict, NotFound, PreconditionFailed
from chalicelib.storage import keys
from chalicelib.storage.targets import POINTER_RECIPIENT, DynamoTargets
from tests.fakes.people import FakeTargets, key_of
from tests.storage.people_stores import START, People, people

__all__ = ["people"]
KARI, OLA = "Kari@example.com", "ola@example.com"
CONTACT = TargetType.CONTACT


def all_pages(people: People, kind: TargetType, limit: int) -> list[list[AnyTarget]]:
    pages, start = [], None
    while True:
        page = people.targets.page(kind, limit=limit, start=start)
        pages.append(list(page.items))
        start = page.next_key
        if start is None:
            return pages


def test_what_is_stored_comes_back_as_it_was(people: People) -> None:
    """Every type with every field, free attributes of every JSON type among them."""
    common = {"created_at": START, "modified_at": START + timedelta(seconds=1.5)}
    attributes = {
        "city": "Tromsø",
        "visits": 3,
        "score": 0.1,
        "vip": True,
        "notes": None,
        "tags": ["a", ["b"]],
        "nested": {"Ωmega point.": {}},
        "empty": "",
    }
    stored: list[AnyTarget] = [
        Account(id="a" * 17, name="Fjord AS", email_address=KARI, attributes=attributes, **common),
        Contact(id="b" * 17, first_name="Åse", last_name="Østby", account_id="a" * 17, **common),
        Lead(id="c" * 17, status="New", source="Web", campaign_id="d" * 17, **common),
        User(id="e" * 17, salutation_name="Dr.", is_active=False, email_address=OLA, **common),
    ]
    for target in stored:
        people.targets.add(target)
    assert [people.targets.get(*ref_of(target)) for target in stored] == stored
    found = people.targets.find_many([*map(ref_of, stored), (CONTACT, "f" * 17), ref_of(stored[0])])
    assert found == {ref_of(target): target for target in stored}


def test_numbers_come_back_as_good_as_they_were(people: People) -> None:
    """DynamoDB writes 1e+50 out in full: it is no integer of 51 digits for that, which no edit could keep."""
    numbers = [1e22, 1e23, 1e37, 1e38, -1e38, 1e50, 1e125, 1.5e-7, -0.0, 10**37 + 1, 10**38 - 1]
    stored = Contact(id="b" * 17, created_at=START, modified_at=START, attributes={"n": numbers})
    people.targets.add(stored)
    found = people.targets.get(*ref_of(stored))
    assert target_problems(found) == []
    assert is_unchanged(found, stored)


def test_an_unknown_target_is_not_found(people: People) -> None:
    """An id of another type is unknown too; the message says what was looked for."""
    lead = people.person(TargetType.LEAD)
    with pytest.raises(NotFound, match="no such contact"):
        people.targets.get(CONTACT, lead.id)


def test_an_id_is_given_once(people: People) -> None:
    """A second target of the same id is refused and changes nothing."""
    contact = people.person(CONTACT, address=KARI)
    with pytest.raises(Conflict):
        people.targets.add(replace(contact, email_address=OLA))
    assert people.targets.get(*ref_of(contact)) == contact
    assert people.targets.holders(key_of(OLA)) == []


def test_holders_of_an_address_are_found_whatever_its_case(people: People) -> None:
    """Several records, of several types, may hold one address."""
    contact = people.person(CONTACT, 1, "kari@EXAMPLE.com")
    lead = people.person(TargetType.LEAD, 2, KARI)
    people.person(TargetType.USER, 3, OLA)
    people.person(TargetType.USER, 4)
    assert sorted(people.targets.holders(key_of(KARI))) == sorted([ref_of(contact), ref_of(lead)])


@pytest.mark.parametrize(
    ("before", "after"), [(None, KARI), (KARI, OLA), (KARI, None), (KARI, "kari@example.com")]
)
def test_a_change_of_address_moves_the_holders_note(
    people: People, before: str | None, after: str | None
) -> None:
    """Nobody is noted at an address that they no longer have; another case is the same address."""
    contact = people.person(CONTACT, address=before)
    changed = people.targets.replace(replace(contact, email_address=after), contact)
    assert (changed.rev, changed.email_address) == (2, after)
    assert people.targets.get(*ref_of(contact)) == changed
    for address in (KARI, OLA):
        holds = after is not None and key_of(after) == key_of(address)
        assert people.targets.holders(key_of(address)) == ([ref_of(contact)] if holds else [])


def test_an_edit_of_an_older_version_is_refused(people: People) -> None:
    """Who was slower changes nothing, not even the holder's note."""
    contact = people.person(CONTACT, address=KARI)
    people.targets.replace(replace(contact, email_address=None), contact)
    with pytest.raises(PreconditionFailed):
        people.targets.replace(replace(contact, email_address=OLA), contact)
    assert people.targets.holders(key_of(OLA)) == []


def test_pages_are_newest_first_and_complete(people: People) -> None:
    """No row twice, none missing, only of the type asked for, whichever partition they fall into."""
    made = [people.person(CONTACT, number).id for number in range(30)]
    people.person(TargetType.LEAD, 5)
    pages = all_pages(people, CONTACT, 7)
    assert [target.id for page in pages for target in page] == sorted(made, reverse=True)
    assert [len(page) for page in pages] == [7, 7, 7, 7, 2]


def test_the_last_full_page_has_no_next_one(people: People) -> None:
    """A page that ends exactly at the end says so; an empty type has one empty page."""
    for number in range(4):
        people.person(CONTACT, number)
    assert [len(page) for page in all_pages(people, CONTACT, 2)] == [2, 2]
    assert all_pages(people, TargetType.USER, 2) == [[]]


def test_paging_is_exact_while_others_write(people: People) -> None:
    """What is added meanwhile is newer than the page; what is deleted is gone; nothing else moves."""
    made = [people.person(CONTACT, number) for number in range(12)]
    first = people.targets.page(CONTACT, limit=5)
    people.person(CONTACT, 99)
    people.targets.bury(made[3], at=START, erased=False)
    second = people.targets.page(CONTACT, limit=50, start=first.next_key)
    seen = [target.id for target in [*first.items, *second.items]]
    assert seen == [made[number].id for number in (11, 10, 9, 8, 7, 6, 5, 4, 2, 1, 0)]


def test_a_buried_person_is_gone_and_leaves_only_a_hash(people: People) -> None:
    """Deleted: not found, not listed, no holder; the grave knows the address's keyed hash alone."""
    contact = people.person(CONTACT, address=KARI)
    grave = people.targets.bury(contact, at=START, erased=False)
    assert people.targets.find_many([ref_of(contact)]) == {}
    assert all_pages(people, CONTACT, 5) == [[]]
    assert people.targets.holders(key_of(KARI)) == []
    assert people.targets.grave(*ref_of(contact)) == grave
    assert (grave.address_key, grave.erased_at) == (key_of(KARI), None)
    assert people.addresses.flags([key_of(KARI)]) == {}


def test_burying_an_older_version_is_refused(people: People) -> None:
    """An edit in between comes first; nobody is deleted twice."""
    contact = people.person(CONTACT, address=KARI)
    changed = people.targets.replace(contact, contact)
    with pytest.raises(PreconditionFailed):
        people.targets.bury(contact, at=START, erased=True)
    assert people.addresses.flags([key_of(KARI)]) == {}
    people.targets.bury(changed, at=START, erased=False)
    with pytest.raises(PreconditionFailed):
        people.targets.bury(changed, at=START, erased=True)


def test_erasing_flags_the_address_in_the_same_stroke(people: People) -> None:
    """The address is opted out and known as erased; nobody holds it."""
    contact = people.person(CONTACT, address=KARI)
    people.targets.bury(contact, at=START, erased=True)
    flags = people.addresses.flags([key_of(KARI)])[key_of(KARI)]
    assert (flags.erased, flags.opt_out, flags.reason, flags.since) == (True, True, "erased", START)


def test_who_was_deleted_before_can_be_erased_yet(people: People) -> None:
    """The grave's hash is enough; a second time changes nothing."""
    contact = people.person(CONTACT, address=KARI)
    grave = people.targets.bury(contact, at=START, erased=False)
    people.targets.erase_grave(grave, at=START + timedelta(days=1))
    erased = people.targets.grave(*ref_of(contact))
    assert erased == replace(grave, erased_at=START + timedelta(days=1))
    people.targets.erase_grave(erased, at=START + timedelta(days=2))
    assert people.targets.grave(*ref_of(contact)) == erased
    assert people.addresses.flags([key_of(KARI)])[key_of(KARI)].since == START + timedelta(days=1)


def test_who_had_no_address_is_buried_all_the_same(people: People) -> None:
    """There is no address row then."""
    contact = people.person(CONTACT)
    assert people.targets.bury(contact, at=START, erased=True).address_key is None
    assert people.targets.grave(CONTACT, "f" * 17) is None


def test_pointers_are_read_in_order_and_removed(people: People) -> None:
    """What a person was sent, a few at a time, until none is left."""
    contact = people.person(CONTACT)
    pointers = [SentPointer(f"{number:017x}", f"{number:017x}") for number in range(5)]
    _point(people.targets, contact, pointers)
    assert people.targets.sent_pointers(*ref_of(contact), limit=3) == pointers[:3]
    people.targets.remove_pointers(*ref_of(contact), pointers[:3])
    assert people.targets.sent_pointers(*ref_of(contact), limit=3) == pointers[3:]


def _point(targets: FakeTargets | DynamoTargets, target: AnyTarget, pointers: list[SentPointer]) -> None:
    """As the freeze writes them."""
    if isinstance(targets, FakeTargets):
        targets.pointers[ref_of(target)] = list(pointers)
        return
    targets._table.write_many(
        {
            **keys.sent_pointer(*ref_of(target), each.mass_email_id),
            POINTER_RECIPIENT: {"S": each.recipient_id},
        }
        for each in pointers
    )
