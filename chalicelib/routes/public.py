"""What readers reach from a message, by signed token: the open pixel, clicks, and the unsubscribe page.

No answer depends on whether something could be noted: a pixel is an image, a click leads on, and only who wants to
unsubscribe is told when that could not be saved.
"""

import base64
from http import HTTPStatus
from typing import TYPE_CHECKING

from chalice.app import Response

from chalicelib import logs
from chalicelib.domain.ids import Place
from chalicelib.domain.machines import is_machine
from chalicelib.domain.message import Link
from chalicelib.domain.public_tokens import TokenKind
from chalicelib.domain.records import UrlAction
from chalicelib.domain.standing import Standing
from chalicelib.domain.web_addresses import ascii_web_address, web_address_problem
from chalicelib.errors import NotFound
from chalicelib.rendering.pages import Page, Pages
from chalicelib.routes.answers import HTML, BinaryResponse
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.calls import Call
from chalicelib.routes.reader_pages import for_reader, page_answer, pages_for, read_token, try_again
from chalicelib.wiring import current

if TYPE_CHECKING:
    from chalicelib.flows.tracking import Visit

blueprint = EnvoiBlueprint(__name__)

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # 1x1, transparent
_NOT_CACHED = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@blueprint.route("/t/o/{token}", role=None, answers={200: "image/gif", 404: HTML})
def open_pixel(call: Call, token: str) -> Response:
    """The open pixel: an image, whatever the caller accepts."""
    opened = read_token(token, TokenKind.OPEN)
    if opened is None:
        return page_answer(pages_for(call).not_found(), HTTPStatus.NOT_FOUND)
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
    clicked = read_token(token, TokenKind.CLICK)
    if clicked is None:
        return page_answer(pages_for(call).not_found(), HTTPStatus.NOT_FOUND)
    try:
        link = current().tracking.destination(clicked.place, clicked.link)
    except Exception as error:  # noqa: BLE001 - only here is there nowhere to lead to
        logs.trouble("linkUnread", error, recipientId=clicked.place.recipient_id)
        return try_again(call)
    answer = _follow(call, link)
    if link is not None and call.method != "HEAD":
        current().tracking.clicked(clicked.place, clicked.link, _visit(call))
    return answer


@blueprint.route("/u/{token}", role=None, answers={200: HTML, 404: HTML})
def unsubscribe_page(call: Call, token: str) -> Response:
    """The unsubscribe page; changes nothing, for scanners open it too."""

    def page_of(place: Place, pages: Pages) -> Page:
        try:
            standing = current().unsubscribe.standing(place)
        except NotFound:
            raise
        except Exception as error:  # noqa: BLE001 - the button works all the same: the wish goes to the queue
            logs.trouble("standingUnread", error, recipientId=place.recipient_id)
            standing = Standing.SUBSCRIBED
        return _standing_page(pages, standing, token)

    return for_reader(call, token, TokenKind.UNSUBSCRIBE, page_of)


@blueprint.route("/u/{token}", methods=["POST"], role=None, answers={200: HTML, 404: HTML, 503: HTML})
def unsubscribe(call: Call, token: str) -> Response:
    """Unsubscribes: the page's button, and one-click by the reader's mail program (RFC 8058), whatever the body says."""

    def page_of(place: Place, pages: Pages) -> Page:
        return _standing_page(pages, current().unsubscribe.leave(place), token)

    return for_reader(call, token, TokenKind.UNSUBSCRIBE, page_of)


@blueprint.route("/u/{token}/undo", methods=["POST"], role=None, answers={200: HTML, 404: HTML, 503: HTML})
def subscribe_again(call: Call, token: str) -> Response:
    """Undoes unsubscribing; the log keeps both."""

    def page_of(place: Place, pages: Pages) -> Page:
        standing = current().unsubscribe.rejoin(place)
        # Relative to /u/{token}/undo; the site may lie under a path.
        return pages.gone() if standing is Standing.GONE else pages.rejoined(leave=f"../{token}")

    return for_reader(call, token, TokenKind.UNSUBSCRIBE, page_of)


def _standing_page(pages: Pages, standing: Standing, token: str) -> Page:
    """The page at /u/{token}; its links are relative to that, for the site may lie under a path."""
    if standing is Standing.SUBSCRIBED:
        return pages.subscribed(leave=token)
    return pages.left(rejoin=f"{token}/undo") if standing is Standing.LEFT else pages.gone()


def _follow(call: Call, link: Link | None) -> Response:
    if link is not None and link.action is UrlAction.SHOW_MESSAGE and link.message:
        return page_answer(pages_for(call).message(link.message))
    if link is None or not link.url or web_address_problem(link.url):
        return page_answer(pages_for(call).not_found(), HTTPStatus.NOT_FOUND)
    return Response("", {**_NOT_CACHED, "Location": ascii_web_address(link.url)}, HTTPStatus.FOUND)


def _visit(call: Call) -> "Visit":
    from chalicelib.flows.tracking import Visit  # noqa: PLC0415 - for a cold start

    agent = call.headers.get("user-agent", "")
    return Visit(agent, is_machine(agent, method=call.method, headers=call.headers))
