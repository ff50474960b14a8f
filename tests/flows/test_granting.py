"""Portions as the schedule grants them: exact, shared, stored before they are worked off (rows 31 to 33)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.portions import GRANT_COUNTS_FOR
from chalicelib.domain.records import CampaignStatus, MassEmail, MassEmailStatus
from chalicelib.domain.runs import chunks_of
from chalicelib.domain.sending import Effect
from chalicelib.errors import Deferred
from chalicelib.flows import granting
from tests.flows.stage import Stage, answers, dying

S = MassEmailStatus


@pytest.fixture
def stage() -> Stage:
    """Nobody yet."""
    return Stage()


def released(stage: Stage, *mass_emails: MassEmail) -> list[int]:
    """How many of each were ever released."""
    return [stage.run_of(each).released for each in mass_emails]


def test_the_designs_example(stage: Stage) -> None:
    """500 an hour; A has many, B has 20: B 20, A 480, and exactly so many messages."""
    stage.org.set(mass_email_max_per_hour_count=500)
    a, b = stage.to_people(1_000), stage.to_people(20)
    stage.tick()
    assert released(stage, a, b) == [480, 20]
    assert len(stage.post.accepted) == 500
    assert [stage.status(each) for each in (a, b)] == [S.IN_PROCESS, S.COMPLETE]
    stage.hours(1)
    assert released(stage, a) == [980]
    stage.hours(1)
    assert stage.counts(a) == {"Sent": 1_000}
    assert stage.status(a) is S.COMPLETE


@pytest.mark.parametrize(("seconds", "more"), [(57 * 60 + 59, 0), (58 * 60, 30)])
def test_an_hour_is_58_minutes(stage: Stage, seconds: int, more: int) -> None:
    """Early by up to two minutes, a tick has its whole hour."""
    stage.org.set(mass_email_max_per_hour_count=30)
    stage.to_people(100)
    stage.tick()
    stage.time.advance(seconds)
    stage.tick()
    assert len(stage.post.accepted) == 30 + more


def test_grants_that_count_no_more_are_forgotten(stage: Stage) -> None:
    """The allowance does not grow from hour to hour."""
    stage.org.set(mass_email_max_per_hour_count=30)
    stage.to_people(100)
    stage.tick()
    stage.hours(2)
    assert [grant.count for grant in stage.account.allowance().grants] == [30]


def test_two_ticks_in_the_same_second(stage: Stage) -> None:
    """One portion."""
    stage.org.set(mass_email_max_per_hour_count=30)
    mass_email = stage.to_people(100)
    stage.tick()
    stage.tick()
    assert released(stage, mass_email) == [30]


def test_two_ticks_at_once(stage: Stage) -> None:
    """Both have read the same allowance; one transaction takes it, the other sees that and takes nothing more."""
    stage.org.set(mass_email_max_per_hour_count=30)
    mass_email = stage.to_people(100)
    stage.org.set(mass_email_max_per_hour_count=0)
    stage.tick()
    stage.org.set(mass_email_max_per_hour_count=30)
    grant = stage.account.grant
    nested = {"once": True}

    class Account:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.account, name)

        def grant(self, *args: Any) -> None:
            if nested.pop("once", None):
                stage.release.run()
            grant(*args)

    first = replace(stage.granting, account=Account())
    assert first.grant([stage.now(mass_email)], lambda: [mass_email.id]) == {}
    assert released(stage, mass_email) == [30]
    assert len(stage.run_of(mass_email).open_plans) == 1


def test_others_who_stay_faster_defer_it(stage: Stage) -> None:
    """Ten lost races, and the next tick tries again."""
    mass_email = stage.to_people(10)
    stage.org.set(mass_email_max_per_hour_count=0)
    stage.tick()
    stage.org.set(mass_email_max_per_hour_count=30)

    class Account:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.account, name)

        def grant(self, allowance: Any, granted: Any) -> None:
            stage.account.grant(replace(allowance, rev=allowance.rev + 100), granted)

    beaten = replace(stage.granting, account=Account())
    with pytest.raises(Deferred):
        beaten.grant([stage.now(mass_email)], lambda: [mass_email.id])
    assert released(stage, mass_email) == [0]


def test_what_was_released_counts_not_what_was_sent(stage: Stage) -> None:
    """A portion that SES throttles is not granted once more within its hour."""
    stage.org.set(mass_email_max_per_hour_count=30)
    mass_email = stage.to_people(100)
    stage.post.always = answers(Effect.BACK)
    stage.tick()
    stage.time.advance(600)
    stage.tick()
    assert released(stage, mass_email) == [30]


def test_tests_do_not_count(stage: Stage) -> None:
    """A Send Test takes nothing from the hour."""
    from chalicelib.domain.previews import Chosen  # noqa: PLC0415 - one test needs it

    stage.org.set(mass_email_max_per_hour_count=30)
    mass_email = stage.to_people(100)
    people = stage.contacts(5)
    targets = [Chosen(each.__class__.__name__, each.id) for each in people]  # type: ignore[arg-type]  # its value
    stage.previewing.send_test(mass_email.id, targets)
    stage.tick()
    assert released(stage, mass_email) == [30]


def test_the_batch_limit_is_per_mass_email_and_tick(stage: Stage) -> None:
    """Row 32: what one may not use goes to the others; empty is no limit."""
    stage.org.set(mass_email_max_per_hour_count=100, mass_email_max_per_batch_count=30)
    a, b = stage.to_people(200), stage.to_people(200)
    stage.tick()
    assert released(stage, a, b) == [30, 30]
    stage.org.set(mass_email_max_per_batch_count=None)
    stage.tick()
    assert released(stage, a, b) == [50, 50]


def test_no_limit_at_all(stage: Stage) -> None:
    """A null setting and SES's -1: everybody at once."""
    mass_email = stage.to_people(120)
    stage.tick()
    assert stage.counts(mass_email) == {"Sent": 120}


