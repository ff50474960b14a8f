"""Every five minutes: what was left waiting, claimed or stuck by whoever died (`delivery.md`, "Settling")."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.ids import Place
from chalicelib.domain.records import CampaignStatus, MassEmail, MassEmailStatus
from chalicelib.domain.runs import Phase
from chalicelib.domain.sending import Batch, Effect, Outcome
from chalicelib.flows import sweep
from tests.flows.stage import SENT, Stage, answers, dying

S = MassEmailStatus
HOUR = 3600


@pytest.fixture
def stage() -> Stage:
    """Nobody yet."""
    return Stage()


def swept(stage: Stage, seconds: float = 0) -> None:
    """Some time later a sweep, and the queues are worked off."""
    stage.time.advance(seconds)
    stage.sweep.run()
    stage.drain()


def unanswered(stage: Stage, count: int = 3, **fields: Any) -> MassEmail:
    """A mass email whose one call was accepted, and nobody saw the answer."""
    mass_email = stage.to_people(count, **fields)
    stage.post.scripts.append(stage.post.lost_answer)
    stage.tick()
    assert stage.counts(mass_email) == {"Sending": count}
    return mass_email


def silent(stage: Stage, count: int = 3) -> MassEmail:
    """A mass email whose one call vanished: not accepted, not answered."""
    mass_email = stage.to_people(count)
    stage.post.scripts.append(answers(Effect.UNKNOWN))
    stage.tick()
    return mass_email


def places(stage: Stage, mass_email: MassEmail) -> list[Place]:
    return list(stage.places(mass_email).values())


# What waits


def test_what_the_queue_lost_is_put_there_again(stage: Stage) -> None:
    """After 15 minutes; before that it may be on its way."""
    mass_email = stage.to_people(120)
    stage.release.run()
    stage.queues.lose()
    swept(stage, 14 * 60)
    assert stage.counts(mass_email) == {"Pending": 120}
    swept(stage, 2 * 60)
    assert stage.counts(mass_email) == {"Sent": 120}
    assert len(stage.post.addresses) == len(set(stage.post.addresses))
    assert stage.status(mass_email) is S.COMPLETE


def test_every_open_plan_is_looked_at(stage: Stage) -> None:
    """Two hours' portions were lost by the queue; one sweep brings both back."""
    stage.org.set(mass_email_max_per_hour_count=2)
    mass_email = stage.to_people(4)
    for _ in range(2):
        stage.release.run()
        stage.queues.lose()
        stage.time.advance(HOUR)
    assert len(stage.run_of(mass_email).open_plans) == 2
    swept(stage)
    assert stage.counts(mass_email) == {"Sent": 4}


def test_only_what_waits_is_put_there_again(stage: Stage) -> None:
    """One of three chunks was lost."""
    stage.to_people(150)
    stage.release.run()
    lost = stage.queues.next_chunk()
    stage.drain()
    before = stage.queues.chunks_put
    swept(stage, 16 * 60)
    assert stage.queues.chunks_put == before + 1
    assert lost is not None
    stage.deliver.handle(lost)
    assert len(stage.post.addresses) == len(set(stage.post.addresses)) == 150


def test_what_is_on_the_queue_for_long_is_not_put_there_every_time(stage: Stage) -> None:
    """Once in 15 minutes."""
    stage.to_people(10)
    stage.release.run()
    stage.queues.lose()
    for minutes in (16, 5, 5):
        stage.time.advance(minutes * 60)
        stage.sweep.run()
    assert stage.queues.chunks_put == 2


@pytest.mark.parametrize("by", ["sweep", "release"])
def test_what_was_given_up_during_a_pause_goes_on_after_it(stage: Stage, by: str) -> None:
    """At once, by whichever comes first: also chunks that had gone back, which no plan names."""
    mass_email = stage.to_people(100)
    stage.post.scripts.append(answers(Effect.BACK))
    stage.tick()
    stage.steering.pause(mass_email.id)
    stage.drain(patience=10)
    assert stage.counts(mass_email)["Pending"] == 50
    stage.time.advance(1)
    stage.steering.resume(mass_email.id)
    stage.time.advance(1)
    (stage.sweep if by == "sweep" else stage.release).run()
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 100}


