"""What a function does once in a long while, done once through its own door: so the whole run knows what its policy is for.

``whole_run.py`` compares what functions did with what they may do; that no chance decides is this module's part.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.domain.clock import rfc3339
from chalicelib.domain.events import TAG_MASS_EMAIL, TAG_RECIPIENT
from chalicelib.doors import FunctionFailed
from chalicelib.storage import keys
from devstack import resources
from tests.docs.posting import Post, open_post
from tests.world import World

ANNA, BEN = "anna@example.com", "ben@example.com"
LATER = 7 * 3600  # seconds: a silent claim has been settled by then
STUCK = 11 * 60  # seconds
MANY = 5_001  # members: more than ``release`` freezes by itself


@pytest.fixture
def post(world: World) -> Iterator[Post]:
    """A stage that posts mail."""
    with open_post(world) as post:
        yield post


def lose(world: World, queue: str) -> list[Any]:
    """Take everything off ``send`` or ``jobs``, as if it had never come there."""
    environment = world.wiring.environment
    return world.taken(environment.send_queue_url if queue == "send" else environment.jobs_queue_url)


def status(post: Post, mass_email: str) -> str:
    """Of the mass email."""
    return str(post.api.get(f"/v1/mass-emails/{mass_email}")["status"])


def test_sweep_mends_the_schedule(world: World) -> None:
    """A deployment, or a person, put another expression there: the setting is the truth."""
    events, rule = world.wiring.client("events"), world.wiring.environment.release_rule
    events.put_rule(Name=rule, ScheduleExpression="rate(7 days)", State="ENABLED", Description="ours")
    world.tick("sweep")
    found = events.describe_rule(Name=rule)
    assert (found["ScheduleExpression"], found["Description"]) == ("rate(1 hour)", "ours")


def test_what_the_send_queue_did_not_take_sweep_puts_there(post: Post) -> None:
    """The plan is stored before anything of it is on the queue."""
    mass_email = post.mass_email(ANNA)
    post.world.clock.advance(3600)
    environment, sqs = post.world.wiring.environment, post.world.wiring.client("sqs")
    sqs.delete_queue(QueueUrl=environment.send_queue_url)
    with pytest.raises(FunctionFailed, match="QueueDoesNotExist"):
        post.world.tick("release")
    resources._make_queues(sqs)
    assert lose(post.world, "send") == []
    post.world.tick("sweep")
    post.settle()
    assert post.standing(mass_email) == {ANNA: ("Sent", None)}
    assert len(post.inbox()) == 1


def test_a_plan_whose_close_was_lost_is_closed_by_sweep(post: Post) -> None:
    """And with it the mass email is done, and off the schedule's list."""
    mass_email = post.mass_email(ANNA)
    post.world.clock.advance(3600)
    post.deliver(*post.released())
    assert [job["kind"] for job in lose(post.world, "jobs")] == ["close"]
    assert status(post, mass_email) == "In Process"
    post.world.tick("sweep")
    assert status(post, mass_email) == "Complete"
    assert list(post.world.wiring.mass_email_store.open_ids()) == []


def test_an_empty_audience_is_done_by_release(post: Post) -> None:
    """Nothing goes on any queue."""
    mass_email = post.mass_email()
    assert post.released() == []
    assert status(post, mass_email) == "Complete"


def test_a_large_freeze_is_work_s_and_a_lost_one_is_started_again(post: Post) -> None:
    """Release leaves it to the jobs queue; the message is lost; ten minutes later sweep puts it there once more."""
    list_id = post.target_list(ANNA)
    mass_email = post.mass_email(targetListIds=[list_id])
    table = post.world.wiring.table
    table.update(  # as if the others were members as well: to make 5,000 takes a minute
        keys.list_counts(list_id),
        UpdateExpression="SET entryCount = :many",
        ExpressionAttributeValues={":many": {"N": str(MANY)}},
    )
    assert post.released() == []
    assert [job["kind"] for job in lose(post.world, "jobs")] == ["freeze"]
    post.world.tick("sweep")
    assert lose(post.world, "jobs") == []  # somebody may be at work
    post.world.clock.advance(STUCK)
    post.world.tick("sweep")
    (job,) = lose(post.world, "jobs")
    post.world.queued("work", job)
    post.settle()
    assert post.standing(mass_email) == {ANNA: ("Sent", None)}


def test_silence_is_sent_again_when_nothing_lies_in_the_failure_queue(post: Post) -> None:
    """SES answered 500 and no event came, though those of another message did."""
    silent = post.mass_email(ANNA)
    with post.trouble(error_before_accept=1.0):
        post.hour()
    assert post.standing(silent)[ANNA][0] == "Sending"
    post.world.clock.advance(60)
    post.mass_email(BEN)
    post.hour()
    post.world.clock.advance(LATER)
    post.settle()
    post.settle()
    assert post.standing(silent) == {ANNA: ("Sent", None)}
    assert [each["to"] for each in post.inbox()].count(ANNA) == 1


def test_a_hard_bounce_and_a_row_of_soft_ones(post: Post) -> None:
    """The address's own row is found by the keyed hash; the last delivery is looked up when the row is long."""
    hard, soft = "bounce@simulator.amazonses.com", "ooto@simulator.amazonses.com"
    mass_email = post.mass_email(hard, soft)
    post.hour()
    recipient = post.recipients(mass_email)[soft]["id"]
    for _ in range(5):
        post.world.clock.advance(60)
        post.world.published(_soft_bounce(mass_email, recipient, soft, rfc3339(post.world.clock.now())))
    flags = {
        address: post.api.get(f"/v1/email-addresses?address={address}")["invalid"] for address in (hard, soft)
    }
    assert flags == {hard: True, soft: True}


def _soft_bounce(mass_email: str, recipient: str, address: str, at: str) -> Any:
    """As SES tells it."""
    return {
        "eventType": "Bounce",
        "mail": {
            "timestamp": at,
            "messageId": recipient,
            "destination": [address],
            "tags": {TAG_MASS_EMAIL: [mass_email], TAG_RECIPIENT: [recipient]},
        },
        "bounce": {
            "bounceType": "Transient",
            "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": address}],
            "timestamp": at,
        },
    }


def test_a_sync_that_cannot_be_begun_is_noted_on_its_list(post: Post) -> None:
    """The other lists are another matter."""
    report = post.api.post("/v1/reports", {"name": "All", "entityType": "Lead"})
    target_list = post.api.target_list(reportIds=[report["id"]], syncEnabled=True)
    sqs, environment = post.world.wiring.client("sqs"), post.world.wiring.environment
    sqs.delete_queue(QueueUrl=environment.jobs_queue_url)
    post.world.tick("sync_lists")
    resources._make_queues(sqs)
    noted = post.api.get(f"/v1/target-lists/{target_list['id']}")["lastSync"]
    assert noted["error"] == "it could not be begun"
    post.world.tick("sync_lists")
    assert [job["kind"] for job in lose(post.world, "jobs")] == ["job"]


def test_an_address_comes_off_ses_s_suppression_list(post: Post) -> None:
    """When an administrator says that it is valid; for one that is not on it, too."""
    for address, suppressed in ((ANNA, True), (BEN, False)):
        if suppressed:
            post.world.ses.suppress(address, "BOUNCE")
        post.api.patch(f"/v1/email-addresses?address={address}", {"invalid": True})
        post.api.patch(f"/v1/email-addresses?address={address}", {"invalid": False})
    post.mass_email(ANNA)
    post.hour()
    assert [each["to"] for each in post.inbox()] == [ANNA]
