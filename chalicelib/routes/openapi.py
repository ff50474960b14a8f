"""The API's own description, for programs; ``docs.py`` shows it to people."""

from functools import cache
from typing import Any

import msgspec
from chalice.app import Response

from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.calls import Call

blueprint = EnvoiBlueprint(__name__)
KEPT_FOR = 300  # seconds; it changes only when another version is deployed


@blueprint.route("/v1/openapi.json", role=None, answers={200: dict[str, Any]})
def openapi_document(call: Call) -> Response:
    """Describe the API in OpenAPI 3.1."""
    headers: dict[str, str | list[str]] = {
        "Content-Type": "application/json",
        "Cache-Control": f"public, max-age={KEPT_FOR}",
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",  # it is public, and API browsers elsewhere read it
    }
    return Response(_written(call.site), headers, 200)


def described(site: str) -> dict[str, Any]:
    """The document; ``site`` is what precedes the paths, such as API Gateway's ``/api`` or nothing."""
    from chalicelib.routes.openapi_document import document  # noqa: PLC0415 - a cold start of other routes need not pay

    routes = (
        (method, entry.view_function.__dict__["contract"])
        for by_method in blueprint.current_app.routes.values()
        for method, entry in by_method.items()
    )
    return document(routes, server=site or "/")


@cache
def _written(site: str) -> str:
    """Made once per process, in a quarter of a second."""
    return msgspec.json.encode(described(site)).decode("utf-8")
