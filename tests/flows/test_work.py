"""The jobs queue: what its messages do, how often they come, and what is no message of ours."""

from dataclasses import replace

import pytest

from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.queue import UnreadableMessage
from chalicelib.domain.records import MassEmailStatus
from chalicelib.domain.sending import Effect
from chalicelib.errors import Conflict, Deferred
from tests.flows.stage import Stage, answers

S = MassEmailStatus


@pytest.fixture
def stage() -> Stage:
    """Nobody yet."""
    return Stage()


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"kind": "other"},
        {"kind": None},
        {"kind": []},
        {"massEmailId": "5" * 17},
        {"kind": "freeze"},
        {"kind": "collect", "massEmailId": None},
        {"kind": "close", "planId": "5" * 17},
        {"kind": "job", "jobId": 5},
    ],
)
def test_what_is_no_message_is_refused(stage: Stage, message: dict[str, object]) -> None:
    """It goes to the dead-letter queue."""
    with pytest.raises(UnreadableMessage):
        stage.work.handle(message)


@pytest.mark.parametrize("kind", ["freeze", "collect"])
def test_a_mass_email_that_is_gone(stage: Stage, kind: str) -> None:
    """There is nothing to do any more."""
    stage.work.handle({"kind": kind, "massEmailId": "5" * 17})


def test_closing_a_plan(stage: Stage) -> None:
    """Twice, of a plan that is not done, of one that never was: only the one that is done is closed."""
    mass_email = stage.to_people(60)
    stage.release.run()
    (plan_id,) = stage.run_of(mass_email).open_plans
    job = {"kind": "close", "massEmailId": mass_email.id, "planId": plan_id}
    stage.work.handle(job)
    assert stage.run_of(mass_email).open_plans == (plan_id,)
    for message in stage.queues.lose():
        stage.deliver.handle(message)
    stage.work.handle({**job, "planId": "5" * 17})
    assert stage.status(mass_email) is S.IN_PROCESS
    for _ in range(2):
        stage.work.handle(job)
        assert stage.status(mass_email) is S.COMPLETE


def test_collecting_for_a_retry(stage: Stage) -> None:
    """And its portion goes at once."""
    mass_email = stage.to_people(2)
    stage.post.scripts.append(answers(Effect.FINAL, "failed"))
    stage.tick()
    stage.steering.retry_failed(mass_email.id)
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 2}


def test_jobs_that_callers_follow(stage: Stage) -> None:
    """Each kind has its handler; what is refused is noted on the job; one that is over is not done again."""
    done: list[str] = []

    def handle(job: Job) -> None:
        done.append(job.id)
        if job.arguments.get("fails"):
            raise Conflict("the list is gone")

    work = replace(stage.work, handlers={"copy": handle})
    good, bad = Job("1" * 17, "copy"), Job("2" * 17, "copy", arguments={"fails": True})
    over = Job("3" * 17, "copy", status="Done")
    for job in (good, bad, over):
        stage.jobs.save(job)
        work.handle({"kind": "job", "jobId": job.id})
    assert done == [good.id, bad.id]
    failed = stage.jobs.get(bad.id)
    assert (failed.status, failed.error) == ("Failed", "the list is gone")
    work.handle({"kind": "job", "jobId": "4" * 17})
    stage.jobs.save(Job("5" * 17, "unheard of"))
    with pytest.raises(UnreadableMessage):
        work.handle({"kind": "job", "jobId": "5" * 17})


def test_what_readers_did_is_done_again(stage: Stage) -> None:
    """A message that tracking or unsubscribing left."""
    replayed: list[object] = []
    message = {"kind": "tracked", "recipientId": "5" * 17}
    replace(stage.work, replay=replayed.append).handle(message)
    assert replayed == [message]


def test_a_job_that_is_deferred(stage: Stage) -> None:
    """It is not over: the queue brings it again."""

    def handle(_: Job) -> None:
        raise Deferred("the table is busy")

    job = Job("6" * 17, "copy", status="Running")
    stage.jobs.save(job)
    with pytest.raises(Deferred):
        replace(stage.work, handlers={"copy": handle}).handle({"kind": "job", "jobId": job.id})
    assert stage.jobs.get(job.id).status == "Running"
