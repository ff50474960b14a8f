"""What others do between our reading and our writing of memberships: counts stay exact, no opt-out is lost."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.people import ref_of
from chalicelib.domain.ports import AnyTarget, ListCounts, Membership
from chalicelib.domain.records import TargetType
from chalicelib.errors import Deferred
from chalicelib.storage.addresses import DynamoAddresses
from chalicelib.storage.memberships import DynamoMemberships
from chalicelib.storage.table import Table
from chalicelib.storage.targets import DynamoTargets
from tests.fakes.people import FakeAddresses, FakeMemberships, FakeTargets, key_of
from tests.storage.conftest import EVERY_STORE, fresh_table
from tests.storage.people_stores import START, People, StillClock, a_target

LIST = "1" * 17
KARI = "kari@example.com"
CONTACT = TargetType.CONTACT


class MeddledTable(Table):
    """A table where somebody else gets in just before our next transaction."""

    meddlers: list[Callable[[], None]]

    def transact(self, *operations: Mapping[str, Any], token: str | None = None) -> None:
        """First the meddler, whose own transactions are not meddled with, then ours."""
        if self.meddlers:
            self.meddlers.pop()()
        super().transact(*operations, token=token)


def joined(table: Table) -> People:
    return People(
        DynamoTargets(table, key_of), DynamoMemberships(table, key_of, StillClock()), DynamoAddresses(table)
    )


@pytest.fixture
def meddled(table: Table) -> tuple[People, MeddledTable, People]:
    """Our side, the door where the others get in, and theirs."""
    ours = MeddledTable(table._client, table.name, table._sleep)
    ours.meddlers = []
    return joined(ours), ours, joined(table)


def member(target: AnyTarget) -> Membership:
    return Membership(LIST, *ref_of(target))


def state(people: People) -> tuple[list[tuple[str, bool]], ListCounts]:
    """Who is on the list, and what its counts say; the two must agree."""
    members = [(each.target_id, each.opted_out) for each, _ in people.memberships.walk(LIST)]
    counts = people.memberships.counts([LIST])[LIST]
    assert counts == ListCounts(len(members), sum(out for _, out in members))
    return members, counts


def unsubscribe(people: People) -> None:
    """As the page does: the address row first, then all members who hold the address."""
    key = key_of(KARI)
    people.addresses.opt_out(key, KARI, everything=False, list_ids=[LIST], reason="page", at=START)
    people.memberships.mark([LIST], people.targets.holders(key), opted_out=True, address_key=key)


def test_two_who_add_the_same_person(meddled: tuple[People, MeddledTable, People]) -> None:
    """One of them added, the person counts once."""
    ours, door, theirs = meddled
    contact, other = theirs.person(CONTACT, 1), theirs.person(CONTACT, 2)
    door.meddlers = [lambda: theirs.memberships.add(LIST, [member(contact)]) and None]
    assert ours.memberships.add(LIST, [member(contact), member(other)]) == 1
    assert state(theirs)[1] == ListCounts(2, 0)


def test_a_person_deleted_while_being_added(meddled: tuple[People, MeddledTable, People]) -> None:
    """Nobody stands on a list who does not exist."""
    ours, door, theirs = meddled
    contact = theirs.person(CONTACT, 1)

    def delete() -> None:
        theirs.targets.bury(contact, at=START, erased=False)
        theirs.memberships.forget(*ref_of(contact))

    door.meddlers = [delete]
    assert ours.memberships.add(LIST, [member(contact)]) == 0
    assert state(theirs)[0] == []


def test_a_reader_who_leaves_while_being_added(meddled: tuple[People, MeddledTable, People]) -> None:
    """Their page found no membership to mark, so the adding marks it."""
    ours, door, theirs = meddled
    contact = theirs.person(CONTACT, 1, KARI)
    door.meddlers = [lambda: unsubscribe(theirs)]
    assert ours.memberships.add(LIST, [member(contact)]) == 1
    assert state(theirs)[0] == [(contact.id, True)]


def test_adding_again_heals_a_mark_that_was_never_made(meddled: tuple[People, MeddledTable, People]) -> None:
    """The page died between the address row and the membership; a repeated import puts it right."""
    _, _, theirs = meddled
    contact = theirs.person(CONTACT, 1, KARI)
    theirs.memberships.add(LIST, [member(contact)])
    theirs.addresses.opt_out(key_of(KARI), KARI, everything=False, list_ids=[LIST], reason="page", at=START)
    assert theirs.memberships.add(LIST, [member(contact)]) == 0
    assert state(theirs)[0] == [(contact.id, True)]


def test_opting_out_while_being_removed(meddled: tuple[People, MeddledTable, People]) -> None:
    """The removal sees the new mark and keeps it for later."""
    ours, door, theirs = meddled
    contact = theirs.person(CONTACT, 1)
    theirs.memberships.add(LIST, [member(contact)])
    door.meddlers = [lambda: theirs.memberships.mark([LIST], [ref_of(contact)], opted_out=True) and None]
    assert ours.memberships.remove(LIST, [ref_of(contact)]) == 1
    assert state(theirs)[0] == []
    theirs.memberships.add(LIST, [member(contact)])
    assert state(theirs)[0] == [(contact.id, True)]


def test_undo_while_the_opt_out_is_being_marked(meddled: tuple[People, MeddledTable, People]) -> None:
    """The reader's last word stands in both places."""
    ours, door, theirs = meddled
    contact = theirs.person(CONTACT, 1, KARI)
    theirs.memberships.add(LIST, [member(contact)])

    def undo() -> None:
        theirs.addresses.cancel_opt_out(key_of(KARI), everything=False, list_ids=[LIST], at=START)
        refs = theirs.targets.holders(key_of(KARI))
        theirs.memberships.mark([LIST], refs, opted_out=False, address_key=key_of(KARI))

    door.meddlers = [undo]
    unsubscribe(ours)
    assert state(theirs)[0] == [(contact.id, False)]


