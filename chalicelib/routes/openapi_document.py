"""The OpenAPI 3.1 document of some routes: https://spec.openapis.org/oas/v3.1.1.html."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.routes.contracts import Contract
from chalicelib.routes.openapi_examples import with_examples
from chalicelib.routes.openapi_operations import camel, operation
from chalicelib.routes.openapi_schemas import Schemas
from chalicelib.routes.openapi_shared import HEADERS, PARAMETERS, SECURITY, TYPES, responses

Route = tuple[str, Contract]
"""A method, and the contract of the path that takes it."""

VERSION = "1"  # of the API, as in its paths
READERS = "Readers' pages"
SERVICE = "Service"
_SERVICE_PATHS = frozenset({"", "health", "openapi.json", "docs"})
_NAMES = {"tracking-urls": "Tracking URLs"}
_ABOUT = """Mass email on your own AWS account.

Every call but the public ones needs `Authorization: Bearer <token>`. Bodies are JSON in camelCase; unknown fields are refused.
Ids are 17 lower-case hex digits, newest last in order. Times are RFC 3339; those that come without an offset are refused.

**Errors** are `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, and for 400 `errors` by field. An answer of
500 or more that is not documented is a fault of ours, in the same form.

**Lists** are newest first: `list`, and `nextCursor`, which is null on the last page.

**Versions**: what can be changed has an `ETag`; `If-Match` makes a change conditional on it.

**Repeating**: any `POST` may carry an `Idempotency-Key`.

**Long work** is answered with 202 and a job to follow at `/v1/jobs/{jobId}`.
"""


def document(routes: Iterable[Route], *, server: str) -> dict[str, Any]:
    """The document, in the order of the routes; ``server`` is where the paths begin, mostly ``/``."""
    known = list(routes)
    schemas = Schemas([*TYPES, *_types(known)])
    paths: dict[str, dict[str, Any]] = {}
    for method, contract in sorted(known, key=_by_tag(known)):
        path = "/".join(
            f"{{{camel(part[1:-1])}}}" if part.startswith("{") else part for part in contract.path.split("/")
        )
        paths.setdefault(path, {})[method.lower()] = operation(
            method, contract, tag_of(contract.path), schemas
        )
    refusals = responses()
    return {
        "openapi": "3.1.0",
        "info": {"title": "Envoi", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": server}],
        "tags": [{"name": tag} for tag in _tags(known)],
        "paths": paths,
        "components": {
            "schemas": with_examples(schemas.referred_from(paths, refusals)),
            "responses": refusals,
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": SECURITY,
        },
    }


def tag_of(path: str) -> str:
    """What a path is about: ``/v1/mass-emails/{id}`` is about Mass emails."""
    first, _, rest = path.lstrip("/").partition("/")
    resource = rest.partition("/")[0] if first == f"v{VERSION}" else first
    if resource in _SERVICE_PATHS:
        return SERVICE
    if first != f"v{VERSION}":
        return READERS
    return _NAMES.get(resource) or resource.replace("-", " ").capitalize()


def _tags(routes: Sequence[Route]) -> list[str]:
    """In the order of the routes, what is not the API proper last."""
    found = list(dict.fromkeys(tag_of(contract.path) for _, contract in routes))
    return sorted(found, key=(READERS, SERVICE).__contains__)


def _by_tag(routes: Sequence[Route]) -> Any:
    places: Mapping[str, int] = {tag: place for place, tag in enumerate(_tags(routes))}
    return lambda route: places[tag_of(route[1].path)]


def _types(routes: Sequence[Route]) -> Iterable[Any]:
    for _, contract in routes:
        yield from (part for part in (contract.query, contract.body) if part is not None)
        yield from (
            value for value in contract.answers.values() if value is not None and not isinstance(value, str)
        )
