"""Campaigns over HTTP."""

import pytest

from tests.routes.resources import NOBODY, Api, faulty
from tests.world import World


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def test_a_campaign_has_just_these_fields(api: Api) -> None:
    """Row 1: made with a name alone it has all defaults; read back it is the same."""
    made = api.campaign(name="Spring")
    assert api.get(f"/v1/campaigns/{made['id']}") == made
    assert {name: made[name] for name in set(made) - {"id", "createdAt", "modifiedAt"}} == {
        "name": "Spring",
        "type": "Email",
        "status": "Planning",
        "startDate": None,
        "endDate": None,
        "description": None,
        "targetListIds": [],
        "excludingTargetListIds": [],
        "etag": "1",
    }
    assert made["createdAt"] == made["modifiedAt"]
    assert made["createdAt"].endswith("Z")


def test_every_type_of_the_reference_is_taken_and_no_other(api: Api) -> None:
    """Row 4."""
    types = ["Email", "Newsletter", "Informational Email", "Web", "Television", "Radio", "Mail"]
    assert [api.campaign(type=kind)["type"] for kind in types] == types
    problem = api.post("/v1/campaigns", {"name": "x", "type": "Fax"}, 400)
    assert faulty(problem) == ["type"]


def test_every_fault_is_named_at_once(api: Api) -> None:
    """Unknown and missing fields, wrong types, line breaks, dates that are none."""
    problem = api.post(
        "/v1/campaigns",
        {
            "description": 7,
            "startDate": "2026-02-30",
            "targetListIds": ["x"],
            "etag": "1",
            "massEmailCount": 3,
        },
        400,
    )
    expected = ["description", "etag", "massEmailCount", "name", "startDate", "targetListIds.0"]
    assert sorted(faulty(problem)) == expected
    for name in ("", "   ", "a\nb", "a\u2028b", "x" * 256, None):
        assert faulty(api.post("/v1/campaigns", {"name": name}, 400)) == ["name"]


def test_the_end_before_the_start(api: Api) -> None:
    """Row 2: on create and on update, where the other date stands already."""
    dates = {"startDate": "2026-03-02", "endDate": "2026-03-01"}
    assert faulty(api.post("/v1/campaigns", {"name": "x", **dates}, 400)) == ["endDate"]
    made = api.campaign(startDate="2026-03-02", endDate="2026-03-02")
    path = f"/v1/campaigns/{made['id']}"
    assert faulty(api.patch(path, {"endDate": "2026-03-01"}, 400)) == ["endDate"]
    assert faulty(api.patch(path, {"startDate": "2026-03-03"}, 400)) == ["endDate"]
    assert api.get(path) == made


def test_lists_must_exist(api: Api) -> None:
    """Ids of nothing, and of things of another kind."""
    campaign, readers = api.campaign(), api.target_list()
    body = {"name": "x", "targetListIds": [readers["id"], NOBODY], "excludingTargetListIds": [campaign["id"]]}
    assert faulty(api.post("/v1/campaigns", body, 400)) == ["targetListIds.1", "excludingTargetListIds.0"]


def test_a_merge_patch_changes_what_it_names(api: Api) -> None:
    """Null puts the default back; the name has none; every edit has its own etag."""
    made = api.campaign(type="Newsletter", description="x", startDate="2026-03-01")
    path = f"/v1/campaigns/{made['id']}"
    changed = api.patch(path, {"type": None, "description": None, "status": "Active"})
    assert changed == {
        **made,
        "type": "Email",
        "description": None,
        "status": "Active",
        "etag": "2",
        "modifiedAt": changed["modifiedAt"],
    }
    assert faulty(api.patch(path, {"name": None}, 400)) == ["name"]
    assert faulty(api.patch(path, {"createdAt": None}, 400)) == ["createdAt"]


def test_the_version_that_is_meant(api: Api) -> None:
    """``ETag`` and ``If-Match`` hold for PATCH and DELETE."""
    made = api.campaign()
    path = f"/v1/campaigns/{made['id']}"
    first = api.world.http("GET", path).headers["ETag"]
    reply = api.world.http("PATCH", path, {"name": "Summer"}, headers={"If-Match": first})
    assert (reply.status, reply.headers["ETag"]) == (200, '"2"')
    assert api.world.http("PATCH", path, {"name": "Autumn"}, headers={"If-Match": first}).status == 412
    assert api.world.http("DELETE", path, headers={"If-Match": first}).status == 412
    assert api.world.http("DELETE", path, headers={"If-Match": '"2"'}).status == 204
    api.get(path, 404)


def test_a_campaign_with_mass_emails_keeps_its_type(api: Api) -> None:
    """Row 3: 409 that names the field; other edits go on."""
    campaign = api.campaign(targetListIds=[api.target_list()["id"]])
    api.mass_email(campaignId=campaign["id"], status="Draft")
    path = f"/v1/campaigns/{campaign['id']}"
    assert "type" in api.patch(path, {"type": "Web"}, 409)["detail"]
    assert api.patch(path, {"type": "Email", "name": "Summer"})["name"] == "Summer"


def test_filters_and_pages(api: Api) -> None:
    """Newest first, by status and type together; a cursor of another search is refused."""
    made = [
        api.campaign(
            type="Newsletter" if number % 2 else "Email", status="Active" if number < 5 else "Planning"
        )
        for number in range(8)
    ]
    expected = [made[3]["id"], made[1]["id"]]
    first = api.get("/v1/campaigns?type=Newsletter&status=Active&limit=1")
    rest = api.get(f"/v1/campaigns?type=Newsletter&status=Active&limit=5&cursor={first['nextCursor']}")
    assert [each["id"] for each in first["list"] + rest["list"]] == expected
    assert rest["nextCursor"] is None
    assert faulty(api.get(f"/v1/campaigns?cursor={first['nextCursor']}", 400)) == ["cursor"]
    assert faulty(api.get("/v1/campaigns?type=Fax", 400)) == ["type"]
    assert faulty(api.get("/v1/campaigns?filter=active", 400)) == ["filter"]


def test_deleting(api: Api) -> None:
    """409 while a mass email under way is of it; gone afterwards, also as an id in a body."""
    api.with_sender()
    campaign = api.campaign(targetListIds=[api.target_list()["id"]])
    mass_email = api.mass_email(campaignId=campaign["id"])
    path = f"/v1/campaigns/{campaign['id']}"
    assert mass_email["id"] in api.delete(path, 409)["detail"]
    api.post(f"/v1/mass-emails/{mass_email['id']}/cancel", None, 200)
    api.delete(path)
    for status in (api.get(path, 404), api.delete(path, 404), api.patch(path, {"name": "x"}, 404)):
        assert status["status"] == 404
    assert api.get("/v1/campaigns")["list"] == []
    body = api.mass_email_body(campaignId=campaign["id"], targetListIds=[api.target_list()["id"]])
    assert faulty(api.post("/v1/mass-emails", body, 400)) == ["campaignId"]


def test_a_duplicate(api: Api) -> None:
    """Row 15: 201, the same fields under a new id; of an unknown one 404."""
    made = api.campaign(type="Radio", description="æøå")
    copy = api.post(f"/v1/campaigns/{made['id']}/duplicate", None)
    own = {name: copy[name] for name in ("id", "createdAt", "modifiedAt")}
    assert copy == {**made, **own}
    assert copy["id"] > made["id"]
    api.post(f"/v1/campaigns/{NOBODY}/duplicate", None, 404)
