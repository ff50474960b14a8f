"""Mass emails over HTTP."""

import pytest

from tests.routes.resources import NOBODY, START, Api, faulty
from tests.world import World


@pytest.fixture
def api(world: World) -> Api:
    return Api(world).with_sender()


def test_a_mass_email_has_just_these_fields(api: Api) -> None:
    """Row 7: Pending when nothing else is said, with nobody counted yet; read back it is the same."""
    body = api.mass_email_body()
    made = api.post("/v1/mass-emails", body)
    assert api.get(f"/v1/mass-emails/{made['id']}") == made
    assert {name: made[name] for name in set(made) - {"id", "createdAt", "modifiedAt", "nextRunAt"}} == {
        **body,
        "status": "Pending",
        "statusReason": None,
        "campaignId": None,
        "startAt": START,
        "excludingTargetListIds": [],
        "fromAddress": None,
        "fromName": None,
        "replyToAddress": None,
        "replyToName": None,
        "optOutEntirely": False,
        "storeSentEmails": False,
        "trackLinks": "explicit",
        "counts": {"Pending": 0, "Sending": 0, "Sent": 0, "Failed": 0, "Skipped": 0, "Unknown": 0},
        "blockedBy": made["blockedBy"],
        "warnings": ["noPostalAddress"],
        "etag": "1",
    }


def test_what_is_required(api: Api) -> None:
    """Row 6: each named by its field."""
    assert sorted(faulty(api.post("/v1/mass-emails", {}, 400))) == ["emailTemplateId", "startAt"]
    body = {"emailTemplateId": api.template()["id"], "startAt": START}
    assert sorted(faulty(api.post("/v1/mass-emails", body, 400))) == ["name", "targetListIds"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "In Process"),
        ("status", "Canceled"),
        ("startAt", "2026-03-01T09:00:00"),
        ("startAt", "2026-03-01"),
        ("startAt", 1772355600),
        ("emailTemplateId", "x"),
        ("targetListIds", "x"),
        ("fromAddress", "kari@"),
        ("fromAddress", "kåri@example.com"),
        ("fromName", "Kari\r\nBcc: x@example.com"),
        ("replyToAddress", "a@b@c"),
        ("replyToName", "\x00"),
        ("name", "a\nb"),
        ("optOutEntirely", "yes"),
        ("trackLinks", "some"),
        ("counts", {}),
        ("statusReason", None),
        ("frozen", True),
    ],
)
def test_bad_values_are_named(api: Api, field: str, value: object) -> None:
    """Each gets its 400 with the field's name, and nothing is stored."""
    problem = api.post("/v1/mass-emails", {**api.mass_email_body(), field: value}, 400)
    assert faulty(problem) == [field]
    assert api.get("/v1/mass-emails")["list"] == []


def test_an_offset_becomes_utc(api: Api) -> None:
    """RFC 3339 with any offset is taken, and answered as Z."""
    assert api.mass_email(startAt="2026-03-01T10:30:00+01:30")["startAt"] == START


def test_ids_in_the_body_must_be_right(api: Api) -> None:
    """Of nothing, of another kind, of deleted records."""
    gone = api.target_list()
    api.delete(f"/v1/target-lists/{gone['id']}")
    body = api.mass_email_body(
        emailTemplateId=gone["id"], targetListIds=[gone["id"]], excludingTargetListIds=[NOBODY]
    )
    problem = api.post("/v1/mass-emails", body, 400)
    expected = ["emailTemplateId", "excludingTargetListIds.0", "targetListIds.0"]
    assert sorted(faulty(problem)) == expected


def test_the_campaign_gives_name_and_lists(api: Api) -> None:
    """Rows 5, 8 and 11."""
    readers, others = api.target_list()["id"], api.target_list()["id"]
    campaign = api.campaign(targetListIds=[readers], excludingTargetListIds=[others])["id"]
    body = {"campaignId": campaign, "emailTemplateId": api.template()["id"], "startAt": START}
    made = api.post("/v1/mass-emails", body)
    assert made["name"] == f"Spring {made['createdAt'][:10]}"
    assert (made["targetListIds"], made["excludingTargetListIds"]) == ([readers], [others])
    radio = api.campaign(type="Radio", targetListIds=[readers])["id"]
    assert faulty(api.post("/v1/mass-emails", {**body, "campaignId": radio}, 400)) == ["campaignId"]


def test_pending_needs_all_that_sending_needs(world: World) -> None:
    """Without a sender and a site it can only be a Draft; the template's tracking URLs must exist."""
    api = Api(world)
    template = api.template(body=f"<a href='{{trackingUrl:{NOBODY}}}'>x</a>")
    body = api.mass_email_body(emailTemplateId=template["id"])
    problem = api.post("/v1/mass-emails", body, 400)
    assert set(faulty(problem)) == {"emailTemplateId", "fromAddress", "massEmailSiteUrl"}
    draft = api.post("/v1/mass-emails", {**body, "status": "Draft"})
    path = f"/v1/mass-emails/{draft['id']}"
    assert set(faulty(api.patch(path, {"status": "Pending"}, 400))) == set(faulty(problem))
    api.with_sender()
    good = api.template()["id"]
    assert api.patch(path, {"status": "Pending", "emailTemplateId": good})["status"] == "Pending"


