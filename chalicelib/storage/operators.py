"""The operators' topic: who subscribed to it is told at once."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib import logs

MAX_SUBJECT = 100  # characters; https://docs.aws.amazon.com/sns/latest/api/API_Publish.html


class SnsOperators:
    """Fulfils :class:`chalicelib.domain.ports_guard.Operators`."""

    def __init__(self, client: Callable[[], Any], topic_arn: str, stage: str) -> None:
        """``client`` makes the client when it is needed: that is hardly ever."""
        self._client = client
        self._topic_arn = topic_arn
        self._stage = stage

    def tell(self, subject: str, event: Mapping[str, object]) -> None:
        """Publish it, and log it."""
        logs.event("operatorsTold", subject=subject, **event)
        self._client().publish(
            TopicArn=self._topic_arn,
            Subject=f"{subject} ({self._stage})"[:MAX_SUBJECT],
            Message=json.dumps({"stage": self._stage, "subject": subject, **event}),
        )
