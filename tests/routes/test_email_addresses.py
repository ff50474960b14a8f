"""The flags of addresses over HTTP, on a whole stage."""

from typing import Any

import pytest

from chalicelib.domain.addresses import normalised
from chalicelib.wiring import Wiring
from tests.world import World

KARI = "/v1/email-addresses?address=Kari%40example.com"
NOTHING = {
    "address": "Kari@example.com",
    "optOut": False,
    "invalid": False,
    "reason": None,
    "since": None,
}


class SuppressionList:
    """SES's list, as far as this needs it."""

    def __init__(self) -> None:
        self.taken_off: list[str] = []

    def unsuppress(self, address: str) -> None:
        """Take it off."""
        self.taken_off.append(address)


@pytest.fixture
def suppressed(world: World, monkeypatch: pytest.MonkeyPatch) -> SuppressionList:
    """In place of SES, which moto does not know well enough."""
    found = SuppressionList()
    monkeypatch.setattr(Wiring, "account_reader", found)
    return found


def changed(world: World, body: object, path: str = KARI) -> Any:
    status, answer = world.api("PATCH", path, body)
    assert status == 200, answer
    return answer


def test_nothing_is_known_of_most_addresses(world: World, suppressed: SuppressionList) -> None:
    """That is an answer, not an error; clearing what is not set changes nothing."""
    assert world.api("GET", KARI) == (200, NOTHING)
    assert changed(world, {"optOut": False}) == NOTHING
    assert changed(world, {}) == NOTHING


def test_an_opt_out_is_set_and_cleared_for_all_who_hold_the_address(world: World) -> None:
    """With reason and date; the first reason stays."""
    contact = world.api("POST", "/v1/contacts", {"emailAddress": "kari@EXAMPLE.com"})[1]
    answer = changed(world, {"optOut": True, "reason": "asked by phone"})
    now = world.clock.now()
    assert (answer["optOut"], answer["invalid"], answer["reason"]) == (True, False, "asked by phone")
    assert answer["since"].startswith(now.strftime("%Y-%m-%dT%H:%M"))
    assert world.api("GET", f"/v1/contacts/{contact['id']}")[1]["emailAddressIsOptedOut"] is True
    assert changed(world, {"optOut": True})["reason"] == "asked by phone"
    assert changed(world, {"optOut": None}) == NOTHING
    assert world.api("GET", f"/v1/contacts/{contact['id']}")[1]["emailAddressIsOptedOut"] is False


def test_clearing_invalid_takes_it_off_the_suppression_list(
    world: World, suppressed: SuppressionList
) -> None:
    """As SES writes it, the domain in Punycode."""
    path = "/v1/email-addresses?address=Kari%40bl%C3%A5b%C3%A6r.no"
    assert changed(world, {"invalid": True}, path)["reason"] == "manual"
    assert suppressed.taken_off == []
    assert changed(world, {"invalid": False}, path)["invalid"] is False
    assert [normalised(address) for address in suppressed.taken_off] == ["kari@xn--blbr-roah.no"]
    assert suppressed.taken_off[0].startswith("Kari@xn--")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/email-addresses", {"optOut": True}, "address"),
        ("/v1/email-addresses?address=kari", {"optOut": True}, "address"),
        (KARI, {"optOut": "yes"}, "optOut"),
        (KARI, {"since": "2026-01-01T00:00:00Z"}, "since"),
        (KARI, {"reason": "why not"}, "reason"),
        (KARI, {"optOut": True, "reason": "two\nlines"}, "reason"),
    ],
)
def test_bad_input_names_its_field(world: World, path: str, body: object, field: str) -> None:
    """And changes nothing."""
    status, answer = world.api("PATCH", path, body)
    assert (status, answer["errors"][0]["field"]) == (400, field)
    assert world.api("GET", KARI)[1] == NOTHING
