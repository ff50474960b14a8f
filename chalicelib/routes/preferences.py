"""The preferences page: a reader chooses which lists to stay on, or leaves everything."""

from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from chalice.app import Response

from chalicelib import logs
from chalicelib.domain.ids import Place
from chalicelib.domain.public_tokens import TokenKind
from chalicelib.errors import Deferred, NotFound
from chalicelib.rendering.pages import Page, Pages
from chalicelib.routes.answers import HTML
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.calls import Call
from chalicelib.routes.reader_pages import for_reader
from chalicelib.wiring import current

if TYPE_CHECKING:
    from chalicelib.flows.preferences import Wish

blueprint = EnvoiBlueprint(__name__)

_ANSWERS = {200: HTML, 404: HTML, 503: HTML}


@blueprint.route("/p/{token}", role=None, answers=_ANSWERS)
def preferences_page(call: Call, token: str) -> Response:
    """The preferences page; changes nothing, for scanners open it too."""

    def page_of(place: Place, pages: Pages) -> Page:
        try:
            choices = current().preferences.choices(place)
        except NotFound:
            raise
        except Exception as error:
            # Without the reader's lists there is nothing to choose from.
            logs.trouble("preferencesUnread", error, recipientId=place.recipient_id)
            raise Deferred("the reader's lists cannot be read") from error
        return pages.gone() if choices.is_erased else pages.preferences(choices, save=token)

    return for_reader(call, token, TokenKind.PREFERENCES, page_of)


@blueprint.route("/p/{token}", methods=["POST"], role=None, answers=_ANSWERS)
def save_preferences(call: Call, token: str) -> Response:
    """Saves the choice: ``list=<id>`` for each that is kept, or ``all=off``."""

    def page_of(place: Place, pages: Pages) -> Page:
        choices = current().preferences.choose(place, wish_of(call))
        if choices is None:
            return pages.saved()
        if choices.is_erased:
            return pages.gone()
        return pages.preferences(choices, save=token, is_saved=True)

    return for_reader(call, token, TokenKind.PREFERENCES, page_of)


def wish_of(call: Call) -> "Wish":
    """What the form says; one without any ``list`` keeps none."""
    from chalicelib.flows.preferences import Wish  # noqa: PLC0415 - for a cold start

    content_type, body = call.headers.get("content-type", ""), call.body
    is_multipart = content_type.lower().startswith("multipart/")  # RFC 9110 section 8.3.1: in any case
    fields = _multipart(content_type, body) if is_multipart else _urlencoded(body)
    if ("all", "off") in fields:
        return Wish(None)
    return Wish(frozenset(value for name, value in fields if name == "list"))


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("utf-8", "replace"))


def _multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """RFC 7578: a form whose fields are parts; this is what the standard library reads mail with."""
    whole = b"Content-Type: " + content_type.encode("utf-8", "replace") + b"\r\n\r\n" + body
    message = BytesParser(policy=HTTP).parsebytes(whole)
    fields = []
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields.append((name, content.decode("utf-8", "replace").strip()))
    return fields
