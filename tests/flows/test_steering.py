"""Pause, resume, cancel and retry the failed (`delivery.md`, "States")."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.activity import Mark
from chalicelib.domain.mass_emails import Act
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.records import MassEmail, MassEmailStatus
from chalicelib.domain.sending import Batch, Effect, Outcome
from chalicelib.errors import Conflict, Deferred, NotFound
from tests.flows.stage import SENT, Stage, answers, by_entry, dying

S = MassEmailStatus


@pytest.fixture
def stage() -> Stage:
    """Nobody yet."""
    return Stage()


def half_sent(stage: Stage) -> MassEmail:
    """50 of 100 were sent, the others' message is on the queue."""
    mass_email = stage.to_people(100)
    stage.release.run()
    message = stage.queues.next_chunk()
    assert message is not None
    stage.deliver.handle(message)
    return mass_email


def failed(stage: Stage, count: int = 3, reason: str = "failed") -> MassEmail:
    """A mass email of which nobody was sent to."""
    mass_email = stage.to_people(count)
    stage.post.always = answers(Effect.FINAL, reason)
    stage.tick()
    stage.post.always = None
    assert stage.status(mass_email) is S.FAILED
    return mass_email


# Pause and resume


def test_paused_and_resumed(stage: Stage) -> None:
    """Nothing goes out in between, everybody once in the end; the reason says who did it."""
    mass_email = half_sent(stage)
    paused = stage.steering.pause(mass_email.id)
    assert paused.status_reason is not None
    assert (paused.status, paused.status_reason.code, paused.status_reason.by) == (S.PAUSED, "paused", "user")
    stage.drain()
    stage.hours(2)
    assert stage.counts(mass_email) == {"Sent": 50, "Pending": 50}
    assert stage.steering.resume(mass_email.id).status is S.IN_PROCESS
    stage.hours(1)
    assert stage.counts(mass_email) == {"Sent": 100}
    assert len(stage.post.addresses) == len(set(stage.post.addresses))


def test_resuming_takes_template_and_sender_again(stage: Stage) -> None:
    """Template, from and reply-to as they are now; who was sent to has the first version in their stored copy."""
    people = stage.contacts(2)
    stage.org.set(mass_email_max_per_hour_count=1)
    mass_email = stage.mass_email(stage.target_list(people), store_sent_emails=True)
    stage.tick()
    stage.steering.pause(mass_email.id)
    stage.edit_template(body="<p>Second body</p>", subject="Second")
    before = stage.now(mass_email)
    stage.mass_email_store.change(
        replace(before, from_address="other@acme.example", reply_to_address="reply@acme.example"), before
    )
    stage.steering.resume(mass_email.id)
    stage.hours(1)
    first, second = stage.post.batches
    assert "Second body" not in (first.template.html or "")
    assert "Second body" in (second.template.html or "")
    assert "other@acme.example" in second.from_header
    assert list(second.reply_to) == ["reply@acme.example"]
    ids = [entry.tags["recipient"] for entry in stage.post.accepted]
    subjects = [stage.recipients.message(mass_email.id, each).subject for each in ids]
    assert subjects[0].startswith("Hello")
    assert subjects[1] == "Second"


def test_an_edit_without_a_pause_changes_nothing(stage: Stage) -> None:
    """The message was frozen."""
    mass_email = half_sent(stage)
    stage.edit_template(body="<p>Second body</p>")
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 100}
    assert all("Second body" not in (batch.template.html or "") for batch in stage.post.batches)


def test_paused_before_its_freeze(stage: Stage) -> None:
    """Resumed, it waits for its time again."""
    mass_email = stage.to_people(2)
    stage.steering.pause(mass_email.id)
    stage.tick()
    assert stage.recipients_of(mass_email) == []
    assert stage.steering.resume(mass_email.id).status is S.PENDING
    stage.tick()
    assert stage.counts(mass_email) == {"Sent": 2}


@pytest.mark.parametrize("missing", ["template", "sender", "body"])
def test_what_cannot_be_resumed_stays_paused(stage: Stage, missing: str) -> None:
    """409 with what is missing; mended, it goes on."""
    mass_email = half_sent(stage)
    stage.steering.pause(mass_email.id)
    template = stage.template
    if missing == "template":
        stage.template_store.replace(
            replace(template, deleted_at=stage.time.now()), expected_rev=template.rev
        )
    elif missing == "sender":
        stage.org.set(outbound_email_from_address=None)
    else:
        stage.edit_template(body="<p>{{ Person.</p>")
    with pytest.raises(Conflict, match="cannot be resumed"):
        stage.steering.resume(mass_email.id)
    assert stage.status(mass_email) is S.PAUSED