def test_a_plan_that_never_came_to_the_queue(stage: Stage) -> None:
    """Stored, and then its tick died: the sweep does not wait for the next hour."""
    mass_email = stage.to_people(3)
    stage.queues.is_down = True
    with pytest.raises(ConnectionError):
        stage.release.run()
    stage.queues.is_down = False
    swept(stage)
    assert stage.counts(mass_email) == {"Sent": 3}


@pytest.mark.parametrize("why", ["paused", "inactive", "held"])
def test_nothing_is_put_there_that_must_not_go(stage: Stage, why: str) -> None:
    """Paused, an inactive campaign, a held account: it waits, however long."""
    campaign = stage.campaign()
    mass_email = stage.to_people(3, campaign_id=campaign.id)
    stage.release.run()
    stage.queues.lose()
    if why == "paused":
        stage.steering.pause(mass_email.id)
    elif why == "inactive":
        campaign = stage.set_campaign(campaign, status=CampaignStatus.INACTIVE)
    else:
        stage.account.hold("sendingPaused", "by a person", stage.time.now())
    before = stage.queues.chunks_put
    swept(stage, HOUR)
    assert stage.queues.chunks_put == before
    if why == "inactive":
        stage.set_campaign(campaign, status=CampaignStatus.ACTIVE)
        swept(stage)
        assert stage.counts(mass_email) == {"Sent": 3}


def test_a_plan_whose_last_chunk_was_not_last_is_closed(stage: Stage) -> None:
    """Chunks end in any order: the sweep closes what nobody else did, and so the mass email."""
    mass_email = stage.to_people(100)
    stage.release.run()
    for message in reversed(stage.queues.lose()):
        stage.deliver.handle(message)
    jobs = [stage.queues.next_job() for _ in range(5)]
    assert sum(job is not None for job in jobs) == 1
    assert stage.status(mass_email) is S.IN_PROCESS
    swept(stage)
    assert stage.status(mass_email) is S.COMPLETE
    assert stage.run_of(mass_email).open_plans == ()


def test_the_watermark_moves_over_what_is_done(stage: Stage) -> None:
    """Segments before it are not read again."""
    mass_email = stage.to_people(200)
    stage.release.run()
    messages = stage.queues.lose()
    for message in messages[:3]:
        stage.deliver.handle(message)
    stage.sweep.run()
    run = stage.run_of(mass_email)
    (plan,) = stage.runs.plans(mass_email.id, run.open_plans)
    assert plan.settled_to == 3
    assert [each.segment for each in stage.open_plans.unfinished(run, plan)] == [3]


# What was claimed and never answered


def test_evidence_settles_a_claim(stage: Stage) -> None:
    """Two minutes after the last moment at which the call could begin."""
    mass_email = unanswered(stage)
    for place in places(stage, mass_email):
        stage.event(place)
    assert stage.counts(mass_email) == {"Sent": 3}
    swept(stage, 60)
    assert stage.status(mass_email) is S.IN_PROCESS
    swept(stage, 100)
    assert stage.status(mass_email) is S.COMPLETE


def test_evidence_of_some_waits_for_the_others(stage: Stage) -> None:
    """Until six hours are over; then the silent ones are Unknown."""
    mass_email = unanswered(stage)
    first, *_ = places(stage, mass_email)
    stage.event(first)
    swept(stage, 5 * HOUR)
    assert stage.counts(mass_email) == {"Sent": 1, "Sending": 2}
    swept(stage, HOUR)
    assert stage.counts(mass_email) == {"Sent": 1, "Unknown": 2}
    assert stage.status(mass_email) is S.COMPLETE


def test_a_rejection_settles_too(stage: Stage) -> None:
    """SES took it and did not send it."""
    mass_email = unanswered(stage, 1)
    stage.event(places(stage, mass_email)[0], accepted=False)
    swept(stage, 200)
    assert stage.counts(mass_email) == {"Failed": 1}
    assert stage.status(mass_email) is S.FAILED


