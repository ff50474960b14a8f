"""The conventions of the API, on routes made for looking at them."""

import json
import logging
from collections.abc import Iterator

import pytest

from chalicelib.domain.records import Role
from tests.routes.probe import WIDGET_ID, runs
from tests.world import NO_TOKEN, World

WIDGET = f"/v1/widgets/{WIDGET_ID}"
UNKNOWN = "/v1/widgets/00000000000000000"


@pytest.fixture
def log() -> Iterator[list[str]]:
    """The lines that are logged."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("envoi")
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


def test_a_record_is_answered_with_its_times_and_etag(probe: World) -> None:
    """Times end in Z, the ETag is a header and a field, a new record has a Location, and nothing is cached."""
    reply = probe.http("POST", "/v1/widgets", {"name": "one"})
    assert reply.status == 201
    assert reply.body == {
        "id": WIDGET_ID,
        "createdAt": "2026-03-02T09:00:00Z",
        "modifiedAt": "2026-03-02T09:00:00Z",
        "etag": "1",
        "name": "one",
    }
    assert reply.headers["ETag"] == '"1"'
    assert reply.headers["Location"] == WIDGET
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"


def test_statuses_by_method(probe: World) -> None:
    """POST 201, GET and PATCH 200, DELETE 204 without a body, else what the view says."""
    assert probe.http("POST", "/v1/widgets", {"name": "one"}).status == 201
    assert probe.http("GET", WIDGET).status == 200
    assert probe.http("PATCH", WIDGET, {}).status == 200
    deleted = probe.http("DELETE", WIDGET)
    assert (deleted.status, deleted.body) == (204, None)
    accepted = probe.http("POST", "/v1/faults/none")
    assert (accepted.status, accepted.headers["Retry-After"]) == (202, "3")


@pytest.mark.parametrize("path", [UNKNOWN, "/v1/widgets/x", f"/v1/widgets/{WIDGET_ID.upper()}", f"{WIDGET}0"])
def test_an_unknown_id_in_a_path_is_404(probe: World, path: str) -> None:
    """Whether or not it could be an id."""
    status, body = probe.api("GET", path)
    assert (status, body["status"], body["title"]) == (404, 404, "Not Found")


@pytest.mark.parametrize(
    ("kind", "status", "header"),
    [
        ("unauthorized", 401, ("WWW-Authenticate", 'Bearer realm="envoi", error="invalid_token"')),
        ("tooMany", 429, ("Retry-After", "9")),
        ("deferred", 503, ("Retry-After", "7")),
        ("refused", 422, ("Content-Type", "application/problem+json")),
        ("precondition", 412, ("Content-Type", "application/problem+json")),
    ],
)
def test_errors_are_problems(probe: World, kind: str, status: int, header: tuple[str, str]) -> None:
    """Each error of ours has its status and its header."""
    reply = probe.http("POST", f"/v1/faults/{kind}")
    assert reply.status == reply.body["status"] == status
    assert set(reply.body) >= {"type", "title", "status", "detail"}
    assert reply.headers[header[0]] == header[1]


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/faults/crash"), ("GET", "/t/crash")])
def test_a_crash_is_a_500_that_tells_nothing(probe: World, log: list[str], method: str, path: str) -> None:
    """The caller learns nothing; the log gets the place and the class, and no address."""
    reply = probe.http(method, path)
    assert reply.status == 500
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert "ann@example.com" not in json.dumps(reply.body)
    (line,) = map(json.loads, log)
    assert (line["event"], line["error"]) == ("viewFailed", "RuntimeError")
    assert "probe.py" in line["at"][-1]
    assert "ann@example.com" not in json.dumps(line)


def test_chalices_own_answers_are_problems_too(probe: World) -> None:
    """405 with Allow, 415: Chalice answers them before any view."""
    wrong_method = probe.http("PUT", "/v1/widgets", {})
    assert (wrong_method.status, wrong_method.body["status"]) == (405, 405)
    assert set(wrong_method.headers["Allow"].split(", ")) == {"GET", "POST"}
    wrong_type = probe.http("POST", "/v1/widgets", b"a=b", headers={"Content-Type": "text/plain"})
    assert (wrong_type.status, wrong_type.body["status"]) == (415, 415)
    for reply in (wrong_method, wrong_type):
        assert reply.headers["Content-Type"] == "application/problem+json"


def test_a_patch_may_be_a_merge_patch(probe: World) -> None:
    """Both content types are taken, and no third."""
    for content_type in ("application/json", "application/merge-patch+json; charset=utf-8"):
        reply = probe.http("PATCH", WIDGET, {"name": "two"}, headers={"Content-Type": content_type})
        assert reply.body == {"changes": {"name": "two"}}
    assert probe.http("PATCH", WIDGET, {}, headers={"Content-Type": "text/plain"}).status == 415


def test_null_resets(probe: World) -> None:
    """Null becomes None where the field may be null, else its default; what is required cannot be null."""
    _, body = probe.api("PATCH", WIDGET, {"count": None, "colour": None, "listIds": None, "parts": None})
    assert body["changes"] == {"count": None, "colour": "Red", "list_ids": [], "parts": []}
    status, body = probe.api("PATCH", WIDGET, {"name": None})
    assert (status, body["errors"]) == (400, [{"field": "name", "message": "cannot be null"}])


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        ('"7"', 200),
        ('"6", "7"', 200),
        ("*", 200),
        ('"6"', 412),
        ('W/"7"', 412),
        ("7", 412),
        ("", 412),
    ],
)
def test_if_match_must_fit(probe: World, if_match: str, status: int) -> None:
    """The comparison is the strong one: a weak tag, or one without its marks, never fits."""
    assert probe.http("PATCH", WIDGET, {}, headers={"If-Match": if_match}).status == status


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("limit=1.5", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("colour=Green", "colour"),
        ("isNew=maybe", "isNew"),
        ("is_new=true", "is_new"),
        ("where=x", "where"),
        ("cursor=x", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=%C3%A9", "cursor"),
    ],
)
def test_a_wrong_query_parameter_is_named(probe: World, query: str, field: str) -> None:
    """Unknown, repeated and wrong parameters are 400 by name."""
    status, body = probe.api("GET", f"/v1/widgets?{query}")
    assert status == 400
    assert [error["field"] for error in body["errors"]] == [field]


def test_a_route_without_parameters_takes_none(probe: World) -> None:
    """Also where there is nothing to search."""
    status, body = probe.api("GET", f"{WIDGET}?x=1")
    assert (status, body["errors"]) == (400, [{"field": "x", "message": "unknown parameter"}])


def test_query_parameters_have_types(probe: World) -> None:
    """Numbers, booleans and enumerations are read from their text."""
    assert probe.api("GET", "/v1/widgets?limit=3&colour=Dark%20Blue&isNew=true")[0] == 200


def test_pages_follow_each_other_to_the_end(probe: World) -> None:
    """Fifty by default; the cursor of the last page is null; the limit may change on the way."""
    names: list[str] = []
    _, page = probe.api("GET", "/v1/widgets")
    assert len(page["list"]) == 50
    while True:
        names += [each["name"] for each in page["list"]]
        if page["nextCursor"] is None:
            break
        _, page = probe.api("GET", f"/v1/widgets?limit=40&cursor={page['nextCursor']}")
    assert names == [f"widget {number}" for number in range(120)]


def test_a_cursor_belongs_to_its_search(probe: World) -> None:
    """With other filters it is refused; the order of parameters does not matter."""
    _, page = probe.api("GET", "/v1/widgets?colour=Red&isNew=true&limit=1")
    cursor = page["nextCursor"]
    assert probe.api("GET", f"/v1/widgets?isNew=true&cursor={cursor}&colour=Red")[0] == 200
    for other in ("", "colour=Red&", "colour=Red&isNew=false&"):
        status, body = probe.api("GET", f"/v1/widgets?{other}cursor={cursor}")
        assert (status, body["errors"][0]["field"]) == (400, "cursor")


def test_an_altered_cursor_is_refused(probe: World) -> None:
    """Whichever character was changed."""
    cursor = probe.api("GET", "/v1/widgets?limit=1")[1]["nextCursor"]
    for place in range(len(cursor)):
        other = "A" if cursor[place] != "A" else "B"
        assert probe.api("GET", f"/v1/widgets?cursor={cursor[:place]}{other}{cursor[place + 1 :]}")[0] == 400


@pytest.mark.parametrize(
    "accept", [None, "*/*", "image/*", "image/gif", "image/webp", "text/html", "application/json", ""]
)
def test_bytes_reach_everybody(probe: World, accept: str | None) -> None:
    """Chalice would refuse image/gif to whoever does not name it."""
    headers = {} if accept is None else {"Accept": accept}
    reply = probe.http("GET", "/t/pixel", token=NO_TOKEN, headers=headers)
    assert (reply.status, reply.body) == (200, b"GIF89a\xff")
    assert reply.headers["Content-Type"] == "image/gif"
    assert reply.headers["Cache-Control"] == "no-store"


def test_pages_pass_as_they_are(probe: World) -> None:
    """A public view may answer with a response of its own."""
    reply = probe.http("GET", "/t/page?fbclid=x", token=NO_TOKEN)
    assert (reply.status, reply.body) == (200, "<p>é</p>".encode())


@pytest.mark.parametrize(
    ("role", "read", "write", "delete"),
    [(Role.VIEWER, 200, 403, 403), (Role.EDITOR, 200, 201, 403), (Role.ADMIN, 200, 201, 204)],
)
def test_roles(probe: World, role: Role, read: int, write: int, delete: int) -> None:
    """Each role may do what the one before it may, and no more."""
    token = probe.token(role)
    assert probe.http("GET", WIDGET, token=token).status == read
    assert probe.http("POST", "/v1/widgets", {"name": "x"}, token=token).status == write
    assert probe.http("DELETE", WIDGET, token=token).status == delete
    assert bool(runs) == (write == 201)


def test_nothing_is_told_to_strangers(probe: World) -> None:
    """Without a token even a malformed call is 401 before anything else is looked at."""
    reply = probe.http("POST", "/v1/widgets?x=1", b"{", token=NO_TOKEN)
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="envoi"'
