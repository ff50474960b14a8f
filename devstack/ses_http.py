"""The SES v2 API over HTTP, as boto3 speaks it, in front of the stand-in."""

import json
import socket
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.wrappers import Request, Response

from devstack.ses import SesStandIn
from devstack.ses_errors import AnswerLost, SesError, bad_request, not_found

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class _Rest(BaseConverter):
    """All that is left of the path: an address may begin with a slash."""

    regex = ".+"
    part_isolating = False


# Paths and methods: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Operations.html
_ROUTES = Map(
    [
        Rule("/v2/email/outbound-bulk-emails", methods=["POST"], endpoint="send_bulk"),
        Rule("/v2/email/outbound-emails", methods=["POST"], endpoint="send_email"),
        Rule("/v2/email/account", methods=["GET"], endpoint="account"),
        Rule("/v2/email/identities", methods=["GET"], endpoint="identities"),
        Rule("/v2/email/list-identities", methods=["POST"], endpoint="identities"),
        Rule("/v2/email/identities", methods=["POST"], endpoint="add_identity"),
        Rule("/v2/email/identities/<rest:name>", methods=["GET", "DELETE"], endpoint="identity"),
        Rule("/v2/email/suppression/addresses", methods=["PUT"], endpoint="suppress"),
        Rule(
            "/v2/email/suppression/addresses/<rest:address>", methods=["GET", "DELETE"], endpoint="suppressed"
        ),
        Rule("/v2/email/configuration-sets/<name>", methods=["GET"], endpoint="configuration_set"),
    ],
    converters={"rest": _Rest},
    merge_slashes=False,
)


class SesApi:
    """A WSGI application; ``sleep`` waits real seconds for the latency that faults ask for."""

    def __init__(self, ses: SesStandIn, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._ses = ses
        self._sleep = sleep

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        self._sleep(self._ses.faults.latency_ms / 1000)
        try:
            endpoint, arguments = _ROUTES.bind_to_environ(environ).match()
            answer = getattr(self, f"_{endpoint}")(request, **arguments)
        except SesError as error:
            return _error(error)(environ, start_response)
        except HTTPException as error:
            return _error(SesError("UnknownOperationException", "", error.code or 404))(
                environ, start_response
            )
        except AnswerLost:
            _hang_up(environ)
            return Response(status=500)(environ, start_response)  # nobody hears it
        return _json(answer)(environ, start_response)

    def _send_bulk(self, request: Request) -> dict[str, Any]:
        return self._ses.send_bulk(_body(request), size=request.content_length)

    def _send_email(self, request: Request) -> dict[str, Any]:
        return self._ses.send_email(_body(request), size=request.content_length)

    def _account(self, _request: Request) -> dict[str, Any]:
        return self._ses.get_account()

    def _identities(self, _request: Request) -> dict[str, Any]:
        return self._ses.identities.list()

    def _add_identity(self, request: Request) -> dict[str, Any]:
        self._ses.identities.add(str(_body(request).get("EmailIdentity", "")))
        return {"VerifiedForSendingStatus": True}

    def _identity(self, request: Request, name: str) -> dict[str, Any]:
        if request.method == "GET":
            return self._ses.identities.get(name)
        self._ses.identities.remove(name)
        return {}

    def _suppress(self, request: Request) -> dict[str, Any]:
        body = _body(request)
        self._ses.suppress(str(body.get("EmailAddress", "")), str(body.get("Reason", "")))
        return {}

    def _suppressed(self, request: Request, address: str) -> dict[str, Any]:
        if request.method == "GET":
            return {"SuppressedDestination": self._ses.suppression(address)}
        self._ses.unsuppress(address)
        return {}

    def _configuration_set(self, _request: Request, name: str) -> dict[str, Any]:
        if name not in self._ses.configuration_sets:
            raise not_found(f"Configuration set <{name}> does not exist.")
        return {"ConfigurationSetName": name, "SendingOptions": {"SendingEnabled": True}}


def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.get_data())
    except ValueError as error:
        raise bad_request("The request is not JSON.") from error
    if not isinstance(body, dict):
        raise bad_request("The request is not a JSON object.")
    return body


def _json(answer: dict[str, Any]) -> Response:
    return Response(json.dumps(answer), content_type="application/json")


def _error(error: SesError) -> Response:
    """Error answers of the REST-JSON protocol: the code is in a header."""
    body = json.dumps({"message": error.message})
    return Response(body, error.status, {"x-amzn-ErrorType": error.code}, content_type="application/json")


def _hang_up(environ: "WSGIEnvironment") -> None:
    """Break the connection without a word, as a network does."""
    connection = environ.get("envoi.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
