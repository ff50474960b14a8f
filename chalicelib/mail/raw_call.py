"""One operation of a botocore client with our own bytes in, its JSON out, and the knowledge whether the bytes may have left.

Botocore's exceptions do not say that: a connection that breaks in the TLS handshake and one that breaks after the
request raise the same. What decides is whether the connection ever asked for the body; SES cannot act on a request
without it. Serialising and parsing along the model is most of a call's CPU, and neither side needs it here.
The hooks are botocore's events (https://docs.aws.amazon.com/boto3/latest/guide/events.html).
"""

from collections.abc import Iterator, MutableMapping
from http import HTTPStatus
from typing import Any

import msgspec

_PARAMETER = "RawBody"
_CONTEXT_KEY = "envoi_raw_body"


class RawBody:
    """Bytes for one call.

    ``has_left`` is None until botocore is ready to send, False from then on, True once the connection (or a stand-in
    for it, by ``bytes(request.body)``) asked for the body.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.has_left: bool | None = None

    def __bytes__(self) -> bytes:
        self.has_left = True
        return self.content

    def __iter__(self) -> Iterator[bytes]:
        """How urllib3 takes a body that is neither bytes nor a file, once the connection stands and the headers are out."""
        yield bytes(self)

    def as_parameters(self) -> dict[str, Any]:
        """What to call the client's method with; no other parameters."""
        return {_PARAMETER: self}


def register(client: Any, operation: str) -> None:
    """Let this client's operation take :meth:`RawBody.as_parameters`; registering twice is registering once."""
    service = client.meta.service_model.service_id.hyphenize()
    for event, handler in (
        ("before-parameter-build", _take),
        ("before-call", _hand_over),
        ("before-send", _watch),
        ("before-parse", _read),
    ):
        # First, so that whoever stands in for the network is called with the watched body.
        client.meta.events.register_first(
            f"{event}.{service}.{operation}", handler, unique_id=f"envoi-raw-{event}-{operation}"
        )


def _take(params: MutableMapping[str, Any], context: MutableMapping[str, Any], **_: Any) -> None:
    if _PARAMETER in params:
        context[_CONTEXT_KEY] = params.pop(_PARAMETER)


def _hand_over(params: MutableMapping[str, Any], context: MutableMapping[str, Any], **_: Any) -> None:
    if _CONTEXT_KEY in context:
        params["body"] = context[_CONTEXT_KEY].content
        params["headers"]["Content-Type"] = "application/json"


def _watch(request: Any, **_: Any) -> None:
    """Exchange the body after it was signed: signature and Content-Length are those of the same bytes."""
    body = request.context.get(_CONTEXT_KEY)
    if body is not None:
        body.has_left = False
        request.body = body


def _read(
    response_dict: MutableMapping[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """A success as it is, past the parser (which raises for some JSON); what is no object leaves an empty answer."""
    if response_dict["status_code"] != HTTPStatus.OK:
        return
    try:
        answer = msgspec.json.decode(response_dict["body"])
    except msgspec.DecodeError:
        answer = None
    response_dict["body"] = b""
    if isinstance(answer, dict):
        customized_response_dict.update(answer)
