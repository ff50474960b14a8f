"""A target list of a campaign's log, and its export, over HTTP."""

from typing import Any

import pytest

from chalicelib.domain.public_tokens import TokenKind
from chalicelib.domain.records import Role
from chalicelib.flows import log_lists
from tests.routes.readers import Mailed
from tests.routes.resources import NOBODY, faulty
from tests.world import Cloud, World


@pytest.fixture
def mailed(world: World, cloud: Cloud) -> Mailed:
    """Three readers got a message an hour ago; the first has clicked, and the second too, but left."""
    mailed = Mailed(world, cloud)
    for position in (0, 1):
        mailed.ask("GET", f"/t/c/{mailed.token(TokenKind.CLICK, mailed.wiring.place(position))}")
    mailed.ask("POST", f"/u/{mailed.token(TokenKind.UNSUBSCRIBE, mailed.wiring.place(1))}")
    return mailed


def made(mailed: Mailed, body: object, **options: Any) -> Any:
    path = f"/v1/campaigns/{mailed.wiring.campaign.id}/target-list"
    return mailed.world.http("POST", path, body, **options)


def members(mailed: Mailed, list_id: str) -> set[str]:
    status, page = mailed.world.api("GET", f"/v1/target-lists/{list_id}/members")
    assert status == 200
    return {each["id"] for each in page["list"]}


def test_a_list_of_those_to_whom_something_happened(mailed: Mailed) -> None:
    """And not something else; answered with its counts, and no job where there are few."""
    reply = made(
        mailed,
        {"name": "Keen", "includingActionList": ["Clicked"], "excludingActionList": ["Opted Out"]},
    )
    assert reply.status == 201
    answer = reply.body
    assert (answer["name"], answer["description"], answer["publicName"]) == ("Keen", None, None)
    assert (answer["entryCount"], answer["optedOutCount"], answer["jobId"]) == (1, 0, None)
    assert members(mailed, answer["id"]) == {mailed.wiring.contacts[0].id}


def test_many_are_filled_in_by_a_job(mailed: Mailed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is a 202, and the job says when all are there."""
    monkeypatch.setattr(log_lists, "DONE_AT_ONCE", 1)
    monkeypatch.setattr(log_lists, "LINES_AT_ONCE", 1)
    reply = made(mailed, {"name": "All", "includingActionList": ["Sent"]})
    assert reply.status == 202
    world = mailed.world
    world.queued("work", *world.taken(world.wiring.environment.jobs_queue_url))
    status, job = world.api("GET", f"/v1/jobs/{reply.body['jobId']}")
    assert (status, job["kind"], job["status"], job["result"]) == (200, "listFromLog", "Done", {"added": 3})
    assert members(mailed, reply.body["id"]) == {each.id for each in mailed.wiring.contacts}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"name": "x"}, ["includingActionList"]),
        ({"name": "x", "includingActionList": []}, ["includingActionList"]),
        ({"name": " ", "includingActionList": ["Sent"]}, ["name"]),
        ({"name": "x", "includingActionList": ["Sneezed"]}, ["includingActionList.0"]),
        (
            {"name": "x", "includingActionList": ["Sent"], "excludingActionList": "Sent"},
            ["excludingActionList"],
        ),
        ({"name": "x", "includingActionList": ["Sent"], "massEmailId": NOBODY}, ["massEmailId"]),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(mailed: Mailed, body: object, fields: list[str]) -> None:
    """And no list is made."""
    before = mailed.world.api("GET", "/v1/target-lists")
    reply = made(mailed, body)
    assert (reply.status, faulty(reply.body)) == (400, fields)
    assert mailed.world.api("GET", "/v1/target-lists") == before


def test_who_may(mailed: Mailed) -> None:
    """Editors; of a campaign that is there."""
    body = {"name": "x", "includingActionList": ["Sent"]}
    assert made(mailed, body, token=mailed.world.token(Role.VIEWER)).status == 403
    for path in (f"/v1/campaigns/{NOBODY}/target-list", f"/v1/campaigns/{NOBODY}/log/export"):
        assert mailed.world.http("POST", path, body if "list" in path else {}).status == 404
