"""What every door does, whatever comes in: name the correlation, note what failed, let no sentence out that is not ours.

Lambda writes an exception's own sentence to the log, and a library's may quote what somebody sent.
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from chalicelib import logs
from chalicelib.domain.queue import ForeignEvent, UnreadableMessage
from chalicelib.errors import EnvoiError
from chalicelib.settings import MissingVariable

_TOPIC = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:(?P<account>[0-9]{12}):[A-Za-z0-9_-]+\Z")


class FunctionFailed(Exception):
    """Something that nobody foresaw; its kind, its code and its place are in the log under ``functionFailed``."""


class LambdaEvent(Protocol):
    """What Chalice hands to middleware: each of its event classes, and its request."""

    def to_dict(self) -> Mapping[str, Any]:
        """The event as it came."""
        ...


def around_every_event(event: LambdaEvent, go_on: Callable[[LambdaEvent], Any]) -> Any:
    """The middleware of all doors.

    Raises:
        FunctionFailed: For anything but what bears a sentence of ours, so that queue or topic bring the event again.
    """
    with logs.correlated(correlation_of(event)):
        try:
            return go_on(event)
        except (EnvoiError, MissingVariable, UnreadableMessage) as refusal:
            logs.trouble("eventRefused", refusal, why=str(refusal))
            raise
        except Exception as error:  # noqa: BLE001 - the last door: whatever it is, its sentence stays inside
            logs.trouble("functionFailed", error)
            raise FunctionFailed(type(error).__name__) from None


def correlation_of(event: LambdaEvent) -> str:
    """The id of the request or event that began it: a message on a queue brings the one of the call that put it there."""
    match event.to_dict():
        case {"Records": [{"messageAttributes": {"correlation": {"stringValue": str(brought)}}}, *_]}:
            return brought
        case {"Records": [{"messageId": str(own)}, *_]} | {"Records": [{"Sns": {"MessageId": str(own)}}, *_]}:
            return own
        case {"context": {"requestId": str(own)}} | {"id": str(own)}:
            return own
    return secrets.token_hex(8)  # the local server names no request


def refuse_foreign(event: LambdaEvent, own_topic: str) -> None:
    """Let only what our topic published about our account's mail pass to ``feedback``.

    The topic's policy and the function's let nobody else in (``.chalice/template/ses.yaml``); this says so if they are changed.
    What is no ARN of AWS's form does not come from SNS, but from a test's client (``chalice.test``).

    Raises:
        ForeignEvent: From another topic, or about mail that another account sent.
    """
    own = _TOPIC.match(own_topic)
    if own is None:
        return
    for record in event.to_dict().get("Records", ()):
        topic = str(record.get("Sns", {}).get("TopicArn"))
        if topic != own_topic and _TOPIC.match(topic):
            raise ForeignEvent("an event of another topic")
        if _sending_account(record) not in (None, own["account"]):
            raise ForeignEvent("an event about another account's mail")


def _sending_account(record: Mapping[str, Any]) -> str | None:
    """Which account sent the mail, where SES says it.

    https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html#event-publishing-retrieving-sns-contents-mail-object
    """
    try:
        told = json.loads(record["Sns"]["Message"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return None  # what cannot be read is kept by ``flows/feedback.py``
    match told:
        case {"mail": {"sendingAccountId": str(account)}}:
            return account
    return None
