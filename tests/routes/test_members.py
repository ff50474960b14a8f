"""Members of target lists over HTTP, their opt-outs, and copies of lists, on a whole stage."""

from typing import Any

import pytest

from chalicelib.domain.records import Role
from chalicelib.flows import members
from tests.world import World

UNKNOWN = "0" * 16 + "1"


def a_list(world: World, name: str = "Readers") -> str:
    return str(world.api("POST", "/v1/target-lists", {"name": name})[1]["id"])


def contact(world: World, address: str | None = None, kind: str = "contacts") -> str:
    body = {"name": "Fjord AS"} if kind == "accounts" else {"firstName": "Kari", "lastName": "Nordmann"}
    world.clock.advance(0.01)
    return str(world.api("POST", f"/v1/{kind}", {**body, "emailAddress": address})[1]["id"])


def add(world: World, list_id: str, *ids: str, kind: str = "Contact") -> tuple[int, Any]:
    return world.api("POST", f"/v1/target-lists/{list_id}/members", {"type": kind, "ids": ids})


def members_of(world: World, list_id: str, query: str = "") -> list[tuple[str, bool]]:
    listed = world.api("GET", f"/v1/target-lists/{list_id}/members{query}")[1]["list"]
    return [(each["id"], each["optedOut"]) for each in listed]


def counts(world: World, list_id: str) -> tuple[int, int]:
    body = world.api("GET", f"/v1/target-lists/{list_id}")[1]
    return body["entryCount"], body["optedOutCount"]


def opt_out(world: World, list_id: str, target_id: str, *, verb: str = "opt-out") -> tuple[int, Any]:
    return world.api("POST", f"/v1/target-lists/{list_id}/{verb}", {"type": "Contact", "id": target_id})


def test_members_are_added_listed_and_removed(world: World) -> None:
    """With counts in every answer; adding and removing again changes nothing."""
    list_id, first, second = a_list(world), contact(world, "kari@example.com"), contact(world)
    assert add(world, list_id, first, second) == (201, {"added": 2, "entryCount": 2, "optedOutCount": 0})
    assert add(world, list_id, first)[1]["added"] == 0
    listed = world.api("GET", f"/v1/target-lists/{list_id}/members")[1]
    assert listed["nextCursor"] is None
    assert listed["list"][1] == {
        "type": "Contact",
        "id": first,
        "optedOut": False,
        "name": "Kari Nordmann",
        "emailAddress": "kari@example.com",
    }
    for _ in range(2):
        body = {"type": "Contact", "ids": [first]}
        assert world.api("DELETE", f"/v1/target-lists/{list_id}/members", body)[0] == 204
        assert members_of(world, list_id) == [(second, False)]
        assert counts(world, list_id) == (1, 0)


def test_members_are_listed_by_type_and_mark_in_pages(world: World) -> None:
    """Newest first over all types."""
    list_id = a_list(world)
    contacts = [contact(world) for _ in range(3)]
    accounts = [contact(world, kind="accounts") for _ in range(2)]
    add(world, list_id, *contacts)
    add(world, list_id, *accounts, kind="Account")
    opt_out(world, list_id, contacts[0])
    everybody = [*accounts[::-1], *contacts[::-1]]
    assert [each for each, _ in members_of(world, list_id)] == everybody
    assert members_of(world, list_id, "?type=Account") == [(each, False) for each in accounts[::-1]]
    assert members_of(world, list_id, "?optedOut=true") == [(contacts[0], True)]
    page = world.api("GET", f"/v1/target-lists/{list_id}/members?limit=2")[1]
    rest = members_of(world, list_id, f"?limit=5&cursor={page['nextCursor']}")
    assert [each["id"] for each in page["list"]] + [each for each, _ in rest] == everybody


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_unknown_ids_are_named_and_nobody_is_added(world: World, method: str) -> None:
    """Each by its place; an id of another type is unknown; too many or none are refused."""
    list_id, known, account = a_list(world), contact(world), contact(world, kind="accounts")
    path = f"/v1/target-lists/{list_id}/members"
    status, body = world.api(method, path, {"type": "Contact", "ids": [known, UNKNOWN, account]})
    assert (status, [fault["field"] for fault in body["errors"]]) == (400, ["ids.1", "ids.2"])
    assert counts(world, list_id) == (0, 0)
    for ids, field in (([], "ids"), ([known] * 1001, "ids"), ([known, 7], "ids.1"), ("x", "ids")):
        status, body = world.api(method, path, {"type": "Contact", "ids": ids})
        assert (status, body["errors"][0]["field"]) == (400, field)
    assert world.api(method, path, {"type": "Lizard", "ids": [known]})[1]["errors"][0]["field"] == "type"


@pytest.mark.parametrize(
    ("method", "end", "body"),
    [
        ("GET", "members", None),
        ("POST", "members", {"type": "Contact", "ids": [UNKNOWN]}),
        ("DELETE", "members", {"type": "Contact", "ids": [UNKNOWN]}),
        ("POST", "opt-out", {"type": "Contact", "id": UNKNOWN}),
        ("POST", "cancel-opt-out", {"type": "Contact", "id": UNKNOWN}),
        ("POST", "duplicate", None),
    ],
)
def test_an_unknown_list_is_not_found(world: World, method: str, end: str, body: object) -> None:
    """Whatever is in the body; a deleted list is unknown too."""
    deleted = a_list(world)
    world.api("DELETE", f"/v1/target-lists/{deleted}")
    for list_id in (UNKNOWN, deleted):
        assert world.api(method, f"/v1/target-lists/{list_id}/{end}", body)[0] == 404


