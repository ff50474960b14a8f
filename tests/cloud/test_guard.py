"""The guard on a whole stage: events come in by the topic, the sweep looks, sending stops and an administrator resumes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.domain.ids import TEST_SEGMENTS_FROM, Place, base_of
from chalicelib.domain.log import Action, BounceType, LogDetails
from tests.docs.posting import Post, open_post
from tests.world import World

HARD = LogDetails(bounce_type=BounceType.HARD)
SOFT = LogDetails(bounce_type=BounceType.SOFT)
SUPPRESSED = LogDetails(bounce_type=BounceType.HARD, bounce_sub_type="Suppressed")
BY_DIAGNOSTIC = LogDetails(
    bounce_type=BounceType.HARD,
    bounce_sub_type="General",
    diagnostic_code="Amazon SES has suppressed sending to this address",
)
UNSUBSCRIBED = LogDetails(bounce_type=BounceType.HARD, bounce_sub_type="UnsubscribedRecipient")
REPEATED = LogDetails(complaint_sub_type="OnAccountSuppressionList")
NOTHING = LogDetails()


class Guarded:
    """A mass email that sends, and a limit small enough to look at."""

    def __init__(self, post: Post) -> None:
        self.post, self.world = post, post.world
        post.set(guardMinDelivered=20, massEmailMaxPerHourCount=1)
        self.mass_email = post.mass_email("anna@example.org", "ben@example.org", "cleo@example.org")
        post.hour()
        self.operators = self._listen()

    def happen(self, action: Action, count: int, details: LogDetails = NOTHING, segment: int = 100) -> None:
        """So many recipients of the mass email come to this."""
        for number in range(count):
            place = Place(base_of(self.mass_email), segment + number // 50, number % 50)
            self.world.wiring.log_writer.happened(place, action, self.world.clock.now(), details)
        self.world.clock.advance(1)

    def status(self) -> tuple[str, str]:
        """Of the mass email, with its reason's code."""
        found = self.post.api.get(f"/v1/mass-emails/{self.mass_email}")
        return found["status"], (found["statusReason"] or {}).get("code", "")

    def paused(self) -> Any:
        """Why all sending is paused; None if it is not."""
        return self.post.api.get("/v1/quota")["sendingPausedReason"]

    def told(self) -> list[dict[str, Any]]:
        """What the operators were told."""
        found = self.world.taken(self.operators)
        return [json.loads(each["Message"]) for each in found]

    def _listen(self) -> str:
        wiring = self.world.wiring
        sqs, sns = wiring.client("sqs"), wiring.client("sns")
        url: str = sqs.create_queue(QueueName="operators")["QueueUrl"]
        sns.subscribe(
            TopicArn=wiring.environment.operators_topic_arn,
            Protocol="sqs",
            Endpoint="arn:aws:sqs:eu-west-1:123456789012:operators",
        )
        return url


@pytest.fixture
def guarded(world: World) -> Iterator[Guarded]:
    """One of three recipients was sent to, and it was delivered."""
    with open_post(world) as post:
        yield Guarded(post)


def test_bounces_pause_mass_email_and_account(guarded: Guarded) -> None:
    """With the reason on both, and the operators told; nothing more goes out."""
    guarded.happen(Action.DELIVERED, 18)
    guarded.happen(Action.BOUNCED, 1, HARD, segment=200)
    guarded.world.tick("sweep")
    assert guarded.status() == ("Paused", "guard")
    assert guarded.paused()["code"] == "guard"
    assert guarded.paused()["message"].startswith("5.00 % of 20 messages")
    told = guarded.told()
    assert [each["subject"] for each in told] == ["Envoi paused a mass email", "Envoi paused all sending"]
    assert told[0]["massEmailId"] == guarded.mass_email
    sent = len(guarded.post.inbox())
    guarded.post.hour()
    assert len(guarded.post.inbox()) == sent
    guarded.world.tick("sweep")
    assert guarded.told() == []  # once is enough


def test_one_bad_mass_email_stops_alone(guarded: Guarded) -> None:
    """Its own rate is past the limit, that of all mail is not: the others go on."""
    good = guarded.post.mass_email(*(f"reader{number}@example.org" for number in range(3)))
    guarded.post.hour()
    guarded.happen(Action.DELIVERED, 18)
    guarded.happen(Action.BOUNCED, 2, HARD, segment=200)  # 10 % of its own, 2 % of all
    bad, guarded.mass_email = guarded.mass_email, good
    guarded.happen(Action.DELIVERED, 80)
    guarded.world.tick("sweep")
    assert (guarded.status(), guarded.paused()) == (("In Process", ""), None)
    guarded.mass_email = bad
    assert guarded.status() == ("Paused", "guard")
    (told,) = guarded.told()
    assert (told["subject"], told["massEmailId"]) == ("Envoi paused a mass email", bad)


