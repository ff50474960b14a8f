"""The app as a WSGI application: what schemathesis calls, by way of the same door as every other test."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from chalice.local import ForbiddenError

from tests import actions
from tests.fuzz.stage import FuzzStage

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_NO_PREFIX = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}


class Door:
    """The stage's HTTP door as it is at the moment of each call."""

    def __init__(self, stage: FuzzStage) -> None:
        self._stage = stage

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Pass a call on; the path as it came, for API Gateway does not decode it either."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        query = environ["QUERY_STRING"]  # werkzeug's REQUEST_URI is without it
        target = environ["REQUEST_URI"] + (f"?{query}" if query else "")
        try:
            with actions.during("api"):
                answer = self._stage.world.door.http.request(
                    environ["REQUEST_METHOD"], target, headers=_headers(environ), body=body
                )
        except ForbiddenError:  # what API Gateway says to a path that is none; not ours to promise
            start_response("403 Forbidden", [("Content-Type", "application/problem+json")])
            return [b'{"type": "about:blank", "title": "Forbidden", "status": 403, "detail": "no such path"}']
        status = HTTPStatus(answer.status_code)
        start_response(f"{status.value} {status.phrase}", list(answer.headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]


def _headers(environ: "WSGIEnvironment") -> dict[str, str]:
    found = {
        name.removeprefix("HTTP_").replace("_", "-").title(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return found | {name: environ[key] for key, name in _NO_PREFIX.items() if environ.get(key)}
