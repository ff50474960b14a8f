"""The dead-letter queues; what is brought back goes by the door that it came through."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.domain.ports_admin import DeadLetter, DeadQueue

BATCH = 10  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
HIDDEN = 300  # seconds for which a letter that was taken is nobody else's
WAIT = 1  # second; with a wait all of SQS's servers are asked, so that "none" is true (the page above)


class SqsDeadLetters:
    """Fulfils :class:`chalicelib.domain.ports_admin.DeadLetters`."""

    def __init__(
        self,
        sqs: Any,
        sns: Any,
        *,
        dead: Mapping[DeadQueue, str],
        live: Mapping[DeadQueue, str],
        topic_arn: str,
    ) -> None:
        """``dead`` and ``live`` are URLs of queues; feedback comes from a topic."""
        self._sqs = sqs
        self._sns = sns
        self._dead = dead
        self._live = live
        self._topic_arn = topic_arn

    def take(self, queue: DeadQueue) -> Iterator[DeadLetter]:
        """All that lie there, each once, even if it takes longer than a letter stays hidden."""
        seen: set[str] = set()
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._dead[queue],
                MaxNumberOfMessages=BATCH,
                VisibilityTimeout=HIDDEN,
                WaitTimeSeconds=WAIT,
                MessageAttributeNames=["correlation"],
            )
            new = [each for each in answer.get("Messages", ()) if each["MessageId"] not in seen]
            if not new:
                return
            seen |= {each["MessageId"] for each in new}
            for message in new:
                brought = message.get("MessageAttributes", {}).get("correlation", {}).get("StringValue")
                yield DeadLetter(queue, message["Body"], message["ReceiptHandle"], brought)

    def bring_back(self, letter: DeadLetter, message: str) -> None:
        """Again where it came from first, then away: dying in between makes it come twice, which every door bears."""
        if letter.queue is DeadQueue.FEEDBACK:
            self._sns.publish(TopicArn=self._topic_arn, Message=message)
        else:
            correlation = {"DataType": "String", "StringValue": letter.correlation}
            self._sqs.send_message(
                QueueUrl=self._live[letter.queue],
                MessageBody=message,
                **({"MessageAttributes": {"correlation": correlation}} if letter.correlation else {}),
            )
        self._sqs.delete_message(QueueUrl=self._dead[letter.queue], ReceiptHandle=letter.handle)

    def leave(self, letter: DeadLetter) -> None:
        """Seen by others at once."""
        self._sqs.change_message_visibility(
            QueueUrl=self._dead[letter.queue], ReceiptHandle=letter.handle, VisibilityTimeout=0
        )
