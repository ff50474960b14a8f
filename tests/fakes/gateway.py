"""What API Gateway hands to a function for a request, and what it makes of the answer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import json
from collections.abc import Mapping
from typing import Any


def requested(
    method: str,
    path: str,
    values: Mapping[str, str] | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    body: str | bytes | None = None,
    claims: Mapping[str, Any] | None = None,
    source: str = "192.0.2.7",
) -> dict[str, Any]:
    """The event for a template of a path with these values. A body in bytes is encoded, as of a binary media type.

    ``claims``: what the user pool's authorizer says of the caller, where there is one. ``source``: the caller's IP address.
    """
    given = dict(values or {})
    real = path.format(**given)
    return {
        "resource": path,
        "path": real,
        "httpMethod": method,
        "headers": dict(headers or {}),
        "multiValueHeaders": {name: [value] for name, value in (headers or {}).items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": given or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": path,
            "path": f"/api{real}",
            "httpMethod": method,
            "stage": "api",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": source},
            **({} if claims is None else {"authorizer": {"claims": dict(claims)}}),
        },
        "body": base64.b64encode(body).decode("ascii") if isinstance(body, bytes) else body,
        "isBase64Encoded": isinstance(body, bytes),
    }


def answered(answer: Mapping[str, Any]) -> tuple[int, Any]:
    """Status, and JSON or text, of what the function answered."""
    text = answer["body"]
    is_json = "json" in answer["headers"].get("Content-Type", "")
    return answer["statusCode"], json.loads(text) if is_json and text else text
