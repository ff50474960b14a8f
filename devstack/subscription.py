"""Plays the subscription of ``feedback`` to SNS: a queue at moto hears what anybody but the stand-in publishes, and the pump asks it.

So what ``make redrive`` publishes reaches the function, and what another topic says comes with that topic's name.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from devstack.resources import PREFIX, _arn

NAME = "feedback-heard"


@dataclass(frozen=True)
class Subscription:
    """``sqs`` and ``sns`` are boto3 clients; ``topic_arn`` is heard from the start, others by :meth:`hear`."""

    sqs: Any
    sns: Any
    topic_arn: str

    def __post_init__(self) -> None:
        """Make the queue; one that is there already is taken."""
        self.sqs.create_queue(QueueName=f"{PREFIX}-{NAME}")
        self.hear(self.topic_arn)

    def hear(self, topic_arn: str) -> None:
        """Hear this topic, too."""
        self.sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=_arn(NAME))

    def heard(self) -> Iterator[tuple[str, str]]:
        """Topic and text of each thing that was published since, once."""
        url = self.sqs.get_queue_url(QueueName=f"{PREFIX}-{NAME}")["QueueUrl"]
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                envelope = json.loads(message["Body"])
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                yield envelope["TopicArn"], envelope["Message"]