def test_silence_is_sent_again_while_events_come_in(stage: Stage) -> None:
    """After six hours, once more, with the attempt in its tags; it counts."""
    mass_email = silent(stage)
    stage.time.advance(HOUR)
    stage.stream_alive()
    swept(stage, 5 * HOUR - 1)
    assert stage.post.accepted == []
    swept(stage, 1)
    assert stage.counts(mass_email) == {"Sent": 3}
    assert {entry.tags["attempt"] for entry in stage.post.accepted} == {"2"}
    assert {state.attempts for state in stage.states(mass_email).values()} == {2}
    swept(stage, 300)
    assert stage.status(mass_email) is S.COMPLETE


@pytest.mark.parametrize("why", ["no events", "old events", "failures", "setting", "canceled"])
def test_silence_is_unknown_otherwise(stage: Stage, why: str) -> None:
    """Where silence does not mean anything, a person decides."""
    if why == "old events":
        stage.stream_alive()
    mass_email = silent(stage)
    stage.time.advance(HOUR)
    if why not in ("no events", "old events"):
        stage.stream_alive()
    if why == "failures":
        stage.queues.feedback_failures = 1
    if why == "setting":
        stage.org.set(resend_after_silence=False)
    if why == "canceled":
        stage.steering.cancel(mass_email.id)
    swept(stage, 6 * HOUR)
    assert stage.counts(mass_email) == {"Unknown": 3}
    assert stage.post.accepted == []
    assert stage.status(mass_email) is (S.CANCELED if why == "canceled" else S.FAILED)
    swept(stage, 24 * HOUR)
    assert stage.post.accepted == []


def test_silence_uses_up_the_attempts(stage: Stage) -> None:
    """A call that vanishes every time is not made for ever: three, then a person decides."""
    mass_email = stage.to_people(2)
    stage.post.always = answers(Effect.UNKNOWN)
    stage.tick()
    for _ in range(40):
        stage.time.advance(HOUR)
        stage.stream_alive()
        swept(stage)
    assert len(stage.post.batches) == 3
    assert stage.counts(mass_email) == {"Unknown": 2}
    assert stage.status(mass_email) is S.FAILED


def test_evidence_after_unknown(stage: Stage) -> None:
    """At any time: a sign of life makes it Sent."""
    mass_email = unanswered(stage, 2)
    swept(stage, 6 * HOUR)
    assert stage.counts(mass_email) == {"Unknown": 2}
    stage.time.advance(90 * 24 * HOUR)
    stage.event(places(stage, mass_email)[0])
    assert stage.counts(mass_email) == {"Sent": 1, "Unknown": 1}


def test_evidence_after_it_was_put_back_to_be_sent_again(stage: Stage) -> None:
    """The event comes while the second attempt waits: no second message."""
    mass_email = unanswered(stage, 2)
    stage.time.advance(HOUR)
    stage.stream_alive()
    stage.time.advance(5 * HOUR)
    stage.sweep.run()
    for place in places(stage, mass_email):
        stage.event(place)
    stage.drain()
    assert len(stage.post.accepted) == 2
    assert stage.counts(mass_email) == {"Sent": 2}
    swept(stage, 300)
    assert stage.status(mass_email) is S.COMPLETE


def test_what_settles_while_paused_goes_on_after_it(stage: Stage) -> None:
    """Paused, a silent claim is put back all the same, and sent when it is resumed."""
    mass_email = silent(stage)
    stage.steering.pause(mass_email.id)
    stage.time.advance(HOUR)
    stage.stream_alive()
    swept(stage, 5 * HOUR)
    assert stage.counts(mass_email) == {"Pending": 3}
    stage.steering.resume(mass_email.id)
    swept(stage, 1)
    assert stage.counts(mass_email) == {"Sent": 3}


# Canceled, deleted


def test_canceled_is_off_the_list_when_nothing_is_under_way(stage: Stage) -> None:
    """The claim settles first; what waits is never sent."""
    mass_email = stage.to_people(100)
    stage.post.scripts.append(stage.post.lost_answer)
    stage.release.run()
    first = stage.queues.next_chunk()
    assert first is not None
    stage.deliver.handle(first)
    stage.steering.cancel(mass_email.id)
    swept(stage, HOUR)
    assert stage.counts(mass_email) == {"Sending": 50, "Skipped": 50}
    assert stage.mass_email_store.open_ids() == [mass_email.id]
    for place in places(stage, mass_email)[:50]:
        stage.event(place)
    swept(stage, 300)
    swept(stage, 300)
    assert stage.counts(mass_email) == {"Sent": 50, "Skipped": 50}
    assert stage.mass_email_store.open_ids() == []
    assert {state.reason for state in stage.states(mass_email).values()} == {"", "canceled"}


