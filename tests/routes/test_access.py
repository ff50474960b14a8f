"""Who may call what: every route of the app, with every kind of token."""

from collections.abc import Iterator
from typing import Any

import pytest
from chalice.app import Chalice

from app import app
from chalicelib.domain.records import Role
from chalicelib.routes.contracts import Contract
from tests.world import NO_TOKEN, World

SAMPLE = {"kind": "Contact"}
ID = "55f2c87b09a220a78"


def contracts(of: Chalice) -> Iterator[tuple[str, str, Contract | None]]:
    """Method and path of every route that Chalice knows, with its contract."""
    for path, by_method in of.routes.items():
        for method, entry in by_method.items():
            yield method, path, getattr(entry.view_function, "contract", None)


ROUTES = list(contracts(app))
PRIVATE = [
    (method, path, each) for method, path, each in ROUTES if each is not None and each.role is not None
]


def called(world: World, method: str, path: str, token: str) -> tuple[int, Any]:
    """Call a route with ids that are nobody's."""
    parts = [SAMPLE.get(part[1:-1], ID) if part.startswith("{") else part for part in path.split("/")]
    body = {"nobody": "knows"} if method in ("POST", "PATCH", "PUT", "DELETE") else None
    return world.api(method, "/".join(parts), body, token=token)


def test_every_route_has_a_contract() -> None:
    """No route slips past the wrapper, and all names of a path's beginning are the same, as API Gateway wants it."""
    assert ROUTES
    assert [(method, path) for method, path, each in ROUTES if each is None] == []
    names: dict[str, str] = {}
    for _, path, _ in ROUTES:
        parts = path.split("/")
        for place, part in enumerate(parts):
            if part.startswith("{"):
                assert names.setdefault("/".join(parts[:place]), part) == part, path


def test_only_these_routes_are_public() -> None:
    """Readers' pages and health; the rest needs a token."""
    public = {path for _, path, each in ROUTES if each is not None and each.role is None}
    assert all(path.startswith(("/t/", "/u/", "/p/", "/docs")) or path in PUBLIC for path in public), public


PUBLIC = {"/", "/v1/health", "/v1/openapi.json"}


@pytest.mark.parametrize(
    ("method", "path", "contract"), PRIVATE, ids=[f"{each[0]} {each[1]}" for each in PRIVATE]
)
def test_tokens_and_roles(world: World, method: str, path: str, contract: Contract) -> None:
    """No token and a bad one are 401, too small a role 403, and a role that reaches is neither."""
    for token in (NO_TOKEN, "nonsense", f"envoi_{ID}_{'A' * 43}", world.token(Role.ADMIN)[:-1] + "!"):
        status, body = called(world, method, path, token)
        assert (status, body["status"]) == (401, 401)
    assert contract.role is not None
    for role in Role:
        status, _ = called(world, method, path, world.token(role))
        assert (status == 403) == (not role.allows(contract.role))
        assert status != 401
        assert status < 500


@pytest.mark.parametrize(
    "header", ["Basic YWxhZGRpbjpvcGVuc2VzYW1l", "Bearer", "Bearer ", "Bearer a b", "Bearer é", "bearer"]
)
def test_a_header_that_is_no_bearer_token(world: World, header: str) -> None:
    """Another scheme, nothing behind it, or more than one word."""
    reply = world.http("GET", "/v1/settings", token=NO_TOKEN, headers={"Authorization": header})
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="envoi", error="invalid_token"'


def test_the_scheme_is_read_in_any_case(world: World) -> None:
    """RFC 9110 section 11.1."""
    headers = {"authorization": f"bEARER {world.token(Role.VIEWER)}"}
    assert world.http("GET", "/v1/settings", token=NO_TOKEN, headers=headers).status == 200
