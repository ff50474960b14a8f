"""What every door does, whatever comes in: name the correlation, note what failed, let no sentence out that is not ours.

Lambda writes an exception's own sentence to the log, and a library's may quote what somebody sent.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from chalicelib import logs
from chalicelib.domain.queue import UnreadableMessage
from chalicelib.errors import EnvoiError
from chalicelib.settings import MissingVariable


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