def test_ses_daily_rest(stage: Stage) -> None:
    """What was sent, and what was released and not yet sent, also of a paused mass email, is not there any more."""
    paused = stage.to_people(60)
    stage.ses.set(max_24_hour_send=100, sent_last_24_hours=0)
    stage.release.run()
    stage.steering.pause(paused.id)
    stage.drain()
    assert stage.counts(paused) == {"Pending": 60}
    other = stage.to_people(60)
    stage.hours(1)
    assert released(stage, paused, other) == [60, 40]
    stage.ses.set(sent_last_24_hours=40)
    stage.hours(1)
    assert released(stage, other) == [40]
    stage.ses.set(max_24_hour_send=-1)
    stage.hours(1)
    assert released(stage, other) == [60]


def test_what_is_unsent_is_counted_by_its_own_chunks(stage: Stage) -> None:
    """A plan that shares a segment with an earlier one: what that one sent does not make this one's smaller."""
    stage.ses.set(max_24_hour_send=1_000, sent_last_24_hours=0)
    stage.org.set(mass_email_max_per_hour_count=25)
    mass_email = stage.to_people(50)
    stage.tick()
    stage.time.advance(3600)
    stage.release.run()
    assert released(stage, mass_email) == [50]
    assert stage.open_plans.unsent(stage.run_of(mass_email)) == 25
    stage.drain()
    assert stage.open_plans.unsent(stage.run_of(mass_email)) == 0


def test_the_segments_do_not_matter_to_the_numbers(stage: Stage) -> None:
    """Exactly that many go, not a chunk more or less."""
    stage.org.set(mass_email_max_per_hour_count=37)
    mass_email = stage.to_people(120)
    stage.tick()
    assert len(stage.post.accepted) == 37
    stage.hours(3)
    assert stage.counts(mass_email) == {"Sent": 120}
    assert len(stage.post.addresses) == len(set(stage.post.addresses))


def test_nothing_is_granted_while_the_account_is_held(stage: Stage) -> None:
    """No plan, no allowance; once it is lifted, at the next tick."""
    stage.account.hold("sendingPaused", "a person paused it", stage.time.now())
    mass_email = stage.to_people(3)
    stage.tick()
    assert released(stage, mass_email) == [0]
    stage.account.lift("sendingPaused")
    stage.tick()
    assert stage.counts(mass_email) == {"Sent": 3}


def test_an_inactive_campaign_takes_no_share(stage: Stage) -> None:
    """Not at a tick, and not when its freeze ends in the jobs queue."""
    stage.org.set(mass_email_max_per_hour_count=30)
    campaign = stage.campaign()
    held = stage.to_people(60, campaign_id=campaign.id)
    stage.tick()
    campaign = stage.set_campaign(campaign, status=CampaignStatus.INACTIVE)
    other = stage.to_people(60)
    stage.hours(1)
    assert released(stage, held, other) == [30, 30]
    now = stage.now(held)
    stage.mass_email_store.change(replace(now, frozen=False), now)
    stage.time.advance(3600)
    stage.work.handle({"kind": "freeze", "massEmailId": held.id})
    assert released(stage, held) == [30]


