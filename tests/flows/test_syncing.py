"""Lists that follow reports: who joins, who leaves, who stays; one list's failure is its own."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.people import ref_of
from chalicelib.domain.ports import Membership
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import MAX_REPORTS, Report, TargetType
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.flows import syncing
from chalicelib.storage import list_filling, search
from tests.flows.searchers import CONTACT, LEAD, Town, dying_everywhere, named, refs

NOBODY = "0" * 17


@pytest.fixture
def town() -> Town:
    return Town()


def report(town: Town, *where: dict[str, Any], kind: TargetType = CONTACT, name: str = "Report") -> Report:
    town.clock.advance(0.001)
    return town.wiring.reports.create({"name": name, "entity_type": kind, "where": where})


def following(town: Town, *reports: Report, unlink: bool = False, enabled: bool = True) -> str:
    ids = tuple(each.id for each in reports)
    return town.a_list(report_ids=ids, sync_enabled=enabled, sync_unlink=unlink)


def last_sync(town: Town, list_id: str) -> dict[str, Any]:
    found: Any = town.wiring.list_store.get(list_id).last_sync
    return {name: value for name, value in found.items() if name != "at"}


def put(town: Town, list_id: str, *targets: Any) -> None:
    town.wiring.memberships.add(list_id, [Membership(list_id, *ref_of(each)) for each in targets])


def test_whom_any_report_finds_joins(town: Town) -> None:
    """Once, however many find them; the list keeps when and how many, and its version stays."""
    berg, dahl, _ = town.people(3, "Berg"), town.people(2, "Dahl"), town.people(2, "Lie")
    leads = [town.person(LEAD, last_name="Berg")]
    list_id = following(
        town,
        report(town, named("B")),
        report(town, {"type": "or", "value": [named("Be"), named("D")]}),
        report(town, kind=LEAD),
    )
    job = town.run(town.wiring.syncing.start(list_id))
    assert town.members(list_id) == refs(berg) | refs(dahl) | refs(leads)
    assert (job.result, job.done) == ({"added": 6}, 9)
    target_list = town.wiring.list_store.get(list_id)
    assert last_sync(town, list_id) == {"added": 6, "removed": 0, "error": None}
    assert target_list.rev == 1


def test_a_list_follows_very_many_reports(town: Town) -> None:
    """Everybody whom one of them finds is on it, and who fits none any more leaves; the first too many is refused."""
    readers = [town.person(last_name=f"Reader {number:03}") for number in range(30)]
    reports = [report(town, named(f"Reader {number:03}")) for number in range(30)]
    town.wiring.syncing.check([each.id for each in reports])
    list_id = following(town, *reports, unlink=True)
    put(town, list_id, town.person(last_name="Stranger"))
    job = town.run(town.wiring.syncing.start(list_id))
    assert job.result == {"added": 30, "removed": 1}
    assert town.members(list_id) == refs(readers)
    with pytest.raises(Invalid, match=f"at most {MAX_REPORTS}"):
        town.wiring.syncing.check([f"{number:017x}" for number in range(MAX_REPORTS + 1)])


def test_without_unlink_nobody_leaves(town: Town) -> None:
    """Who was put on the list otherwise stays."""
    berg, lie = town.people(2, "Berg"), town.people(2, "Lie")
    list_id = following(town, report(town, named("B")))
    put(town, list_id, *lie)
    town.run(town.wiring.syncing.start(list_id))
    assert town.members(list_id) == refs(berg) | refs(lie)


def test_with_unlink_leaves_whom_no_report_finds(town: Town) -> None:
    """Of the reports' own types; opt-outs are remembered, others stay."""
    berg, lie, lead = town.people(3, "Berg"), town.people(5, "Lie"), town.person(LEAD)
    list_id = following(town, report(town, named("B")), report(town, named("Q")), unlink=True)
    put(town, list_id, *lie, lead, berg[0])
    town.leave(list_id, lie[0].email_address or "")
    job = town.run(town.wiring.syncing.start(list_id))
    assert town.members(list_id) == refs([*berg, lead])
    assert (job.result, town.counts(list_id)) == ({"added": 2, "removed": 5}, (4, 0))
    put(town, list_id, lie[0])
    assert town.counts(list_id) == (5, 1)
    again = town.run(town.wiring.syncing.start(list_id))
    assert again.result == {"added": 0, "removed": 1}


def test_a_sync_asks_about_lists_too(town: Town) -> None:
    """A report of those on one list and not on another."""
    readers = town.people(4)
    source = town.a_list()
    put(town, source, *readers[:3])
    list_id = following(
        town, report(town, {"type": "linkedWith", "attribute": "targetLists", "value": [source]}), unlink=True
    )
    town.run(town.wiring.syncing.start(list_id))
    assert town.members(list_id) == refs(readers[:3])
    town.wiring.memberships.remove(source, [ref_of(readers[0])])
    town.run(town.wiring.syncing.start(list_id))
    assert town.members(list_id) == refs(readers[1:3])