def test_all_together_stop_the_account(guarded: Guarded) -> None:
    """Each too small to be judged alone: none is paused, and yet nothing more goes out until somebody resumes."""
    guarded.post.set(massEmailMaxPerHourCount=2)
    first = guarded.mass_email
    second = guarded.post.mass_email(*(f"reader{number}@example.org" for number in range(3)))
    guarded.post.hour()
    for guarded.mass_email in (first, second):
        guarded.happen(Action.DELIVERED, 10)
        guarded.happen(Action.BOUNCED, 1, HARD, segment=200)
    guarded.world.tick("sweep")
    for guarded.mass_email in (first, second):
        assert guarded.status() == ("In Process", "")
    assert guarded.paused()["code"] == "guard"
    assert [each["subject"] for each in guarded.told()] == ["Envoi paused all sending"]
    sent = len(guarded.post.inbox())
    guarded.post.hour()
    assert len(guarded.post.inbox()) == sent
    guarded.post.api.post("/v1/quota/resume", None, 200)
    guarded.post.hour()
    assert len(guarded.post.inbox()) > sent


def test_complaints_do_too(guarded: Guarded) -> None:
    """From 0.1 % on."""
    guarded.happen(Action.DELIVERED, 20)
    guarded.happen(Action.COMPLAINED, 1)
    guarded.world.tick("sweep")
    assert guarded.status() == ("Paused", "guard")
    assert "complained of" in guarded.paused()["message"]


@pytest.mark.parametrize(
    ("action", "details"),
    [
        (Action.BOUNCED, SOFT),
        (Action.BOUNCED, SUPPRESSED),
        (Action.BOUNCED, BY_DIAGNOSTIC),
        (Action.BOUNCED, UNSUBSCRIBED),
        (Action.COMPLAINED, REPEATED),
    ],
)
def test_what_no_mailbox_said_for_good_does_not_count(
    guarded: Guarded, action: Action, details: LogDetails
) -> None:
    """A soft bounce, and what SES itself answered because of a list."""
    guarded.happen(Action.DELIVERED, 20)
    guarded.happen(action, 20, details)
    guarded.world.tick("sweep")
    assert (guarded.status(), guarded.paused()) == (("In Process", ""), None)


def test_tests_do_not_count(guarded: Guarded) -> None:
    """Send Test to the mailbox simulator is how one tries bounces."""
    guarded.happen(Action.DELIVERED, 20)
    guarded.happen(Action.BOUNCED, 20, HARD, segment=TEST_SEGMENTS_FROM)
    guarded.world.tick("sweep")
    assert guarded.paused() is None


def test_the_events_of_ses_are_what_is_counted(guarded: Guarded) -> None:
    """Through topic and feedback: hard bounces and complaints of the mailbox simulator trip it, others do not."""
    post = guarded.post
    for _ in range(3):
        post.hour()
    post.set(guardMinDelivered=5, massEmailMaxPerHourCount=100)
    kinds = ["success", "success", "suppressionlist", "ooto", "bounce"]
    mass_email = post.mass_email(*(f"{kind}+{n}@simulator.amazonses.com" for n, kind in enumerate(kinds)))
    post.hour()
    post.hour(10)  # SES tells within seconds
    assert post.api.get(f"/v1/mass-emails/{mass_email}")["status"] == "Complete"
    assert guarded.paused()["code"] == "guard"
    (told,) = guarded.told()
    assert "% of 7 messages within 24 hours bounced" in told["reason"]


def test_a_used_up_quota_does_not_hide_it(guarded: Guarded) -> None:
    """The quota's hold lifts itself; the guard's waits for a person."""
    guarded.world.wiring.account.hold("dailyQuota", "used up", guarded.world.clock.now())
    guarded.happen(Action.BOUNCED, 20, HARD)
    guarded.world.tick("sweep")
    assert guarded.paused()["code"] == "guard"
    guarded.world.tick("release")
    guarded.world.tick("sweep")
    assert guarded.paused()["code"] == "guard"


def test_what_an_administrator_releases_is_watched(guarded: Guarded) -> None:
    """Not only what the schedule does: it may be done before the next round."""
    mass_email = guarded.post.mass_email("dora@example.org")
    guarded.post.api.post("/v1/release", None, 200)
    assert guarded.world.wiring.guard.store.watch().ids == {guarded.mass_email, mass_email}


def test_a_paused_one_is_forgotten_a_day_later(guarded: Guarded) -> None:
    """And watched again once somebody resumes it."""
    guarded.happen(Action.BOUNCED, 20, HARD)
    guarded.world.tick("sweep")
    store = guarded.world.wiring.guard.store
    guarded.world.clock.advance(26 * 3600)
    for _ in range(2):
        guarded.world.tick("sweep")
    assert (guarded.status(), store.watch().ids) == (("Paused", "guard"), set())
    guarded.post.api.post("/v1/quota/resume", None, 200)
    guarded.post.api.post(f"/v1/mass-emails/{guarded.mass_email}/resume", None, 200)
    guarded.world.tick("release")
    assert store.watch().ids == {guarded.mass_email}