def test_resumed_twice_at_once(stage: Stage) -> None:
    """One wins; each stored version stays what it is."""
    mass_email = half_sent(stage)
    stage.steering.pause(mass_email.id)
    freeze = stage.messages.freeze
    nested = {"once": True}

    class Messages:
        def freeze(self, paused: MassEmail) -> int:
            version = freeze(paused)
            if nested.pop("once", None):
                stage.edit_template(body="<p>Second body</p>")
                stage.steering.resume(mass_email.id)
            return version

    with pytest.raises(Conflict):
        replace(stage.steering, messages=Messages()).resume(mass_email.id)  # type: ignore[arg-type]  # in its place
    now = stage.now(mass_email)
    assert "Second body" in stage.runs.message(mass_email.id, now.message_version).body
    with pytest.raises(Overtaken):
        stage.runs.put_message(mass_email.id, now.message_version, stage.messages.source(now))


# Cancel


@pytest.mark.parametrize("status", [S.DRAFT, S.PENDING, S.IN_PROCESS, S.PAUSED])
def test_cancel(stage: Stage, status: MassEmailStatus) -> None:
    """From every status before the end; who was not sent to is Skipped, and it is final."""
    waits = status in (S.DRAFT, S.PENDING)
    mass_email = stage.to_people(3, status=status) if waits else half_sent(stage)
    if status is S.PAUSED:
        stage.steering.pause(mass_email.id)
    stage.steering.cancel(mass_email.id)
    stage.drain()
    stage.hours(2)
    assert stage.counts(mass_email) == ({} if waits else {"Sent": 50, "Skipped": 50})
    for act in (
        stage.steering.pause,
        stage.steering.resume,
        stage.steering.cancel,
        stage.steering.retry_failed,
    ):
        with pytest.raises(Conflict):
            act(mass_email.id)


@pytest.mark.parametrize("act", ["pause", "resume", "cancel", "retry_failed"])
def test_of_none(stage: Stage, act: str) -> None:
    """404."""
    with pytest.raises(NotFound):
        getattr(stage.steering, act)("5" * 17)


# Retry


def test_the_failed_are_sent_again(stage: Stage) -> None:
    """Only they; those that failed for good stay so, and the mass email is Complete."""
    people = stage.contacts(5)
    mass_email = stage.mass_email(stage.target_list(people))
    stage.post.scripts.append(
        by_entry(Outcome(Effect.FINAL, "failed"), Outcome(Effect.FINAL, "messageRejected"))
    )
    stage.tick()
    assert stage.counts(mass_email) == {"Sent": 3, "Failed": 2}
    again = stage.steering.retry_failed(mass_email.id)
    assert again.status is S.IN_PROCESS
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 4, "Failed": 1}
    assert stage.status(mass_email) is S.COMPLETE
    assert len(stage.post.addresses) == len(set(stage.post.addresses)) == 4
    with pytest.raises(Conflict, match="none of its recipients"):
        stage.steering.retry_failed(mass_email.id)


def test_a_retry_keeps_to_the_portion(stage: Stage) -> None:
    """And goes on hour after hour; retried a third time it is a wave of its own."""
    stage.org.set(mass_email_max_per_hour_count=120)
    mass_email = failed(stage, 120)
    stage.post.always = answers(Effect.FINAL, "failed")
    stage.time.advance(3600)
    stage.org.set(mass_email_max_per_hour_count=70)
    stage.steering.retry_failed(mass_email.id)
    stage.drain()
    assert stage.counts(mass_email) == {"Failed": 120}
    assert stage.status(mass_email) is S.IN_PROCESS
    assert stage.run_of(mass_email).retry_left == 50
    stage.hours(1)
    assert stage.status(mass_email) is S.FAILED
    stage.post.always = None
    stage.time.advance(3600)
    stage.steering.retry_failed(mass_email.id)
    stage.drain()
    stage.hours(1)
    assert stage.counts(mass_email) == {"Sent": 120}
    assert len(stage.post.addresses) == len(set(stage.post.addresses))
    assert stage.status(mass_email) is S.COMPLETE


def test_a_retry_asks_again_who_may_be_mailed(stage: Stage) -> None:
    """Opted out since."""
    people = stage.contacts(2)
    mass_email = stage.mass_email(stage.target_list(people))
    stage.post.scripts.append(answers(Effect.FINAL, "failed"))
    stage.tick()
    stage.opt_out(people[0])
    stage.steering.retry_failed(mass_email.id)
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 1, "Skipped": 1}


