"""Reports, syncs and exports over HTTP."""

import csv
import io
from typing import Any

import pytest

from chalicelib.domain.records import Role
from tests.routes.resources import NOBODY, Api, faulty
from tests.world import World

NEW = {"type": "equals", "attribute": "status", "value": "New"}


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def lead(api: Api, last_name: str, status: str = "New") -> str:
    return str(api.post("/v1/leads", {"lastName": last_name, "status": status})["id"])


def report(api: Api, **fields: object) -> Any:
    return api.post("/v1/reports", {"name": "New leads", "entityType": "Lead", "where": [NEW], **fields})


def worked_off(api: Api, job: Any) -> Any:
    """The job when the queue has nothing more to do."""
    while messages := api.world.taken(api.world.wiring.environment.jobs_queue_url):
        api.world.queued("work", *messages)
    return api.get(f"/v1/jobs/{job['id']}")


def test_a_report_is_made_read_changed_and_deleted(api: Api) -> None:
    """Its search comes back as it was sent."""
    made = report(api, columns=["lastName", "status"], orderBy="name", order="desc")
    assert {
        name: made[name] for name in ("name", "entityType", "where", "orderBy", "order", "columns", "etag")
    } == {
        "name": "New leads",
        "entityType": "Lead",
        "where": [NEW],
        "orderBy": "name",
        "order": "desc",
        "columns": ["lastName", "status"],
        "etag": "1",
    }
    path = f"/v1/reports/{made['id']}"
    assert api.get(path) == made
    changed = api.patch(path, {"where": None, "columns": None, "orderBy": None, "order": None})
    assert (changed["where"], changed["columns"], changed["orderBy"], changed["etag"]) == ([], [], None, "2")
    assert [each["id"] for each in api.get("/v1/reports?entityType=Lead")["list"]] == [made["id"]]
    assert api.get("/v1/reports?entityType=User")["list"] == []
    reply = api.world.http("PATCH", path, {"name": "x"}, headers={"If-Match": '"1"'})
    assert reply.status == 412
    api.delete(path)
    api.get(path, 404)


def test_a_report_is_run_in_pages(api: Api) -> None:
    """An object for each person, with the report's columns; it says how much it read."""
    for name, status in (("Aas", "New"), ("Berg", "Dead"), ("Dahl", "New"), ("Lie", "New")):
        lead(api, name, status)
    path = f"/v1/reports/{report(api, columns=['lastName', 'emailAddressIsInvalid'])['id']}"
    first = api.world.http("GET", f"{path}/run?limit=2")
    assert first.body["list"] == [
        {"lastName": "Lie", "emailAddressIsInvalid": False},
        {"lastName": "Dahl", "emailAddressIsInvalid": False},
    ]
    assert int(first.headers["X-Items-Read"]) >= 3
    rest = api.get(f"{path}/run?limit=2&cursor={first.body['nextCursor']}")
    assert (rest["list"], rest["nextCursor"]) == ([{"lastName": "Aas", "emailAddressIsInvalid": False}], None)
    api.patch(path, {"name": "Another"})
    assert faulty(api.get(f"{path}/run?cursor={first.body['nextCursor']}", 400)) == ["cursor"]
    api.get(f"/v1/reports/{NOBODY}/run", 404)


@pytest.mark.parametrize(
    ("fields", "places"),
    [
        ({"name": " "}, ["name"]),
        ({"entityType": "Campaign"}, ["entityType"]),
        ({"where": {}}, ["where"]),
        ({"where": ["x"]}, ["where.0"]),
        ({"columns": ["size"]}, ["columns.0"]),
        ({"orderBy": "size"}, ["orderBy"]),
        ({"filter": "x"}, ["filter"]),
    ],
)
def test_bad_reports(api: Api, fields: dict[str, object], places: list[str]) -> None:
    """Each fault under its place."""
    body = {"name": "x", "entityType": "Lead", **fields}
    reply = api.world.http("POST", "/v1/reports", body)
    assert (reply.status, faulty(reply.body)) == (400, places)
    assert api.get("/v1/reports")["list"] == []


