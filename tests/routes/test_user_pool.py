"""A stage whose callers a Cognito user pool knows: every route, as API Gateway calls it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import pytest
from chalice.local import LambdaContext

from app import app
from chalicelib import wiring
from chalicelib.domain.records import Role
from chalicelib.errors import Conflict
from chalicelib.flows.failed_tokens import LIMIT
from chalicelib.routes.contracts import Contract
from chalicelib.settings import Environment
from tests.conforming import promises
from tests.domain.test_user_pool import CLAIMS, POOL
from tests.fakes.gateway import answered, requested
from tests.routes.test_access import ID, PRIVATE, ROUTES, SAMPLE
from tests.world import Cloud, Reply, World, WorldWiring

PUBLIC = [(method, path) for method, path, each in ROUTES if each is not None and each.role is None]
JWT = "Bearer eyJraWQiOiJrIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


class PooledWiring(WorldWiring):
    """The stage's, with a user pool."""

    @cached_property
    def environment(self) -> Environment:
        """As deployed with ``CognitoUserPoolArn``."""
        return replace(super().environment, user_pool_arn=POOL)


@pytest.fixture
def pooled(cloud: Cloud, world: World) -> World:
    """A stage with a user pool; ``world`` puts the usual wiring back."""
    world.wiring = PooledWiring(cloud, world.clock)
    wiring.use(world.wiring)
    return world


def from_gateway(
    method: str,
    path: str,
    claims: Mapping[str, Any] | None,
    *,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    source: str = "192.0.2.7",
) -> Reply:
    """Call the app as API Gateway does, for a template of a path with ids that are nobody's."""
    values = {part[1:-1]: SAMPLE.get(part[1:-1], ID) for part in path.split("/") if part.startswith("{")}
    event = requested(
        method,
        path,
        values,
        headers={"Content-Type": "application/json", "Authorization": JWT, **(headers or {})},
        body=None if body is None else json.dumps(body),
        claims=claims,
        source=source,
    )
    answer = app(event, LambdaContext("envoi-test-api", 128))
    reply = Reply(*answered(answer), answer["headers"])
    promises().check(method, event["path"], reply.status, reply.headers, reply.body)
    return reply


def test_the_local_cloud_knows_tokens_only(world: World) -> None:
    """Whatever the shell has: nothing there could verify an identity."""
    assert world.wiring._environ["ENVOI_COGNITO_USER_POOL_ARN"] == ""
    assert world.wiring.environment.user_pool_arn == ""


def claims_of(*roles: Role) -> dict[str, str]:
    """A user's in the groups of these roles."""
    return CLAIMS | {"cognito:groups": ",".join(["sales", *(f"envoi-{role}" for role in roles)])}


@pytest.mark.parametrize(
    ("method", "path", "contract"), PRIVATE, ids=[f"{each[0]} {each[1]}" for each in PRIVATE]
)
def test_groups_and_roles(pooled: World, method: str, path: str, contract: Contract) -> None:
    """Nobody is 401, no group and too small a role are 403, and a role that reaches is neither."""
    body = {"nobody": "knows"} if method in ("POST", "PATCH", "PUT", "DELETE") else None
    assert contract.role is not None
    for claims, headers in (
        (None, {"Authorization": f"Bearer {pooled.token(Role.ADMIN)}"}),  # ours, which counts elsewhere
        (None, {}),
        ({}, {}),
        (claims_of(Role.ADMIN), {"Authorization": ""}),
        (claims_of(Role.ADMIN) | {"token_use": "access"}, {}),
    ):
        refused = from_gateway(method, path, claims, body=body, headers=headers)
        assert (refused.status, refused.body["status"]) == (401, 401)
    assert from_gateway(method, path, claims_of(), body=body).status == 403
    for role in Role:
        status = from_gateway(method, path, claims_of(role), body=body).status
        assert (status == 403) == (not role.allows(contract.role))
        assert status != 401
        assert status < 500


@pytest.mark.usefixtures("world")
def test_claims_count_for_nothing_on_a_stage_of_tokens() -> None:
    """On any route, wherever they may have come from."""
    answered = {
        (method, path): from_gateway(method, path, claims_of(Role.ADMIN), source=f"192.0.2.{number}").status
        for number, (method, path, _) in enumerate(PRIVATE)
    }
    assert set(answered.values()) == {401}, answered


@pytest.mark.usefixtures("pooled")
@pytest.mark.parametrize(("method", "path"), PUBLIC)
def test_public_routes_stay_open(method: str, path: str) -> None:
    """The gateway asks nobody there, so no claims come."""
    assert from_gateway(method, path, None, headers={"Authorization": ""}).status not in (401, 403)


@pytest.mark.usefixtures("pooled")
def test_refused_identities_are_not_throttled() -> None:
    """The gateway has looked already; nobody can guess here."""
    for _ in range(LIMIT + 1):
        assert from_gateway("GET", "/v1/settings", {}).status == 401


@pytest.mark.usefixtures("pooled")
def test_an_idempotency_key_is_its_users() -> None:
    """The same user repeats a call, in whatever groups; another one makes a call of their own."""
    made = [
        from_gateway(
            "POST",
            "/v1/target-lists",
            claims_of(*roles) | {"sub": user},
            body={"name": "Customers"},
            headers={"Idempotency-Key": "once"},
        )
        for user, roles in (("anna", [Role.EDITOR]), ("anna", [Role.ADMIN]), ("ben", [Role.EDITOR]))
    ]
    assert [each.status for each in made] == [201, 201, 201]
    first, again, other = (each.body["id"] for each in made)
    assert first == again != other


def test_no_token_is_made_that_would_not_count(pooled: World) -> None:
    """Neither by the API nor by an operator; those from before can be seen and revoked."""
    before = pooled.token(Role.VIEWER)
    admin = claims_of(Role.ADMIN)
    refused = from_gateway("POST", "/v1/tokens", admin, body={"name": "CI", "role": "viewer"})
    assert (refused.status, refused.body["status"]) == (409, 409)
    assert "user pool" in refused.body["detail"]
    with pytest.raises(Conflict):
        pooled.wiring.tokens.create(name="by hand", role=Role.ADMIN, expires_at=None)
    listed = from_gateway("GET", "/v1/tokens", admin).body["list"]
    assert [each["id"] for each in listed] == [before.split("_")[1]]
    pooled.wiring.tokens.revoke(listed[0]["id"])
    assert from_gateway("GET", "/v1/tokens", admin).body["list"][0]["revokedAt"] is not None
