"""Lists filled and emptied by a search: exact whatever happens meanwhile, and however often it is begun again."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.people import ref_of
from chalicelib.domain.ports import Membership
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import TargetType
from chalicelib.domain.search import Course, Search
from chalicelib.errors import Invalid, NotFound
from chalicelib.flows import slices
from chalicelib.storage import list_filling, search
from tests.flows.searchers import CONTACT, EVERYBODY, LEAD, Town, dying_everywhere, named, refs


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small steps, so that a few people take many."""
    monkeypatch.setattr(search, "WALKED_AT_ONCE", 3)
    monkeypatch.setattr(list_filling, "LOOKED_UP", 2)
    monkeypatch.setattr(list_filling._Adding, "size", 2)
    monkeypatch.setattr(list_filling._Removing, "size", 2)


def test_all_who_fit_are_on_the_list(town: Town) -> None:
    """And nobody else; those who were on it stay as they are. The job says how many were found, and how many were new."""
    readers, _, list_id = town.people(60), town.people(5, "Other"), town.a_list()
    town.wiring.memberships.add(list_id, [Membership(list_id, *ref_of(each)) for each in readers[:7]])
    job = town.run(town.wiring.filling.add(list_id, CONTACT, [named("read")]))
    assert town.members(list_id) == refs(readers)
    assert town.counts(list_id) == (60, 0)
    assert (job.status, job.done, job.total, job.result) == ("Done", 60, 60, {"added": 53})


def test_filling_again_changes_nothing(town: Town) -> None:
    """The second job finds the same and adds nobody."""
    readers, list_id = town.people(40), town.a_list()
    town.run(town.wiring.filling.add(list_id, CONTACT, EVERYBODY))
    job = town.run(town.wiring.filling.add(list_id, CONTACT, EVERYBODY))
    assert (job.done, job.result) == (40, {"added": 0})
    assert (town.members(list_id), town.counts(list_id)) == (refs(readers), (40, 0))


def test_all_who_fit_are_taken_off(town: Town) -> None:
    """Of one type; the others stay."""
    readers, others, leads = town.people(30), town.people(10, "Other"), [town.person(LEAD) for _ in range(3)]
    list_id = town.a_list()
    town.run(town.wiring.filling.add(list_id, CONTACT, EVERYBODY))
    town.run(town.wiring.filling.add(list_id, LEAD, EVERYBODY))
    job = town.run(town.wiring.filling.remove(list_id, CONTACT, [named("Reader")]))
    assert (job.done, job.result) == (len(readers), {"removed": 30})
    assert town.members(list_id) == refs(others) | refs(leads)
    assert town.counts(list_id) == (13, 0)


def test_an_opt_out_survives_being_removed_and_added_again(town: Town) -> None:
    """By the address, and without one by what is left of the membership."""
    (first, second), nameless = town.people(2), town.person()
    list_id = town.a_list()
    town.run(town.wiring.filling.add(list_id, CONTACT, EVERYBODY))
    town.leave(list_id, first.email_address or "")
    town.wiring.memberships.mark([list_id], [ref_of(nameless)], opted_out=True)
    for _ in range(2):
        assert town.counts(list_id) == (3, 2)
        town.run(town.wiring.filling.remove(list_id, CONTACT, EVERYBODY))
        assert town.counts(list_id) == (0, 0)
        town.run(town.wiring.filling.add(list_id, CONTACT, EVERYBODY))
    found = town.wiring.memberships.find([list_id], *ref_of(second))
    assert [each.opted_out for each in found] == [False]


def test_two_people_of_one_address_join_together(town: Town) -> None:
    """Whether it left the list or not."""
    list_id, other = town.a_list(), town.a_list()
    twins = [town.person(email_address=address) for address in ("kari@example.com", "KARI@example.com")]
    town.leave(other, "kari@example.com")
    for each, opted_out in ((list_id, 0), (other, 2)):
        town.run(town.wiring.filling.add(each, CONTACT, EVERYBODY))
        assert (town.members(each), town.counts(each)) == (refs(twins), (2, opted_out))


