"""Tokens that do not count, over and over."""

import json
from datetime import UTC, datetime

import pytest

from chalicelib.domain.principals import ApiToken
from chalicelib.domain.records import Role
from chalicelib.errors import Unauthorized
from chalicelib.flows.failed_tokens import LIMIT
from chalicelib.flows.tokens import Authenticator, digest
from tests.fakes.clock import FakeClock
from tests.fakes.records import FakeRecords
from tests.world import NO_TOKEN, World

ID = "55f2c87b09a220a78"
BAD = f"envoi_{ID}_{'A' * 43}"


def test_they_are_throttled_and_good_ones_are_not(world: World) -> None:
    """429 as problem+json with Retry-After; colleagues behind the same address go on, and a minute later it is 401 again."""
    good = world.token(Role.VIEWER)
    for token in (BAD, "nonsense", good[:-1] + "!"):
        for _ in range(LIMIT // 3):
            assert world.http("GET", "/v1/settings", token=token).status == 401
    reply = world.http("GET", "/v1/settings", token=BAD)
    assert (reply.status, reply.body["title"]) == (429, "Too Many Requests")
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert 1 <= int(reply.headers["Retry-After"]) <= 60
    assert world.http("GET", "/v1/settings", token=good).status == 200
    world.clock.advance(int(reply.headers["Retry-After"]))
    assert world.http("GET", "/v1/settings", token=BAD).status == 401


def test_no_token_at_all_is_no_failure(world: World) -> None:
    """It costs nothing, and guesses nothing."""
    for _ in range(LIMIT + 1):
        assert world.http("GET", "/v1/settings", token=NO_TOKEN).status == 401


def test_who_came_is_not_kept(world: World) -> None:
    """A keyed hash, for an hour."""
    assert world.http("GET", "/v1/settings", token=BAD).status == 401
    items = world.wiring.client("dynamodb").scan(TableName=world.wiring.environment.table)["Items"]
    (row,) = [item for item in items if item["PK"]["S"].startswith("failed#")]
    assert "127.0.0.1" not in json.dumps(items)
    assert BAD not in json.dumps(items)
    assert int(row["expiresAt"]["N"]) - world.clock.now().timestamp() <= 3600


class Sealed(str):
    """A hash that must not be compared letter by letter: the time of that tells how many were right."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared in a time that depends on it")

    def __ne__(self, other: object) -> bool:
        raise AssertionError("compared in a time that depends on it")


class Stored(FakeRecords[ApiToken]):
    """Tokens in memory."""

    def used(self, token_id: str, day: object) -> None:
        """Nobody asks."""


@pytest.mark.parametrize("ending", ["A", "B"])
def test_hashes_are_compared_in_constant_time(ending: str) -> None:
    """A right secret and a wrong one alike, and that of the first administrator."""
    text = f"envoi_{ID}_{'A' * 42}"
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    token = ApiToken(
        id=ID,
        created_at=now,
        modified_at=now,
        name="CI",
        role=Role.VIEWER,
        token_hash=Sealed(digest(f"{text}A")),
    )
    store = Stored()
    store.add(token)
    authenticator = Authenticator(store, FakeClock(now), "first")
    authenticator._first_admin = Sealed(digest("first"))
    if ending == "A":
        assert authenticator.principal(f"{text}{ending}").role is Role.VIEWER
        return
    with pytest.raises(Unauthorized):
        authenticator.principal(f"{text}{ending}")