def test_a_sync_that_dies_anywhere_ends_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before and after each of its requests."""
    monkeypatch.setattr(search, "WALKED_AT_ONCE", 3)
    monkeypatch.setattr(syncing, "MEMBERS_AT_ONCE", 3)
    monkeypatch.setattr(list_filling._Adding, "size", 2)
    monkeypatch.setattr(list_filling._Removing, "size", 2)

    def begin() -> tuple[Town, Job]:
        town = Town()
        town.people(4, "Berg")
        gone = town.people(4, "Lie")
        list_id = following(town, report(town, named("B")), report(town, named("Be")), unlink=True)
        put(town, list_id, *gone)
        return town, town.wiring.syncing.start(list_id)

    def check(town: Town, job: Job) -> None:
        list_id = str(job.arguments["targetListId"])
        assert (job.status, job.result) == ("Done", {"added": 4, "removed": 4})
        assert town.counts(list_id) == (4, 0)
        assert last_sync(town, list_id) == {"added": 4, "removed": 4, "error": None}

    assert dying_everywhere(begin, check) > 20


def test_every_day_all_lists_that_want_it_are_synced(town: Town) -> None:
    """Those without reports, not enabled or deleted are left alone."""
    readers, found = town.people(2), report(town)
    wanting = [following(town, found) for _ in range(2)]
    others = [following(town, found, enabled=False), town.a_list(sync_enabled=True), following(town, found)]
    town.wiring.target_lists.delete(others[2])
    assert town.wiring.syncing.start_all() == 2
    jobs = town.wiring.jobs
    for message in queued(town):
        town.run(jobs.get(message))
    assert [town.members(each) for each in wanting] == [refs(readers)] * 2
    assert [town.members(each) for each in others] == [set()] * 3


def queued(town: Town) -> list[str]:
    """The jobs on the queue, in order."""
    url = town.environ["ENVOI_JOBS_QUEUE_URL"]
    found: list[str] = []
    while batch := town.cloud.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        found += [json.loads(message["Body"])["jobId"] for message in batch]
        for message in batch:
            town.cloud.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_a_list_that_fails_leaves_the_others_alone_and_says_so(town: Town) -> None:
    """The one whose report is gone keeps why; the next is synced."""
    readers, gone = town.people(2), report(town)
    failing = following(town, gone)
    fine = following(town, report(town))
    rows = town.wiring.report_store
    rows.replace(replace(gone, deleted_at=town.clock.now()), expected_rev=1)
    put(town, failing, readers[0])
    assert town.wiring.syncing.start_all() == 2
    states = [town.run(town.wiring.jobs.get(each)) for each in queued(town)]
    assert {each.status for each in states} == {"Done", "Failed"}
    assert town.members(fine) == refs(readers)
    assert last_sync(town, failing) == {
        "added": 0,
        "removed": 0,
        "error": "a report that the list follows was deleted",
    }
    assert town.members(failing) == refs(readers[:1])


def test_one_that_cannot_be_begun_stops_nobody(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue refuses once; the list says so, the trouble is reported, the others are begun."""
    found = report(town)
    lists = [following(town, found) for _ in range(3)]
    start, calls = town.wiring.jobs.start, iter(range(10))

    def refusing(job: Job) -> None:
        if next(calls) == 1:
            raise ConnectionError("the queue is down")
        start(job)

    monkeypatch.setattr(town.wiring.jobs, "start", refusing)
    assert town.wiring.syncing.start_all() == 2
    errors = [town.wiring.list_store.get(each).last_sync for each in lists]
    assert sum(each is not None and "begun" in str(each["error"]) for each in errors) == 1


def test_an_unforeseen_failure_is_noted_and_tried_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function fails, so that the queue brings the job back; then the note is replaced."""
    readers = town.people(2)
    list_id = following(town, report(town))
    job = town.wiring.syncing.start(list_id)
    with monkeypatch.context() as broken:
        broken.setattr(town.wiring.table, "query", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            town.wiring.work.handle({"kind": "job", "jobId": job.id})
    assert last_sync(town, list_id)["error"] == "something went wrong; it is tried again"
    town.run(job)
    assert last_sync(town, list_id) == {"added": 2, "removed": 0, "error": None}
    assert town.members(list_id) == refs(readers)


def test_what_cannot_be_synced(town: Town) -> None:
    """No list, or one that follows nothing."""
    with pytest.raises(NotFound):
        town.wiring.syncing.start(NOBODY)
    with pytest.raises(Conflict):
        town.wiring.syncing.start(town.a_list())


def test_a_followed_report_stays(town: Town) -> None:
    """Until no list follows it any more."""
    found = report(town)
    list_id = following(town, found, enabled=False)
    with pytest.raises(Conflict, match=list_id):
        town.wiring.reports.delete(found.id)
    town.wiring.target_lists.edit(list_id, {"report_ids": ()})
    town.wiring.reports.delete(found.id)
    with pytest.raises(NotFound):
        town.wiring.report_store.get(found.id)
    with pytest.raises(Invalid, match=r"reportIds\.1"):
        town.wiring.syncing.check([report(town).id, found.id])
