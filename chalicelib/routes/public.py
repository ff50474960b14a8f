"""What readers reach from a message, by signed token: the open pixel, clicks, and the unsubscribe page.

No answer depends on whether something could be noted: a pixel is an image, a click leads on, and only who wants to
unsubscribe is told when that could not be saved.
"""

import base64
from http import HTTPStatus

from chalice.app import Response

from chalicelib import logs
from chalicelib.domain.machines import is_machine
from chalicelib.domain.message import Link
from chalicelib.domain.public_tokens import PublicToken, TokenKind, UnknownKey, verify
from chalicelib.domain.records import OrgSettings, UrlAction
from chalicelib.domain.web_addresses import ascii_web_address, web_address_problem
from chalicelib.errors import Deferred, NotFound
from chalicelib.flows.readers import Standing
from chalicelib.flows.tracking import Visit
from chalicelib.flows.unsubscribe import RETRY_AFTER
from chalicelib.rendering.page_texts import language_of
from chalicelib.rendering.pages import Page, Pages
from chalicelib.routes.answers import HTML, BinaryResponse
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.calls import Call
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # 1x1, transparent
_NOT_CACHED = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@blueprint.route("/t/o/{token}", role=None, answers={200: "image/gif", 404: HTML})
def open_pixel(call: Call, token: str) -> Response:
    """The open pixel: an image, whatever the caller accepts."""
    opened = _read(token, TokenKind.OPEN)
    if opened is None:
        return _answer(_pages(call).not_found(), HTTPStatus.NOT_FOUND)
    current().tracking.opened(opened.place, _visit(call))
    return BinaryResponse(PIXEL, "image/gif", _NOT_CACHED)


@blueprint.route(
    "/t/c/{token}",
    methods=["GET", "HEAD"],
    role=None,
    answers={200: HTML, 302: None, 404: HTML, 503: HTML},
)
def click(call: Call, token: str) -> Response:
    """A tracked link: leads on, or shows its message. HEAD looks without being counted."""
    clicked = _read(token, TokenKind.CLICK)
    if clicked is None:
        return _answer(_pages(call).not_found(), HTTPStatus.NOT_FOUND)
    try:
        link = current().tracking.destination(clicked.place, clicked.link)
    except Exception as error:  # noqa: BLE001 - only here is there nowhere to lead to
        logs.trouble("linkUnread", error, recipientId=clicked.place.recipient_id)
        return _try_again(call)
    answer = _follow(call, link)
    if link is not None and call.method != "HEAD":
        current().tracking.clicked(clicked.place, clicked.link, _visit(call))
    return answer


@blueprint.route("/u/{token}", role=None, answers={200: HTML, 404: HTML})
def unsubscribe_page(call: Call, token: str) -> Response:
    """The unsubscribe page; changes nothing, for scanners open it too."""
    reader = _read(token, TokenKind.UNSUBSCRIBE)
    pages = _pages(call)
    if reader is None:
        return _answer(pages.not_found(), HTTPStatus.NOT_FOUND)
    try:
        standing = current().unsubscribe.standing(reader.place)
    except NotFound:
        return _answer(pages.not_found(), HTTPStatus.NOT_FOUND)
    except Exception as error:  # noqa: BLE001 - the button works all the same: the wish goes to the queue
        logs.trouble("standingUnread", error, recipientId=reader.place.recipient_id)
        standing = Standing.SUBSCRIBED
    return _answer(_standing_page(pages, standing, token))


@blueprint.route("/u/{token}", methods=["POST"], role=None, answers={200: HTML, 404: HTML, 503: HTML})
def unsubscribe(call: Call, token: str) -> Response:
    """Unsubscribes: the page's button, and one-click by the reader's mail program (RFC 8058), whatever the body says."""
    reader = _read(token, TokenKind.UNSUBSCRIBE)
    pages = _pages(call)
    if reader is None:
        return _answer(pages.not_found(), HTTPStatus.NOT_FOUND)
    try:
        standing = current().unsubscribe.leave(reader.place)
    except NotFound:
        return _answer(pages.not_found(), HTTPStatus.NOT_FOUND)
    except Deferred:
        return _try_again(call)
    return _answer(_standing_page(pages, standing, token))


@blueprint.route("/u/{token}/undo", methods=["POST"], role=None, answers={200: HTML, 404: HTML, 503: HTML})
def subscribe_again(call: Call, token: str) -> Response:
    """Undoes unsubscribing; the log keeps both."""
    reader = _read(token, TokenKind.UNSUBSCRIBE)
    pages = _pages(call)
    if reader is None:
        return _answer(pages.not_found(), HTTPStatus.NOT_FOUND)
    try:
        standing = current().unsubscribe.rejoin(reader.place)
    except NotFound:
        return _answer(pages.not_found(), HTTPStatus.NOT_FOUND)
    except Deferred:
        return _try_again(call)
    # Relative to /u/{token}/undo; the site may lie under a path.
    page = pages.gone() if standing is Standing.GONE else pages.rejoined(leave=f"../{token}")
    return _answer(page)


def _standing_page(pages: Pages, standing: Standing, token: str) -> Page:
    """The page at /u/{token}; its links are relative to that, for the site may lie under a path."""
    if standing is Standing.SUBSCRIBED:
        return pages.subscribed(leave=token)
    return pages.left(rejoin=f"{token}/undo") if standing is Standing.LEFT else pages.gone()


def _follow(call: Call, link: Link | None) -> Response:
    if link is not None and link.action is UrlAction.SHOW_MESSAGE and link.message:
        return _answer(_pages(call).message(link.message))
    if link is None or not link.url or web_address_problem(link.url):
        return _answer(_pages(call).not_found(), HTTPStatus.NOT_FOUND)
    return Response("", {**_NOT_CACHED, "Location": ascii_web_address(link.url)}, HTTPStatus.FOUND)


def _read(text: str, kind: TokenKind) -> PublicToken | None:
    """The token; one that names a key we do not know may be signed with a newer one."""
    ring = current().key_ring
    try:
        return verify(text, kind, ring.ring())
    except UnknownKey:
        pass
    try:
        return verify(text, kind, ring.refetched())
    except UnknownKey:
        return None


def _visit(call: Call) -> Visit:
    agent = call.headers.get("user-agent", "")
    return Visit(agent, is_machine(agent, method=call.method, headers=call.headers))


def _pages(call: Call) -> Pages:
    settings = _settings()
    language = language_of(call.headers.get("accept-language"), settings.language)
    return Pages(language, settings.outbound_email_from_name)


def _settings() -> OrgSettings:
    try:
        return current().settings_store.get()
    except Exception as error:  # noqa: BLE001 - a page without our name is better than none
        logs.trouble("settingsUnread", error)
        return OrgSettings()


def _try_again(call: Call) -> Response:
    retry = {"Retry-After": str(RETRY_AFTER)}
    page = _pages(call).problem()
    return Response(page.html, {**page.headers, **retry}, HTTPStatus.SERVICE_UNAVAILABLE)


def _answer(page: Page, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(page.html, dict(page.headers), status)
