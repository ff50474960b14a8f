"""The queues in memory keep SQS's promises, and no better ones."""

import json
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.clock import FakeClock
from tests.fakes.sqs import FakeSQS


class Account:
    """Queues by a clock: ``url`` is one whose worn messages go to ``dead`` after two receptions."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.sqs = FakeSQS(self.clock)
        self.dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
        self.url = self.sqs.create_queue(
            QueueName="live", Attributes={"VisibilityTimeout": "60", "RedrivePolicy": policy}
        )["QueueUrl"]

    def send(self, body: str, delay: int = 0) -> None:
        """Send to the live queue."""
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body, DelaySeconds=delay)

    def receive(self, most: int = 1) -> list[dict[str, Any]]:
        """Receive from the live queue."""
        messages: list[dict[str, Any]] = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=most
        ).get("Messages", [])
        return messages

    def counts(self) -> list[int]:
        """Visible, delayed, in flight."""
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        return [
            int(attributes[f"ApproximateNumberOfMessages{which}"]) for which in ("", "Delayed", "NotVisible")
        ]


def test_a_received_message_is_hidden_and_comes_back() -> None:
    """Until it is deleted it comes again after the visibility time-out, with another handle and a higher count."""
    account = Account()
    account.send("a")
    (first,) = account.receive()
    assert account.receive() == []
    account.clock.advance(60)
    (second,) = account.receive()
    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"


def test_only_the_last_handle_deletes() -> None:
    """Who holds the handle of an earlier reception cannot take the message from who works on it now."""
    account = Account()
    account.send("a")
    (first,) = account.receive()
    account.clock.advance(60)
    (second,) = account.receive()
    account.sqs.delete_message(QueueUrl=account.url, ReceiptHandle=first["ReceiptHandle"])
    assert account.counts() == [0, 0, 1]
    account.sqs.delete_message(QueueUrl=account.url, ReceiptHandle=second["ReceiptHandle"])
    assert account.counts() == [0, 0, 0]


def test_a_delayed_message_waits() -> None:
    """It is not received before its delay has passed."""
    account = Account()
    account.send("a", delay=30)
    assert account.receive() == []
    assert account.counts() == [0, 1, 0]
    account.clock.advance(30)
    assert len(account.receive()) == 1


def test_a_message_received_too_often_goes_to_the_dead_letters() -> None:
    """After ``maxReceiveCount`` receptions it is moved instead of received."""
    account = Account()
    account.send("a")
    for _ in range(2):
        assert len(account.receive()) == 1
        account.clock.advance(60)
    assert account.receive() == []
    assert [message.body for message in account.sqs.messages(account.dead)] == ["a"]
    assert account.counts() == [0, 0, 0]


def test_visibility_can_be_changed() -> None:
    """Zero shows a message again at once."""
    account = Account()
    account.send("a")
    (message,) = account.receive()
    account.sqs.change_message_visibility(
        QueueUrl=account.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
    )
    assert len(account.receive()) == 1


def test_old_messages_vanish() -> None:
    """After the retention period (four days unless said otherwise) a message is gone."""
    account = Account()
    account.send("a")
    account.clock.advance(345_601)
    assert account.receive() == []
    assert account.counts() == [0, 0, 0]


def test_the_order_is_nobodys_promise() -> None:
    """Tests choose which message comes; by themselves they come in order."""
    sqs = FakeSQS(FakeClock(), pick=lambda count: count - 1)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    for body in "abc":
        sqs.send_message(QueueUrl=url, MessageBody=body)
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in received] == ["c", "b", "a"]


@given(
    st.lists(
        st.tuples(st.sampled_from(("send", "receive", "delete", "wait")), st.integers(0, 70)), max_size=40
    )
)
def test_nothing_is_lost_or_doubled(steps: list[tuple[str, int]]) -> None:
    """Whatever happens, each message sent lies in the queue or with the dead letters once, or was deleted."""
    account, sent, held, deleted = Account(), 0, [], set()
    for step, number in steps:
        if step == "send":
            account.send(str(sent), delay=number)
            sent += 1
        elif step == "receive":
            held += account.receive(most=1 + number % 10)
        elif step == "delete" and held:
            message = held[number % len(held)]
            latest = [each for each in held if each["Body"] == message["Body"]][-1]
            account.sqs.delete_message(QueueUrl=account.url, ReceiptHandle=latest["ReceiptHandle"])
            deleted.add(message["Body"])
        elif step == "wait":
            account.clock.advance(number)
    there = Counter(
        message.body for url in (account.url, account.dead) for message in account.sqs.messages(url)
    )
    worn = {message.body for message in account.sqs.messages(account.dead)}
    assert there == Counter(
        str(number) for number in range(sent) if str(number) in worn or str(number) not in deleted
    )


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "AWS.SimpleQueueService.EmptyBatchRequest"),
        (
            [{"Id": str(n), "MessageBody": "m"} for n in range(11)],
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        ),
        ([{"Id": "1", "MessageBody": "m"}] * 2, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
        (
            [{"Id": str(n), "MessageBody": "m" * 600_000} for n in range(2)],
            "AWS.SimpleQueueService.BatchRequestTooLong",
        ),
        ([{"Id": "1", "MessageBody": "m", "DelaySeconds": 901}], "InvalidParameterValue"),
    ],
)
def test_refuses_a_wrong_batch(entries: list[dict[str, Any]], code: str) -> None:
    """As SQS does, and then takes none of it."""
    account = Account()
    with pytest.raises(ClientError) as caught:
        account.sqs.send_message_batch(QueueUrl=account.url, Entries=entries)
    assert caught.value.response["Error"]["Code"] == code
    assert account.counts() == [0, 0, 0]


def test_restores_a_snapshot() -> None:
    """A state can be played from again and again."""
    account = Account()
    account.send("a")
    snapshot = account.sqs.snapshot()
    for _ in range(2):
        (message,) = account.receive()
        account.sqs.delete_message(QueueUrl=account.url, ReceiptHandle=message["ReceiptHandle"])
        account.sqs.restore(snapshot)
        assert account.counts() == [1, 0, 0]
