"""SES's events as they come out of the feedback topic: a queue of the smoke test's own listens while it runs."""

import json
from collections.abc import Callable, Sequence
from time import monotonic
from types import TracebackType
from typing import Any, Self

WAIT = 1  # seconds of one question
Event = dict[str, Any]


class Listener:
    """``with Listener(…) as listener:`` hears everything that the topic says from then on."""

    def __init__(self, sqs: Any, sns: Any, topic_arn: str, name: str) -> None:
        self._sqs, self._sns, self._topic_arn = sqs, sns, topic_arn
        self._name = name
        self._url = self._subscription = ""
        self.heard: list[Event] = []

    def __enter__(self) -> Self:
        arn = ":".join([*self._topic_arn.replace(":sns:", ":sqs:").split(":")[:5], self._name])
        # With the queue, for a policy that is set later takes up to a minute:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": self._topic_arn}},
                }
            ],
        }
        attributes = {"Policy": json.dumps(policy), "MessageRetentionPeriod": "3600"}
        self._url = self._sqs.create_queue(QueueName=self._name, Attributes=attributes)["QueueUrl"]
        self._subscription = self._sns.subscribe(
            TopicArn=self._topic_arn,
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self._url)

    def until(self, enough: Callable[[Sequence[Event]], bool], patience: float) -> Sequence[Event]:
        """What was heard once it is enough, or after ``patience`` seconds."""
        end = monotonic() + patience
        while not enough(self.heard) and monotonic() < end:
            answer = self._sqs.receive_message(
                QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=WAIT
            )
            for message in answer.get("Messages", ()):
                self.heard.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return self.heard
