"""Searching over HTTP, and lists filled by a search."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.domain.records import Role
from chalicelib.domain.where_limits import MAX_DEPTH, MAX_ITEMS
from tests.routes.resources import Api, faulty
from tests.world import World

NEW = {"type": "equals", "attribute": "status", "value": "New"}


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def query(where: object = None, **parameters: object) -> str:
    sent = {**parameters, **({} if where is None else {"where": json.dumps(where)})}
    return "?" + urlencode({name: value for name, value in sent.items() if value is not None})


def lead(api: Api, last_name: str, status: str = "New", **fields: object) -> str:
    return str(api.post("/v1/leads", {"lastName": last_name, "status": status, **fields})["id"])


def names(page: Any) -> list[str]:
    return [each["lastName"] for each in page["list"]]


def test_a_search_finds_who_fits(api: Api) -> None:
    """Newest first; the flags of the address are there as in every answer."""
    lead(api, "Berg")
    lead(api, "Dahl", "Dead", emailAddress="dahl@example.com")
    lead(api, "Aas", attributes={"city": "Tromsø"})
    assert names(api.get("/v1/leads" + query([NEW]))) == ["Aas", "Berg"]
    page = api.get("/v1/leads" + query([{"type": "not", "value": [NEW]}]))
    assert (names(page), page["list"][0]["emailAddressIsOptedOut"], page["nextCursor"]) == (
        ["Dahl"],
        False,
        None,
    )
    city = {"type": "startsWith", "attribute": "attributes.city", "value": "TROMSØ"}
    assert names(api.get("/v1/leads" + query([city]))) == ["Aas"]
    assert names(api.get("/v1/leads" + query([]))) == ["Aas", "Dahl", "Berg"]


def test_pages_and_orders(api: Api) -> None:
    """By time or by name, both ways; a cursor goes on where its own search was."""
    for name in ("Berg", "Åsen", "aas", "Dahl"):
        lead(api, name)
    by_name = ["aas", "Åsen", "Berg", "Dahl"]
    assert names(api.get("/v1/leads" + query(orderBy="name"))) == by_name
    assert names(api.get("/v1/leads" + query(orderBy="name", order="desc"))) == by_name[::-1]
    assert names(api.get("/v1/leads" + query(order="asc"))) == ["Berg", "Åsen", "aas", "Dahl"]
    first = api.get("/v1/leads" + query([NEW], orderBy="name", limit=3))
    rest = api.get("/v1/leads" + query([NEW], orderBy="name", limit=2, cursor=first["nextCursor"]))
    assert names(first) + names(rest) == by_name
    for other in (query([], orderBy="name"), query([NEW]), query([NEW], orderBy="name", order="desc")):
        problem = api.get(f"/v1/leads{other}&cursor={first['nextCursor']}", 400)
        assert faulty(problem) == ["cursor"]


def test_a_page_says_how_much_was_read_for_it(api: Api) -> None:
    """In a header, also without a search."""
    for number in range(5):
        lead(api, f"Lead {number}", "New" if number else "Dead")
    reply = api.world.http("GET", "/v1/leads" + query([NEW]))
    assert (len(reply.body["list"]), reply.headers["X-Items-Read"]) == (4, "5")
    assert api.world.http("GET", "/v1/leads").headers["X-Items-Read"] == "5"


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"where": "["}, ["where"]),
        ({"where": '{"type": "any"}'}, ["where"]),
        ({"where": '[{"type": "any", "type": "none"}]'}, ["where"]),
        ({"where": "[NaN]"}, ["where"]),
        ({"where": "[" * 3000}, ["where"]),
        ({"where": '["\\ud800"]'}, ["where"]),
        ({"where": json.dumps([{**NEW, "attribute": "statuses"}])}, ["where.0.attribute"]),
        (
            {"where": json.dumps([{"type": "linkedWith", "attribute": "targetLists", "value": "0" * 17}])},
            ["where.0.value"],
        ),
        ({"orderBy": "status"}, ["orderBy"]),
        ({"order": "down"}, ["order"]),
        ({"where": "[]", "emailAddress": "a@example.com"}, ["emailAddress"]),
        ({"orderBy": "name", "emailAddress": "a@example.com"}, ["emailAddress"]),
        ({"sortBy": "name"}, ["sortBy"]),
    ],
)
def test_what_cannot_be_meant_is_refused(api: Api, sent: dict[str, str], fields: list[str]) -> None:
    """With the place."""
    assert faulty(api.get("/v1/leads?" + urlencode(sent), 400)) == fields


def nested(depth: int) -> list[Any]:
    return [NEW] if depth == 1 else [{"type": "not", "value": nested(depth - 1)}]


BAD_ITEMS: list[tuple[list[Any], str]] = [
    ([{**NEW, "type": "resembles"}], "where.0.type"),
    ([{**NEW, "type": "expression"}], "where.0.type"),
    ([{**NEW, "type": ["equals"]}], "where.0.type"),
    ([NEW, {**NEW, "attribute": "password"}], "where.1.attribute"),
    ([{**NEW, "attribute": "attributes.__class__.x..y"}], "where.0.attribute"),
    ([{**NEW, "attribute": "campaign.name.first"}], "where.0.attribute"),
    ([{**NEW, "value": 5}], "where.0.value"),
    ([{**NEW, "value": None}], "where.0.value"),
    ([{"type": "in", "attribute": "status", "value": ["New", {}]}], "where.0.value.1"),
    ([{"type": "greaterThan", "attribute": "createdAt", "value": "soon"}], "where.0.value"),
    ([{"type": "on", "attribute": "createdAt", "value": "soon"}], "where.0.value"),
    ([{"type": "today", "attribute": "createdAt", "timeZone": "Mars"}], "where.0.timeZone"),
    ([{"type": "lastXDays", "attribute": "createdAt", "value": "9" * 400}], "where.0.value"),
    ([{"type": "like", "attribute": "status", "value": "%a" * 300}], "where.0.value"),
    ([{"type": "linkedWith", "attribute": "targetLists", "value": ["x"]}], "where.0.value.0"),
    ([{"type": "or", "value": [NEW, {"type": "and", "value": []}]}], "where.0.value.1.value"),
    (nested(MAX_DEPTH + 1), "where" + ".0.value" * MAX_DEPTH),
    ([NEW] * (MAX_ITEMS + 1), "where"),
]


@pytest.mark.parametrize(("where", "place"), BAD_ITEMS, ids=lambda each: str(each)[:50])
def test_a_bad_item_is_refused_at_every_door(api: Api, where: list[Any], place: str) -> None:
    """A list of people, a fill, a removal, a report, its edit: each names the same place and begins nothing."""
    list_id = api.target_list()["id"]
    saved = api.post("/v1/reports", {"name": "x", "entityType": "Lead"})
    members = {"type": "Lead", "where": where}
    for method, path, body in (
        ("GET", "/v1/leads" + query(where), None),
        ("POST", f"/v1/target-lists/{list_id}/members", members),
        ("DELETE", f"/v1/target-lists/{list_id}/members", members),
        ("POST", "/v1/reports", {"name": "x", "entityType": "Lead", "where": where}),
        ("PATCH", f"/v1/reports/{saved['id']}", {"where": where}),
    ):
        reply = api.world.http(method, path, body)
        assert (reply.status, faulty(reply.body)) == (400, [place]), (method, path)
    assert api.world.taken(api.world.wiring.environment.jobs_queue_url) == []
    assert api.get(f"/v1/reports/{saved['id']}") == saved


@pytest.mark.parametrize("pattern", ["%a" * 250, "%" * 500, "_%" * 250, "%_" * 249 + "b", "(a+)+$" * 80])
def test_no_pattern_makes_a_search_slow(api: Api, pattern: str) -> None:
    """What would keep a regular expression busy for years is asked in no time."""
    lead(api, "A" * 100, attributes={"note": "a" * 5_000})
    begun = time.process_time()
    page = api.get("/v1/leads" + query([{"type": "like", "attribute": "attributes.note", "value": pattern}]))
    assert time.process_time() - begun < 2
    assert len(page["list"]) == (not pattern.endswith(("b", "$")))


def test_fields_that_a_type_lacks_are_unknown(api: Api) -> None:
    """A contact has no status, a user no account."""
    assert faulty(api.get("/v1/contacts" + query([NEW]), 400)) == ["where.0.attribute"]
    linked = {"type": "isLinked", "attribute": "account"}
    assert faulty(api.get("/v1/users" + query([linked]), 400)) == ["where.0.attribute"]
    assert names(api.get("/v1/contacts" + query([linked]))) == []


def worked_off(api: Api, job: Any) -> Any:
    """The job when the queue has nothing more to do."""
    while messages := api.world.taken(api.world.wiring.environment.jobs_queue_url):
        api.world.queued("work", *messages)
    return api.get(f"/v1/jobs/{job['id']}")


def test_a_list_is_filled_and_emptied_by_a_search(api: Api) -> None:
    """In the background; the job says how far it is."""
    for name in ("Berg", "Dahl", "Lie"):
        lead(api, name, "Dead" if name == "Lie" else "New")
    list_id = api.target_list()["id"]
    path = f"/v1/target-lists/{list_id}/members"
    job = api.post(path, {"type": "Lead", "where": [NEW]}, 202)
    assert (job["status"], job["kind"], job["done"]) == ("Queued", "addMembers", 0)
    job = worked_off(api, job)
    assert (job["status"], job["done"], job["total"], job["result"]) == ("Done", 2, 2, {"added": 2})
    assert api.get(f"/v1/target-lists/{list_id}")["entryCount"] == 2
    assert {each["name"] for each in api.get(path)["list"]} == {"Berg", "Dahl"}
    job = worked_off(api, api.world.http("DELETE", path, {"type": "Lead", "where": []}).body)
    assert (job["kind"], job["status"], job["result"]) == ("removeMembers", "Done", {"removed": 2})
    assert api.get(path)["list"] == []


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_members_are_chosen_in_one_way(api: Api, method: str) -> None:
    """By ids or by a search; a search is read before a job begins."""
    list_id = api.target_list()["id"]
    path = f"/v1/target-lists/{list_id}/members"
    for body, fields in (
        ({"type": "Lead"}, ["ids"]),
        ({"type": "Lead", "ids": ["0" * 17], "where": []}, ["ids"]),
        ({"type": "Lead", "where": {}}, ["where"]),
        ({"type": "Lead", "where": [{**NEW, "value": 5}]}, ["where.0.value"]),
        ({"type": "Contact", "where": [NEW]}, ["where.0.attribute"]),
    ):
        reply = api.world.http(method, path, body)
        assert (reply.status, faulty(reply.body)) == (400, fields)
    assert api.world.taken(api.world.wiring.environment.jobs_queue_url) == []
    unknown = f"/v1/target-lists/{'0' * 17}/members"
    assert api.world.http(method, unknown, {"type": "Lead", "where": []}).status == 404


def test_viewers_search_but_do_not_fill(api: Api) -> None:
    """As with all that changes something."""
    list_id, token = api.target_list()["id"], api.world.token(Role.VIEWER)
    assert api.world.http("GET", "/v1/leads" + query([NEW]), token=token).status == 200
    body = {"type": "Lead", "where": []}
    assert api.world.http("POST", f"/v1/target-lists/{list_id}/members", body, token=token).status == 403
