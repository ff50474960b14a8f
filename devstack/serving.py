"""WSGI servers on the loopback interface, in threads of this process.

werkzeug's own closes each connection after one answer; AWS keeps them, and a sender is measured with them kept.
"""

import io
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"
STOP_POLL_SECONDS = 0.05


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Listener"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Say nothing."""

    def answer(self) -> None:
        """Read one request whole, and write its answer whole: one packet, no waiting for the other side's ACK."""
        length = self.headers.get("Content-Length")
        if length is None and "Transfer-Encoding" in self.headers:
            self.send_error(411)
            self.close_connection = True
            return
        body = self.rfile.read(int(length or 0))
        head: list[tuple[str, Sequence[tuple[str, str]]]] = []

        def start(
            status: str, headers: list[tuple[str, str]], _exc_info: object = None
        ) -> Callable[[bytes], None]:
            head[:] = [(status, headers)]
            return parts.append

        parts: list[bytes] = []
        answer = self.server.app(self._environ(body), start)
        parts.extend(answer)
        if hasattr(answer, "close"):
            answer.close()
        self._write(*head[0], b"".join(parts))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815 - the standard library's names

    def _write(self, status: str, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        lines = [f"HTTP/1.1 {status}"]
        lines += [f"{name}: {value}" for name, value in headers if name.lower() != "content-length"]
        declared = next((value for name, value in headers if name.lower() == "content-length"), None)
        bodiless = self.command == "HEAD" or status[:3] in {"204", "304"}
        lines.append(f"Content-Length: {declared if bodiless and declared else len(body)}")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        self.wfile.write(head if bodiless else head + body)

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        host, port = self.server.server_address[:2]
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": self.path,
            "RAW_URI": self.path,
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "envoi.socket": self.connection,
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
        return environ


class _Listener(ThreadingHTTPServer):
    daemon_threads = True  # open connections end with us
    request_queue_size = 128

    def __init__(self, app: "WSGIApplication", port: int) -> None:
        self.app = app
        super().__init__((HOST, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is the other side's business; anything else is said."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Server:
    """``with Server(app) as url:``; port 0 takes any free one."""

    def __init__(self, app: "WSGIApplication", port: int = 0) -> None:
        self._listener = _Listener(app, port)
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(STOP_POLL_SECONDS,), daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._listener.server_address[1]}"

    def __enter__(self) -> str:
        self._thread.start()
        return self.url

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()


def dispatch(prefixes: dict[str, "WSGIApplication"], otherwise: "WSGIApplication") -> "WSGIApplication":
    """One application out of several, by the beginning of the path."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        for prefix, app in prefixes.items():
            if environ["PATH_INFO"].startswith(prefix):
                return app(environ, start_response)
        return otherwise(environ, start_response)

    return application
