"""The queues. Chunks go ten at a time; what SQS did not take is tried again."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from chalicelib import logs
from chalicelib.errors import Deferred

BATCH = 10  # messages; https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
MAX_DELAY = 900  # seconds; the same page
ATTEMPTS = 4
_PAUSE = 0.1  # seconds before the second attempt, doubled for each further one


class Urls(Protocol):
    """Where the queues are; the stage's variables have these names."""

    @property
    def feedback_dead_letter_url(self) -> str:
        """A queue's URL."""
        ...

    @property
    def jobs_dead_letter_url(self) -> str:
        """A queue's URL."""
        ...

    @property
    def jobs_queue_url(self) -> str:
        """A queue's URL."""
        ...

    @property
    def send_dead_letter_url(self) -> str:
        """A queue's URL."""
        ...

    @property
    def send_queue_url(self) -> str:
        """A queue's URL."""
        ...


class SqsOutbox:
    """Fulfils :class:`chalicelib.domain.ports_jobs.Outbox`."""

    def __init__(self, client: Any, urls: Urls, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._urls = urls
        self._sleep = sleep

    def chunks(self, messages: Sequence[Mapping[str, object]], *, delay: int = 0) -> None:
        """Put chunks on the send queue; ``delay`` in seconds, at most 900.

        Raises:
            Deferred: SQS did not take all of them; those that it took are there.
        """
        for start in range(0, len(messages), BATCH):
            entries = [
                {"Id": str(place), **_sent(message, delay)}
                for place, message in enumerate(messages[start : start + BATCH])
            ]
            self._send(entries)

    def _send(self, entries: list[dict[str, Any]]) -> None:
        for attempt in range(ATTEMPTS):
            answer = self._client.send_message_batch(QueueUrl=self._urls.send_queue_url, Entries=entries)
            # A batch may be taken in part although the call succeeds (the page above).
            refused = {failure["Id"] for failure in answer.get("Failed", ())}
            entries = [entry for entry in entries if entry["Id"] in refused]
            if not entries:
                return
            self._sleep(_PAUSE * 2**attempt)
        raise Deferred("the send queue does not take messages")

    def job(self, message: Mapping[str, object], *, delay: int = 0) -> None:
        """Put one message on the jobs queue."""
        self._client.send_message(QueueUrl=self._urls.jobs_queue_url, **_sent(message, delay))

    def backlog(self) -> Mapping[str, int]:
        """How many messages lie in each dead-letter queue: ``send``, ``jobs``, ``feedback``.

        About: SQS promises no more (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html).
        """
        urls = {
            "send": self._urls.send_dead_letter_url,
            "jobs": self._urls.jobs_dead_letter_url,
            "feedback": self._urls.feedback_dead_letter_url,
        }
        return {name: self._length(url) for name, url in urls.items()}

    def _length(self, url: str) -> int:
        answer = self._client.get_queue_attributes(
            QueueUrl=url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        return sum(int(count) for count in answer["Attributes"].values())


def _sent(message: Mapping[str, object], delay: int) -> dict[str, Any]:
    """A message as SQS takes it; an attribute carries the correlation on to the function that gets it (``doors.py``)."""
    sent: dict[str, Any] = {
        "MessageBody": json.dumps(message, separators=(",", ":")),
        "DelaySeconds": min(delay, MAX_DELAY),
    }
    correlation = logs.correlation()
    if correlation is not None:
        sent["MessageAttributes"] = {"correlation": {"DataType": "String", "StringValue": correlation}}
    return sent
