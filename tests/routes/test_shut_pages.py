"""Every page, in every state that it can be answered in, goes out under the same strict headers."""

import base64
import hashlib
import re
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from chalicelib.domain.public_tokens import TokenKind
from chalicelib.routes.answers import HTML
from tests.routes.readers import Mailed
from tests.routes.test_access import ROUTES
from tests.routes.test_public import Broken
from tests.world import Cloud, Reply, World

Sight = tuple[str, str, int]
"""Method, path and status of a page."""

PAGES: frozenset[Sight] = frozenset(
    (method, path, status)
    for method, path, contract in ROUTES
    if contract is not None
    for status, answer in (contract.answers or {}).items()
    if answer == HTML
)
KINDS = {
    "/t/o/{token}": TokenKind.OPEN,
    "/t/c/{token}": TokenKind.CLICK,
    "/u/{token}": TokenKind.UNSUBSCRIBE,
    "/u/{token}/undo": TokenKind.UNSUBSCRIBE,
    "/p/{token}": TokenKind.PREFERENCES,
}
SHOWS_MESSAGE = 2  # the link of the mailing that does not lead elsewhere


@pytest.fixture
def mailed(world: World, cloud: Cloud) -> Mailed:
    """Three readers."""
    return Mailed(world, cloud)


def answered(mailed: Mailed, sight: Sight) -> Reply:
    """The page in the state that has this status."""
    method, path, status = sight
    if status == HTTPStatus.NOT_FOUND:
        return mailed.ask(method, path.replace("{token}", "nobody-s"))
    if path in KINDS:
        path = path.replace("{token}", mailed.token(KINDS[path], link=SHOWS_MESSAGE if "/t/" in path else 0))
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        mailed.wiring.table._client = mailed.wiring.outbox._client = Broken()
    return mailed.ask(method, path)


@pytest.mark.parametrize(
    "sight", sorted(PAGES), ids=[f"{method} {path} {status}" for method, path, status in sorted(PAGES)]
)
def test_every_page_is_shut_tight(mailed: Mailed, sight: Sight) -> None:
    """Nothing is loaded, run, framed, told on or kept by anybody; browsers come back by TLS alone."""
    reply = answered(mailed, sight)
    assert reply.status == sight[2]
    headers = {name.lower(): value for name, value in reply.headers.items()}
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == ("public, max-age=300" if sight[1] == "/docs" else "no-store")
    policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
    page = reply.body.decode()
    assert policy == {
        "default-src": "'none'",
        "style-src": " ".join(f"'sha256-{digest}'" for digest in styles(page)),
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert not re.search(r"<script|<iframe|<object|<link|<base|<img|\son\w+=|\sstyle=", page, re.IGNORECASE)
    assert reply.status != HTTPStatus.SERVICE_UNAVAILABLE or int(headers["retry-after"]) > 0


def styles(page: str) -> Iterator[str]:
    """The hashes of a page's style sheets, as the policy names them."""
    for sheet in re.findall(r"<style>(.*?)</style>", page, re.DOTALL):
        yield base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()


def test_there_are_pages() -> None:
    """Of each public path with a token, and the description."""
    assert {path for _, path, _ in PAGES} == {*KINDS, "/docs"}
    assert len(PAGES) >= 18
