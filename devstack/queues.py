"""Plays Lambda's poller to an SQS queue: one message, one call; what fails comes back after its visibility time-out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from devstack import lambda_events
from devstack.resources import ACCOUNT, REGION


@dataclass(frozen=True)
class Poller:
    """``sqs`` is a boto3 client; ``call`` calls the function with a Lambda event and raises what it raises."""

    sqs: Any
    url: str
    call: Callable[[lambda_events.Event], object]

    def deliver_one(self) -> bool:
        """Hand over one message if there is one; SQS itself moves what failed too often to the dead letters.

        One at a time, as with a batch size of 1: a message received early would lose its visibility while others run.
        """
        answer = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=1, AttributeNames=["All"], MessageAttributeNames=["All"]
        )
        for message in answer.get("Messages", ()):
            try:
                self.call(lambda_events.queued(message, self._arn))
            except Exception:  # noqa: BLE001 - it stays in the queue, invisible for a while, as with Lambda
                return True
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            return True
        return False

    def waiting(self) -> dict[str, int]:
        """How many messages are ``ready``, ``delayed`` and ``hidden`` (in flight, or failed a while ago)."""
        names = {
            "ready": "ApproximateNumberOfMessages",
            "delayed": "ApproximateNumberOfMessagesDelayed",
            "hidden": "ApproximateNumberOfMessagesNotVisible",
        }
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=list(names.values()))
        return {name: int(answer["Attributes"][attribute]) for name, attribute in names.items()}

    @property
    def _arn(self) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.url.rpartition('/')[2]}"
