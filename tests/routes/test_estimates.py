"""Estimates over HTTP: a job, and the last answer."""

import pytest

from chalicelib.domain.records import Role
from tests.routes.resources import NOBODY, Api
from tests.world import World


@pytest.fixture
def api(world: World) -> Api:
    """The API, with a sender."""
    return Api(world).with_sender()


def work(world: World) -> None:
    """The jobs queue is worked off."""
    for message in world.taken(world.wiring.environment.jobs_queue_url):
        world.queued("work", message)


def test_an_estimate(world: World, api: Api) -> None:
    """202 with a job; when it is done the estimate can be read, again and again."""
    people = [api.post("/v1/contacts", {"emailAddress": f"{name}@example.com"})["id"] for name in "ab"]
    people.append(api.post("/v1/contacts", {"firstName": "Zoé"})["id"])
    list_id = api.target_list()["id"]
    api.post(f"/v1/target-lists/{list_id}/members", {"type": "Contact", "ids": people})
    path = f"/v1/mass-emails/{api.mass_email(targetListIds=[list_id])['id']}/estimate"
    api.get(path, 404)
    job = api.post(path, None, 202)
    assert (job["kind"], job["status"], job["total"]) == ("estimate", "Queued", 3)
    work(world)
    assert api.get(f"/v1/jobs/{job['id']}")["status"] == "Done"
    estimate = api.get(path)
    assert estimate == api.get(path)
    assert (estimate["recipients"], estimate["leftOut"]) == (2, {"noAddress": 1})
    assert estimate["asOf"].endswith("Z")
    assert estimate["hours"] == 0
    cost = estimate["cost"]
    assert set(cost) == {"amount", "currency", "pricesAsOf", "items"}
    assert cost["amount"] == pytest.approx(sum(cost["items"].values()))
    assert cost["amount"] > 2 * 0.0001


def test_who_may(world: World, api: Api) -> None:
    """An editor has it made, a viewer reads it; of nothing there is none."""
    path = f"/v1/mass-emails/{api.mass_email()['id']}/estimate"
    viewer = world.token(Role.VIEWER)
    assert world.http("POST", path, token=viewer).status == 403
    assert world.http("GET", path, token=viewer).status == 404
    api.post(f"/v1/mass-emails/{NOBODY}/estimate", None, 404)
    api.get(f"/v1/mass-emails/{NOBODY}/estimate", 404)


def test_a_mass_email_that_has_its_recipients(api: Api) -> None:
    """409 that says why."""
    mass_email = api.mass_email()
    api.post(f"/v1/mass-emails/{mass_email['id']}/cancel", None, 200)
    problem = api.post(f"/v1/mass-emails/{mass_email['id']}/estimate", None, 409)
    assert "Canceled" in problem["detail"]
