"""All that is known of one person: what they are, where they stand, what they got and what they did."""

import pytest

from chalicelib.domain.public_tokens import TokenKind
from chalicelib.domain.records import Role
from tests.routes.readers import Mailed
from tests.world import Cloud, World


@pytest.fixture
def mailed(world: World, cloud: Cloud) -> Mailed:
    return Mailed(world, cloud)


def test_everything_is_told(mailed: Mailed) -> None:
    """Record, flags, lists, mailings, log, and who else holds the address."""
    contact = mailed.wiring.contacts[0]
    mailed.ask("GET", f"/t/c/{mailed.token(TokenKind.CLICK)}")
    mailed.ask("POST", f"/u/{mailed.token(TokenKind.UNSUBSCRIBE)}")
    body = {"firstName": "Twin", "emailAddress": (contact.email_address or "").upper()}
    twin = mailed.world.api("POST", "/v1/leads", body)[1]["id"]
    status, told = mailed.world.api("GET", f"/v1/contacts/{contact.id}/export")
    assert status == 200
    assert told["record"]["id"] == contact.id
    assert told["record"]["firstName"] == "Åse"
    assert told["address"] == {
        "optOut": False,
        "invalid": False,
        "reason": None,
        "since": None,
        "softBounces": 0,
        "listsLeft": ["Readers"],
    }
    assert told["otherRecords"] == [{"type": "Lead", "id": twin}]
    assert [(each["name"], each["optedOut"]) for each in told["lists"]] == [("Readers", True)]
    assert [each["name"] for each in told["massEmails"]] == ["March"]
    assert told["massEmails"][0]["recipientId"] == mailed.wiring.place().recipient_id
    assert [each["action"] for each in told["log"]] == ["Opted Out", "Clicked", "Sent"]
    assert told["logIsWhole"] is True


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("accounts", {"name": "Fjord AS"}),
        ("contacts", {"firstName": "Åse"}),
        ("leads", {"firstName": "Åse", "status": "New"}),
        ("users", {"firstName": "Åse"}),
    ],
)
def test_of_somebody_new_little_is_known(world: World, path: str, body: dict[str, str]) -> None:
    """Each kind is told as its own routes tell it; no address, nothing about one."""
    made = world.api("POST", f"/v1/{path}", body)[1]
    told = world.api("GET", f"/v1/{path}/{made['id']}/export")[1]
    assert told["record"] == made
    assert told["address"] is None
    assert told["lists"] == told["massEmails"] == told["log"] == told["otherRecords"] == []


def test_it_takes_an_editor(mailed: Mailed) -> None:
    """Who may erase people may also tell them what is known; who may only read may not carry it all away at once."""
    path = f"/v1/contacts/{mailed.wiring.contacts[0].id}/export"
    assert mailed.world.api("GET", path, token=mailed.world.token(Role.VIEWER))[0] == 403
    assert mailed.world.api("GET", path, token=mailed.world.token(Role.EDITOR))[0] == 200


def test_of_the_erased_nothing_is_known(mailed: Mailed) -> None:
    """404, as for whoever never was."""
    contact = mailed.wiring.contacts[0].id
    assert mailed.world.api("POST", f"/v1/contacts/{contact}/erase")[0] == 200
    assert mailed.world.api("GET", f"/v1/contacts/{contact}/export")[0] == 404
    assert mailed.world.api("GET", f"/v1/contacts/{'f' * 17}/export")[0] == 404