def test_deleted_while_a_claim_was_open(stage: Stage) -> None:
    """Callers see it no more, the sweep does: the claim settles, and nothing looks at it for ever."""
    mass_email = unanswered(stage)
    stage.steering.pause(mass_email.id)
    stage.drafting.delete(mass_email.id)
    swept(stage, 7 * HOUR)
    swept(stage, 300)
    assert stage.counts(mass_email) == {"Unknown": 3}
    assert stage.mass_email_store.open_ids() == []


# What got stuck


def test_a_freeze_that_nobody_is_at_work_on(stage: Stage) -> None:
    """Ten minutes without a step: back on the jobs queue."""
    mass_email = stage.to_people(3)
    now = stage.now(mass_email)
    started = stage.mass_email_store.change(
        replace(now, status=S.IN_PROCESS, freezes=1, frozen_list_ids=now.target_list_ids, message_version=1),
        now,
    )
    stage.runs.put_message(mass_email.id, 1, stage.messages.source(started))
    stage.freeze.begin(started, 50)
    swept(stage, 9 * 60)
    assert stage.run_of(mass_email).phase is Phase.FREEZING
    swept(stage, 2 * 60)
    assert stage.counts(mass_email) == {"Sent": 3}


def test_one_that_breaks_does_not_stop_the_others(stage: Stage) -> None:
    """It is reported, the others are swept."""
    broken, whole = stage.to_people(1), stage.to_people(1)
    stage.release.run()
    stage.queues.lose()
    reported: list[dict[str, Any]] = []

    class Runs:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.runs, name)

        def get(self, mass_email_id: str) -> Any:
            if mass_email_id == broken.id:
                raise ConnectionError("the table is down")
            return stage.runs.get(mass_email_id)

    stage.time.advance(HOUR)
    tried = replace(
        stage.sweep,
        runs=Runs(),
        report=lambda *_, **fields: reported.append(fields),
    )
    tried.run()
    stage.drain()
    assert stage.counts(whole) == {"Sent": 1}
    assert reported == [{"massEmailId": broken.id}]


def test_the_schedules_rule_is_mended(stage: Stage) -> None:
    """A deployment put the first expression back: the setting is the truth."""
    stage.org.set(send_schedule="rate(2 hours)")
    stage.sweep.run()
    assert stage.rule.expression == "rate(2 hours)"


@pytest.mark.parametrize("after", [False, True])
def test_death_at_any_request_of_a_sweep(after: bool) -> None:
    """Of one that has everything to do: nobody gets two messages, nobody is lost."""
    stage = Stage(rate=2)
    mass_email = stage.to_people(8)

    def scripted(batch: Batch) -> list[Outcome]:
        return [Outcome(Effect.UNKNOWN, "readTimeout"), SENT][: len(batch.entries)]

    stage.post.scripts += [scripted, answers(Effect.UNKNOWN)]
    stage.release.run()
    for _ in range(2):
        message = stage.queues.next_chunk()
        assert message is not None
        stage.deliver.handle(message)
    stage.queues.lose()
    stage.event(places(stage, mass_email)[2])
    stage.time.advance(HOUR)
    stage.stream_alive()
    stage.time.advance(6 * HOUR)
    sent_before = list(stage.post.accepted)
    deaths = 0
    for _ in dying(stage, stage.sweep.run, after=after):
        stage.post.accepted.extend(sent_before)
        deaths += 1
        for _ in range(3):
            swept(stage, 1000)
        assert len(stage.post.addresses) == len(set(stage.post.addresses)) == 7
        assert stage.counts(mass_email) == {"Sent": 8}
        assert stage.status(mass_email) is S.COMPLETE
    assert deaths >= 10


def test_the_constants_fit_together() -> None:
    """What is decided about a claim is decided long after the last moment of its call."""
    assert timedelta(minutes=15) == sweep.REQUEUE_AFTER
    assert timedelta(hours=6) == sweep.SETTLE_AFTER
    assert timedelta(minutes=1) < sweep.SETTLE_GRACE
