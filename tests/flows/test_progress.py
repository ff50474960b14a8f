"""How far a mass email is and what holds it back, as its answers show it; and the counts behind it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.records import CampaignStatus, CampaignType, MassEmail, MassEmailStatus
from chalicelib.domain.sending import Effect
from chalicelib.flows import tallying
from chalicelib.flows.tallying import FINAL_AFTER
from tests.flows.stage import Stage, answers

S = MassEmailStatus


@pytest.fixture
def stage() -> Stage:
    """Nobody yet, on a stage whose own URL is not known."""
    made = Stage()
    made.__dict__["environment"] = type("Environment", (), {"public_url": ""})()
    return made


def progress(stage: Stage, mass_email: MassEmail) -> Any:
    return stage.progress.of(stage.now(mass_email))


# When


def test_the_next_run_counts_from_the_last_tick(stage: Stage) -> None:
    """Not from the sweep, which also asks SES about the account."""
    mass_email = stage.to_people(1, start_at=stage.time.now())
    stage.release.run()
    ticked = stage.time.now()
    stage.time.advance(25 * 60)
    stage.sweep.run()
    assert progress(stage, mass_email).next_run_at == ticked + timedelta(hours=1)


def test_one_that_waits_for_its_time(stage: Stage) -> None:
    """The first tick from ``startAt`` on."""
    stage.release.run()
    at = stage.time.now() + timedelta(hours=2, minutes=10)
    mass_email = stage.to_people(1, start_at=at)
    assert progress(stage, mass_email).next_run_at == stage.time.now() + timedelta(hours=3)


def test_a_cron_schedule(stage: Stage) -> None:
    """In UTC, whatever the last tick was."""
    stage.org.set(send_schedule="cron(30 8 * * ? *)")
    mass_email = stage.to_people(1)
    expected: datetime = stage.time.now().replace(hour=8, minute=30) + timedelta(days=1)
    assert progress(stage, mass_email).next_run_at == expected


@pytest.mark.parametrize("status", [S.DRAFT, S.PAUSED, S.COMPLETE, S.FAILED, S.CANCELED])
def test_what_does_not_move_has_no_next_run(stage: Stage, status: MassEmailStatus) -> None:
    """And nothing blocks it."""
    stage.org.set(mass_email_site_url=None)
    mass_email = stage.to_people(1)
    stage.mass_email_store.change(replace(mass_email, status=status), mass_email)
    found = progress(stage, mass_email)
    assert (found.next_run_at, list(found.blocked_by)) == (None, [])


# What a person should know


@pytest.mark.parametrize("status", [S.DRAFT, S.PENDING, S.IN_PROCESS, S.PAUSED])
def test_a_send_without_a_postal_address_warns(stage: Stage, status: MassEmailStatus) -> None:
    """Until it is out; nothing is held back by it, and with the address nothing is said."""
    mass_email = stage.to_people(1)
    stage.mass_email_store.change(replace(mass_email, status=status), mass_email)
    assert list(progress(stage, mass_email).warnings) == ["noPostalAddress"]
    assert list(progress(stage, mass_email).blocked_by) == []
    stage.org.set(sender_postal_address="1 High Street, London")
    assert list(progress(stage, mass_email).warnings) == []


def test_an_informational_mailing_needs_no_postal_address(stage: Stage) -> None:
    """It is no commercial message; and what is out warns nobody any more."""
    campaign = stage.campaign(type=CampaignType.INFORMATIONAL)
    assert list(progress(stage, stage.to_people(1, campaign_id=campaign.id)).warnings) == []
    done = stage.to_people(1)
    stage.mass_email_store.change(replace(done, status=S.COMPLETE), done)
    assert list(progress(stage, done).warnings) == []


# What holds it back


def inactive(stage: Stage) -> None:
    stage.set_campaign(stage.campaign_store.get(stage.marked), status=CampaignStatus.INACTIVE)  # type: ignore[attr-defined]  # noted by the test


BLOCKS: list[tuple[str, Callable[[Stage], object]]] = [
    ("inactiveCampaign", inactive),
    ("senderNotVerified", lambda stage: stage.ses.verified.clear()),
    ("noSiteUrl", lambda stage: stage.org.set(mass_email_site_url=None)),
    ("scheduleOff", lambda stage: stage.org.set(send_schedule="cron(0 0 1 1 ? 2020)")),
    ("hourlyLimit", lambda stage: stage.org.set(mass_email_max_per_hour_count=0)),
    ("dailyQuota", lambda stage: stage.account.hold("dailyQuota", "used up", stage.time.now())),
    (
        "dailyQuota",
        lambda stage: stage.account.store(
            replace(stage.ses.now, max_24_hour_send=5, sent_last_24_hours=5), stage.time.now()
        ),
    ),
    (
        "sandbox",
        lambda stage: stage.account.store(replace(stage.ses.now, production_access=False), stage.time.now()),
    ),
]


@pytest.mark.parametrize("status", [S.PENDING, S.IN_PROCESS])
@pytest.mark.parametrize(("code", "block"), BLOCKS)
def test_what_blocks(
    stage: Stage, code: str, block: Callable[[Stage], object], status: MassEmailStatus
) -> None:
    """Each by its code, and nothing else."""
    campaign = stage.campaign()
    stage.marked = campaign.id  # type: ignore[attr-defined]  # for ``inactive``
    mass_email = stage.to_people(1, campaign_id=campaign.id)
    stage.mass_email_store.change(replace(mass_email, status=status), mass_email)
    assert list(progress(stage, mass_email).blocked_by) == []
    block(stage)
    stage.time.advance(61)  # what SES said of the sender is remembered for a minute
    assert list(progress(stage, mass_email).blocked_by) == [code]


def test_an_hour_that_is_used_up(stage: Stage) -> None:
    """Until it is over."""
    stage.org.set(mass_email_max_per_hour_count=2)
    mass_email = stage.to_people(3)
    stage.tick()
    assert list(progress(stage, mass_email).blocked_by) == ["hourlyLimit"]
    stage.time.advance(3600)
    assert list(progress(stage, mass_email).blocked_by) == []


def test_the_stages_own_url_is_enough(stage: Stage) -> None:
    """Without the setting."""
    stage.org.set(mass_email_site_url=None)
    stage.__dict__["environment"] = type("Environment", (), {"public_url": "https://stage.example"})()
    assert list(progress(stage, stage.to_people(1)).blocked_by) == []


def test_ses_is_asked_about_a_sender_once_a_minute(stage: Stage) -> None:
    """And a status can be read when it does not answer."""
    asked: list[str] = []
    answer = stage.ses.identity_verified

    def asking(address: str) -> bool:
        asked.append(address)
        if len(asked) == 2:
            raise ConnectionError("SES does not answer")
        return answer(address)

    stage.ses.identity_verified = asking  # type: ignore[method-assign]  # counted
    stage.ses.verified.clear()
    mass_email, own = stage.to_people(1), stage.to_people(1, from_address="own@acme.example")
    for _ in range(3):
        assert list(progress(stage, mass_email).blocked_by) == ["senderNotVerified"]
        assert list(progress(stage, own).blocked_by) == []
    assert asked == ["news@acme.example", "own@acme.example"]
    stage.time.advance(61)
    assert list(progress(stage, own).blocked_by) == ["senderNotVerified"]
    assert len(asked) == 3


# Counts


def test_counts_are_exact_all_along(stage: Stage) -> None:
    """Of every status, with the left-out among the Skipped and without tests."""
    stage.org.set(mass_email_max_per_hour_count=100)
    people = [*stage.contacts(120), stage.person(None)]
    mass_email = stage.mass_email(stage.target_list(people))
    assert stage.counts(mass_email) == {}
    stage.release.run()
    assert stage.counts(mass_email) == {"Pending": 120, "Skipped": 1}
    stage.post.scripts += [answers(Effect.UNKNOWN), answers(Effect.FINAL, "failed")]
    stage.drain()
    assert stage.counts(mass_email) == {"Pending": 20, "Sending": 50, "Failed": 50, "Skipped": 1}
    stage.hours(7)
    stage.sweep.run()
    assert stage.counts(mass_email) == {"Sent": 20, "Unknown": 50, "Failed": 50, "Skipped": 1}


def test_a_large_one_that_moves_is_counted_once_a_minute(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most 60 seconds old."""
    monkeypatch.setattr(tallying, "LIVE_SEGMENTS", 1)
    mass_email = stage.to_people(100)
    stage.release.run()
    assert stage.counts(mass_email) == {"Pending": 100}
    message = stage.queues.next_chunk()
    assert message is not None
    stage.deliver.handle(message)
    stage.counted()
    assert stage.counts(mass_email) == {"Pending": 100}
    assert stage.counted().total() <= 3
    stage.time.advance(61)
    assert stage.counts(mass_email) == {"Pending": 50, "Sent": 50}


