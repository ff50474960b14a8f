"""Steps of imports on every store: what they go by is a condition, and the job's progress moves with them or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.domain.imports import (
    JOB_KIND,
    MAX_LISTS,
    Change,
    ImportOrder,
    Known,
    Mode,
    Standing,
    Step,
    change_of,
)
from chalicelib.domain.imports_rows import BadRow, GoodRow
from chalicelib.domain.people import ref_of
from chalicelib.domain.ports import ListCounts, Membership
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import AddressFlags, TargetType
from chalicelib.errors import Invalid
from chalicelib.storage import keys
from chalicelib.storage.addresses import DynamoAddresses
from chalicelib.storage.imports import DynamoImports
from chalicelib.storage.jobs import DynamoJobs
from chalicelib.storage.memberships import DynamoMemberships
from chalicelib.storage.table import TRANSACT_WRITE, Table
from chalicelib.storage.targets import HOLDERS, MAX_HOLDERS, DynamoTargets
from tests.fakes.people import key_of
from tests.storage.people_stores import START, People, StillClock, a_target

CONTACT, LEAD = TargetType.CONTACT, TargetType.LEAD
LIST = "1" * 17
KARI = "kari@example.com"
JOB = Job(id="a" * 17, kind=JOB_KIND, status="Running", cursor="0", total=9, created_at=START)
ORDER = ImportOrder(entity_type=CONTACT, mode=Mode.CREATE_AND_UPDATE, target_list_ids=(LIST,))


@dataclass(frozen=True)
class Stores:
    """An import's store, and what else is in the table."""

    imports: DynamoImports
    jobs: DynamoJobs
    people: People

    def known(self) -> Known:
        """What stands about Kari's address."""
        return self.imports.known(CONTACT, [key_of(KARI)], [LIST])[key_of(KARI)]

    def change(self, known: Known, order: ImportOrder = ORDER, **fields: Any) -> Change:
        """What Kari's row changes."""
        row = GoodRow(1, 2, [KARI], key_of(KARI), {"email_address": KARI, **fields})
        change = change_of(row, known, order, new_id="c" * 17, at=START)
        assert isinstance(change, Change)
        return change

    def members(self) -> Mapping[str, bool]:
        """Who is on the list, and whether opted out; its counts must agree."""
        members = {each.target_id: each.opted_out for each, _ in self.people.memberships.walk(LIST)}
        counts = self.people.memberships.counts([LIST])[LIST]
        assert counts == ListCounts(len(members), sum(members.values()))
        return members


@pytest.fixture
def stores(table: Table) -> Stores:
    class NoOutbox:
        """Nothing is queued."""

    jobs = DynamoJobs(table, NoOutbox(), StillClock())  # type: ignore[arg-type] # no step queues anything
    jobs.save(JOB)
    people = People(
        DynamoTargets(table, key_of), DynamoMemberships(table, key_of, StillClock()), DynamoAddresses(table)
    )
    return Stores(DynamoImports(table, jobs), jobs, people)


def step(*changes: Change, refused: tuple[BadRow, ...] = (), before: Job = JOB) -> Step:
    """A step that moves the job on by one."""
    after = replace(before, cursor=str(int(before.cursor or 0) + 1), done=before.done + 1)
    return Step(before, after, changes, refused, START)


def test_a_new_person_stands_everywhere_at_once(stores: Stores) -> None:
    """The person, the note of who holds the address, the membership, the counts and the job's progress."""
    assert stores.known() == Known()
    change = stores.change(stores.known(), first_name="Kari")
    assert stores.imports.write(step(change))
    assert stores.people.targets.get(CONTACT, "c" * 17) == change.after
    assert stores.people.targets.holders(key_of(KARI)) == [(CONTACT, "c" * 17)]
    assert stores.members() == {"c" * 17: False}
    assert stores.jobs.get(JOB.id).cursor == "1"
    known = stores.known()
    assert (known.target, known.holders) == (change.after, ((CONTACT, "c" * 17),))
    assert known.standings == {LIST: Standing(is_member=True, opted_out=False)}


