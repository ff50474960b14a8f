"""The local cloud's own servers keep connections and pass requests on as they are."""

import http.client
from collections.abc import Callable, Iterable
from typing import Any

from devstack.serving import Server, dispatch


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Path", environ["PATH_INFO"])])
    return [environ["REQUEST_METHOD"].encode(), b" ", environ["QUERY_STRING"].encode(), b" ", body]


def other(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("204 No Content", [])
    return []


def test_one_connection_serves_many_requests() -> None:
    """Bodies, queries, HEAD and empty answers, one after another on one socket."""
    with Server(dispatch({"/other": other}, echo)) as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)

        def ask(method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
            connection.request(method, path, body=body)
            answer = connection.getresponse()
            return answer.status, answer.read()

        assert ask("POST", "/a%2Fb?x=1", b"body") == (200, b"POST x=1 body")
        socket = connection.sock
        assert ask("HEAD", "/") == (200, b"")
        assert ask("GET", "/other") == (204, b"")
        assert ask("PUT", "/", b"") == (200, b"PUT  ")
        assert connection.sock is socket
        connection.close()


def test_a_body_of_unknown_length_is_refused() -> None:
    """411, since nothing here needs chunks; not a request cut short."""
    with Server(echo) as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
        connection.request("POST", "/", body=iter([b"a", b"b"]), encode_chunked=True)
        answer = connection.getresponse()
        assert answer.status == 411
        answer.read()
        connection.close()
