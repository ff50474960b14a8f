"""The API's description as a page, made on the server from the same types as ``openapi.py``'s document."""

from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from chalice.app import Response

from chalicelib.routes.answers import HTML
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.calls import Call
from chalicelib.routes.openapi import KEPT_FOR, described

if TYPE_CHECKING:
    from chalicelib.rendering.pages import Page

blueprint = EnvoiBlueprint(__name__)


@blueprint.route("/", role=None, answers={302: None})
def front_door(call: Call) -> Response:
    """Lead whoever comes without a path to the description."""
    site = call.whole_path.rstrip("/")  # API Gateway says ``/api/`` or ``/api`` of a stage's root
    return Response("", {"Location": f"{site}/docs"}, HTTPStatus.FOUND)


@blueprint.route("/docs", role=None, answers={200: HTML})
def docs(call: Call) -> Response:
    """Show every operation and type, for people."""
    page = _page(call.site)
    own = {"Cache-Control": f"public, max-age={KEPT_FOR}"}
    headers = {name: value for name, value in page.headers.items() if name != "Vary"}  # it has one language
    return Response(page.html, {**headers, **own}, HTTPStatus.OK)


@cache
def _page(site: str) -> "Page":
    """Made once per process."""
    from chalicelib.rendering.reference import page  # noqa: PLC0415 - a cold start of other routes need not pay

    return page(described(site))
