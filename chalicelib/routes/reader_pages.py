"""What the public pages have in common: a signed token read, a page in the reader's language, and its answer."""

from collections.abc import Callable
from http import HTTPStatus

from chalice.app import Response

from chalicelib import logs
from chalicelib.domain.ids import Place
from chalicelib.domain.org_settings import OrgSettings
from chalicelib.domain.public_tokens import PublicToken, TokenKind, UnknownKey, verify
from chalicelib.errors import Deferred, NotFound
from chalicelib.rendering.page_texts import language_of
from chalicelib.rendering.pages import Page, Pages
from chalicelib.routes.calls import Call
from chalicelib.wiring import current


def read_token(text: str, kind: TokenKind) -> PublicToken | None:
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


def pages_for(call: Call) -> Pages:
    """Pages in the language that the reader's browser asks for."""
    settings = _settings()
    language = language_of(call.headers.get("accept-language"), settings.language)
    return Pages(language, settings.outbound_email_from_name)


def for_reader(call: Call, token: str, kind: TokenKind, page_of: Callable[[Place, Pages], Page]) -> Response:
    """The page for whoever holds this token; 404 for a forged one or an unknown reader, 503 where it cannot be done now."""
    pages = pages_for(call)
    reader = read_token(token, kind)
    if reader is None:
        return page_answer(pages.not_found(), HTTPStatus.NOT_FOUND)
    try:
        return page_answer(page_of(reader.place, pages))
    except NotFound:
        return page_answer(pages.not_found(), HTTPStatus.NOT_FOUND)
    except Deferred:
        return try_again(call)


def try_again(call: Call) -> Response:
    """503: neither the table nor the queue took it."""
    from chalicelib.flows.unsubscribe import RETRY_AFTER  # noqa: PLC0415 - for a cold start

    retry = {"Retry-After": str(RETRY_AFTER)}
    page = pages_for(call).problem()
    return Response(page.html, {**page.headers, **retry}, HTTPStatus.SERVICE_UNAVAILABLE)


def page_answer(page: Page, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A page as it is sent."""
    return Response(page.html, dict(page.headers), status)


def _settings() -> OrgSettings:
    try:
        return current().settings_store.get()
    except Exception as error:  # noqa: BLE001 - a page without our name is better than none
        logs.trouble("settingsUnread", error)
        return OrgSettings()
