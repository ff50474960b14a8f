"""What a function refuses: by name, kept in the dead-letter queue where something could be lost, in nobody's way."""

import json
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.queue import VERSION, ChunkMessage, ForeignEvent, UnreadableMessage
from chalicelib.doors import FunctionFailed
from chalicelib.settings import Environment, MissingVariable
from devstack import lambda_events
from tests.docs.posting import Post, open_post
from tests.fakes.client_errors import client_error
from tests.fakes.clock import NINE_ON_A_MONDAY
from tests.world import World

ACCOUNT, ANOTHER = "123456789012", "999999999999"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:envoi-dev-feedback"
EVENT = {
    "eventType": "Bounce",
    "mail": {"messageId": "m", "sendingAccountId": ACCOUNT, "destination": ["ann@example.com"]},
    "bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "ann@example.com"}]},
}
Lines = list[dict[str, Any]]
VARIABLES = [
    "ENVOI_BUCKET",
    "ENVOI_CONFIGURATION_SET",
    "ENVOI_FEEDBACK_DEAD_LETTER_URL",
    "ENVOI_FEEDBACK_TOPIC_ARN",
    "ENVOI_JOBS_DEAD_LETTER_URL",
    "ENVOI_JOBS_QUEUE_URL",
    "ENVOI_KEY_RING_SECRET",
    "ENVOI_OPERATORS_TOPIC_ARN",
    "ENVOI_RELEASE_RULE",
    "ENVOI_SEND_DEAD_LETTER_URL",
    "ENVOI_SEND_QUEUE_URL",
    "ENVOI_TABLE",
]


def fed(world: World, event: object, topic: str = TOPIC) -> None:
    """Let SNS call feedback."""
    message = event if isinstance(event, str) else json.dumps(event)
    world.door.lambda_.invoke("feedback", lambda_events.published(message, topic, world.clock.now()))


@pytest.mark.parametrize(
    ("event", "topic", "why"),
    [
        (EVENT, TOPIC.replace("envoi-dev", "envoi-prod"), "an event of another topic"),
        (EVENT, TOPIC.replace(ACCOUNT, ANOTHER), "an event of another topic"),
        (EVENT, TOPIC.replace("eu-west-1", "eu-west-3"), "an event of another topic"),
        (
            {**EVENT, "mail": {**EVENT["mail"], "sendingAccountId": ANOTHER}},  # type: ignore[dict-item]
            TOPIC,
            "an event about another account's mail",
        ),
    ],
)
def test_foreign_events_are_refused_by_name(
    world: World, lines: Lines, event: object, topic: str, why: str
) -> None:
    """The function fails, so Lambda puts the event in feedback's dead-letter queue; the next one is taken as ever."""
    with pytest.raises(ForeignEvent, match=why):
        fed(world, event, topic)
    assert [(line["event"], line["why"]) for line in lines] == [("eventRefused", why)]
    assert "ann@example.com" not in json.dumps(lines)
    fed(world, EVENT)


@pytest.mark.parametrize("message", ["no JSON", "[]", "5", '{"mail": 5}', "[" * 100_000, "{}"])
def test_what_says_no_account_is_for_feedback_to_judge(world: World, message: str) -> None:
    """It keeps what it cannot read."""
    fed(world, message)


def test_a_stage_that_knows_no_topic_takes_every_one(world: World) -> None:
    """A test's client publishes under a name of its own; SNS could not."""
    event = world.door.events.generate_sns_event(json.dumps(EVENT))
    world.door.lambda_.invoke("feedback", event)


@pytest.fixture
def post(world: World) -> Any:
    """A stage that posts mail."""
    with open_post(world) as post:
        yield post