def test_lists_can_be_searched_for(town: Town) -> None:
    """Who is on one list and not on another; filling a list by itself ends."""
    readers = town.people(20)
    first, second = town.a_list(), town.a_list()
    town.wiring.memberships.add(first, [Membership(first, *ref_of(each)) for each in readers[:12]])
    town.wiring.memberships.add(second, [Membership(second, *ref_of(each)) for each in readers[8:]])
    where = [
        {"type": "linkedWith", "attribute": "targetLists", "value": [first]},
        {"type": "notLinkedWith", "attribute": "targetLists", "value": [second]},
    ]
    third = town.a_list()
    town.run(town.wiring.filling.add(third, CONTACT, where))
    assert town.members(third) == refs(readers[:8])
    town.run(town.wiring.filling.remove(first, CONTACT, where))
    assert town.members(first) == refs(readers[8:12])
    absent = [{"type": "isNotLinked", "attribute": "targetLists"}]
    town.wiring.memberships.remove(third, [ref_of(each) for each in readers[:8]])
    town.run(town.wiring.filling.add(third, CONTACT, absent))
    assert town.members(third) == refs(readers[:8])


def test_today_is_the_day_of_the_request(town: Town) -> None:
    """However late the job runs."""
    readers, list_id = town.people(3), town.a_list()
    job = town.wiring.filling.add(list_id, CONTACT, [{"type": "today", "attribute": "createdAt"}])
    town.clock.advance(24 * 3600)
    town.run(job)
    assert town.members(list_id) == refs(readers)


@pytest.mark.usefixtures("small")
def test_a_job_that_dies_anywhere_ends_the_same() -> None:
    """At every request, before it and after it; progress and counts too."""

    def begin() -> tuple[Town, Job]:
        town = Town()
        readers, list_id = town.people(9), town.a_list()
        town.leave(list_id, readers[2].email_address or "")
        town.wiring.memberships.add(list_id, [Membership(list_id, *ref_of(readers[4]))])
        return town, town.wiring.filling.add(list_id, CONTACT, EVERYBODY)

    def check(town: Town, job: Job) -> None:
        arguments: Any = job.arguments
        assert (job.status, job.done, job.total, job.result) == ("Done", 9, 9, {"added": 8})
        assert town.counts(arguments["targetListId"]) == (9, 1)

    assert dying_everywhere(begin, check) > 20


@pytest.mark.usefixtures("small")
def test_a_removal_that_dies_anywhere_ends_the_same() -> None:
    """The same for taking off."""

    def begin() -> tuple[Town, Job]:
        town = Town()
        list_id = town.a_list()
        town.people(7)
        town.run(town.wiring.filling.add(list_id, CONTACT, EVERYBODY))
        return town, town.wiring.filling.remove(list_id, CONTACT, EVERYBODY)

    def check(town: Town, job: Job) -> None:
        arguments: Any = job.arguments
        assert (job.status, job.done, job.result) == ("Done", 7, {"removed": 7})
        assert town.counts(arguments["targetListId"]) == (0, 0)

    assert dying_everywhere(begin, check) > 10


@pytest.mark.usefixtures("small")
def test_of_two_workers_with_one_job_the_later_gives_way(town: Town) -> None:
    """What it would have done is done already, and counted once."""
    town.people(9)
    list_id = town.a_list()
    job = town.wiring.filling.add(list_id, CONTACT, EVERYBODY)
    one, other = (town.wiring.filling._steps(town.wiring.jobs.get(job.id)) for _ in range(2))
    next(one)
    with pytest.raises(Overtaken):
        next(other)
    for _ in one:
        pass
    assert town.run(job).result == {"added": 9}
    assert town.counts(list_id) == (9, 0)


@pytest.mark.usefixtures("small")
def test_two_jobs_on_one_list_both_end(town: Town) -> None:
    """Step by step in turn; together they add everybody once. One that takes off the same ends too."""
    readers, list_id = town.people(17), town.a_list()
    filling = town.wiring.filling
    jobs = [filling.add(list_id, CONTACT, EVERYBODY), filling.add(list_id, CONTACT, [named("R")])]
    jobs.append(filling.remove(list_id, CONTACT, [named("nobody")]))
    runs = [filling._steps(town.wiring.jobs.get(job.id)) for job in jobs]
    while runs:
        runs = [run for run in runs if next(run, None) is not None]
    results: list[Any] = [town.run(job).result for job in jobs]
    assert results[0]["added"] + results[1]["added"] == 17
    assert (town.members(list_id), town.counts(list_id)) == (refs(readers), (17, 0))


