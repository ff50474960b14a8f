"""Every query parameter of every route: what is wrong with it is a 400 that names it, before anything is looked up."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from app import app
from chalicelib.domain.records import Role
from chalicelib.routes.contracts import Contract
from tests.world import World

ID = "55f2c87b09a220a78"
SAMPLE = {"kind": "Contact"}
WRONG: dict[str, list[str]] = {
    "limit": ["0", "201", "-1", "ten", "1.5", "", "\u0661"],
    "cursor": ["forged", "AAAA", "é"],
    "emailAddress": [
        "kari",
        "kari@",
        "@example.com",
        "a@b@example.com",
        "kåri@example.com",
        "a b@example.com",
    ],
    "address": ["kari", "kari@", "a@localhost"],
    "where": ["{", "{}", "[1]", '[{"type":"explode"}]'],
    "orderBy": ["emailAddress", "NAME"],
    "order": ["up", "ASC"],
    "reason": ["opted out", "x" * 65, "é"],
    "isTest": ["yes", "1"],
    "optedOut": ["yes", "maybe"],
}
"""A parameter that is an id or a choice is tried with what follows from its type."""


def _of_choice(schema: dict[str, Any]) -> bool:
    return "$ref" in schema or "enum" in schema


def wrong_values(contract: Contract) -> Iterator[tuple[str, str]]:
    """Each parameter with values that it cannot have."""
    assert contract.query is not None
    (own,), named = msgspec.json.schema_components([contract.query], ref_template="{name}")
    for name, schema in named[own["$ref"]]["properties"].items():
        parts = schema.get("anyOf", [schema])
        is_id = any("[0-9a-f]{17}" in part.get("pattern", "") for part in parts)
        values = WRONG.get(name) or (["x", "f" * 18, "F" * 17] if is_id else [])
        if not values and any(_of_choice(part) for part in parts):
            values = ["Nope", "nope"]
        assert values, f"{contract.path}: no test knows what is wrong for ?{name}="
        yield from ((name, value) for value in values)


ROUTES = [
    (method, entry.view_function.__dict__["contract"])
    for by_method in app.routes.values()
    for method, entry in by_method.items()
    if entry.view_function.__dict__["contract"].role is not None
]
ASKED = [(method, contract) for method, contract in ROUTES if contract.query is not None]


def path_of(contract: Contract) -> str:
    """With ids that are nobody's: the query is looked at first."""
    parts = contract.path.split("/")
    return "/".join(SAMPLE.get(part[1:-1], ID) if part.startswith("{") else part for part in parts)


def fields(problem: dict[str, Any]) -> set[str]:
    """What a problem names; a search's own faults say where in it they are."""
    return {error["field"].partition(".")[0] for error in problem["errors"]}


@pytest.mark.parametrize(
    ("method", "contract"), ASKED, ids=[f"{method} {contract.path}" for method, contract in ASKED]
)
def test_a_wrong_value_is_named(world: World, method: str, contract: Contract) -> None:
    """Also where the thing that the path names does not exist."""
    for name, value in wrong_values(contract):
        path = f"{path_of(contract)}?{name}={quote(value)}"
        status, problem = world.api(method, path, token=world.token(Role.ADMIN))
        if (name, status) == ("cursor", 404):  # of a list that is not there nothing is told
            assert ID in path
            continue
        assert status == 400, path
        assert name in fields(problem), path


@pytest.mark.parametrize(
    ("method", "contract"), ROUTES, ids=[f"{method} {contract.path}" for method, contract in ROUTES]
)
def test_an_unknown_parameter_and_one_that_is_there_twice_are_named(
    world: World, method: str, contract: Contract
) -> None:
    """On every route that needs a token, whether it takes parameters or none."""
    for query, name in (("colour=red", "colour"), ("limit=5&limit=6", "limit")):
        body = None if method == "GET" else {}
        path = f"{path_of(contract)}?{query}"
        status, problem = world.api(method, path, body, token=world.token(Role.ADMIN))
        assert status == 400, path
        assert name in fields(problem), path