def test_more_mass_emails_than_a_transaction_holds(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """All share alike all the same, each transaction counting on from the one before."""
    monkeypatch.setattr(granting, "GRANTED_AT_ONCE", 2)
    monkeypatch.setattr(granting, "TRIES", 1)
    stage.org.set(mass_email_max_per_hour_count=23)
    mass_emails = [stage.to_people(10) for _ in range(5)]
    stage.tick()
    assert sorted(released(stage, *mass_emails)) == [4, 4, 5, 5, 5]
    assert len(stage.post.accepted) == 23
    stage.tick()
    assert sum(released(stage, *mass_emails)) == 23


def test_a_plan_is_stored_before_it_is_worked_off(stage: Stage) -> None:
    """The queue was down: what was granted goes out at the next tick, or at the next sweep, and once."""
    mass_email = stage.to_people(60)
    stage.queues.is_down = True
    with pytest.raises(ConnectionError):
        stage.release.run()
    assert released(stage, mass_email) == [60]
    stage.queues.is_down = False
    stage.tick()
    assert stage.counts(mass_email) == {"Sent": 60}
    assert len(stage.post.batches) == 2


@pytest.mark.parametrize("after", [False, True])
def test_death_at_any_request(after: bool) -> None:
    """Of the whole tick: never more than the portion, and in the end everybody once."""
    stage = Stage(rate=3)
    stage.org.set(mass_email_max_per_hour_count=5)
    a, b = stage.to_people(4), stage.to_people(6)
    stage.org.set(mass_email_max_per_hour_count=0)
    stage.tick()
    stage.org.set(mass_email_max_per_hour_count=5)
    for _ in dying(stage, stage.release.run, after=after):
        stage.sweep.run()
        stage.tick(patience=5)
        assert sum(released(stage, a, b)) == 5
        assert len(stage.post.accepted) == 5
        stage.hours(2)
        assert [stage.counts(each) for each in (a, b)] == [{"Sent": 4}, {"Sent": 6}]
        assert len(stage.post.accepted) == 10


HOURS = st.lists(
    st.fixed_dictionaries(
        {
            "seconds": st.sampled_from([0, 1, 600, 3_480, 3_600]),
            "limit": st.none() | st.integers(0, 12),
            "batch": st.none() | st.integers(0, 5),
        }
    ),
    max_size=6,
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 15), min_size=1, max_size=3), HOURS, st.integers(1, 60))
def test_portions_are_exact(sizes: list[int], hours: list[Mapping[str, Any]], rate: int) -> None:
    """Whatever is set and whenever the ticks come: as many calls as plans say, never more than the limit allows."""
    stage = Stage(rate=rate)
    stage.org.set(mass_email_max_per_hour_count=0)
    mass_emails = [stage.to_people(size) for size in sizes]
    stage.tick()
    grants: list[tuple[Any, int]] = []
    for hour in hours:
        stage.time.advance(hour["seconds"])
        stage.org.set(
            mass_email_max_per_hour_count=hour["limit"], mass_email_max_per_batch_count=hour["batch"]
        )
        before, left = len(stage.post.accepted), sum(sizes) - len(stage.post.accepted)
        at = stage.time.now()
        counted = sum(count for when, count in grants if at - when < GRANT_COUNTS_FOR)
        stage.tick(patience=120)
        sent = len(stage.post.accepted) - before
        grants.append((at, sent))
        most = left if hour["limit"] is None else max(0, hour["limit"] - counted)
        assert sent <= most
        if hour["batch"] is None:
            assert sent == min(left, most)
    assert len(stage.post.addresses) == len(set(stage.post.addresses))
    assert sum(released(stage, *mass_emails)) == len(stage.post.accepted)


def test_plans_are_the_same_however_often_they_are_read(stage: Stage) -> None:
    """Stored and read again, a plan gives the same chunks."""
    stage.org.set(mass_email_max_per_hour_count=73)
    mass_email = stage.to_people(120)
    stage.release.run()
    run = stage.run_of(mass_email)
    (plan,) = stage.runs.plans(mass_email.id, run.open_plans)
    assert [each.chunk.name for each in chunks_of(plan, run.stretches)] == ["0.50", "0.23"]
    assert plan.created_at + timedelta() == stage.time.now()
