"""The preferences page: a reader chooses which lists to stay on, or leaves everything."""

from email.parser import BytesParser
from email.policy import HTTP
from http import HTTPStatus
from urllib.parse import parse_qsl

from chalice.app import Response

from chalicelib import logs
from chalicelib.domain.public_tokens import TokenKind
from chalicelib.errors import Deferred, NotFound
from chalicelib.flows.preferences import Wish
from chalicelib.routes.answers import HTML
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.calls import Call
from chalicelib.routes.reader_pages import page_answer, pages_for, read_token, try_again
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)

_ANSWERS = {200: HTML, 404: HTML, 503: HTML}


@blueprint.route("/p/{token}", role=None, answers=_ANSWERS)
def preferences_page(call: Call, token: str) -> Response:
    """The preferences page; changes nothing, for scanners open it too."""
    reader = read_token(token, TokenKind.PREFERENCES)
    pages = pages_for(call)
    if reader is None:
        return page_answer(pages.not_found(), HTTPStatus.NOT_FOUND)
    try:
        choices = current().preferences.choices(reader.place)
    except NotFound:
        return page_answer(pages.not_found(), HTTPStatus.NOT_FOUND)
    except Exception as error:  # noqa: BLE001 - without the reader's lists there is nothing to choose from
        logs.trouble("preferencesUnread", error, recipientId=reader.place.recipient_id)
        return try_again(call)
    return page_answer(pages.gone() if choices.is_erased else pages.preferences(choices, save=token))


@blueprint.route("/p/{token}", methods=["POST"], role=None, answers=_ANSWERS)
def save_preferences(call: Call, token: str) -> Response:
    """Saves the choice: ``list=<id>`` for each that is kept, or ``all=off``."""
    reader = read_token(token, TokenKind.PREFERENCES)
    pages = pages_for(call)
    if reader is None:
        return page_answer(pages.not_found(), HTTPStatus.NOT_FOUND)
    try:
        choices = current().preferences.choose(reader.place, wish_of(call))
    except NotFound:
        return page_answer(pages.not_found(), HTTPStatus.NOT_FOUND)
    except Deferred:
        return try_again(call)
    if choices is None:
        return page_answer(pages.saved())
    if choices.is_erased:
        return page_answer(pages.gone())
    return page_answer(pages.preferences(choices, save=token, is_saved=True))


def wish_of(call: Call) -> Wish:
    """What the form says; one without any ``list`` keeps none."""
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
