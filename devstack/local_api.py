"""What only the local cloud has: messages to read, faults to set, events to publish, time to move (``/_local/…``)."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from devstack.ses import SesStandIn
from devstack.ses_errors import SesError
from devstack.ses_faults import Faults, camel

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_ROUTES = Map(
    [
        Rule("/_local/messages", methods=["GET"], endpoint="messages"),
        Rule("/_local/messages", methods=["DELETE"], endpoint="forget"),
        Rule("/_local/faults", methods=["GET"], endpoint="faults"),
        Rule("/_local/faults", methods=["PUT"], endpoint="set_faults"),
        Rule("/_local/stats", methods=["GET"], endpoint="stats"),
        Rule("/_local/events", methods=["POST"], endpoint="publish"),
        Rule("/_local/tick", methods=["POST"], endpoint="tick"),
    ]
)


class LocalApi:
    """A WSGI application; ``tick`` moves the clock by seconds, does what is due and says what it did."""

    def __init__(self, ses: SesStandIn, tick: Callable[[float], dict[str, Any]]) -> None:
        self._ses, self._tick_by = ses, tick

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        try:
            endpoint, _ = _ROUTES.bind_to_environ(environ).match()
            answer: Any = getattr(self, f"_{endpoint}")(Request(environ))
        except SesError as error:
            return _json({"status": 400, "detail": error.message}, 400)(environ, start_response)
        except HTTPException as error:
            body = {"status": error.code, "detail": error.description}
            return _json(body, error.code or 500)(environ, start_response)
        if answer is None:
            return Response(status=204)(environ, start_response)
        return _json(answer)(environ, start_response)

    def _messages(self, request: Request) -> dict[str, Any]:
        """Oldest first; ``to`` is a whole address, in any case; ``limit`` keeps the newest."""
        to = request.args.get("to", "").lower()
        limit = request.args.get("limit", type=int)
        found = [one for one in self._ses.mailbox if not to or to in map(str.lower, one.entry.recipients)]
        return {"list": [message.as_json() for message in (found[-limit:] if limit else found)]}

    def _forget(self, _request: Request) -> None:
        self._ses.mailbox.clear()

    def _faults(self, _request: Request) -> dict[str, Any]:
        return {camel(name): value for name, value in asdict(self._ses.faults).items()}

    def _set_faults(self, request: Request) -> dict[str, Any]:
        body = _body(request)
        if not isinstance(body, dict):
            raise BadRequest("an object is needed")
        self._ses.faults = Faults.of(body)
        return self._faults(request)

    def _stats(self, _request: Request) -> dict[str, Any]:
        return self._ses.stats()

    def _publish(self, request: Request) -> dict[str, Any]:
        self._ses.publish(_body(request))
        return {"published": 1}

    def _tick(self, request: Request) -> dict[str, Any]:
        body = _body(request) if request.content_length else {}
        seconds = body.get("advance", 0) if isinstance(body, dict) else None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise BadRequest("advance must be a number of seconds, zero or more")
        return self._tick_by(seconds)


def _body(request: Request) -> Any:
    try:
        return json.loads(request.get_data())
    except ValueError as error:
        raise BadRequest("the body is no JSON") from error


def _json(answer: Any, status: int = 200) -> Response:
    return Response(json.dumps(answer, ensure_ascii=False), status, content_type="application/json")