def test_a_message_of_another_version_stops_nobody(post: Post) -> None:
    """It is refused again and again and then lies in the dead-letter queue; the others are sent."""
    sqs, environment = post.world.wiring.client("sqs"), post.world.wiring.environment
    old = {**ChunkMessage("5" * 17, None, 0, "0.50").to_json(), "v": VERSION - 1}
    sqs.send_message(QueueUrl=environment.send_queue_url, MessageBody=json.dumps(old))
    sqs.send_message(QueueUrl=environment.send_queue_url, MessageBody="no JSON")
    sqs.send_message(QueueUrl=environment.jobs_queue_url, MessageBody='{"kind": "job"}')
    mass_email = post.mass_email("anna@example.com")
    post.world.clock.advance(3600)
    post.world.tick("release")
    refused = [
        each
        for _ in range(8)
        for url, function in (
            (environment.send_queue_url, "deliver"),
            (environment.jobs_queue_url, "work"),
        )
        for each in poll(post.world, url, function)
    ]
    assert {type(each) for each in refused} == {UnreadableMessage}
    assert {str(each) for each in refused} == {
        "no JSON object",
        "no chunk message of version 1",
        "a message of the jobs queue lacks its id",
    }
    assert post.standing(mass_email) == {"anna@example.com": ("Sent", None)}
    assert post.world.wiring.outbox.backlog() == {"send": 2, "jobs": 1, "feedback": 0}


def poll(world: World, url: str, function: str) -> list[Exception]:
    """As Lambda polls: what the function takes is deleted, the rest comes back; answers what was raised."""
    sqs = world.wiring.client("sqs")
    raised: list[Exception] = []
    while found := sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages", ()):
        for message in found:
            arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{url.rpartition('/')[2]}"
            try:
                world.door.lambda_.invoke(function, lambda_events.queued(message, arn))
            except UnreadableMessage as error:
                raised.append(error)
            else:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    world.clock.advance(2_000)  # longer than either queue's visibility
    return raised


@pytest.mark.parametrize("name", VARIABLES)
def test_a_missing_variable_is_named(world: World, lines: Lines, name: str) -> None:
    """By every function at its first call, and in the log."""
    environ = {**world.wiring._environ, name: ""}
    events = {
        "release": lambda_events.scheduled("release", NINE_ON_A_MONDAY),
        "sweep": lambda_events.scheduled("sweep", NINE_ON_A_MONDAY),
        "sync_lists": lambda_events.scheduled("sync_lists", NINE_ON_A_MONDAY),
        "deliver": world.door.events.generate_sqs_event(["{}"]),
        "work": world.door.events.generate_sqs_event(['{"kind": "other"}']),
        "feedback": lambda_events.published("{}", TOPIC, NINE_ON_A_MONDAY),
    }
    for function, event in events.items():
        wiring.use(wiring.Wiring(environ, world.clock))
        with pytest.raises(MissingVariable, match=f"the environment variable {name} is missing"):
            world.door.lambda_.invoke(function, event)
    assert [(line["event"], line["variable"]) for line in lines] == [("eventRefused", name)] * len(events)
    lines.clear()
    wiring.use(wiring.Wiring(environ, world.clock))
    answer = world.door.http.get("/v1/settings", headers={"Authorization": f"Bearer {'A' * 9}"})
    assert answer.status_code == 500
    assert name not in json.dumps(answer.json_body)
    assert [line.get("variable") for line in lines] == [name]


def test_all_that_is_needed_is_tried() -> None:
    """Each variable without which there is no environment, dead letters and topics too: they decide who may be sent to again."""
    everything = dict.fromkeys(VARIABLES, "x")
    assert Environment.from_env(everything).table == "x"
    for name in VARIABLES:
        with pytest.raises(MissingVariable) as raised:
            Environment.from_env({**everything, name: ""})
        assert raised.value.variable == name


class Skewed:
    """A table whose service refuses what we sign."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __getattr__(self, name: str) -> Any:
        raise client_error(self._code, "Signature expired: 20260302T090000Z is now earlier than …", name)


@pytest.mark.parametrize(
    "code", ["InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed", "ExpiredTokenException"]
)
def test_a_clock_that_is_off_passes(world: World, code: str) -> None:
    """AWS refuses the signature: the caller comes again, and so does the message."""
    token = world.token()
    world.wiring.table._client = Skewed(code)
    reply = world.http("GET", "/v1/campaigns", token=token)
    assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
    broken = wiring.use(world.wiring)
    broken.table._client = Skewed(code)
    with pytest.raises(FunctionFailed):
        world.door.lambda_.invoke("release", lambda_events.scheduled("release", NINE_ON_A_MONDAY))
