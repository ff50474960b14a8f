"""The smoke test itself, against the local cloud, whose SES publishes to a topic of SNS as the real one does."""

import json
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.errors import Conflict
from chalicelib.settings import Environment
from devstack.cloud import LocalCloud
from infrastructure.smoke import Smoke, table
from infrastructure.smoke_calls import Caller
from infrastructure.smoke_checks import ACCEPTS, FATES, Evidence, Finding, findings, pages, schedule
from infrastructure.smoke_mailing import Mailing

SENDER = "news@example.com"
PATIENCE = 40.0  # seconds; the local cloud works at its own pace


class Cloud(LocalCloud):
    """The local cloud, with events that go the long way round: by SNS, as in AWS, where others listen as well."""

    def __init__(self) -> None:
        super().__init__()
        self._sns: Any = None

    def _publish(self, event: Any) -> None:
        make: Any = boto3.client
        self._sns = self._sns or make("sns")
        topic = wiring.current().environment.feedback_topic_arn
        self._sns.publish(TopicArn=topic, Message=json.dumps(event))


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud() as made:
        yield made


@pytest.fixture(scope="module")
def found(cloud: Cloud) -> list[Finding]:
    """One run."""
    return Smoke(wiring.current(), SENDER, PATIENCE).run()


def test_everything_holds(found: list[Finding]) -> None:
    """Each thing by its name."""
    assert [f"{each.name}: {each.seen}" for each in found if not each.holds] == []
    names = {each.name for each in found}
    assert len(names) == len(found)
    assert names >= {
        "schedule's rule",
        "schedule is on",
        "mass email is Complete",
        "{{ in the template's own text",
        "{{ and non-ASCII in a value",
        "suppressed address",
        "bounced address is invalid",
        "complainer is opted out",
        "unsubscribe page",
        "one-click unsubscribe",
        "unknown path is a problem",
        "no token is a problem",
        *(f"subject to {mailbox}" for mailbox in FATES),
        *(f"events of {mailbox}" for mailbox in FATES),
        *(f"tags in the events of {mailbox}" for mailbox in FATES),
        *(f"pixel, Accept {accept or 'missing'}" for accept in ACCEPTS),
    }


def test_every_header_of_ours_is_looked_at(found: list[Finding], cloud: Cloud) -> None:
    """All that the message got but those of any mail, and ``Feedback-ID``: events tell no header that SES itself adds."""
    plain = {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"}
    message = next(iter(cloud.ses.mailbox)).as_json()
    looked_at = {each.name.removeprefix("header ") for each in found if each.name.startswith("header ")}
    assert set(message["headers"]) - plain - {"Feedback-ID"} == looked_at
    assert {None, "*/*", "image/*", "application/json"} <= set(ACCEPTS)


def test_nothing_is_left_but_what_is_remembered(cloud: Cloud, found: list[Finding]) -> None:
    """No record, no queue, and the token is revoked."""
    caller = Caller(cloud.api_url, cloud.admin_token)
    for path in ("mass-emails", "campaigns", "email-templates", "target-lists", "contacts"):
        assert caller.call("GET", f"/v1/{path}")["list"] == []
    (token,) = caller.call("GET", "/v1/tokens")["list"]
    assert token["revokedAt"] is not None
    queues = wiring.current().client("sqs").list_queues().get("QueueUrls", [])
    assert not [url for url in queues if "smoke" in url]


def test_the_table_says_what_fails_and_what_came_instead() -> None:
    """And how many hold."""
    told = table([Finding("pixel", holds=True), Finding("header List-Id", holds=False, seen="nothing")])
    assert told.splitlines() == [
        "  holds  pixel",
        "  FAILS  header List-Id  nothing",
        "",
        "  1 of 2 hold",
    ]


def test_without_evidence_nothing_holds() -> None:
    """No check can pass by itself."""
    mailing = Mailing(Caller("http://127.0.0.1:9", ""), "x")
    mailing.addresses = {mailbox: f"{mailbox}@simulator.amazonses.com" for mailbox in FATES}
    bad = {"invalid": False, "optOut": False, "reason": None}
    flags = {**dict.fromkeys(FATES, bad), "success": {**bad, "invalid": True}}
    every = list(findings(Evidence(mailing, (), (), flags)))
    assert len(every) > 20
    assert [each.name for each in every if each.holds] == []


def test_forged_tokens_fail_the_pages(cloud: Cloud) -> None:
    """Whoever signs with other keys than the stage's learns it here."""
    seen = list(pages(Caller(cloud.api_url, cloud.admin_token), "A" * 31, "A" * 31))
    failed = {each.name for each in seen if not each.holds}
    assert {"pixel, Accept */*", "unsubscribe page", "one-click unsubscribe"} <= failed


def test_another_schedule_is_seen(cloud: Cloud) -> None:
    """A deployment puts the first expression back until the sweep mends it."""
    environment = Environment.from_env(wiring.current()._environ)
    events = wiring.current().client("events")
    seen = list(schedule(events, environment.release_rule, {"sendSchedule": "rate(7 hours)"}))
    assert [each.holds for each in seen] == [False, True]


def test_a_token_that_is_given_is_the_only_one(cloud: Cloud) -> None:
    """A stage with a user pool makes none; without an identity token the run says so before it does anything."""

    def tokens() -> Any:
        return Caller(cloud.api_url, cloud.admin_token).call("GET", "/v1/tokens")["list"]

    before = tokens()
    with Smoke(wiring.current(), SENDER, token=cloud.admin_token).as_administrator() as caller:
        assert "sandbox" in caller.call("GET", "/v1/quota")
    pool = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_Example"
    pooled = wiring.Wiring({**os.environ, "ENVOI_COGNITO_USER_POOL_ARN": pool})
    with pytest.raises(Conflict, match="user pool"):
        Smoke(pooled, SENDER).run()
    assert tokens() == before
