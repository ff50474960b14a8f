"""The scheduled function around freeze and portions: the account, the end, the reasons (rows 17, 29, 38 to 40)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.mass_emails import Act
from chalicelib.domain.records import MassEmailStatus, StatusReason
from chalicelib.domain.sending import Effect
from tests.flows.stage import Stage, answers

S = MassEmailStatus


@pytest.fixture
def stage() -> Stage:
    """Nobody yet."""
    return Stage()


def test_a_tick_reports_what_it_did(stage: Stage) -> None:
    """Mass emails frozen, recipients released."""
    stage.to_people(3)
    stage.to_people(4)
    report = stage.release.run()
    assert (report.frozen, report.released) == (2, 7)
    again = stage.release.run()
    assert (again.frozen, again.released) == (0, 0)
    stage.drain()
    last = stage.release.run()
    assert (last.frozen, last.released) == (0, 0)


def test_ses_is_asked_once_a_tick(stage: Stage) -> None:
    """And its answer stored; without one the stored answer goes on to count."""
    stage.ses.set(max_send_rate=77.0)
    stage.release.run()
    state = stage.account.state()
    assert state.account is not None
    assert (state.account.max_send_rate, state.read_at) == (77.0, stage.time.now())
    stage.ses.is_down = True
    mass_email = stage.to_people(2)
    stage.hours(1)
    assert stage.counts(mass_email) == {"Sent": 2}
    assert stage.account.state().read_at == stage.time.now() - timedelta(hours=1)


@pytest.mark.parametrize(("sent", "lifted"), [(100, False), (99, True)])
def test_the_daily_holds_end(stage: Stage, sent: int, lifted: bool) -> None:
    """Once SES shows room; a hold for another reason stays."""
    stage.ses.set(max_24_hour_send=100, sent_last_24_hours=sent)
    stage.account.hold("dailyQuota", "used up", stage.time.now())
    assert stage.release.refresh_account() == stage.account.state()
    assert (stage.account.state().hold is None) is lifted
    stage.account.lift("dailyQuota")
    stage.account.hold("sendingPaused", "by a person", stage.time.now())
    stage.release.run()
    assert stage.account.state().hold == "sendingPaused"


def test_the_time_of_the_tick_is_kept(stage: Stage) -> None:
    """A sweep does not change it: what the schedule does next is counted from it."""
    stage.release.run()
    ticked = stage.time.now()
    stage.time.advance(300)
    stage.sweep.run()
    state = stage.account.state()
    assert (state.ticked_at, state.read_at) == (ticked, stage.time.now())


def test_complete_when_everybody_has_an_end(stage: Stage) -> None:
    """Not while a portion is still to come (row 39)."""
    stage.org.set(mass_email_max_per_hour_count=2)
    mass_email = stage.to_people(3)
    stage.tick()
    assert stage.status(mass_email) is S.IN_PROCESS
    stage.hours(1)
    assert stage.status(mass_email) is S.COMPLETE


def test_failed_when_nobody_was_sent_to(stage: Stage) -> None:
    """There were recipients, and SES took none of them; it says so. One is enough for Complete."""
    all_failed, one_sent = stage.to_people(2), stage.to_people(2)
    stage.post.scripts.append(answers(Effect.FINAL, "messageRejected"))
    stage.tick()
    assert stage.status(all_failed) is S.FAILED
    reason = stage.now(all_failed).status_reason
    assert reason is not None
    assert (reason.code, reason.by, reason.since) == ("nobodySent", "system", stage.time.now())
    assert stage.status(one_sent) is S.COMPLETE
    assert stage.now(one_sent).status_reason is None


def test_started_by_two_ticks_at_once(stage: Stage) -> None:
    """One of them starts it; there is one freeze, and the message that it froze does not change."""
    mass_email = stage.to_people(3)
    stale = stage.now(mass_email)
    stage.release.run()
    version = stage.now(mass_email).message_version
    stage.edit_template(body="<p>Another body</p>")
    assert stage.release._begin(stale, stage.time.now()) is None
    assert stage.now(mass_email).freezes == 1
    assert stage.now(mass_email).message_version == version
    stage.drain()
    assert "Another" not in (stage.post.batches[0].template.html or "")


def test_paused_while_it_could_not_start(stage: Stage) -> None:
    """The pause counts; nothing is reported as broken."""
    mass_email = stage.to_people(1)
    stale = stage.now(mass_email)
    stage.steering.pause(mass_email.id)
    stage.org.set(outbound_email_from_address=None)
    assert stage.release._begin(stale, stage.time.now()) is None
    assert stage.status(mass_email) is S.PAUSED


def test_going_to_pending_again_after_it_could_not_start(stage: Stage) -> None:
    """Failed for a missing sender; mended, it goes out."""
    mass_email = stage.to_people(2)
    stage.org.set(outbound_email_from_address=None)
    reported: list[str] = []
    stage.__dict__["release"] = replace(stage.release, report=lambda event, *_, **__: reported.append(event))
    stage.tick()
    assert stage.status(mass_email) is S.FAILED
    assert reported == []
    stage.org.set(outbound_email_from_address="news@acme.example")
    stage.mass_email_store.transition(mass_email.id, Act.TO_PENDING, at=stage.time.now())
    stage.hours(1)
    assert stage.counts(mass_email) == {"Sent": 2}


def test_a_freeze_that_was_whole_but_not_noted(stage: Stage) -> None:
    """The next tick notes it on the record."""
    mass_email = stage.to_people(2)
    stage.release.run()
    now = stage.now(mass_email)
    stage.mass_email_store.change(replace(now, frozen=False), now)
    assert stage.release.run().frozen == 0
    assert stage.now(mass_email).frozen


def test_a_late_freeze_message_releases_nothing(stage: Stage) -> None:
    """With a batch limit, a message of the jobs queue that comes twice is no second tick."""
    stage.org.set(mass_email_max_per_batch_count=2)
    mass_email = stage.to_people(10)
    stage.tick()
    stage.work.handle({"kind": "freeze", "massEmailId": mass_email.id})
    assert stage.run_of(mass_email).released == 2


@pytest.mark.parametrize("status", [S.DRAFT, S.PENDING, S.PAUSED, S.COMPLETE, S.CANCELED])
def test_a_freeze_message_for_one_that_is_not_in_process(stage: Stage, status: MassEmailStatus) -> None:
    """Does nothing: a person has decided otherwise meanwhile."""
    mass_email = stage.to_people(2)
    now = stage.now(mass_email)
    reason = StatusReason(code="x", message="x", since=stage.time.now(), by="user")
    stage.mass_email_store.change(replace(now, status=status, status_reason=reason), now)
    stage.work.handle({"kind": "freeze", "massEmailId": mass_email.id})
    assert stage.recipients_of(mass_email) == []
    assert stage.status(mass_email) is status


def test_the_schedule_looks_only_at_what_is_under_way(stage: Stage) -> None:
    """A hundred finished ones cost nothing."""
    for _ in range(5):
        stage.to_people(1)
    stage.tick()
    stage.counted()
    stage.release.run()
    assert stage.counted().total() <= 8