def test_patching(api: Api) -> None:
    """Null puts the default back where there is one; the campaign is fixed (row 10)."""
    made = api.mass_email(fromAddress="kari@example.com", fromName="Kari", storeSentEmails=True)
    path = f"/v1/mass-emails/{made['id']}"
    changed = api.patch(path, {"fromAddress": None, "storeSentEmails": None, "trackLinks": "all"})
    assert (changed["fromAddress"], changed["storeSentEmails"], changed["trackLinks"]) == (None, False, "all")
    assert changed["fromName"] == "Kari"
    for field in ("name", "startAt", "emailTemplateId", "targetListIds"):
        assert faulty(api.patch(path, {field: None}, 400)) == [field]
    assert "campaignId" in api.patch(path, {"campaignId": api.campaign()["id"]}, 409)["detail"]
    assert faulty(api.patch(path, {"status": "Paused"}, 400)) == ["status"]
    assert api.patch(path, {"status": "Draft"})["status"] == "Draft"


def test_the_life_that_callers_steer(api: Api) -> None:
    """Pause, resume, cancel answer the mass email with its reason; what is not allowed is a 409 that says why."""
    made = api.mass_email()
    path = f"/v1/mass-emails/{made['id']}"
    assert "Pending" in api.post(f"{path}/resume", None, 409)["detail"]
    paused = api.post(f"{path}/pause", None, 200)
    assert paused["status"] == "Paused"
    assert (paused["statusReason"]["code"], paused["statusReason"]["by"]) == ("paused", "user")
    assert paused["nextRunAt"] is None
    assert "startAt" in api.patch(path, {"startAt": "2026-04-01T00:00:00Z"}, 409)["detail"]
    assert api.patch(path, {"name": "April"})["name"] == "April"
    assert api.post(f"{path}/resume", None, 200)["status"] == "Pending"
    assert api.post(f"{path}/cancel", None, 200)["status"] == "Canceled"
    for act in ("pause", "resume", "cancel", "retry-failed"):
        assert "Canceled" in api.post(f"{path}/{act}", None, 409)["detail"]
        api.post(f"/v1/mass-emails/{NOBODY}/{act}", None, 404)
    stale = api.world.http("POST", f"{path}/pause", headers={"If-Match": '"1"'})
    assert stale.status == 412


def test_deleting(api: Api) -> None:
    """204; then it is gone, and what it used may go too."""
    made = api.mass_email()
    path = f"/v1/mass-emails/{made['id']}"
    template, readers = made["emailTemplateId"], made["targetListIds"][0]
    assert made["id"] in api.delete(f"/v1/email-templates/{template}", 409)["detail"]
    assert made["id"] in api.delete(f"/v1/target-lists/{readers}", 409)["detail"]
    api.delete(path)
    api.get(path, 404)
    api.delete(path, 404)
    api.delete(f"/v1/email-templates/{template}")
    api.delete(f"/v1/target-lists/{readers}")


def test_a_duplicate_is_a_draft(api: Api) -> None:
    """Row 15."""
    made = api.mass_email(fromName="Kari", trackLinks="all")
    copy = api.post(f"/v1/mass-emails/{made['id']}/duplicate", None)
    own = {name: copy[name] for name in ("id", "createdAt", "modifiedAt", "nextRunAt", "blockedBy")}
    assert copy == {**made, **own, "status": "Draft"}
    assert copy["id"] != made["id"]


def test_filters(api: Api) -> None:
    """Row 16, and by campaign and status."""
    readers = [api.target_list()["id"]]
    campaign = api.campaign(targetListIds=readers)["id"]
    template = api.template()["id"]
    pending = api.mass_email(campaignId=campaign, emailTemplateId=template)["id"]
    draft = api.mass_email(status="Draft", emailTemplateId=template, targetListIds=readers)["id"]
    canceled = api.mass_email(emailTemplateId=template, targetListIds=readers)["id"]
    api.post(f"/v1/mass-emails/{canceled}/cancel", None, 200)

    def ids(query: str) -> list[str]:
        return [each["id"] for each in api.get(f"/v1/mass-emails{query}")["list"]]

    assert ids("") == [canceled, draft, pending]
    assert ids("?filter=actual") == [draft, pending]
    assert ids("?filter=complete") == []
    assert ids("?filter=actual&status=Draft") == [draft]
    assert ids("?filter=complete&status=Draft") == []
    assert ids("?status=Canceled") == [canceled]
    assert ids(f"?campaignId={campaign}") == [pending]
    assert faulty(api.get("/v1/mass-emails?filter=some", 400)) == ["filter"]
    assert faulty(api.get("/v1/mass-emails?campaignId=x", 400)) == ["campaignId"]
    page = api.get("/v1/mass-emails?limit=2")
    rest = api.get(f"/v1/mass-emails?limit=2&cursor={page['nextCursor']}")
    assert [each["id"] for each in page["list"] + rest["list"]] == [canceled, draft, pending]


def test_made_twice_with_one_key_it_is_one(api: Api) -> None:
    """An ``Idempotency-Key`` repeats the answer."""
    body = api.mass_email_body()
    replies = [
        api.world.http("POST", "/v1/mass-emails", body, headers={"Idempotency-Key": "once"}) for _ in "12"
    ]
    assert [reply.status for reply in replies] == [201, 201]
    assert replies[0].body == replies[1].body
    assert len(api.get("/v1/mass-emails")["list"]) == 1
