"""The routes of log and statistics."""

import pytest

from chalicelib.domain.public_tokens import TokenKind
from chalicelib.domain.records import Role
from tests.routes.readers import FIREFOX, Mailed
from tests.world import Cloud, World


@pytest.fixture
def mailed(world: World, cloud: Cloud) -> Mailed:
    """Three readers got a message an hour ago; one has clicked."""
    mailed = Mailed(world, cloud)
    mailed.ask("GET", f"/t/c/{mailed.token(TokenKind.CLICK)}")
    return mailed


def test_a_line_of_the_log(mailed: Mailed) -> None:
    """Every field of every line is there; what the action does not have is null."""
    wiring = mailed.wiring
    status, page = mailed.world.api("GET", f"/v1/mass-emails/{wiring.mass_email.id}/log?action=Clicked")
    assert status == 200
    assert page == {
        "list": [
            {
                "action": "Clicked",
                "actionDate": "2026-03-02T09:00:00Z",
                "campaignId": wiring.campaign.id,
                "massEmailId": wiring.mass_email.id,
                "recipientId": wiring.place().recipient_id,
                "targetType": "Contact",
                "targetId": wiring.contacts[0].id,
                "emailAddress": "reader0@example.com",
                "isTest": False,
                "isMachine": False,
                "first": True,
                "bounceType": None,
                "bounceSubType": None,
                "diagnosticCode": None,
                "trackingUrlId": wiring.url.id,
                "url": "https://shop.example/spring",
                "userAgent": FIREFOX,
            }
        ],
        "nextCursor": None,
    }


def test_pages(mailed: Mailed) -> None:
    """A cursor leads on, and only in the search that it belongs to."""
    path = f"/v1/campaigns/{mailed.wiring.campaign.id}/log"
    seen = []
    cursor = ""
    while cursor is not None:
        status, page = mailed.world.api("GET", f"{path}?limit=1{cursor and '&cursor=' + cursor}")
        assert status == 200
        seen += [(each["action"], each["targetId"]) for each in page["list"]]
        cursor = page["nextCursor"]
    ids = [contact.id for contact in mailed.wiring.contacts]
    assert seen == [("Clicked", ids[0]), *(("Sent", each) for each in reversed(ids))]
    first = mailed.world.api("GET", f"{path}?limit=1")[1]["nextCursor"]
    assert mailed.world.api("GET", f"{path}?limit=1&action=Sent&cursor={first}")[0] == 400


def test_a_persons_log(mailed: Mailed) -> None:
    """Of a person of each kind, newest first; of nobody 404."""
    contact = mailed.wiring.contacts[0].id
    page = mailed.world.api("GET", f"/v1/contacts/{contact}/log")[1]
    assert [each["action"] for each in page["list"]] == ["Clicked", "Sent"]
    page = mailed.world.api("GET", f"/v1/contacts/{contact}/log?action=Sent")[1]
    assert [each["action"] for each in page["list"]] == ["Sent"]
    for kind in ("accounts", "contacts", "leads", "users"):
        assert mailed.world.api("GET", f"/v1/{kind}/{'f' * 17}/log")[0] == 404


def test_by_address(mailed: Mailed) -> None:
    """The log can be searched by address (row 86)."""
    path = f"/v1/campaigns/{mailed.wiring.campaign.id}/log?emailAddress=Reader1%40example.com"
    page = mailed.world.api("GET", path)[1]
    assert [each["targetId"] for each in page["list"]] == [mailed.wiring.contacts[1].id]


def test_statistics(mailed: Mailed) -> None:
    """Numbers never null, percentages of what was sent with two decimals (row 87)."""
    for path in (
        f"/v1/campaigns/{mailed.wiring.campaign.id}/stats",
        f"/v1/mass-emails/{mailed.wiring.mass_email.id}/stats",
    ):
        status, stats = mailed.world.api("GET", path)
        assert status == 200
        assert (stats["sentCount"], stats["clickedCount"], stats["clickedPercentage"]) == (3, 1, 33.33)
        assert all(value is not None for value in stats.values())
        assert (stats["bouncedCount"], stats["bouncedPercentage"]) == (0, 0.0)
    empty = mailed.wiring.sent([])
    stats = mailed.world.api("GET", f"/v1/mass-emails/{empty.id}/stats")[1]
    assert (stats["sentCount"], stats["openedCount"], stats["openedPercentage"]) == (0, 0, None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("action=Eaten", "action"),
        ("emailAddress=nobody", "emailAddress"),
        ("massEmailId=ffffffffffffffffff", "massEmailId"),
        ("massEmailId=fffffffffffffffff", "massEmailId"),
        ("limit=0", "limit"),
        ("cursor=forged", "cursor"),
        ("colour=red", "colour"),
    ],
)
def test_what_is_wrong_is_named(mailed: Mailed, query: str, field: str) -> None:
    """400 with the parameter's name."""
    status, problem = mailed.world.api("GET", f"/v1/campaigns/{mailed.wiring.campaign.id}/log?{query}")
    assert status == 400
    assert [error["field"] for error in problem["errors"]] == [field]


def test_who_may_look(mailed: Mailed) -> None:
    """Every role reads, nobody else."""
    path = f"/v1/campaigns/{mailed.wiring.campaign.id}/stats"
    assert mailed.world.api("GET", path, token=mailed.world.token(Role.VIEWER))[0] == 200
    assert mailed.world.api("GET", path, token="")[0] == 401
    for unknown in ("/v1/campaigns/{}/log", "/v1/campaigns/{}/stats", "/v1/mass-emails/{}/log"):
        assert mailed.world.api("GET", unknown.format("f" * 17))[0] == 404