def test_a_step_is_written_once(stores: Stores) -> None:
    """Who comes second is overtaken and changes nothing."""
    change = stores.change(stores.known())
    assert stores.imports.write(step(change))
    with pytest.raises(Overtaken):
        stores.imports.write(step(stores.change(stores.known(), last_name="Late")))
    with pytest.raises(Overtaken):
        stores.imports.save(JOB, replace(JOB, status="Done"))
    assert stores.people.targets.get(CONTACT, "c" * 17) == change.after
    assert stores.jobs.get(JOB.id).status == "Running"


def test_progress_alone_can_be_stored(stores: Stores) -> None:
    """From a job that was never begun, too."""
    queued = replace(JOB, id="b" * 17, status="Queued", cursor=None)
    stores.jobs.save(queued)
    stores.imports.save(queued, replace(queued, status="Running", cursor="0"))
    assert stores.jobs.get(queued.id).status == "Running"
    with pytest.raises(Overtaken):
        stores.imports.save(queued, replace(queued, status="Running", cursor="0"))


def test_of_several_holders_the_oldest_of_the_kind_is_known(stores: Stores) -> None:
    """All of them are told."""
    lead = stores.people.person(LEAD, 1, KARI)
    older, younger = (stores.people.person(CONTACT, number, KARI.upper()) for number in (2, 3))
    known = stores.known()
    assert known.target == older
    assert sorted(known.holders) == sorted(ref_of(each) for each in (lead, older, younger))


def test_somebody_else_took_the_address(stores: Stores) -> None:
    """What was read is a condition: look again. Whether it was held by nobody before or by others."""
    change = stores.change(stores.known())
    lead = stores.people.person(LEAD, 1, KARI)
    assert not stores.imports.write(step(change))
    change = stores.change(stores.known())
    assert change.known.holders == (ref_of(lead),)
    other = stores.people.person(LEAD, 2, KARI)
    assert not stores.imports.write(step(change))
    assert stores.imports.write(step(stores.change(stores.known())))
    assert sorted(stores.people.targets.holders(key_of(KARI))) == sorted(
        [ref_of(lead), ref_of(other), (CONTACT, "c" * 17)]
    )


def test_somebody_else_edited_the_person(stores: Stores) -> None:
    """An update and a mere joining both go by the person as read."""
    contact = stores.people.person(CONTACT, 1, KARI)
    update, join = stores.change(stores.known(), last_name="Nordmann"), stores.change(stores.known())
    edited = stores.people.targets.replace(contact, contact)
    assert not stores.imports.write(step(update))
    assert not stores.imports.write(step(join))
    assert stores.people.targets.get(CONTACT, contact.id) == edited
    assert stores.members() == {}


def test_a_reader_left_the_list_or_came_back(stores: Stores) -> None:
    """The address row as read is a condition, too, so the mark on the membership is always that of the address."""
    contact = stores.people.person(CONTACT, 1, KARI)
    key, addresses = key_of(KARI), stores.people.addresses
    change = stores.change(stores.known())
    addresses.opt_out(key, KARI, everything=False, list_ids=[LIST], reason="page", at=START)
    assert not stores.imports.write(step(change))
    change = stores.change(stores.known())
    assert change.joins == {LIST: True}
    addresses.cancel_opt_out(key, everything=False, list_ids=[LIST], at=START)
    assert not stores.imports.write(step(change))
    addresses.opt_out(key, KARI, everything=False, list_ids=[LIST], reason="page", at=START)
    assert stores.imports.write(step(change))
    assert stores.members() == {contact.id: True}


def test_who_opted_out_and_was_removed_comes_back_opted_out(stores: Stores) -> None:
    """The reverse row remembers it, whatever the address says."""
    contact = stores.people.person(CONTACT, 1, KARI)
    memberships = stores.people.memberships
    memberships.add(LIST, [Membership(LIST, CONTACT, contact.id, opted_out=True)])
    memberships.remove(LIST, [ref_of(contact)])
    assert stores.known().standings == {LIST: Standing(is_member=False, opted_out=True)}
    change = stores.change(stores.known())
    assert stores.imports.write(step(change))
    assert stores.members() == {contact.id: True}