def test_what_a_person_decided_does_not_count_for_the_retry(stage: Stage) -> None:
    """Unknown, called Failed, sent again, silent again: Unknown again, for a person to decide again."""
    mass_email = stage.to_people(1)
    stage.post.always = answers(Effect.UNKNOWN)
    stage.tick()
    stage.time.advance(7 * 3600)
    stage.sweep.run()
    stage.recipients.settle(mass_email.id, None, sent=False)
    assert stage.counts(mass_email) == {"Failed": 1}
    stage.steering.retry_failed(mass_email.id)
    stage.drain()
    assert stage.counts(mass_email) == {"Sending": 1}
    stage.time.advance(7 * 3600)
    stage.sweep.run()
    assert stage.counts(mass_email) == {"Unknown": 1}
    stage.recipients.settle(mass_email.id, None, sent=True)
    assert stage.counts(mass_email) == {"Sent": 1}


def test_late_evidence_during_a_retry(stage: Stage) -> None:
    """An event of the first attempt comes before the retry's call: no second message."""
    mass_email = failed(stage, 2)
    stage.steering.retry_failed(mass_email.id)
    for place in stage.places(mass_email).values():
        stage.event(place)
    stage.drain()
    assert stage.post.accepted == []
    assert stage.counts(mass_email) == {"Sent": 2}


def test_a_retry_whose_failures_went_away(stage: Stage) -> None:
    """Events proved them all sent before they were collected: it is Complete again."""
    mass_email = failed(stage, 2)
    stage.steering.retry_failed(mass_email.id)
    for place in stage.places(mass_email).values():
        stage.activity.mark(place, Mark.DELIVERED)
    stage.drain()
    stage.hours(1)
    assert stage.status(mass_email) is S.COMPLETE
    assert stage.run_of(mass_email).retry_left == 0


def test_two_collectors_at_once(stage: Stage) -> None:
    """The message came twice: the places are the same, and released once."""
    mass_email = failed(stage, 3)
    stage.steering.retry_failed(mass_email.id)
    job = {"kind": "collect", "massEmailId": mass_email.id}
    stage.work.handle(job)
    stage.work.handle(job)
    stage.drain()
    assert len(stage.post.accepted) == 3
    assert stage.counts(mass_email) == {"Sent": 3}


def test_a_retry_that_was_canceled_before_it_was_collected(stage: Stage) -> None:
    """Nothing is sent."""
    mass_email = failed(stage, 3)
    stage.steering.retry_failed(mass_email.id)
    stage.steering.cancel(mass_email.id)
    stage.drain()
    stage.hours(1)
    assert stage.post.accepted == []
    assert stage.counts(mass_email) == {"Failed": 3}


@pytest.mark.parametrize("after", [False, True])
def test_death_at_any_request_of_a_retry(after: bool) -> None:
    """Of collecting and releasing: the sweep and the next tick go on; everybody once."""
    stage = Stage(rate=2)
    mass_email = stage.to_people(5)
    stage.post.scripts += [answers(Effect.FINAL, "failed")] * 3
    stage.tick()
    stage.steering.retry_failed(mass_email.id)
    deaths = 0
    for _ in dying(stage, stage.drain, after=after):
        deaths += 1
        for _ in range(8):
            stage.time.advance(3600)
            stage.sweep.run()
            stage.tick(patience=5)
        assert len(stage.post.addresses) == len(set(stage.post.addresses))
        counts = stage.counts(mass_email)
        assert sum(counts.values()) == 5
        assert counts.keys() <= {"Sent", "Unknown"}
        assert counts.get("Unknown", 0) <= 2
        assert stage.run_of(mass_email).open_plans == ()
    assert deaths >= 15


def test_others_who_keep_writing_the_run(stage: Stage) -> None:
    """Ten lost races: 503, and the caller may try again."""
    mass_email = half_sent(stage)
    stage.steering.pause(mass_email.id)

    class Runs:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.runs, name)

        def save(self, run: Any) -> Any:
            raise Overtaken

    with pytest.raises(Deferred):
        replace(stage.steering, runs=Runs()).resume(mass_email.id)
    assert stage.status(mass_email) is S.PAUSED


def test_the_sender_may_be_mended_after_a_stop(stage: Stage) -> None:
    """Stopped by SES in the middle: what was sent is sent, the rest goes after the resume."""
    people = stage.contacts(100)
    mass_email = stage.mass_email(stage.target_list(people))

    def stop_later(batch: Batch) -> list[Outcome]:
        later = len(stage.post.batches) > 1
        return [Outcome(Effect.STOP, "identityNotVerified") if later else SENT] * len(batch.entries)

    stage.post.always = stop_later
    stage.tick()
    assert stage.counts(mass_email) == {"Sent": 50, "Pending": 50}
    stage.post.always = None
    stage.mass_email_store.transition(mass_email.id, Act.RESUME, at=stage.time.now())
    stage.time.advance(1000)
    stage.sweep.run()
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 100}