@pytest.mark.usefixtures("small")
def test_who_changes_while_a_list_is_filled(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and writing one leaves the list, one is edited, one is deleted, one joins by hand: all is as it should be."""
    readers, list_id = town.people(16), town.a_list()
    filler, table = town.wiring.list_filler, town.wiring.table
    transact, meanwhile = table.transact, iter(range(100))

    def interrupted(*operations: Any, **rest: Any) -> None:
        number = next(meanwhile)
        if number == 0:
            monkeypatch.setattr(table, "transact", transact)
            ordered = sorted(readers, key=lambda each: (int(each.id[-1], 16) % 8, each.id))
            town.leave(list_id, ordered[0].email_address or "")
            edited = replace(ordered[1], email_address="new@example.com")
            town.wiring.target_store.replace(edited, ordered[1])
            town.wiring.people.delete(CONTACT, ordered[2].id)
            town.wiring.memberships.add(list_id, [Membership(list_id, *ref_of(ordered[3]))])
        transact(*operations, **rest)

    monkeypatch.setattr(table, "transact", interrupted)
    job = town.wiring.filling.add(list_id, CONTACT, EVERYBODY)
    ended = town.run(job)
    assert filler is town.wiring.list_filler
    assert town.counts(list_id) == (15, 1)
    assert ended.result == {"added": 14}
    assert ended.done >= 15


def test_a_long_job_comes_back_by_the_queue(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call of the function has five minutes; where it stopped, the next one goes on."""
    monkeypatch.setattr(search, "WALKED_AT_ONCE", 3)
    readers, list_id = town.people(20), town.a_list()
    job = town.wiring.filling.add(list_id, CONTACT, EVERYBODY)
    town.cloud.sqs.purge_queue(QueueUrl=town.environ["ENVOI_JOBS_QUEUE_URL"])
    monkeypatch.setattr(slices, "SLICE", slices.SLICE * 0)
    rounds = 0
    while town.wiring.jobs.get(job.id).status != "Done":
        town.wiring.work.handle({"kind": "job", "jobId": job.id})
        rounds += 1
    assert rounds > 4
    assert (town.members(list_id), town.wiring.jobs.get(job.id).result) == (refs(readers), {"added": 20})


def test_a_deleted_list_ends_the_job(town: Town) -> None:
    """It failed, and says why; one that never was is not found, and no job begins."""
    town.people(2)
    list_id = town.a_list()
    job = town.wiring.filling.add(list_id, CONTACT, EVERYBODY)
    town.wiring.target_lists.delete(list_id)
    ended = town.run(job)
    assert (ended.status, ended.error) == ("Failed", "the target list was deleted")
    for verb in (town.wiring.filling.add, town.wiring.filling.remove):
        with pytest.raises(NotFound):
            verb(list_id, CONTACT, EVERYBODY)


def test_what_cannot_be_meant_begins_no_job(town: Town) -> None:
    """Each fault under its place, lists that are not there among them."""
    list_id, gone = town.a_list(), town.a_list()
    town.wiring.target_lists.delete(gone)
    linked = {"type": "linkedWith", "attribute": "targetLists", "value": [list_id, gone]}
    with pytest.raises(Invalid) as refused:
        town.wiring.filling.add(
            list_id, CONTACT, [{"type": "not", "value": linked}, {"type": "or", "value": [linked]}]
        )
    assert [error.field for error in refused.value.errors] == [
        "where.0.value.value.1",
        "where.1.value.0.value.1",
    ]
    with pytest.raises(Invalid, match=r"where\.0\.attribute"):
        town.wiring.filling.add(list_id, TargetType.ACCOUNT, [named("x")])


def test_a_stretch_with_nobody_notes_how_far_it_came(town: Town) -> None:
    """So that a search which finds nobody is not walked from its beginning again."""
    town.people(3)
    list_id = town.a_list()
    job = town.wiring.filling.add(list_id, CONTACT, [named("nobody")])
    (stretch, *_) = town.wiring.people_search.walk(Search(CONTACT))
    nobody = replace(stretch, found=())
    course = town.wiring.list_filler.add(list_id, nobody, Course(job, str))
    assert town.wiring.jobs.get(job.id).cursor == stretch.end == course.job.cursor
    assert town.run(job).result == {"added": 0}