def test_who_is_on_the_list_stays_as_they_are(stores: Stores) -> None:
    """And is not counted again."""
    contact = stores.people.person(CONTACT, 1, KARI)
    stores.people.memberships.add(LIST, [Membership(LIST, CONTACT, contact.id)])
    assert stores.imports.write(step(stores.change(stores.known(), last_name="Nordmann")))
    assert stores.members() == {contact.id: False}


def test_refused_rows_come_back_in_order(stores: Stores) -> None:
    """Any cells; with the step or not at all."""
    rows = tuple(BadRow(number, number + 1, ["é\n", "", "😀"], "no") for number in range(1, 30))
    assert stores.imports.write(step(refused=rows[:9]))
    moved = replace(JOB, cursor="1", done=1)
    assert stores.imports.write(step(refused=rows[9:], before=moved))
    with pytest.raises(Overtaken):
        stores.imports.write(step(refused=(BadRow(99, 99, [], "late"),)))
    assert list(stores.imports.refused(JOB.id)) == list(rows)
    assert list(stores.imports.refused("e" * 17)) == []


@pytest.mark.parametrize("lists", [0, 1, 2, MAX_LISTS])
@pytest.mark.parametrize("target_type", [CONTACT, LEAD])
def test_the_largest_step_is_one_transaction(stores: Stores, lists: int, target_type: TargetType) -> None:
    """New people with everything that can go with them, a refused row, and all lists."""
    list_ids = tuple(f"{number:017x}" for number in range(lists))
    order = replace(ORDER, entity_type=target_type, target_list_ids=list_ids)
    count = stores.imports.rows_per_step(order)
    linked = {"campaign_id": "d" * 17} if target_type is LEAD else {}
    changes = []
    for number in range(count):
        address = f"reader{number}@example.com"
        row = GoodRow(number, number, [], key_of(address), {"email_address": address, **linked})
        change = change_of(row, Known(), order, new_id=f"c{number:016x}", at=START)
        assert isinstance(change, Change)
        changes.append(change)
    assert stores.imports.write(step(*changes, refused=(BadRow(99, 99, [], "no"),)))
    per_row = (3 if target_type is LEAD else 2) + (1 + 2 * lists if lists else 0)
    assert 2 + lists + count * per_row <= TRANSACT_WRITE < 2 + lists + (count + 1) * per_row
    counts = stores.people.memberships.counts(list_ids)
    assert all(counts[each] == ListCounts(count, 0) for each in list_ids)


def test_flags_of_addresses_are_known(stores: Stores) -> None:
    """Also of one that nobody holds."""
    addresses = stores.people.addresses
    addresses.opt_out(key_of(KARI), KARI, everything=True, list_ids=[], reason="page", at=START)
    flags = stores.known().flags
    assert flags == AddressFlags(key=key_of(KARI), opt_out=True, reason="page", since=START)


def test_an_address_has_only_so_many_holders(stores: Stores, table: Table) -> None:
    """They are one item, so there is a bound with a name; those who are there can be edited and deleted."""
    refs = [f"Lead#{number:017x}" for number in range(MAX_HOLDERS)]
    table.put({**keys.address_holders(key_of(KARI)), HOLDERS: {"SS": refs}})
    targets = stores.people.targets
    with pytest.raises(Invalid, match="is held by 1000 records"):
        targets.add(a_target(CONTACT, "c" * 17, KARI))
    other = stores.people.person(CONTACT, 1, "other@example.com")
    with pytest.raises(Invalid, match="is held by 1000 records"):
        targets.replace(replace(other, email_address=KARI), other)
    assert len(targets.holders(key_of(KARI))) == MAX_HOLDERS
