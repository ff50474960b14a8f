"""Accounts, contacts, leads and users over HTTP, on a whole stage."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.domain.records import Role
from tests.world import World

UNKNOWN = "0" * 16 + "1"
PLACES: Mapping[str, Mapping[str, Any]] = {
    "accounts": {"name": "Fjord AS"},
    "contacts": {"firstName": "Kari", "lastName": "Nordmann"},
    "leads": {"firstName": "Kari", "lastName": "Nordmann"},
    "users": {"firstName": "Kari", "lastName": "Nordmann"},
}


def made(world: World, place: str, **fields: object) -> dict[str, Any]:
    status, body = world.api("POST", f"/v1/{place}", {**PLACES[place], **fields})
    assert status == 201, body
    found: dict[str, Any] = body
    return found


def faults(body: Any) -> dict[str, str]:
    return {fault["field"]: fault["message"] for fault in body["errors"]}


@pytest.mark.parametrize("place", PLACES)
def test_every_kind_is_made_read_changed_and_deleted(world: World, place: str) -> None:
    """The whole life of a record, with its etag."""
    sent = {"emailAddress": "Kari@Example.com", "attributes": {"city": "Tromsø", "vip": True}}
    record = made(world, place, **sent)
    assert record["name"] == ("Fjord AS" if place == "accounts" else "Kari Nordmann")
    assert (record["emailAddress"], record["attributes"]) == ("Kari@Example.com", sent["attributes"])
    assert (record["emailAddressIsOptedOut"], record["emailAddressIsInvalid"]) == (False, False)
    path = f"/v1/{place}/{record['id']}"
    reply = world.http("GET", path)
    assert (reply.status, reply.body, reply.headers["ETag"]) == (200, record, '"1"')

    world.clock.advance(60)
    status, changed = world.api("PATCH", path, {"emailAddress": None, "attributes": {"vip": None, "n": 1}})
    assert status == 200
    assert (changed["emailAddress"], changed["attributes"]) == (None, {"city": "Tromsø", "n": 1})
    assert (changed["etag"], changed["createdAt"]) == ("2", record["createdAt"])
    assert changed["modifiedAt"] > record["modifiedAt"]

    assert world.api("PATCH", path, {}, headers={"If-Match": '"1"'})[0] == 412
    assert world.api("DELETE", path, headers={"If-Match": '"1"'})[0] == 412
    assert world.api("DELETE", path, headers={"If-Match": '"2"'})[0] == 204
    for method in ("GET", "PATCH", "DELETE"):
        assert world.api(method, path, {} if method == "PATCH" else None)[0] == 404
    assert world.api("GET", f"/v1/{place}")[1]["list"] == []


def test_each_kind_has_fields_of_its_own(world: World) -> None:
    """They come back as they were sent, and null puts the default back."""
    account = made(world, "accounts")
    campaign = world.api("POST", "/v1/campaigns", {"name": "Spring"})[1]
    contact = made(world, "contacts", accountId=account["id"], salutationName="Dr.")
    assert (contact["accountId"], contact["salutationName"]) == (account["id"], "Dr.")
    lead = made(world, "leads", status="New", source="Web", campaignId=campaign["id"])
    assert (lead["status"], lead["source"], lead["campaignId"]) == ("New", "Web", campaign["id"])
    user = made(world, "users", isActive=False)
    assert user["isActive"] is False
    assert world.api("PATCH", f"/v1/users/{user['id']}", {"isActive": None})[1]["isActive"] is True
    assert world.api("PATCH", f"/v1/accounts/{account['id']}", {"attributes": None})[1]["attributes"] == {}


@pytest.mark.parametrize(
    ("place", "fields", "field"),
    [
        ("accounts", {"name": ""}, "name"),
        ("accounts", {"name": None}, "name"),
        ("accounts", {"firstName": "Kari"}, "firstName"),
        ("contacts", {"lastName": "Nord\nmann"}, "lastName"),
        ("contacts", {"firstName": "x" * 256}, "firstName"),
        ("contacts", {"emailAddress": "kari"}, "emailAddress"),
        ("contacts", {"emailAddress": "kåri@example.com"}, "emailAddress"),
        ("contacts", {"emailAddress": "kari@example.com\r\nBcc: a@b.com"}, "emailAddress"),
        ("contacts", {"emailAddress": 7}, "emailAddress"),
        ("contacts", {"accountId": UNKNOWN}, "accountId"),
        ("contacts", {"accountId": "x"}, "accountId"),
        ("contacts", {"emailAddressIsOptedOut": True}, "emailAddressIsOptedOut"),
        ("leads", {"campaignId": UNKNOWN}, "campaignId"),
        ("leads", {"isActive": True}, "isActive"),
        ("users", {"isActive": "no"}, "isActive"),
        ("users", {"attributes": []}, "attributes"),
        ("users", {"attributes": {"n": 1e200}}, "attributes"),
        ("users", {"attributes": {"": 1}}, "attributes"),
        ("users", {"attributes": {"a": {"b": {"c": {"d": {"e": {}}}}}}}, "attributes"),
        ("users", {"attributes": {"text": "é" * 17_000}}, "attributes"),
    ],
)
def test_bad_input_names_its_field_and_changes_nothing(
    world: World, place: str, fields: Mapping[str, object], field: str
) -> None:
    """On creation and on change alike."""
    status, body = world.api("POST", f"/v1/{place}", {**PLACES[place], **fields})
    assert (status, list(faults(body))) == (400, [field])
    assert world.api("GET", f"/v1/{place}")[1]["list"] == []
    record = made(world, place)
    status, body = world.api("PATCH", f"/v1/{place}/{record['id']}", fields)
    assert (status, list(faults(body))) == (400, [field])
    assert world.api("GET", f"/v1/{place}/{record['id']}")[1] == record


def test_an_account_needs_a_name(world: World) -> None:
    """The other kinds need nothing."""
    status, body = world.api("POST", "/v1/accounts", {})
    assert (status, list(faults(body))) == (400, ["name"])
    assert world.api("POST", "/v1/contacts", {})[1]["name"] == ""


def test_ids_of_other_kinds_and_of_deleted_records_are_unknown(world: World) -> None:
    """As a reference and in the path."""
    account, contact = made(world, "accounts"), made(world, "contacts")
    assert world.api("GET", f"/v1/contacts/{account['id']}")[0] == 404
    status, body = world.api("POST", "/v1/contacts", {"accountId": contact["id"]})
    assert (status, list(faults(body))) == (400, ["accountId"])
    linked = made(world, "contacts", accountId=account["id"])
    world.api("DELETE", f"/v1/accounts/{account['id']}")
    assert world.api("POST", "/v1/contacts", {"accountId": account["id"]})[0] == 400
    path = f"/v1/contacts/{linked['id']}"
    assert world.api("PATCH", path, {"firstName": "Åse", "accountId": account["id"]})[0] == 200


def test_lists_come_newest_first_in_pages(world: World) -> None:
    """Complete, without repeats; a cursor of another list or a forged one is refused."""
    ids = []
    for _ in range(7):
        ids.append(made(world, "contacts")["id"])
        world.clock.advance(0.01)
    seen, cursor = [], ""
    while True:
        page = world.api("GET", f"/v1/contacts?limit=3{cursor}")[1]
        seen += [each["id"] for each in page["list"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert seen == ids[::-1]
    assert list(faults(world.api("GET", f"/v1/leads?limit=3{cursor}")[1])) == ["cursor"]
    assert list(faults(world.api("GET", "/v1/contacts?cursor=AAAA")[1])) == ["cursor"]


def test_people_are_found_by_address_whatever_its_case(world: World) -> None:
    """Only of the kind asked for, newest first, in pages; an address that is none is refused."""
    first = made(world, "contacts", emailAddress="kari@example.com")
    world.clock.advance(1)
    second = made(world, "contacts", emailAddress="KARI@example.com")
    made(world, "leads", emailAddress="kari@example.com")
    made(world, "contacts", emailAddress="ola@example.com")
    path = "/v1/contacts?emailAddress=Kari%40Example.com"
    found = world.api("GET", path)[1]
    assert [each["id"] for each in found["list"]] == [second["id"], first["id"]]
    page = world.api("GET", f"{path}&limit=1")[1]
    rest = world.api("GET", f"{path}&limit=1&cursor={page['nextCursor']}")[1]
    assert [each["id"] for each in [*page["list"], *rest["list"]]] == [second["id"], first["id"]]
    assert rest["nextCursor"] is None
    assert list(faults(world.api("GET", "/v1/contacts?emailAddress=kari")[1])) == ["emailAddress"]


def test_a_lead_of_a_campaign_is_in_its_log(world: World) -> None:
    """Made with a campaign: Lead Created; without one, or changed later: nothing."""
    campaign = world.api("POST", "/v1/campaigns", {"name": "Spring"})[1]
    lead = made(world, "leads", campaignId=campaign["id"], emailAddress="kari@example.com")
    made(world, "leads")
    world.api("PATCH", f"/v1/leads/{lead['id']}", {"status": "Assigned"})
    log = world.api("GET", f"/v1/campaigns/{campaign['id']}/log")[1]["list"]
    assert [(line["action"], line["targetId"], line["campaignId"]) for line in log] == [
        ("Lead Created", lead["id"], campaign["id"])
    ]
    assert world.api("GET", f"/v1/campaigns/{campaign['id']}/stats")[1]["leadCreatedCount"] == 1


def test_an_erased_person_is_gone_and_cannot_be_mailed_again_unless_an_administrator_says_so(
    world: World,
) -> None:
    """Erasing again answers the same; a new record with the address is made, but opted out."""
    contact = made(world, "contacts", emailAddress="kari@example.com", attributes={"city": "Tromsø"})
    lead = made(world, "leads", emailAddress="Kari@example.com")
    path = f"/v1/contacts/{contact['id']}"
    status, erased = world.api("POST", f"{path}/erase")
    assert status == 200
    assert erased["otherHolders"] == [{"type": "Lead", "id": lead["id"]}]
    assert (erased["id"], erased["jobId"]) == (contact["id"], None)
    assert world.api("GET", path)[0] == 404
    world.clock.advance(60)
    assert world.api("POST", f"{path}/erase") == (200, erased)
    assert world.api("POST", f"/v1/contacts/{UNKNOWN}/erase")[0] == 404

    again = made(world, "contacts", emailAddress="kari@example.com")
    assert again["emailAddressIsOptedOut"] is True
    flags = world.api("GET", "/v1/email-addresses?address=kari%40example.com")[1]
    assert (flags["optOut"], flags["reason"], flags["since"]) == (True, "erased", erased["erasedAt"])
    admitted = world.api("PATCH", "/v1/email-addresses?address=kari%40example.com", {"optOut": False})
    assert admitted[0] == 200
    assert world.api("GET", f"/v1/contacts/{again['id']}")[1]["emailAddressIsOptedOut"] is False


def test_nothing_of_an_erased_person_is_left_in_the_table(world: World) -> None:
    """Neither name nor address nor attribute, in no item."""
    contact = made(world, "contacts", emailAddress="kari@example.com", attributes={"city": "Tromsø"})
    for action in ("", "/erase"):
        world.api("DELETE" if not action else "POST", f"/v1/contacts/{contact['id']}{action}")
        items = world.wiring.client("dynamodb").scan(TableName=world.wiring.environment.table)["Items"]
        text = str([item for item in items if not item["PK"]["S"].startswith(("Token", "idem#"))])
        for secret in ("kari", "Kari", "Nordmann", "Troms"):
            assert secret not in text


@pytest.mark.parametrize(
    ("role", "method", "path", "expected"),
    [
        (Role.VIEWER, "POST", "/v1/contacts", 403),
        (Role.VIEWER, "GET", "/v1/contacts", 200),
        (Role.VIEWER, "POST", f"/v1/contacts/{UNKNOWN}/erase", 403),
        (Role.EDITOR, "POST", f"/v1/contacts/{UNKNOWN}/erase", 404),
        (Role.EDITOR, "PATCH", "/v1/email-addresses?address=a%40example.com", 403),
        (Role.VIEWER, "GET", "/v1/email-addresses?address=a%40example.com", 200),
    ],
)
def test_roles(world: World, role: Role, method: str, path: str, expected: int) -> None:
    """Viewers read, editors write and erase, address flags are an administrator's."""
    body = {} if method == "PATCH" else None
    assert world.api(method, path, body, token=world.token(role))[0] == expected
