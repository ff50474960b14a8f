"""One SQS queue: its messages, and what SQS refuses to take.

Standard queues only. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.client_errors import client_error

REGION = "eu-west-1"
ACCOUNT = "123456789012"
MAX_BATCH = 10  # messages; https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
MAX_DELAY = (
    900  # seconds; https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
)
MAX_SIZE = 1024 * 1024  # bytes of a message, or of a batch together; same page
DEFAULTS: Mapping[str, str] = {
    "VisibilityTimeout": "30",
    "DelaySeconds": "0",
    "MessageRetentionPeriod": "345600",
}
"""Seconds: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"""

Answer = dict[str, Any]


@dataclass
class Message:
    """A message in a queue; ``receipt`` is the handle of its last reception."""

    id: str
    body: str
    sent_at: datetime
    visible_at: datetime
    attributes: Mapping[str, Any] = field(default_factory=dict)
    receive_count: int = 0
    first_received_at: datetime | None = None
    receipt: str | None = None


@dataclass
class Queue:
    """A queue's attributes and messages, oldest first."""

    name: str
    attributes: dict[str, str]
    messages: list[Message] = field(default_factory=list)

    @property
    def arn(self) -> str:
        """By which another queue names it as its dead-letter queue."""
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"

    def seconds(self, attribute: str) -> timedelta:
        """One of the attributes that are durations."""
        return timedelta(seconds=int(self.attributes[attribute]))

    @property
    def redrive(self) -> tuple[str, int] | None:
        """The ARN of the dead-letter queue, and how often a message is received before it goes there."""
        policy = self.attributes.get("RedrivePolicy")
        if policy is None:
            return None
        read = json.loads(policy)
        return read["deadLetterTargetArn"], int(read["maxReceiveCount"])

    def forget_old(self, now: datetime) -> None:
        """Drop what lay here for longer than the retention period."""
        oldest = now - self.seconds("MessageRetentionPeriod")
        self.messages = [message for message in self.messages if message.sent_at >= oldest]

    def take_worn(self, now: datetime, most: int) -> list[Message]:
        """Take out what was received ``most`` times and could be received again."""
        worn = [each for each in self.messages if each.receive_count >= most and each.visible_at <= now]
        self.messages = [message for message in self.messages if message not in worn]
        return worn

    def counts(self, now: datetime) -> dict[str, str]:
        """How many messages are visible, delayed and in flight, as attributes."""
        hidden = [message for message in self.messages if message.visible_at > now]
        delayed = sum(message.receive_count == 0 for message in hidden)
        return {
            "ApproximateNumberOfMessages": str(len(self.messages) - len(hidden)),
            "ApproximateNumberOfMessagesDelayed": str(delayed),
            "ApproximateNumberOfMessagesNotVisible": str(len(hidden) - delayed),
        }


def url_of(name: str) -> str:
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"


def md5(body: str) -> str:
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def shown(message: Message) -> Answer:
    first = message.first_received_at or message.sent_at
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "MD5OfBody": md5(message.body),
        "MessageAttributes": message.attributes,
        "Attributes": {
            "ApproximateReceiveCount": str(message.receive_count),
            "SentTimestamp": str(int(message.sent_at.timestamp() * 1000)),
            "ApproximateFirstReceiveTimestamp": str(int(first.timestamp() * 1000)),
        },
    }


def check_size(body: str, operation: str) -> None:
    if not body:
        raise client_error(
            "MissingParameter", "The request must contain the parameter MessageBody.", operation
        )
    if len(body.encode()) > MAX_SIZE:
        raise client_error(
            "InvalidParameterValue", f"Message must be shorter than {MAX_SIZE} bytes.", operation
        )


def check_batch(entries: Sequence[Mapping[str, Any]]) -> None:
    operation = "SendMessageBatch"
    if not entries:
        raise client_error(
            "AWS.SimpleQueueService.EmptyBatchRequest", "There should be at least one entry.", operation
        )
    if len(entries) > MAX_BATCH:
        raise client_error(
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {MAX_BATCH}. You have sent {len(entries)}.",
            operation,
        )
    if len({each["Id"] for each in entries}) < len(entries):
        raise client_error(
            "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Two entries have one id.", operation
        )
    if sum(len(each["MessageBody"].encode()) for each in entries) > MAX_SIZE:
        raise client_error(
            "AWS.SimpleQueueService.BatchRequestTooLong",
            "The batch is longer than a message may be.",
            operation,
        )
