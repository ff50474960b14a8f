"""Target lists from a campaign's log (row 95): by what happened, and what did not."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.domain.ids import TEST_SEGMENTS_FROM
from chalicelib.domain.log import Action
from chalicelib.domain.people import ref_of
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import TargetList, TargetType
from chalicelib.errors import NotFound, Refused
from chalicelib.flows import log_lists
from chalicelib.flows.log import LogSearch
from chalicelib.storage import list_filling
from tests.flows.readers import BROWSER, SCANNER, Died, Stage
from tests.flows.ses_events import an_event, bounce


@pytest.fixture
def stage() -> Stage:
    """120 recipients in three segments."""
    made = Stage(120)
    for position in range(10):
        made.tracking.opened(made.place(position), BROWSER)
        made.clock.sleep(1)
    for position in range(4, 7):
        made.tracking.clicked(made.place(position), 0, BROWSER)
    made.feedback.handle(an_event(made, "Bounce", bounce("Permanent"), place=made.place(20, 1)))
    made.unsubscribe.leave(made.place(2))
    return made


def made_of(
    stage: Stage, including: Sequence[Action], excluding: Sequence[Action] = ()
) -> tuple[TargetList, Job | None]:
    return stage.log_lists.create(
        stage.campaign.id, name="Openers", description=None, including=including, excluding=excluding
    )


def members(stage: Stage, target_list: TargetList) -> set[str]:
    counts = stage.memberships.counts([target_list.id])[target_list.id]
    found = {each.target_id for each, _ in stage.memberships.walk(target_list.id)}
    assert counts.entries == len(found)
    return found


def readers(stage: Stage, *positions: int) -> set[str]:
    return {stage.contacts[each].id for each in positions}


@pytest.mark.parametrize(
    ("including", "excluding", "expected"),
    [
        ([Action.OPENED], [], range(10)),
        ([Action.CLICKED], [], range(4, 7)),
        ([Action.OPENED], [Action.CLICKED], [0, 1, 2, 3, 7, 8, 9]),
        ([Action.OPENED], [Action.CLICKED, Action.OPTED_OUT], [0, 1, 3, 7, 8, 9]),
        ([Action.CLICKED, Action.BOUNCED], [], [4, 5, 6, 70]),
        ([Action.SENT], [Action.BOUNCED], sorted({*range(120)} - {70})),
        ([Action.OPENED], [Action.SENT], []),
        ([Action.COMPLAINED], [], []),
    ],
)
def test_who_is_on_it(
    stage: Stage, including: list[Action], excluding: list[Action], expected: Sequence[int]
) -> None:
    """Whoever has one of the including actions and none of the excluding ones."""
    made, job = made_of(stage, including, excluding)
    assert job is None
    assert members(stage, made) == readers(stage, *expected)
    assert stage.list_store.get(made.id).name == "Openers"


def test_several_mass_emails_of_a_campaign_count_together(stage: Stage) -> None:
    """Opened the one, bounced in the other: out."""
    second = stage.sent(stage.contacts[:3])
    there: dict[str, Any] = {"place": stage.place(1, 0, second), "mass_email_id": second.id}
    stage.feedback.handle(an_event(stage, "Bounce", bounce("Permanent"), **there))
    made, _ = made_of(stage, [Action.OPENED], [Action.BOUNCED])
    assert members(stage, made) == readers(stage, 0, *range(2, 10))


def test_tests_and_machines_are_left_out(stage: Stage) -> None:
    """Who was only sent a test, or whose links only a scanner tried, did nothing."""
    base = stage.place().base
    stage.write_segment(base, TEST_SEGMENTS_FROM, [stage.member(stage.contacts[50])], stage.clock.now())
    test = stage.place(0, TEST_SEGMENTS_FROM)
    stage.tracking.clicked(test, 0, BROWSER)
    stage.tracking.clicked(stage.place(30), 0, SCANNER)
    logged = stage.log.of_campaign(stage.campaign.id, LogSearch(action=Action.CLICKED)).items
    assert [(each.is_test, each.is_machine) for each in logged[:2]] == [(True, False), (False, True)]
    made, _ = made_of(stage, [Action.CLICKED])
    assert members(stage, made) == readers(stage, 4, 5, 6)


def test_an_action_of_a_test_or_a_machine_excludes_nobody(stage: Stage) -> None:
    """The reader who opened it stays, whatever their scanner tried."""
    stage.tracking.clicked(stage.place(0), 0, SCANNER)
    made, _ = made_of(stage, [Action.OPENED], [Action.CLICKED])
    assert members(stage, made) == readers(stage, 0, 1, 2, 3, 7, 8, 9)


def test_the_deleted_are_passed_over(stage: Stage) -> None:
    """Their lines stay, they do not."""
    stage.people.delete(*ref_of(stage.contacts[5]))
    made, _ = made_of(stage, [Action.CLICKED])
    assert members(stage, made) == readers(stage, 4, 6)


def test_new_leads_of_the_campaign(stage: Stage) -> None:
    """Lead Created is in the log too."""
    lead = stage.people.create(
        TargetType.LEAD, {"last_name": "Berg", "campaign_id": stage.campaign.id}
    ).target
    made, _ = made_of(stage, [Action.LEAD_CREATED])
    assert members(stage, made) == {lead.id}


def test_many_are_a_jobs_work(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request begins, the job goes on where it was; each step once, wherever it was interrupted."""
    monkeypatch.setattr(log_lists, "LINES_AT_ONCE", 30)
    monkeypatch.setattr(log_lists, "DONE_AT_ONCE", 40)
    monkeypatch.setattr(list_filling, "LOOKED_UP", 7)
    monkeypatch.setattr(list_filling._Adding, "size", 5)
    made, job = made_of(stage, [Action.SENT], [Action.OPENED])
    assert job is not None
    assert 40 < len(members(stage, made)) < 120
    assert stage.queue.jobs[-1] == {"kind": "job", "jobId": job.id}
    transact, calls = stage.table.transact, iter(range(1000))

    def dying(*operations: Any, **rest: Any) -> None:
        if next(calls) % 3 == 2:
            raise InterruptedError
        transact(*operations, **rest)

    monkeypatch.setattr(stage.table, "transact", dying)
    ended = job
    for _ in range(100):
        try:
            ended = stage.log_lists.run(stage.jobs.get(job.id))
        except InterruptedError:
            continue
        break
    assert (ended.status, ended.result, ended.done) == ("Done", {"added": 120, "removed": 10}, 130)
    assert members(stage, made) == readers(stage, *range(10, 120))


