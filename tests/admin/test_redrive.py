"""Dead letters go back by the door that they came through."""

import json
from typing import Any

import pytest

from chalicelib.domain.ports_admin import DeadQueue
from chalicelib.storage.dead_letters import SqsDeadLetters
from tests.admin.conftest import Operator
from tests.docs.posting import Post
from tests.world import World

EVENT = {"eventType": "Delivery", "mail": {"messageId": "m1"}}


def put(world: World, url: str, body: object, **attributes: Any) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    world.wiring.client("sqs").send_message(QueueUrl=url, MessageBody=text, **attributes)


def test_a_dead_chunk_is_sent_after_all(post: Post, operator: Operator) -> None:
    """It was released and never sent; back on its queue it completes its mass email, and nobody gets it twice."""
    mass_email = post.mass_email("anna@example.org", "ben@example.org")
    environment = post.world.wiring.environment
    (chunk,) = post.released()
    put(post.world, environment.send_dead_letter_url, chunk)
    put(post.world, environment.send_dead_letter_url, chunk)
    said = operator("redrive", "send")
    assert (said.status, said.lines) == (0, ["send: 2 brought back, 0 left that nothing could read"])
    assert post.world.taken(environment.send_dead_letter_url) == []
    post.settle()
    assert {status for status, _ in post.standing(mass_email).values()} == {"Sent"}
    assert len(post.inbox()) == 2


def test_the_correlation_goes_along(world: World, operator: Operator) -> None:
    """So that one search shows what began it all."""
    environment, sqs = world.wiring.environment, world.wiring.client("sqs")
    named = {"correlation": {"DataType": "String", "StringValue": "abc"}}
    put(world, environment.jobs_dead_letter_url, {"kind": "job", "id": "1"}, MessageAttributes=named)
    assert operator("redrive", "jobs").status == 0
    (message,) = sqs.receive_message(
        QueueUrl=environment.jobs_queue_url, MessageAttributeNames=["correlation"]
    )["Messages"]
    assert json.loads(message["Body"]) == {"kind": "job", "id": "1"}
    assert message["MessageAttributes"]["correlation"]["StringValue"] == "abc"


@pytest.mark.parametrize(
    "letter",
    [
        {"version": "1.0", "requestPayload": {"Records": [{"Sns": {"Message": json.dumps(EVENT)}}]}},
        {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(EVENT)}}]},
        {"Type": "Notification", "TopicArn": "arn", "Message": json.dumps(EVENT)},
    ],
    ids=["of Lambda", "of SNS to Lambda", "of SNS"],
)
def test_a_dead_event_is_published_again(world: World, operator: Operator, letter: object) -> None:
    """To the topic, so that the deployed function takes it in, whoever kept the letter."""
    environment = world.wiring.environment
    sqs, sns = world.wiring.client("sqs"), world.wiring.client("sns")
    listener = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=listener, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(
        TopicArn=environment.feedback_topic_arn,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"RawMessageDelivery": "true"},
    )["SubscriptionArn"]
    put(world, environment.feedback_dead_letter_url, letter)
    said = operator("redrive", "feedback")
    sns.unsubscribe(SubscriptionArn=subscription)
    assert (said.status, said.lines) == (0, ["feedback: 1 brought back, 0 left that nothing could read"])
    assert world.taken(listener) == [EVENT]
    assert world.taken(environment.feedback_dead_letter_url) == []


@pytest.mark.parametrize("queue", ["send", "jobs", "feedback"])
def test_what_nothing_can_read_stays(world: World, operator: Operator, queue: str) -> None:
    """It would only fail again; the exit status says that somebody must look."""
    url = getattr(world.wiring.environment, f"{queue}_dead_letter_url")
    put(world, url, "no JSON")
    put(world, url, {"v": 99})
    said = operator("redrive", queue)
    assert (said.status, said.lines) == (1, [f"{queue}: 0 brought back, 2 left that nothing could read"])
    lying = world.wiring.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert len(lying) == 2


def test_a_dry_run_leaves_all(world: World, operator: Operator) -> None:
    """In all three queues; they can be seen again at once."""
    environment = world.wiring.environment
    put(world, environment.jobs_dead_letter_url, {"kind": "job", "id": "1"})
    said = operator("redrive", "--dry-run")
    assert said.status == 0
    assert said.lines == [
        "send: 0 would be brought back, 0 left that nothing could read",
        "jobs: 1 would be brought back, 0 left that nothing could read",
        "feedback: 0 would be brought back, 0 left that nothing could read",
    ]
    assert world.taken(environment.jobs_queue_url) == []
    assert len(world.taken(environment.jobs_dead_letter_url)) == 1


class Slow:
    """SQS whose letters come back before all of them were taken: it hands out the same ones for ever."""

    def receive_message(self, **_: object) -> dict[str, object]:
        """Always these."""
        letters = [{"MessageId": str(n), "Body": "{}", "ReceiptHandle": "x"} for n in range(10)]
        return {"Messages": letters}


def test_letters_that_come_back_meanwhile_are_taken_once() -> None:
    """A queue so full that reading it takes longer than a letter stays hidden still has an end."""
    letters = SqsDeadLetters(Slow(), None, dead={DeadQueue.JOBS: "url"}, live={}, topic_arn="")
    assert len(list(letters.take(DeadQueue.JOBS))) == 10


FOREIGN = {"eventType": "Bounce", "mail": {"messageId": "m1", "sendingAccountId": "999999999999"}}
ANOTHER = "arn:aws:sns:eu-west-1:123456789012:somebody-elses"


@pytest.mark.parametrize(
    "letter",
    [
        {"Records": [{"Sns": {"TopicArn": ANOTHER, "Message": json.dumps(EVENT)}}]},
        {"requestPayload": {"Records": [{"Sns": {"TopicArn": ANOTHER, "Message": json.dumps(EVENT)}}]}},
        {"Type": "Notification", "TopicArn": ANOTHER, "Message": json.dumps(EVENT)},
        {"Records": [{"Sns": {"Message": json.dumps(FOREIGN)}}]},
    ],
    ids=["its topic, of SNS to Lambda", "its topic, of Lambda", "its topic, of SNS", "its account"],
)
def test_what_is_not_ours_stays(world: World, operator: Operator, letter: object) -> None:
    """By our own topic it would be ours: whoever got in by another one must not come in by the operator."""
    url = world.wiring.environment.feedback_dead_letter_url
    put(world, url, letter)
    said = operator("redrive", "feedback")
    assert (said.status, said.lines) == (
        1,
        ["feedback: 0 brought back, 0 left that nothing could read, 1 of another topic or account"],
    )
    assert world.taken(url) == [letter]
