"""The main job once through, as the cloud would do it: every door is Chalice's own, and nothing is looked at from inside."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.docs.posting import Post, open_post
from tests.routes.readers import FIREFOX
from tests.world import NO_TOKEN, Reply, World

ANNA, BEN, CLEO, DAN = (f"{name}@example.org" for name in ("anna", "ben", "cleo", "dan"))
BOUNCES, COMPLAINS = "bounce+x@simulator.amazonses.com", "complaint+x@simulator.amazonses.com"
MAILED = [ANNA, BEN, CLEO, BOUNCES, COMPLAINS]
NUMBERS = {
    "sentCount": 5,
    "deliveredCount": 4,
    "openedCount": 2,
    "clickedCount": 1,
    "optedOutCount": 2,
    "optedInCount": 1,
    "bouncedCount": 1,
    "hardBouncedCount": 1,
    "softBouncedCount": 0,
    "complainedCount": 1,
    "leadCreatedCount": 0,
    "openedPercentage": 40.0,
    "deliveredPercentage": 80.0,
}
LOGGED = [
    *(("Sent", address) for address in MAILED),
    *(("Delivered", address) for address in (ANNA, BEN, CLEO, COMPLAINS)),
    ("Bounced", BOUNCES),
    ("Complained", COMPLAINS),
    *(("Opened", address) for address in (ANNA, BEN)),
    ("Clicked", ANNA),
    *(("Opted Out", address) for address in (ANNA, CLEO)),
    ("Opted In", CLEO),
]


class Made(NamedTuple):
    """Where campaign and mass email are."""

    campaign: str
    mass_email: str


@pytest.fixture
def post(world: World) -> Iterator[Post]:
    with open_post(world) as made:
        made.set(massEmailOpenTracking=True)
        yield made


def test_a_campaign_from_its_first_contact_to_its_statistics(post: Post) -> None:
    """Made over HTTP, frozen and released, sent, told by SES, opened, clicked, left: log and numbers say just that."""
    made = make(post)
    messages = send(post, made)
    read(post, made, messages)
    for path in made:
        stats = post.api.get(f"{path}/stats")
        assert {name: stats[name] for name in NUMBERS} == NUMBERS
    log = post.api.get(f"{made.campaign}/log?limit=200")["list"]
    assert sorted((each["action"], each["emailAddress"]) for each in log) == sorted(LOGGED)
    again = post.api.post(f"{made.mass_email}/duplicate", None)
    post.api.patch(f"/v1/mass-emails/{again['id']}", {"status": "Pending"})
    post.hour()
    assert {each["to"] for each in post.inbox()[5:]} == {BEN, CLEO}  # the others bounced, complained or left


def make(post: Post) -> Made:
    """Anna and Dan are two records each with one address, on two lists; Dan is on the excluding one too."""
    lists = [post.target_list(*MAILED, DAN), post.target_list(ANNA, DAN)]
    excluding = [post.target_list(DAN)]
    campaign = post.api.campaign(
        name="Spring", type="Newsletter", targetListIds=lists, excludingTargetListIds=excluding
    )
    url = post.api.tracking_url(campaignId=campaign["id"], url="https://shop.example/spring")
    body = f'<body><p>Hei {{Person.firstName}}</p><a href="{url["urlToUse"]}">shop</a></body>'
    template = post.api.template(subject="For {{ Person.firstName|upper }}", body=body)
    fields = {
        "campaignId": campaign["id"],
        "emailTemplateId": template["id"],
        "startAt": "2026-03-02T09:30:00Z",
    }
    mass_email = post.api.post("/v1/mass-emails", fields)
    assert mass_email["name"] == "Spring 2026-03-02"
    return Made(f"/v1/campaigns/{campaign['id']}", f"/v1/mass-emails/{mass_email['id']}")


def send(post: Post, made: Made) -> Mapping[str, Any]:
    """Not before its time; then to everybody once. The messages by address."""
    assert post.released() == []
    assert post.api.get(made.mass_email)["status"] == "Pending"
    post.hour()
    assert post.api.get(made.mass_email)["status"] == "Complete"
    messages = {message["to"]: message for message in post.inbox()}
    assert sorted(message["to"] for message in post.inbox()) == sorted(MAILED)
    assert messages[BEN]["subject"] == "For BEN"
    assert "Hei ben" in messages[BEN]["html"]
    left_out = post.api.get(f"{made.mass_email}/recipients?status=Skipped")["list"]
    reasons = sorted(each["reason"] for each in left_out)
    assert reasons == ["duplicateAddress", "excludedAddress", "excludedAddress"]
    return messages


def read(post: Post, made: Made, messages: Mapping[str, Any]) -> None:
    """Anna opens, clicks and leaves by the page; Ben opens; Cleo leaves with one click and comes back."""
    shop, page, pixel = links(messages[ANNA])
    assert ask(post, "GET", pixel).headers["Content-Type"] == "image/gif"
    assert ask(post, "GET", shop).headers["Location"] == "https://shop.example/spring"
    assert ask(post, "GET", links(messages[BEN])[2]).status == 200
    assert ask(post, "GET", page).status == 200
    assert post.api.get(f"{made.mass_email}/stats")["optedOutCount"] == 0
    assert ask(post, "POST", page).status == 200
    one_click = messages[CLEO]["headers"]["List-Unsubscribe"].strip("<>")
    assert ask(post, "POST", one_click, b"List-Unsubscribe=One-Click").status == 200
    assert ask(post, "POST", f"{one_click}/undo").status == 200
    post.settle()


def links(message: Mapping[str, Any]) -> list[str]:
    """The links of ours, in their order: the shop, the opt-out at the foot, the pixel."""
    return re.findall(r'(?:href|src)="(https://mail[^"]+)"', message["html"])


def ask(post: Post, method: str, url: str, body: bytes | None = None) -> Reply:
    """A reader's request to a link of a message; a minute after the one before."""
    post.world.clock.advance(60)
    return post.world.http(method, urlsplit(url).path, body, token=NO_TOKEN, headers={"User-Agent": FIREFOX})