def test_many_lines_that_count_for_nobody_are_a_jobs_work(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request does not read on through what machines did."""
    monkeypatch.setattr(log_lists, "LINES_AT_ONCE", 1)
    for position in range(30, 40):
        stage.tracking.opened(stage.place(position), SCANNER)
    stage.counted()
    made, job = made_of(stage, [Action.OPENED])
    assert job is not None
    assert (job.status, members(stage, made)) == ("Running", set())
    assert stage.log_lists.run(stage.jobs.get(job.id)).status == "Done"
    assert members(stage, made) == readers(stage, *range(10))


def test_a_request_that_dies_is_gone_on_with() -> None:
    """Wherever it died: if there is a list, somebody fills it."""
    ends = {played_dying(number) for number in range(60)}
    assert ends == {"no list", "filled", "answered"}


def played_dying(number: int) -> str:
    """What came of a request that died after so many of its own."""
    stage = Stage(4)
    for position in range(3):
        stage.tracking.opened(stage.place(position), BROWSER)
    stage.api.dies_at = len(stage.api.calls) + number
    end = "answered"
    try:
        made_of(stage, [Action.OPENED])
    except Died:
        end = "filled"
    stage.api.dies_at = None
    for message in stage.queue.jobs:
        job = stage.jobs.get(str(message["jobId"]))
        if job.status != "Done":
            with suppress(Refused):
                stage.log_lists.run(job)
    made = [each for each in stage.list_store.page(limit=10).items if each.name == "Openers"]
    if not made:
        return "no list"
    assert members(stage, made[0]) == readers(stage, 0, 1, 2)
    return end


def test_an_unknown_campaign(stage: Stage) -> None:
    """Makes no list."""
    with pytest.raises(NotFound):
        stage.log_lists.create("0" * 17, name="x", description=None, including=[Action.SENT], excluding=[])
    assert len(stage.list_store.page(limit=10).items) == 2
