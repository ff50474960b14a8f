"""Chalice's local server answers as API Gateway and Lambda would."""

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, NamedTuple

import pytest
from chalice.app import Chalice, Response, SQSEvent

from chalicelib.routes.answers import BinaryResponse
from devstack.gateway import Gateway, call_function

GIF = b"GIF89a\x00\xff\xfe"


def small_app() -> Chalice:
    """An app with one route of each kind that Envoi has."""
    app = Chalice(app_name="small", configure_logs=False)
    both = Barrier(2)

    @app.route("/page", methods=["GET", "HEAD"])
    def page() -> Response:
        return Response("<p>é</p>", headers={"Content-Type": "text/html; charset=utf-8"})

    @app.route("/pixel")
    def pixel() -> Response:
        return BinaryResponse(GIF, content_type="image/gif")

    @app.route(
        "/form/{token}",
        methods=["POST"],
        content_types=["application/x-www-form-urlencoded", "multipart/form-data"],
    )
    def form(token: str) -> dict[str, str]:
        request: Any = app.current_request
        return {"token": token, "body": request.raw_body.decode()}

    @app.route("/nothing", methods=["DELETE"])
    def nothing() -> Response:
        return Response(None, status_code=204)

    @app.route("/together")
    def together() -> dict[str, bool]:
        both.wait(5)
        return {"both": True}

    @app.on_sqs_message(queue="q", name="deliver")
    def deliver(event: SQSEvent) -> list[str]:
        return [record.body for record in event]

    return app


class Answer(NamedTuple):
    """An HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def port() -> Iterator[int]:
    with Gateway(small_app(), 0) as url:
        yield int(url.rpartition(":")[2])


def ask(connection: http.client.HTTPConnection, method: str, path: str, **more: Any) -> Answer:
    connection.request(method, path, **more)
    answer = connection.getresponse()
    return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


@pytest.fixture
def connection(port: int) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    yield made
    made.close()


def test_text_arrives_as_it_is(connection: http.client.HTTPConnection) -> None:
    """HTML in UTF-8, with its content type."""
    answer = ask(connection, "GET", "/page")
    assert answer.body.decode() == "<p>é</p>"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_head_has_headers_and_no_body(connection: http.client.HTTPConnection) -> None:
    """The connection stays usable: no byte of a body is left in it."""
    answer = ask(connection, "HEAD", "/page")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == str(len("<p>é</p>".encode()))
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert ask(connection, "GET", "/page").status == 200


@pytest.mark.parametrize("accept", ["*/*", "image/avif,image/webp", "text/html", None])
def test_an_image_arrives_whatever_is_accepted(
    connection: http.client.HTTPConnection, accept: str | None
) -> None:
    """The bytes, not their base64."""
    headers = {"Accept": accept} if accept else {}
    assert ask(connection, "GET", "/pixel", headers=headers).body == GIF


def test_a_form_reaches_its_view(connection: http.client.HTTPConnection) -> None:
    """With the path's token as it was written."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = ask(connection, "POST", "/form/a-b_c", body="List-Unsubscribe=One-Click", headers=headers)
    assert b'"token":"a-b_c"' in answer.body
    assert b"One-Click" in answer.body


def test_no_content_is_none(connection: http.client.HTTPConnection) -> None:
    """204, and the connection goes on."""
    answer = ask(connection, "DELETE", "/nothing")
    assert (answer.status, answer.body) == (204, b"")
    assert ask(connection, "GET", "/page").status == 200


def test_an_unknown_path_is_a_problem(connection: http.client.HTTPConnection) -> None:
    """404 as problem+json, where Chalice's own server has 403 and a sentence about tokens."""
    answer = ask(connection, "GET", "/unknown")
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert json.loads(answer.body)["detail"] == "no such path"


@pytest.mark.parametrize("method", ["TRACE", "PUT", "PROPFIND", "OTHER"])
def test_a_method_that_no_path_takes_is_refused(connection: http.client.HTTPConnection, method: str) -> None:
    """405 with what the path takes, where http.server has a 501 for what it does not know; the connection goes on."""
    answer = ask(connection, method, "/page")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert ask(connection, "GET", "/page").status == 200


def test_calls_run_side_by_side(port: int) -> None:
    """Two calls that wait for each other both end."""

    def call(_n: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            return ask(connection, "GET", "/together").status
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(call, range(2))) == [200, 200]


def test_functions_are_called_by_name() -> None:
    """With the event as Lambda has it, and the function's own answer."""
    record = {"body": "x", "receiptHandle": "r"}
    assert call_function(small_app(), "deliver", {"Records": [record]}) == ["x"]
    with pytest.raises(KeyError):
        call_function(small_app(), "unknown", {})
