"""Tracking URLs over HTTP (row 66)."""

import pytest

from tests.routes.resources import NOBODY, Api, faulty
from tests.world import World


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def test_a_tracking_url_has_just_these_fields(api: Api) -> None:
    """And says how it is written in a template."""
    made = api.tracking_url(url="https://example.com/été")
    assert api.get(f"/v1/tracking-urls/{made['id']}") == made
    assert {name: made[name] for name in set(made) - {"id", "createdAt", "modifiedAt"}} == {
        "name": "Shop",
        "campaignId": None,
        "action": "Redirect",
        "url": "https://example.com/%C3%A9t%C3%A9",
        "message": None,
        "urlToUse": f"{{trackingUrl:{made['id']}}}",
        "etag": "1",
    }


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "java\nscript:alert(1)"}, "url"),
        ({"url": "//example.com"}, "url"),
        ({"url": "https://kari:secret@example.com/"}, "url"),
        ({"url": "https://example.com/" + "x" * 2000}, "url"),
        ({"action": "Show Message"}, "message"),
        ({"action": "Show Message", "message": " "}, "message"),
        ({"action": "Show Message", "message": "x" * 20_001}, "message"),
        ({"action": "Open"}, "action"),
        ({"url": "https://example.com/", "campaignId": NOBODY}, "campaignId"),
        ({"url": "https://example.com/", "urlToUse": "x"}, "urlToUse"),
    ],
)
def test_what_is_wrong_is_named(api: Api, fields: dict[str, object], named: str) -> None:
    """Each with its field; nothing is stored."""
    assert faulty(api.post("/v1/tracking-urls", {"name": "x", **fields}, 400)) == [named]
    assert api.get("/v1/tracking-urls")["list"] == []


def test_only_email_and_newsletter_campaigns(api: Api) -> None:
    """And the campaign stays (row 10)."""
    wrong, right = api.campaign(type="Informational Email")["id"], api.campaign(type="Newsletter")["id"]
    body = {"name": "x", "url": "https://example.com/", "campaignId": wrong}
    assert faulty(api.post("/v1/tracking-urls", body, 400)) == ["campaignId"]
    made = api.tracking_url(campaignId=right)
    path = f"/v1/tracking-urls/{made['id']}"
    assert "campaignId" in api.patch(path, {"campaignId": None}, 409)["detail"]
    assert api.patch(path, {"campaignId": right, "name": "y"})["name"] == "y"


def test_a_message_to_show(api: Api) -> None:
    """Markdown over several lines is kept as it is."""
    message = "# Takk!\n\n* for *alt*\n"
    made = api.tracking_url(action="Show Message", message=message, url=None)
    assert (made["message"], made["url"]) == (message, None)
    assert faulty(api.patch(f"/v1/tracking-urls/{made['id']}", {"message": None}, 400)) == ["message"]


def test_by_campaign_and_deleted(api: Api) -> None:
    """The list of a campaign's own; gone is gone."""
    campaign = api.campaign()["id"]
    own, free = api.tracking_url(campaignId=campaign), api.tracking_url()
    listed = api.get(f"/v1/tracking-urls?campaignId={campaign}")["list"]
    assert [each["id"] for each in listed] == [own["id"]]
    api.delete(f"/v1/tracking-urls/{own['id']}")
    api.get(f"/v1/tracking-urls/{own['id']}", 404)
    assert [each["id"] for each in api.get("/v1/tracking-urls")["list"]] == [free["id"]]
