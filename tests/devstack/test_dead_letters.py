"""Bad input through the whole local cloud: refused by name, kept as a dead letter, in nobody's way; and brought back by ``redrive``."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest

from chalicelib import admin, wiring
from chalicelib.domain.queue import VERSION, ChunkMessage
from devstack.cloud import LocalCloud
from devstack.log_lines import into_file
from devstack.resources import ACCOUNT, MAX_RECEIVE_COUNT, REGION, VISIBILITY_SECONDS
from devstack.ses_events import events_of
from devstack.ses_mailbox import Fate
from tests.devstack.envoi_client import Envoi

OLDER = json.dumps({**ChunkMessage("5" * 17, None, 0, "0.50").to_json(), "v": VERSION - 1})
QUEUES = ("send", "jobs", "feedback")


class Stage(Envoi):
    """A running local cloud whose queues and topic anybody may write to."""

    def __init__(self, cloud: LocalCloud, log: Path) -> None:
        super().__init__(cloud)
        self._log = log
        session = boto3.Session("local", "local", region_name=REGION)
        self._sqs, self._sns = (
            session.client(name, endpoint_url=os.environ[f"AWS_ENDPOINT_URL_{name.upper()}"])  # type: ignore[call-overload]
            for name in ("sqs", "sns")
        )
        self.own_topic = os.environ["ENVOI_FEEDBACK_TOPIC_ARN"]
        self.another_topic: str = self._sns.create_topic(Name="somebody-elses")["TopicArn"]
        cloud.subscription.hear(self.another_topic)

    def close(self) -> None:
        """Let go of the connections."""
        self._sqs.close()
        self._sns.close()

    def put(self, queue: str, body: str) -> None:
        """Put a message on ``send`` or ``jobs``."""
        self._sqs.send_message(QueueUrl=os.environ[f"ENVOI_{queue.upper()}_QUEUE_URL"], MessageBody=body)

    def publish(self, event: Any, topic: str = "") -> None:
        """Publish an event on a topic: our own, unless another is named."""
        self._sns.publish(TopicArn=topic or self.own_topic, Message=json.dumps(event))

    def fill(self) -> str:
        """A job that puts all contacts on a new list; its id."""
        list_id = self("POST", "/v1/target-lists", {"name": "All"})["id"]
        everybody = {"type": "Contact", "where": [{"type": "isNotNull", "attribute": "emailAddress"}]}
        job: str = self("POST", f"/v1/target-lists/{list_id}/members", everybody)["id"]
        return job

    def bounce_of(self, address: str) -> Any:
        """The event with which SES says that the message to this address bounced."""
        (message,) = (each for each in self.cloud.ses.mailbox if address in each.entry.recipients)
        return events_of(message, Fate.BOUNCED, Random(1))[-1]  # noqa: S311 - it only makes a feedback id

    def dead(self) -> Mapping[str, Counter[str]]:
        """The bodies in each dead-letter queue; of an event the topic that it came from."""
        return {queue: Counter(map(_told, self._letters(queue))) for queue in QUEUES}

    def die(self) -> None:
        """Let so much time pass that whatever goes on failing is a dead letter."""
        for _ in range(MAX_RECEIVE_COUNT + 1):  # SQS moves it when it would be handed out once more
            self.cloud.tick(max(VISIBILITY_SECONDS.values()) + 1)

    def refusals(self) -> set[tuple[str, str]]:
        """Error and reason of what was refused, as the log has it."""
        lines = [json.loads(line) for line in self._log.read_text("utf-8").splitlines()]
        assert all({"level", "correlation"} <= line.keys() for line in lines)
        return {(each["error"], each["why"]) for each in lines if each.get("event") == "eventRefused"}

    def _letters(self, queue: str) -> list[str]:
        url = os.environ[f"ENVOI_{queue.upper()}_DEAD_LETTER_URL"]
        answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [each["Body"] for each in answer.get("Messages", ())]


def _told(body: str) -> str:
    match json.loads(body) if body.startswith("{") else None:
        case {"Records": [{"Sns": {"TopicArn": str(topic)}}]}:
            return topic
    return body


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with LocalCloud(running=False, log=into_file(tmp_path / "functions.log")) as cloud:
        made = Stage(cloud, tmp_path / "functions.log")
        yield made
        made.close()


def redriven(capsys: pytest.CaptureFixture[str], *queues: str) -> tuple[int, list[str]]:
    """What ``make redrive`` says."""
    capsys.readouterr()
    return admin.main(["redrive", *queues]), capsys.readouterr().out.splitlines()


def test_bad_input_is_refused_by_name_kept_and_stops_nobody(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of another topic, of another account, no JSON, of an older version; a good one after each of them goes through."""
    stage.mass_email("anna@example.org", "ben@example.org")
    stage.cloud.tick()
    stage.publish(stage.bounce_of("anna@example.org"), stage.another_topic)
    foreign = stage.bounce_of("anna@example.org")
    stage.publish({**foreign, "mail": {**foreign["mail"], "sendingAccountId": "999999999999"}})
    stage.publish(stage.bounce_of("ben@example.org"))
    for body in ("no JSON", OLDER):
        stage.put("send", body)
    stage.put("jobs", "no JSON")
    later = stage.mass_email("cleo@example.org", name="later")
    fill = stage.fill()
    answer = stage.cloud.tick(3_600)
    assert Counter(answer["failures"]) == {
        "feedback: ForeignEvent": 2,
        "deliver: UnreadableMessage": 2,
        "work: UnreadableMessage": 1,
    }
    assert answer["delivered"] == 1
    assert stage("GET", f"/v1/mass-emails/{later}")["status"] == "Complete"
    assert stage("GET", f"/v1/jobs/{fill}")["status"] == "Done"
    flags = {name: _flags(stage, f"{name}@example.org")["invalid"] for name in ("anna", "ben")}
    assert flags == {"anna": False, "ben": True}
    stage.die()
    dead = {
        "send": {"no JSON": 1, OLDER: 1},
        "jobs": {"no JSON": 1},
        "feedback": {stage.another_topic: 1, stage.own_topic: 1},
    }
    assert stage.dead() == dead
    assert stage.refusals() == {
        ("ForeignEvent", "an event of another topic"),
        ("ForeignEvent", "an event about another account's mail"),
        ("UnreadableMessage", "no JSON object"),
        ("UnreadableMessage", "no chunk message of version 1"),
    }
    assert redriven(capsys) == (
        1,
        [
            "send: 0 brought back, 2 left that nothing could read",
            "jobs: 0 brought back, 1 left that nothing could read",
            "feedback: 0 brought back, 0 left that nothing could read, 2 of another topic or account",
        ],
    )
    assert stage.dead() == dead