def test_an_opt_out_holds_for_the_address_and_survives_removal(world: World) -> None:
    """All records with the address, on that list alone; the reverse for the same."""
    list_id, other = a_list(world), a_list(world)
    first, second = contact(world, "kari@example.com"), contact(world, "KARI@example.com")
    add(world, list_id, first, second)
    add(world, other, first)
    status, answer = opt_out(world, list_id, first)
    assert (status, answer["entryCount"], answer["optedOutCount"]) == (200, 2, 2)
    assert members_of(world, other) == [(first, False)]
    assert world.api("GET", f"/v1/contacts/{first}")[1]["emailAddressIsOptedOut"] is False
    world.api("DELETE", f"/v1/target-lists/{list_id}/members", {"type": "Contact", "ids": [first, second]})
    third = contact(world, "kari@Example.com")
    assert add(world, list_id, first, third)[1] == {"added": 2, "entryCount": 2, "optedOutCount": 2}
    status, answer = opt_out(world, list_id, third, verb="cancel-opt-out")
    assert (status, answer["entryCount"], answer["optedOutCount"]) == (200, 2, 0)
    assert add(world, list_id, second)[1] == {"added": 1, "entryCount": 3, "optedOutCount": 0}


def test_who_is_no_member_becomes_an_opted_out_one(world: World) -> None:
    """As in the reference; with or without an address. Cancelling makes nobody a member."""
    list_id = a_list(world)
    for address in ("kari@example.com", None):
        target_id = contact(world, address)
        for _ in range(2):
            assert opt_out(world, list_id, target_id)[0] == 200
    assert counts(world, list_id) == (2, 2)
    outsider = contact(world)
    assert opt_out(world, list_id, outsider, verb="cancel-opt-out")[0] == 200
    assert counts(world, list_id) == (2, 2)
    status, body = opt_out(world, list_id, UNKNOWN)
    assert (status, body["errors"][0]["field"]) == (400, "id")


def test_who_takes_on_an_address_takes_on_its_opt_outs(world: World) -> None:
    """And keeps their own when they change it again."""
    list_id, reader, changing = a_list(world), contact(world, "kari@example.com"), contact(world)
    add(world, list_id, reader, changing)
    opt_out(world, list_id, reader)
    world.api("PATCH", f"/v1/contacts/{changing}", {"emailAddress": "kari@example.com"})
    assert members_of(world, list_id) == [(changing, True), (reader, True)]
    world.api("PATCH", f"/v1/contacts/{changing}", {"emailAddress": "ola@example.com"})
    assert members_of(world, list_id) == [(changing, True), (reader, True)]


def test_a_deleted_person_leaves_all_lists(world: World) -> None:
    """Counts follow, also of the opted out."""
    first, second, gone = a_list(world), a_list(world), contact(world, "kari@example.com")
    for list_id in (first, second):
        add(world, list_id, gone, contact(world))
    opt_out(world, second, gone)
    world.api("DELETE", f"/v1/contacts/{gone}")
    assert (counts(world, first), counts(world, second)) == ((1, 0), (1, 0))


def test_a_copy_has_the_members_who_are_not_opted_out(world: World) -> None:
    """The same fields; later changes of either do not touch the other."""
    list_id = a_list(world, "Readers of Tromsø")
    world.api("PATCH", f"/v1/target-lists/{list_id}", {"publicName": "News", "description": "All"})
    stays, left, elsewhere = (
        contact(world, "kari@example.com"),
        contact(world, "ola@example.com"),
        contact(world),
    )
    add(world, list_id, stays, left)
    opt_out(world, list_id, left)
    reply = world.http("POST", f"/v1/target-lists/{list_id}/duplicate")
    copy = reply.body
    assert (reply.status, copy["entryCount"], copy["optedOutCount"], copy["jobId"]) == (201, 1, 0, None)
    assert (copy["name"], copy["publicName"], copy["description"]) == ("Readers of Tromsø", "News", "All")
    assert copy["id"] != list_id
    add(world, copy["id"], elsewhere)
    assert members_of(world, copy["id"]) == [(elsewhere, False), (stays, False)]
    assert counts(world, list_id) == (2, 1)


def test_a_large_list_is_copied_by_a_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer says which job; worked off, the copy is whole, and the message may come twice."""
    monkeypatch.setattr(members, "COPIED_AT_ONCE", 2)
    list_id = a_list(world)
    ids = [contact(world) for _ in range(4)]
    add(world, list_id, *ids)
    status, copy = world.api("POST", f"/v1/target-lists/{list_id}/duplicate")
    assert (status, copy["entryCount"]) == (202, 0)
    assert world.api("GET", f"/v1/jobs/{copy['jobId']}")[1]["status"] == "Queued"
    messages = world.taken(world.wiring.environment.jobs_queue_url)
    for _ in range(2):
        world.queued("work", *messages)
    job = world.api("GET", f"/v1/jobs/{copy['jobId']}")[1]
    assert (job["status"], job["done"], job["total"]) == ("Done", 4, 4)
    assert job["result"] == {"targetListId": copy["id"]}
    assert counts(world, copy["id"]) == (4, 0)


def test_roles(world: World) -> None:
    """Viewers only read."""
    list_id = a_list(world)
    token = world.token(Role.VIEWER)
    assert world.api("GET", f"/v1/target-lists/{list_id}/members", token=token)[0] == 200
    body = {"type": "Contact", "ids": [UNKNOWN]}
    assert world.api("POST", f"/v1/target-lists/{list_id}/members", body, token=token)[0] == 403