def test_one_that_sends_is_watched_however_long(guarded: Guarded) -> None:
    """After a day without an event, too: its next portion may bounce."""
    guarded.world.clock.advance(26 * 3600)
    for _ in range(2):
        guarded.world.tick("sweep")
    assert guarded.status()[0] == "In Process"
    assert guarded.world.wiring.guard.store.watch().ids == {guarded.mass_email}


def test_after_a_resume_only_the_new_counts(guarded: Guarded) -> None:
    """An administrator has decided; if it goes on like that, it pauses again."""
    guarded.happen(Action.DELIVERED, 10)
    guarded.happen(Action.BOUNCED, 10, HARD, segment=200)
    guarded.world.tick("sweep")
    guarded.post.api.post("/v1/quota/resume", None, 200)
    guarded.post.api.post(f"/v1/mass-emails/{guarded.mass_email}/resume", None, 200)
    guarded.world.clock.advance(1)
    for _ in range(2):
        guarded.world.tick("sweep")
        assert (guarded.status()[0], guarded.paused()) == ("In Process", None)
    guarded.told()
    guarded.happen(Action.DELIVERED, 10, segment=300)
    guarded.happen(Action.BOUNCED, 10, HARD, segment=400)
    guarded.world.tick("sweep")
    assert guarded.status() == ("Paused", "guard")
    assert guarded.paused() is not None
    assert len(guarded.told()) == 2


def test_a_day_later_nothing_of_it_counts(guarded: Guarded) -> None:
    """However often the sweep looked in between: what it has counted it does not count again."""
    guarded.happen(Action.DELIVERED, 19)
    for _ in range(6):
        guarded.world.clock.advance(20 * 60)
        guarded.world.tick("sweep")
    guarded.world.clock.advance(22 * 3600 + 60)
    guarded.happen(Action.BOUNCED, 1, HARD, segment=200)
    guarded.world.tick("sweep")
    assert guarded.paused() is None
    guarded.happen(Action.BOUNCED, 19, HARD, segment=300)
    guarded.world.tick("sweep")
    assert guarded.paused() is not None


def test_events_of_the_day_add_up(guarded: Guarded) -> None:
    """Those of closed slices with those of now."""
    for hour in range(4):
        guarded.happen(Action.DELIVERED, 5, segment=100 + hour)
        guarded.world.clock.advance(3600)
        guarded.world.tick("sweep")
    assert guarded.paused() is None
    guarded.happen(Action.BOUNCED, 2, HARD, segment=300)
    guarded.world.tick("sweep")
    assert guarded.paused()["message"].startswith("8.70 % of 23 messages")


def test_a_mass_email_that_is_done_is_watched_on(guarded: Guarded) -> None:
    """Its bounces come after it: the account is held all the same, and the done one stays as it is."""
    for _ in range(3):
        guarded.post.hour()
    assert guarded.status()[0] == "Complete"
    guarded.happen(Action.DELIVERED, 10)
    guarded.happen(Action.BOUNCED, 10, HARD, segment=200)
    guarded.world.tick("sweep")
    assert guarded.status()[0] == "Complete"
    assert guarded.paused()["code"] == "guard"


def test_a_day_after_its_last_event_it_is_watched_no_more(guarded: Guarded) -> None:
    """Rounds cost something for every mass email that is watched."""
    store = guarded.world.wiring.guard.store
    for _ in range(3):
        guarded.post.hour()
    assert store.watch().ids == {guarded.mass_email}
    guarded.world.clock.advance(26 * 3600)
    guarded.world.tick("sweep")
    guarded.world.tick("sweep")
    assert store.watch().ids == set()


def test_the_rates_are_measured(guarded: Guarded, lines: list[dict[str, Any]]) -> None:
    """For the alarms; a rate of a few messages says nothing and is none."""
    guarded.world.tick("sweep")
    assert not any("BounceRate" in line for line in lines)
    guarded.post.set(guardBounceRate=None)
    guarded.happen(Action.DELIVERED, 14)
    guarded.happen(Action.BOUNCED, 5, HARD, segment=200)
    guarded.world.tick("sweep")
    (rates,) = [line for line in lines if "BounceRate" in line]
    assert (rates["BounceRate"], rates["ComplaintRate"]) == (25.0, 0.0)
    assert guarded.paused() is None
    assert any("QuotaUsed" in line for line in lines)


def test_operators_that_cannot_be_told_do_not_matter(guarded: Guarded, lines: list[dict[str, Any]]) -> None:
    """The pause stands, and the trouble is in the log."""
    sns = guarded.world.wiring.client("sns")
    sns.delete_topic(TopicArn=guarded.world.wiring.environment.operators_topic_arn)
    guarded.happen(Action.BOUNCED, 20, HARD)
    guarded.world.tick("sweep")
    sns.create_topic(Name="envoi-dev-operators")
    assert guarded.paused()["code"] == "guard"
    assert [line.get("event") for line in lines].count("operators_not_told") == 2
