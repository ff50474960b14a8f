"""DynamoDB's JSON through botocore as it is: no walk along the model, neither of requests nor of answers.

A DynamoDB client takes and gives what goes over the wire (``{"S": …}``) except for binary values, which are base64
there. Botocore still visits every value twice; this leaves connections, signatures, retries and errors to it and the
JSON to msgspec. The hooks are botocore's events (https://docs.aws.amazon.com/boto3/latest/guide/events.html).
"""

from base64 import b64decode
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any
from zlib import crc32

import msgspec
from botocore.parsers import ResponseParserError

OPERATIONS = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    }
)
"""The operations on items; those on tables answer times, which the model must turn into ``datetime``."""

_CONTEXT_KEY = "envoi_parameters"
_CRC32 = "x-amz-crc32"  # of the body; https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html


def pass_json_through(client: Any) -> Any:
    """Let this DynamoDB client pass JSON through; answers the same client. Registering twice is registering once.

    The client must not validate parameters (``Config(parameter_validation=False)``): there are none left to validate.
    Errors are parsed as ever. A success whose body does not fit its CRC32 or is no JSON raises botocore's
    ``ResponseParserError``; botocore's standard retry mode takes it for an empty answer, in which an item seems missing.
    """
    for event, handler in (("before-call", _hand_over), ("before-parse", _read)):
        client.meta.events.register(f"{event}.dynamodb", handler, unique_id=f"envoi-json-{event}")
    # Last of all and for all operations, because botocore's own handler for idempotency tokens is that general.
    client.meta.events.register_last(
        "before-parameter-build", _take, unique_id="envoi-json-before-parameter-build"
    )
    _keep_endpoint(client)
    return client


def _keep_endpoint(client: Any) -> None:
    """Send everything to the client's one endpoint, without asking botocore's rules anew for each request.

    That is a tenth of a request's CPU, and in one region the answer is always the same. No public setting says so: without a
    resolver botocore takes ``meta.endpoint_url``, as for services that have no rules. A test holds that it still does.
    """
    client._ruleset_resolver = None  # noqa: SLF001 - see above


def _take(params: MutableMapping[str, Any], model: Any, context: MutableMapping[str, Any], **_: Any) -> None:
    """Leave only the tables' names, of which botocore's rules, where they are asked, make the endpoint's account."""
    if model.name not in OPERATIONS:
        return
    context[_CONTEXT_KEY] = dict(params)
    params.clear()
    for name, rest in context[_CONTEXT_KEY].items():
        if name == "TableName":
            params[name] = rest
        elif name == "RequestItems":
            params[name] = {table: {} for table in rest}
        elif name == "TransactItems":
            params[name] = []


def _hand_over(params: MutableMapping[str, Any], context: MutableMapping[str, Any], **_: Any) -> None:
    if _CONTEXT_KEY in context:
        params["body"] = msgspec.json.encode(context[_CONTEXT_KEY])  # bytes become base64, sets lists


def _read(
    operation_model: Any,
    response_dict: MutableMapping[str, Any],
    customized_response_dict: dict[str, Any],
    **_: Any,
) -> None:
    if operation_model.name not in OPERATIONS or response_dict["status_code"] != HTTPStatus.OK:
        return
    body: bytes = response_dict["body"]
    expected = response_dict["headers"].get(_CRC32)
    if expected is not None and int(expected) != crc32(body):
        raise ResponseParserError("the answer does not fit its CRC32")
    try:
        answer = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise ResponseParserError("the answer is no JSON object") from error
    if b'"B"' in body or b'"BS"' in body:
        _decode_binary(answer)
    customized_response_dict.update(answer)
    response_dict["body"] = b""


def _decode_binary(node: Any) -> None:
    """Turn ``{"B": base64}`` and ``{"BS": [base64]}`` into bytes, in place; an attribute called B holds a value, no text."""
    if isinstance(node, list):
        for part in node:
            _decode_binary(part)
    if not isinstance(node, dict):
        return
    for name, part in node.items():
        if name == "B" and isinstance(part, str):
            node[name] = b64decode(part)
        elif name == "BS" and isinstance(part, list):
            node[name] = [b64decode(each) for each in part]
        else:
            _decode_binary(part)
