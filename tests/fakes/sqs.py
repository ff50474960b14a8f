"""SQS in memory: visibility, delay, redelivery, dead letters and retention, all by a clock that tests move."""

# ruff: noqa: N803 - parameters have the names that boto3 gives them

import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from chalicelib.domain.clock import Clock
from tests.fakes.client_errors import ClientErrors, answered, client_error
from tests.fakes.hooks import Meta
from tests.fakes.queues import (
    DEFAULTS,
    MAX_DELAY,
    Answer,
    Message,
    Queue,
    check_batch,
    check_size,
    md5,
    shown,
    url_of,
)

OPERATIONS = frozenset(
    {
        "create_queue",
        "delete_queue",
        "get_queue_url",
        "get_queue_attributes",
        "list_queues",
        "send_message",
        "send_message_batch",
        "receive_message",
        "delete_message",
        "change_message_visibility",
        "purge_queue",
    }
)

Pick = Callable[[int], int]
"""Of so many messages that could be received, which one is: a standard queue promises no order."""


class FakeSQS:
    """A client of an account that has only queues."""

    exceptions = ClientErrors()
    meta = Meta()
    operations = OPERATIONS
    service = "sqs"

    def __init__(self, clock: Clock, pick: Pick = lambda count: 0) -> None:
        self._clock = clock
        self._pick = pick
        self._queues: dict[str, Queue] = {}
        self._numbers = 0
        self._lock = threading.RLock()

    # What tests ask

    def messages(self, url: str) -> Sequence[Message]:
        """All that lies in a queue, visible or not."""
        with self._lock:
            return copy.deepcopy(self._queue(url, "GetQueueAttributes").messages)

    def snapshot(self) -> tuple[dict[str, Queue], int]:
        """All queues as they are now."""
        with self._lock:
            return copy.deepcopy(self._queues), self._numbers

    def restore(self, snapshot: tuple[dict[str, Queue], int]) -> None:
        """Be again as then."""
        with self._lock:
            self._queues, self._numbers = copy.deepcopy(snapshot[0]), snapshot[1]

    # Queues

    def create_queue(self, *, QueueName: str, Attributes: Mapping[str, str] | None = None) -> Answer:
        """Make a queue; one that is there already stays as it is."""
        with self._lock:
            url = url_of(QueueName)
            self._queues.setdefault(url, Queue(QueueName, {**DEFAULTS, **(Attributes or {})}))
            return answered(QueueUrl=url)

    def delete_queue(self, *, QueueUrl: str) -> Answer:
        """Drop a queue and all that lies in it; it is gone at once."""
        with self._lock:
            self._queue(QueueUrl, "DeleteQueue")
            del self._queues[QueueUrl]
        return answered()

    def get_queue_url(self, *, QueueName: str) -> Answer:
        """Where a queue is."""
        self._queue(url_of(QueueName), "GetQueueUrl")
        return answered(QueueUrl=url_of(QueueName))

    def list_queues(self) -> Answer:
        """Where all queues are."""
        return answered(QueueUrls=sorted(self._queues))

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: Sequence[str]) -> Answer:
        """Attributes, and exact numbers where SQS only promises approximate ones."""
        with self._lock:
            queue = self._queue(QueueUrl, "GetQueueAttributes")
            known = {**queue.attributes, "QueueArn": queue.arn, **queue.counts(self._clock.now())}
        wanted = known.keys() if "All" in AttributeNames else AttributeNames
        return answered(Attributes={name: known[name] for name in wanted if name in known})

    def purge_queue(self, *, QueueUrl: str) -> Answer:
        """Forget all messages."""
        with self._lock:
            self._queue(QueueUrl, "PurgeQueue").messages.clear()
        return answered()

    # Messages

    def send_message(
        self,
        *,
        QueueUrl: str,
        MessageBody: str,
        DelaySeconds: int | None = None,
        MessageAttributes: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Put one message on a queue."""
        with self._lock:
            queue = self._queue(QueueUrl, "SendMessage")
            check_size(MessageBody, "SendMessage")
            message = {"MessageBody": MessageBody, "MessageAttributes": MessageAttributes or {}}
            return answered(**self._put(queue, message, DelaySeconds, "SendMessage"))

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> Answer:
        """Put up to ten messages on a queue."""
        with self._lock:
            queue = self._queue(QueueUrl, "SendMessageBatch")
            check_batch(Entries)
            taken = [
                {
                    "Id": each["Id"],
                    **self._put(queue, each, each.get("DelaySeconds"), "SendMessageBatch"),
                }
                for each in Entries
            ]
            return answered(Successful=taken, Failed=[])

    def receive_message(
        self,
        *,
        QueueUrl: str,
        MaxNumberOfMessages: int = 1,
        VisibilityTimeout: int | None = None,
        WaitTimeSeconds: int = 0,
        AttributeNames: Sequence[str] = (),
        MessageAttributeNames: Sequence[str] = (),
    ) -> Answer:
        """Messages that are visible; they are hidden for a while, and go to the dead letters when received too often."""
        with self._lock:
            queue = self._queue(QueueUrl, "ReceiveMessage")
            hidden = (
                queue.seconds("VisibilityTimeout")
                if VisibilityTimeout is None
                else timedelta(seconds=VisibilityTimeout)
            )
            received: list[Answer] = []
            while len(received) < MaxNumberOfMessages and (message := self._next(queue)):
                self._receive(message, hidden)
                received.append(shown(message))
            return answered(Messages=received) if received else answered()

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> Answer:
        """Forget a message; the handle of an earlier reception does nothing."""
        with self._lock:
            queue = self._queue(QueueUrl, "DeleteMessage")
            queue.messages = [message for message in queue.messages if message.receipt != ReceiptHandle]
        return answered()

    def change_message_visibility(
        self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int
    ) -> Answer:
        """Hide a received message for another while, or show it again."""
        with self._lock:
            for message in self._queue(QueueUrl, "ChangeMessageVisibility").messages:
                if message.receipt == ReceiptHandle:
                    message.visible_at = self._clock.now() + timedelta(seconds=VisibilityTimeout)
        return answered()

    # How it is done

    def _queue(self, url: str, operation: str) -> Queue:
        if url not in self._queues:
            raise client_error("QueueDoesNotExist", "The specified queue does not exist.", operation)
        return self._queues[url]

    def _number(self) -> str:
        self._numbers += 1
        return f"{self._numbers:032x}"

    def _put(self, queue: Queue, sent: Mapping[str, Any], delay: int | None, operation: str) -> Answer:
        if delay is not None and not 0 <= delay <= MAX_DELAY:
            raise client_error(
                "InvalidParameterValue", f"DelaySeconds must be between 0 and {MAX_DELAY}", operation
            )
        now = self._clock.now()
        wait = queue.seconds("DelaySeconds") if delay is None else timedelta(seconds=delay)
        message = Message(
            self._number(),
            sent["MessageBody"],
            sent_at=now,
            visible_at=now + wait,
            attributes=sent.get("MessageAttributes", {}),
        )
        queue.messages.append(message)
        return {"MessageId": message.id, "MD5OfMessageBody": md5(message.body)}

    def _next(self, queue: Queue) -> Message | None:
        """A message to be received now; on the way, old ones vanish and those received too often leave."""
        now = self._clock.now()
        queue.forget_old(now)
        if queue.redrive is not None:
            arn, most = queue.redrive
            dead = next(other for other in self._queues.values() if other.arn == arn)
            dead.messages += queue.take_worn(now, most)
        visible = [message for message in queue.messages if message.visible_at <= now]
        return visible[self._pick(len(visible))] if visible else None

    def _receive(self, message: Message, hidden: timedelta) -> None:
        now = self._clock.now()
        message.receive_count += 1
        message.first_received_at = message.first_received_at or now
        message.visible_at = now + hidden
        message.receipt = self._number()
