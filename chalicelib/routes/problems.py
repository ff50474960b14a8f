"""Every refusal as RFC 9457 ``application/problem+json``: the one place where errors become HTTP."""

from collections.abc import Mapping
from http import HTTPStatus

from chalice.app import Response

from chalicelib import errors
from chalicelib.routes.answers import Answer, json_response

CONTENT_TYPE = "application/problem+json"
STATUSES: Mapping[type[errors.EnvoiError], HTTPStatus] = {
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.Unauthorized: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Deferred: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""A test holds that every leaf of the error tree is here."""


class Problem(Answer, kw_only=True, frozen=True):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


class Fault(Answer, kw_only=True, frozen=True):
    """One field and what is wrong with it; ``field`` is a dotted path such as ``targets.0.type``."""

    field: str
    message: str


class InvalidProblem(Problem, kw_only=True, frozen=True):
    """What was sent is wrong: one entry of ``errors`` per fault."""

    errors: list[Fault]


def problem(
    status: int, detail: str = "", headers: Mapping[str, str] | None = None, **members: object
) -> Response:
    """A problem of type ``about:blank``: its title is the status's own phrase (RFC 9457 section 4.2.1)."""
    phrase = HTTPStatus(status).phrase
    body = {
        "type": "about:blank",
        "title": phrase,
        "status": int(status),
        "detail": detail or phrase,
        **members,
    }
    return json_response(body, status, headers, CONTENT_TYPE)


def problem_of(error: errors.EnvoiError) -> Response:
    """The answer to an error of ours."""
    status = STATUSES[type(error)]
    if isinstance(error, errors.Invalid):
        faults = [{"field": fault.field, "message": fault.message} for fault in error.errors]
        return problem(status, "what was sent is wrong", errors=faults)
    if isinstance(error, errors.Refused):
        return problem(status, error.message, reason=error.reason)
    if isinstance(error, errors.TooMany | errors.Deferred):
        return problem(status, error.message, {"Retry-After": str(error.retry_after)})
    if isinstance(error, errors.Unauthorized):
        return problem(status, error.message, {"WWW-Authenticate": _challenge(error.message)})
    return problem(status, error.message)


def _challenge(message: str) -> str:
    """RFC 6750 section 3: an error code only when a token was sent at all.

    API Gateway passes this header on as ``x-amzn-Remapped-WWW-Authenticate``:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
    """
    return 'Bearer realm="envoi"' + (', error="invalid_token"' if message != NO_TOKEN else "")


NO_TOKEN = "a bearer token is needed"  # noqa: S105 - a sentence


def problem_from_chalice(response: Response) -> Response:
    """Chalice's own 4xx and 5xx bodies are ``{"Code", "Message"}``: the same as a problem."""
    body = response.body
    if not isinstance(body, dict) or "Code" not in body:
        return response
    kept = {name: str(value) for name, value in response.headers.items() if name.lower() != "content-type"}
    own = {405: "this path does not take that method", 415: "this path does not take that content type"}
    return problem(response.status_code, own.get(response.status_code, ""), kept)
