"""Chalice's own local server, mended where it differs from API Gateway and Lambda.

It writes a body to HEAD, reports every path (with its token) on the terminal, stalls 40 ms on kept connections and
answers its own errors in its own form; in the cloud the merged GatewayResponses make problem+json of them.
"""

import json
import threading
from types import TracebackType
from typing import Any

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LambdaContext, LocalDevServer, LocalGatewayException

from devstack.serving import HOST, STOP_POLL_SECONDS

_TITLES = {401: "Unauthorized", 403: "Forbidden", 500: "Internal Server Error"}


_BODILESS = frozenset({204, 304})  # RFC 9110 section 6.4.1


class _Handler(ChaliceRequestHandler):
    disable_nagle_algorithm = True  # headers and body are two writes

    def __getattr__(self, name: str) -> Any:
        """Any other method goes the way of all: the app says that it does not take it, where http.server says 501."""
        if name.startswith("do_"):
            return self.do_GET
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Say nothing: paths hold tokens."""

    def _send_http_response_with_body(self, code: int, headers: dict[str, Any], body: str | bytes) -> None:
        if code in _BODILESS:  # what was written after it would begin the next answer
            self._send_http_response_no_body(code, headers)
            return
        if self.command != "HEAD":
            super()._send_http_response_with_body(code, headers, body)
            return
        self.send_response(code)
        self.send_header("Content-Length", str(len(body.encode() if isinstance(body, str) else body)))
        self._send_headers(headers)

    def _send_error_response(self, error: LocalGatewayException) -> None:
        """As the stage's GatewayResponses say it (.chalice/template/api.yaml): a path that is none is a 404."""
        is_no_path = error.CODE == 403  # noqa: PLR2004 - what Chalice has for an unknown path
        status = 404 if is_no_path else error.CODE
        problem = {"type": "about:blank", "title": _TITLES.get(status, "Not Found"), "status": status}
        if is_no_path:
            problem["detail"] = "no such path"
        self._send_http_response(status, {"Content-Type": "application/problem+json"}, json.dumps(problem))


class Gateway:
    """``with Gateway(app, port) as url:`` serves the app's HTTP routes, each call in a thread."""

    def __init__(self, app: Chalice, port: int) -> None:
        self._local = LocalDevServer(app, Config(), HOST, port, handler_cls=_Handler)
        self._thread = threading.Thread(
            target=self._local.server.serve_forever, args=(STOP_POLL_SECONDS,), daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._local.server.server_address[1]}"

    def __enter__(self) -> str:
        self._thread.start()
        return self.url

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._local.shutdown()
        self._thread.join()
        self._local.server.server_close()


def call_function(app: Chalice, name: str, event: Any) -> Any:
    """Call a function of ``app.py`` by its name, as Lambda would.

    Raises:
        KeyError: The app has no such function.
    """
    context = LambdaContext(name, memory_size=512, max_runtime_ms=60_000)
    return app.handler_map[name](event, context)