def test_a_report_is_exported(api: Api) -> None:
    """In the background; the job's result has a URL that downloads the file."""
    lead(api, "=cmd()")
    job = api.post(f"/v1/reports/{report(api, columns=['lastName'])['id']}/export", {}, 202)
    assert (job["kind"], job["status"], job["result"]) == ("exportReport", "Queued", None)
    done = worked_off(api, job)
    assert (done["status"], done["result"]["rows"]) == ("Done", 1)
    assert "file" not in done["result"]
    assert done["result"]["url"].startswith("https://")
    text = stored(api, f"exports/{job['id']}/export.csv")
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["lastName"], ["'=cmd()"]]
    api.post(f"/v1/reports/{NOBODY}/export", {}, 404)


def stored(api: Api, key: str) -> str:
    return api.world.wiring.files.open(key).read(10**6).decode("utf-8-sig")


def test_lists_and_logs_are_exported(api: Api) -> None:
    """By the same jobs."""
    list_id, campaign_id = api.target_list()["id"], api.campaign()["id"]
    target_id = lead(api, "Aas")
    api.post(f"/v1/target-lists/{list_id}/members", {"type": "Lead", "ids": [target_id]})
    api.post("/v1/leads", {"lastName": "Berg", "campaignId": campaign_id})
    for path in (f"/v1/target-lists/{list_id}/export", f"/v1/campaigns/{campaign_id}/log/export"):
        job = worked_off(api, api.post(path, {}, 202))
        assert (job["status"], job["result"]["rows"]) == ("Done", 1)
    api.post(f"/v1/target-lists/{NOBODY}/export", {}, 404)
    api.post(f"/v1/campaigns/{NOBODY}/log/export", {}, 404)


def test_a_list_follows_reports(api: Api) -> None:
    """By hand, and once a day; the list says what became of it."""
    first, found = lead(api, "Aas"), report(api)
    made = api.target_list(reportIds=[found["id"]], syncUnlink=True)
    assert (made["reportIds"], made["syncEnabled"], made["syncUnlink"], made["lastSync"]) == (
        [found["id"]],
        False,
        True,
        None,
    )
    path = f"/v1/target-lists/{made['id']}"
    job = api.post(f"{path}/sync", {}, 202)
    assert worked_off(api, job)["result"] == {"added": 1, "removed": 0}
    after = api.get(path)
    at = after["lastSync"].pop("at")
    assert (after["entryCount"], after["lastSync"], after["etag"]) == (
        1,
        {"added": 1, "removed": 0, "error": None},
        "1",
    )
    assert at.endswith("Z")
    api.patch(path, {"syncEnabled": True})
    api.patch(f"/v1/leads/{first}", {"status": "Dead"})
    second = lead(api, "Berg")
    api.world.tick("sync_lists")
    worked_off(api, job)
    assert [each["id"] for each in api.get(f"{path}/members")["list"]] == [second]
    assert api.get(path)["lastSync"]["removed"] == 1
    assert faulty(api.patch(path, {"reportIds": [found["id"], NOBODY]}, 400)) == ["reportIds.1"]
    api.delete(f"/v1/reports/{found['id']}", 409)
    api.post(f"/v1/target-lists/{api.target_list()['id']}/sync", {}, 409)
    api.post(f"/v1/target-lists/{NOBODY}/sync", {}, 404)


def test_roles(api: Api) -> None:
    """Viewers run and export; they do not save or sync."""
    found, token = report(api), api.world.token(Role.VIEWER)
    path = f"/v1/reports/{found['id']}"
    for method, where, status in (
        ("GET", "/v1/reports", 200),
        ("GET", f"{path}/run", 200),
        ("POST", f"{path}/export", 202),
        ("POST", "/v1/reports", 403),
        ("PATCH", path, 403),
        ("DELETE", path, 403),
        ("POST", f"/v1/target-lists/{api.target_list()['id']}/sync", 403),
    ):
        body = {} if method in ("POST", "PATCH") else None
        assert api.world.http(method, where, body, token=token).status == status, (method, where)
