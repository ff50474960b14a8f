"""Whatever is sent, no route answers with a fault of ours."""

import random
from typing import Any, get_args
from urllib.parse import urlencode

import msgspec
import pytest

from chalicelib.routes.contracts import Contract
from tests.routes.test_access import ID, ROUTES
from tests.world import World

SEED = 20_260_302
CALLS = 12  # per route
ODD: list[Any] = [
    None, True, 0, -1, 1, 10**30, -0.0, 1.5, 1e308, "", " ", "x", "é" * 300, "\x00", "a\nb", "\U0001f469", ID, ID.upper(), "{{ 7*7 }}", "{% x",
    "{trackingUrl:x}", "2026-03-01T09:00:00Z", "2026-03-01", "ann@example.com", "https://example.com/", "javascript:alert(1)", "rate(1 hour)",
    "Contact", "Draft", "Pending", "Redirect", "Show Message", "Sent", "Email", "explicit", [], [None], [ID], [ID, ID], [[[]]], {}, {"a": {"b": [1e300]}},
    {"": None}, {"type": "Contact", "id": ID}, [{"type": "Contact", "id": ID}], [{"emailAddress": "ann@example.com"}], {"type": "equals"},
]  # fmt: skip
WITH_BODY = [
    (method, path, each) for method, path, each in ROUTES if each is not None and each.body is not None
]
WITH_QUERY = [
    (method, path, each) for method, path, each in ROUTES if each is not None and each.query is not None
]


def populated(world: World) -> dict[str, str]:
    """One record of each kind, by the name that it has in a path."""

    def made(path: str, body: dict[str, Any]) -> str:
        status, answer = world.api("POST", path, body)
        assert status == 201, answer
        return str(answer["id"])

    list_id = made("/v1/target-lists", {"name": "Readers"})
    campaign_id = made("/v1/campaigns", {"name": "Spring", "targetListIds": [list_id]})
    template_id = made("/v1/email-templates", {"name": "Hello", "subject": "Hello", "body": "<p>Hello</p>"})
    mass_email = {"name": "One", "campaignId": campaign_id, "emailTemplateId": template_id, "status": "Draft"}
    return {
        "list_id": list_id,
        "campaign_id": campaign_id,
        "template_id": template_id,
        "mass_email_id": made("/v1/mass-emails", {**mass_email, "startAt": "2026-03-02T09:00:00Z"}),
        "tracking_url_id": made("/v1/tracking-urls", {"name": "Shop", "url": "https://example.com/"}),
        "contact_id": made("/v1/contacts", {"lastName": "Ann", "emailAddress": "ann@example.com"}),
    }


def filled(path: str, ids: dict[str, str]) -> str:
    """The path of a record that is there, as far as there is one."""
    ids = {**ids, "target_id": ids["contact_id"]} if "/contacts/" in path else ids
    return "/".join(ids.get(part[1:-1], ID) if part.startswith("{") else part for part in path.split("/"))


def plausible(dice: random.Random, contract: Contract, pool: list[Any]) -> dict[str, Any]:
    """A body of the right names, mostly of the right shape, with odd values."""
    assert contract.body is not None
    made = {}
    for info in msgspec.structs.fields(contract.body):
        if info.required or dice.random() < 0.4:
            choices = [choice for choice in pool if isinstance(choice, _likely(info.type))] or pool
            made[info.encode_name] = dice.choice(choices if dice.random() < 0.8 else pool)
    return made


def _likely(kind: Any) -> tuple[type, ...]:
    """The types of JSON that a field may take."""
    parts = [kind, *get_args(kind), *(inner for part in get_args(kind) for inner in get_args(part))]
    found = tuple(part for part in parts if part in (str, int, bool, float, list, dict))
    return found or (str, dict, list)


@pytest.mark.parametrize(
    ("method", "path", "contract"), WITH_BODY, ids=[f"{each[0]} {each[1]}" for each in WITH_BODY]
)
def test_no_body_makes_a_route_fail(world: World, method: str, path: str, contract: Contract) -> None:
    """Odd values in every field, for records that are there: an answer, or a refusal with its reason."""
    dice = random.Random(f"{SEED} {method} {path}")  # noqa: S311 - a fixed seed is the point
    ids = populated(world)
    pool = [*ODD, *ids.values(), [ids["list_id"]], [ids["contact_id"]]]
    for _ in range(CALLS):
        body = plausible(dice, contract, pool)
        status, answer = world.api(method, filled(path, ids), body)
        assert status < 500, body
        if status == 400:
            assert all(error["field"] and error["message"] for error in answer["errors"])


@pytest.mark.parametrize(
    ("method", "path", "contract"), WITH_QUERY, ids=[f"{each[0]} {each[1]}" for each in WITH_QUERY]
)
def test_no_query_makes_a_route_fail(world: World, method: str, path: str, contract: Contract) -> None:
    """Odd values in every parameter."""
    dice = random.Random(f"{SEED} {method} {path}")  # noqa: S311 - a fixed seed is the point
    url = filled(path, populated(world))
    assert contract.query is not None
    for _ in range(CALLS):
        names = [info.encode_name for info in msgspec.structs.fields(contract.query) if dice.random() < 0.5]
        odd = {name: str(dice.choice(ODD)) for name in names}
        status, answer = world.api(method, f"{url}?{urlencode(odd)}")
        assert status < 500, odd
        if status == 400:
            known = {info.encode_name for info in msgspec.structs.fields(contract.query)}
            assert {error["field"] for error in answer["errors"]} <= known
