"""API tokens: made and shown once, listed, revoked."""

import json

from chalicelib.domain.records import Role
from chalicelib.flows.tokens import CACHED_FOR, digest
from tests.world import World

DAY = 24 * 3600


def create(world: World, **fields: object) -> dict[str, str]:
    """Make a token."""
    status, body = world.api("POST", "/v1/tokens", {"name": "CI", "role": "viewer", **fields})
    assert status == 201, body
    made: dict[str, str] = body
    return made


def settings_status(world: World, token: str) -> int:
    """What a viewer gets."""
    return world.api("GET", "/v1/settings", token=token)[0]


def test_a_token_is_shown_once(world: World) -> None:
    """The answer to its creation holds it; no other answer and nothing that is stored does."""
    made = create(world)
    assert made["token"].startswith(f"envoi_{made['id']}_")
    assert {name: made[name] for name in ("name", "role", "expiresAt", "revokedAt", "lastUsedOn")} == {
        "name": "CI", "role": "viewer", "expiresAt": None, "revokedAt": None, "lastUsedOn": None,
    }  # fmt: skip
    assert settings_status(world, made["token"]) == 200
    _, listed = world.api("GET", "/v1/tokens")
    _, read = world.api("GET", f"/v1/tokens/{made['id']}")
    stored = world.wiring.client("dynamodb").scan(TableName=world.wiring.environment.table)["Items"]
    secret = made["token"].removeprefix(f"envoi_{made['id']}_")
    for text in (json.dumps(listed), json.dumps(read), json.dumps(stored)):
        assert secret not in text
    assert made["id"] in [each["id"] for each in listed["list"]]
    assert world.wiring.token_store.get(made["id"]).token_hash == digest(made["token"])


def test_two_tokens_differ(world: World) -> None:
    """Also those of one moment."""
    assert create(world)["token"] != create(world)["token"]


def test_an_idempotent_repeat_hides_the_token(world: World) -> None:
    """The answer is repeated without what was shown once."""
    headers = {"Idempotency-Key": "one"}
    body = {"name": "CI", "role": "viewer"}
    _, first = world.api("POST", "/v1/tokens", body, headers=headers)
    _, again = world.api("POST", "/v1/tokens", body, headers=headers)
    assert again == {**first, "token": None}


def test_a_revoked_token_counts_no_more(world: World) -> None:
    """At the latest after a minute; it stays in the list, and revoking it again changes nothing."""
    made = create(world)
    assert settings_status(world, made["token"]) == 200
    assert world.api("DELETE", f"/v1/tokens/{made['id']}") == (204, None)
    world.clock.advance(CACHED_FOR.total_seconds())
    assert settings_status(world, made["token"]) == 401
    _, read = world.api("GET", f"/v1/tokens/{made['id']}")
    assert read["revokedAt"] == "2026-03-02T09:00:00Z"
    assert world.api("DELETE", f"/v1/tokens/{made['id']}") == (204, None)
    assert world.api("GET", f"/v1/tokens/{made['id']}")[1] == read


def test_a_token_expires(world: World) -> None:
    """To the second, whatever is cached."""
    made = create(world, expiresAt="2026-03-02T10:00:00+00:30")
    assert made["expiresAt"] == "2026-03-02T09:30:00Z"
    world.clock.advance(30 * 60 - 1)
    assert settings_status(world, made["token"]) == 200
    world.clock.advance(1)
    assert settings_status(world, made["token"]) == 401


def test_a_token_cannot_begin_expired(world: World) -> None:
    """It would never count."""
    status, body = world.api(
        "POST", "/v1/tokens", {"name": "x", "role": "admin", "expiresAt": "2026-03-02T09:00:00Z"}
    )
    assert (status, body["errors"]) == (400, [{"field": "expiresAt", "message": "must be in the future"}])


def test_the_day_of_the_last_use_is_kept(world: World) -> None:
    """A day, noted once; it is no edit of the token."""
    made = create(world)
    for days, noted in ((0, "2026-03-02"), (0.5, "2026-03-02"), (1, "2026-03-03")):
        world.clock.advance(days * DAY)
        assert settings_status(world, made["token"]) == 200
        _, read = world.api("GET", f"/v1/tokens/{made['id']}")
        assert (read["lastUsedOn"], read["etag"]) == (noted, "1")


def test_the_first_admin_token_comes_from_the_environment(world: World) -> None:
    """It opens everything and is no record."""
    text = "first-admin-of-the-stage"
    environment = {**world.wiring._environ, "ENVOI_ADMIN_TOKEN": text}
    world.wiring.__dict__["environment"] = type(world.wiring.environment).from_env(environment)
    world.wiring.__dict__.pop("authenticator", None)
    assert world.api("GET", "/v1/tokens", token=text) == (200, {"list": [], "nextCursor": None})
    assert world.api("GET", "/v1/tokens", token=text + "x")[0] == 401


def test_without_a_first_admin_token_none_is_empty(world: World) -> None:
    """An unset variable must not let the empty token in."""
    assert world.wiring.environment.first_admin_token == ""
    reply = world.http("GET", "/v1/tokens", token="", headers={"Authorization": "Bearer "})
    assert reply.status == 401


def test_another_secret_behind_a_known_id(world: World) -> None:
    """The id alone opens nothing."""
    made = create(world, role=Role.ADMIN)
    assert settings_status(world, made["token"][:-43] + "A" * 43) == 401
