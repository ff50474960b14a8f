"""What many routes have in common, said once: refusals, headers, the paging parameters and the token."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from chalicelib.routes.openapi_schemas import REF
from chalicelib.routes.problems import CONTENT_TYPE, InvalidProblem, Problem

Part = Mapping[str, Any]
TYPES = (Problem, InvalidProblem)
"""The types that the refusals are told in."""

REFUSALS: Mapping[int, str] = {
    400: "What was sent is wrong; `errors` names each field.",
    401: "No token, or one that is unknown, expired or revoked.",
    403: "The token's role is too small, or a user pool's user has none.",
    404: "No such thing.",
    409: "The state of the thing forbids it, or its `Idempotency-Key` is in use.",
    412: "`If-Match` names another version than the stored one, or somebody changed it at the same moment.",
    413: "The body is over the limit of 1 MiB.",
    415: "This path does not take that content type.",
    429: "Too many failed tokens came from this address.",
    503: "Not now: come again after `Retry-After` seconds.",
}
_EXTRA_HEADERS = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}

HEADERS: Mapping[str, Part] = {
    "ETag": {
        "description": "The version, to be sent back as `If-Match`; the same as the field `etag`, in quotation marks.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[^"]*"$'},
    },
    "Idempotent-Replayed": {
        "description": "There when the answer is that of an earlier call with the same `Idempotency-Key`.",
        "schema": {"const": "true"},
    },
    "Location": {
        "description": "Where to go on.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "integer", "minimum": 0}},
    "WWW-Authenticate": {
        "description": "What is needed (RFC 6750).",
        "required": True,
        "schema": {"type": "string"},
    },
}

PARAMETERS: Mapping[str, Part] = {
    "limit": {
        "name": "limit",
        "in": "query",
        "description": "How many on a page.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    },
    "cursor": {
        "name": "cursor",
        "in": "query",
        "description": "Where the page begins: `nextCursor` of the page before, with the same other parameters.",
        "schema": {"type": "string"},
    },
    "ifMatch": {
        "name": "If-Match",
        "in": "header",
        "description": 'Go on only if the stored version is one of these; `*` or nothing: whichever it is. `"3"` is version 3.',
        "schema": {"type": "string"},
    },
    "idempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Any text of your own. A call that is repeated with the same key and body within 24 hours has one "
        "effect and the first one's answer; with another body, or while the first runs, it is refused with 409.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
}

SECURITY: Mapping[str, Part] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of `/v1/tokens`; on a stage with a Cognito user pool an identity token of it instead. Roles: `viewer` reads, `editor` also writes and sends, `admin` also "
        "changes settings, tokens and address flags, and releases.",
    }
}


def responses() -> dict[str, Part]:
    """Every refusal, by the name of its status."""
    return {refusal_name(status): _refusal(status, says) for status, says in REFUSALS.items()}


def refusal_name(status: int) -> str:
    """``409`` is ``Conflict``."""
    return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")


def _refusal(status: int, says: str) -> Part:
    kind = InvalidProblem if status == HTTPStatus.BAD_REQUEST else Problem
    header = _EXTRA_HEADERS.get(status)
    return {
        "description": says,
        **({"headers": {header: {"$ref": f"#/components/headers/{header}"}}} if header else {}),
        "content": {CONTENT_TYPE: {"schema": {"$ref": REF + kind.__name__}}},
    }