def test_removed_while_being_marked(meddled: tuple[People, MeddledTable, People]) -> None:
    """Who is no member any more is not counted."""
    ours, door, theirs = meddled
    contact, other = theirs.person(CONTACT, 1), theirs.person(CONTACT, 2)
    theirs.memberships.add(LIST, [member(contact), member(other)])
    door.meddlers = [lambda: theirs.memberships.remove(LIST, [ref_of(contact)]) and None]
    changed = ours.memberships.mark([LIST], [ref_of(contact), ref_of(other)], opted_out=True)
    assert [each.target_id for each in changed] == [other.id]
    assert state(theirs)[1] == ListCounts(1, 1)


def test_added_to_another_list_while_being_forgotten(meddled: tuple[People, MeddledTable, People]) -> None:
    """A person whose memberships change meanwhile is read again until none is left."""
    ours, door, theirs = meddled
    contact = theirs.person(CONTACT, 1)
    theirs.memberships.add(LIST, [member(contact)])
    door.meddlers = [lambda: theirs.memberships.mark([LIST], [ref_of(contact)], opted_out=True) and None]
    ours.memberships.forget(*ref_of(contact))
    assert state(theirs)[0] == []


def test_gives_way_to_who_is_always_faster(meddled: tuple[People, MeddledTable, People]) -> None:
    """Endless contention ends as "not now", with nothing half done."""
    ours, door, theirs = meddled
    contact = theirs.person(CONTACT, 1)

    def edit() -> None:
        theirs.targets.replace(theirs.targets.get(*ref_of(contact)), theirs.targets.get(*ref_of(contact)))

    door.meddlers = [edit] * 50
    with pytest.raises(Deferred):
        ours.memberships.add(LIST, [member(contact)])
    assert state(theirs)[0] == []


def test_two_jobs_on_one_list_at_once(table: Table) -> None:
    """Four threads add, remove and mark overlapping crowds; both counts end exact."""
    people = joined(table)
    crowd = [people.person(CONTACT, number) for number in range(90)]

    def work(number: int) -> None:
        mine = crowd[number * 15 : number * 15 + 45]
        people.memberships.add(LIST, [member(each) for each in mine])
        people.memberships.mark([LIST], [ref_of(each) for each in mine[::3]], opted_out=True)
        people.memberships.remove(LIST, [ref_of(each) for each in mine[::4]])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    state(people)


STEP = st.tuples(
    st.sampled_from(["add", "add_out", "remove", "mark", "unmark", "leave", "rejoin", "forget"]),
    st.lists(st.integers(0, 5), min_size=1, max_size=6),
)


@pytest.fixture(scope="module", params=EVERY_STORE)
def shared_table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """One table for all examples; each takes its own people and its own list."""
    with fresh_table(request.param) as made:
        yield made


_worlds = count(1)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=12))
@example(steps=[("add", [0]), ("leave", [0]), ("unmark", [0]), ("add", [0])])
def test_the_table_does_what_the_fake_does(shared_table: Table, steps: list[tuple[str, list[int]]]) -> None:
    """Any sequence of changes gives the same answers, members and counts on both."""
    addresses = FakeAddresses()
    targets = FakeTargets(addresses)
    model = People(targets, FakeMemberships(targets, addresses), addresses)
    world = next(_worlds)  # each example has its own people and list in the one table
    list_id = f"{world:017x}"
    crowd = [
        a_target(CONTACT, f"{world:011x}{number:06x}", f"reader{number // 2}@{world}.example.com")
        for number in range(6)
    ]
    answers = []
    for people in (model, joined(shared_table)):
        for target in crowd:
            people.targets.add(target)
        answers.append([_played(people, list_id, verb, [crowd[each] for each in who]) for verb, who in steps])
        answers[-1].append(list(people.memberships.walk(list_id)))
        answers[-1].append(people.memberships.counts([list_id]))
    assert answers[0] == answers[1]


def _played(people: People, list_id: str, verb: str, who: list[AnyTarget]) -> object:
    refs = [ref_of(each) for each in who]
    members = [Membership(list_id, *ref, opted_out=verb == "add_out") for ref in refs]
    address = who[0].email_address or ""
    key = key_of(address)
    if verb in ("add", "add_out"):
        return people.memberships.add(list_id, members)
    if verb == "remove":
        return people.memberships.remove(list_id, refs)
    if verb in ("mark", "unmark"):
        return sorted(people.memberships.mark([list_id], refs, opted_out=verb == "mark"), key=_by_id)
    if verb == "leave":
        people.addresses.opt_out(key, address, everything=False, list_ids=[list_id], reason="page", at=START)
    elif verb == "rejoin":
        people.addresses.cancel_opt_out(key, everything=False, list_ids=[list_id], at=START)
    else:
        people.memberships.forget(*refs[0])
        return None
    found = people.memberships.mark(
        [list_id], people.targets.holders(key), opted_out=verb == "leave", address_key=key
    )
    return sorted(found, key=_by_id)


def _by_id(membership: Membership) -> str:
    return membership.target_id
