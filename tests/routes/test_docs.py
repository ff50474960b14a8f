"""``/docs``: every operation of the API for people, and ``/`` that leads there."""

import re
from html.parser import HTMLParser
from http import HTTPStatus

from tests.world import NO_TOKEN, World


class _Page(HTMLParser):
    """The page's ids, links and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.ids += [told["id"]] if "id" in told else []
        self.links += [told["href"]] if tag == "a" else []

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(world: World) -> _Page:
    """As anybody gets it."""
    reply = world.http("GET", "/docs", token=NO_TOKEN)
    assert reply.status == HTTPStatus.OK
    return _Page(str(reply.body))


def test_every_operation_and_type_is_on_it(world: World) -> None:
    """Each once, with its method, path and role; nothing has to be kept up by hand."""
    page = page_of(world)
    document = world.http("GET", "/v1/openapi.json", token=NO_TOKEN).body
    operations = [
        (operation["operationId"], method.upper(), path, operation.get("x-role", "public"))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(page.ids) == len(set(page.ids))
    assert {name for name, *_ in operations} <= set(page.ids)
    assert {f"type-{name}" for name in document["components"]["schemas"]} <= set(page.ids)
    text = re.sub(r"\s+", " ", page.text)
    for _, method, path, _ in operations:
        assert f"{method} {path} " in text, path
    for role in {role for *_, role in operations}:
        assert role in text


def test_every_link_leads_somewhere(world: World) -> None:
    """To a place on the page, or to the document for programs."""
    page = page_of(world)
    within = {link.removeprefix("#") for link in page.links if link.startswith("#")}
    assert within <= set(page.ids)
    assert {link for link in page.links if not link.startswith("#")} == {"/v1/openapi.json"}


def test_caches_may_keep_it_and_it_asks_nobody_else(world: World) -> None:
    """As the document, and under the policy of all our pages."""
    headers = world.http("GET", "/docs", token=NO_TOKEN).headers
    assert headers["Cache-Control"] == "public, max-age=300"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Language"] == "en"
    assert "Vary" not in headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_the_root_leads_to_it(world: World) -> None:
    """Whoever opens the bare address finds something."""
    reply = world.http("GET", "/", token=NO_TOKEN)
    assert (reply.status, reply.headers["Location"]) == (HTTPStatus.FOUND, "/docs")