MISSING = ("MissingVariable", "the environment variable ENVOI_BUCKET is missing")
FOREIGN = ("ForeignEvent", "an event of another topic")


@pytest.mark.parametrize(
    ("wrong", "why", "kept"),
    [
        ({"ENVOI_BUCKET": ""}, MISSING, {"send": 1, "jobs": 1, "feedback": 1}),
        # Meanwhile mail goes out: its Send and its Delivery are refused like the bounce.
        (
            {"ENVOI_FEEDBACK_TOPIC_ARN": f"arn:aws:sns:{REGION}:{ACCOUNT}:envoi-other-feedback"},
            FOREIGN,
            {"feedback": 3},
        ),
    ],
    ids=["a variable is missing", "a variable names another topic"],
)
def test_once_the_cause_is_mended_redrive_brings_all_back(
    stage: Stage,
    capsys: pytest.CaptureFixture[str],
    wrong: Mapping[str, str],
    why: tuple[str, str],
    kept: Mapping[str, int],
) -> None:
    """Chunk, job and event each by its own door; nobody is mailed twice, and nothing is left."""
    stage.mass_email("anna@example.org")
    stage.cloud.tick()
    later = stage.mass_email("ben@example.org", name="later")
    fill = stage.fill()
    stage("POST", "/v1/release")
    stage.publish(stage.bounce_of("anna@example.org"))
    wiring.use(wiring.Wiring({**os.environ, **wrong}, stage.cloud.clock))
    stage.die()
    wiring.use(clock=stage.cloud.clock)
    assert why in stage.refusals()
    assert {queue: sum(letters.values()) for queue, letters in stage.dead().items() if letters} == kept
    said = [f"{queue}: {count} brought back, 0 left that nothing could read" for queue, count in kept.items()]
    assert redriven(capsys, *kept) == (0, said)
    assert stage.cloud.tick()["failures"] == []
    assert stage.dead() == {queue: {} for queue in QUEUES}
    assert stage("GET", f"/v1/mass-emails/{later}")["status"] == "Complete"
    assert stage("GET", f"/v1/jobs/{fill}")["status"] == "Done"
    assert _flags(stage, "anna@example.org")["invalid"]
    mailed = Counter(address for each in stage.cloud.ses.mailbox for address in each.entry.recipients)
    assert mailed == {"anna@example.org": 1, "ben@example.org": 1}


def _flags(stage: Stage, address: str) -> Any:
    return stage("GET", f"/v1/email-addresses?address={address}")
