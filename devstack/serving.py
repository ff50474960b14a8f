"""WSGI servers on the loopback interface, in threads of this process."""

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"
STOP_POLL_SECONDS = 0.05


class _QuietHandler(WSGIRequestHandler):
    """Keeps connections open between requests, as AWS does, and writes no access log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes; Nagle and delayed ACK would cost 40 ms

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing."""


class Server:
    """``with Server(app) as url:``; port 0 takes any free one."""

    def __init__(self, app: "WSGIApplication", port: int = 0) -> None:
        self._server: BaseWSGIServer = make_server(
            HOST, port, app, threaded=True, request_handler=_QuietHandler
        )
        self._server.daemon_threads = True  # type: ignore[attr-defined]  # of ThreadedWSGIServer: open connections end with us
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_SECONDS,), daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._server.port}"

    def __enter__(self) -> str:
        self._thread.start()
        return self.url

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def dispatch(prefixes: dict[str, "WSGIApplication"], otherwise: "WSGIApplication") -> "WSGIApplication":
    """One application out of several, by the beginning of the path."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        for prefix, app in prefixes.items():
            if environ["PATH_INFO"].startswith(prefix):
                return app(environ, start_response)
        return otherwise(environ, start_response)

    return application