def test_final_counts_are_stored(stage: Stage) -> None:
    """A week after the end one request answers; before that late events still count."""
    mass_email = stage.to_people(100)
    stage.tick()
    first, second, *_ = stage.places(mass_email).values()
    stage.event(first, accepted=False)
    assert stage.counts(mass_email) == {"Sent": 99, "Failed": 1}
    stage.time.advance(6 * 24 * 3600)
    stage.event(second, accepted=False)
    assert stage.counts(mass_email) == {"Sent": 98, "Failed": 2}
    stage.time.advance(FINAL_AFTER.total_seconds())
    assert stage.counts(mass_email) == {"Sent": 98, "Failed": 2}
    stage.counted()
    assert stage.tallying.of(stage.now(mass_email)).counts
    assert stage.counted().total() == 2  # the record, which the test itself reads, and the counts


def test_counts_with_somebody_unknown_are_never_final(stage: Stage) -> None:
    """A sign of life may come after a year; and a person may decide."""
    mass_email = stage.to_people(2)
    stage.post.always = answers(Effect.UNKNOWN)
    stage.tick()
    stage.hours(7)
    stage.sweep.run()
    stage.time.advance(400 * 24 * 3600)
    assert stage.counts(mass_email) == {"Unknown": 2}
    stage.event(next(iter(stage.places(mass_email).values())))
    assert stage.counts(mass_email) == {"Sent": 1, "Unknown": 1}
    stage.recipients.settle(mass_email.id, None, sent=False)
    assert stage.counts(mass_email) == {"Sent": 1, "Failed": 1}
