"""The whole local cloud over HTTP, as ``make dev`` starts it: from a contact to a bounce in the statistics."""

from collections.abc import Iterator

import pytest

from devstack.cloud import LocalCloud
from tests.devstack.envoi_client import Envoi, call


@pytest.fixture(scope="module")
def envoi() -> Iterator[Envoi]:
    with LocalCloud(running=False) as cloud:
        yield Envoi(cloud)


def test_one_tick_sends_a_mass_email_and_completes_it(envoi: Envoi) -> None:
    """Frozen, released, sent, told by SES, counted; the messages lie in the inbox with their headers and tags."""
    envoi.local("DELETE", "messages")
    mass_email_id = envoi.mass_email(
        "anna@example.org", "bounce@simulator.amazonses.com", "complaint@simulator.amazonses.com"
    )
    answer = envoi.local("POST", "tick", {"advance": 3_600})
    assert answer["failures"] == []
    assert (answer["frozen"], answer["released"], answer["delivered"]) == (1, 3, 3)
    assert (answer["events"], answer["queuesLeft"]) == (7, 0)
    assert envoi("GET", f"/v1/mass-emails/{mass_email_id}")["status"] == "Complete"
    stats = envoi("GET", f"/v1/mass-emails/{mass_email_id}/stats")
    counts = [stats[f"{name}Count"] for name in ("sent", "delivered", "hardBounced", "complained")]
    assert counts == [3, 2, 1, 1]
    [message] = envoi.local("GET", "messages?to=anna@example.org")["list"]
    assert message["subject"] == "News for anna"
    assert "<p>Hello anna</p>" in message["html"]
    unsubscribe = message["headers"]["List-Unsubscribe"].strip("<>")
    assert unsubscribe.startswith(envoi.cloud.api_url)
    assert call(unsubscribe)[0] == 200


def test_a_slow_rate_costs_a_tick_no_time(envoi: Envoi) -> None:
    """At one recipient a second a tick sends them all, in the clock's seconds, and never two in one."""
    envoi.local("PUT", "faults", {"maxSendRate": 1})
    envoi.mass_email(*(f"slow{n}@example.org" for n in range(12)))
    before = envoi.cloud.clock.now()
    assert envoi.local("POST", "tick", {"advance": 3_600})["delivered"] == 12
    assert (envoi.cloud.clock.now() - before).total_seconds() >= 3_600 + 11
    assert envoi.local("GET", "stats")["refusals"] == 0
    envoi.local("PUT", "faults", {})


def test_what_ses_allows_is_known_from_the_start(envoi: Envoi) -> None:
    """Without waiting for the first sweep."""
    quota = envoi("GET", "/v1/quota")
    assert quota["max24HourSend"] == 50_000
    assert quota["maxSendRate"] in {1, 200}


def test_the_inbox_and_the_api_are_where_they_are_said_to_be(envoi: Envoi) -> None:
    """The API is public where it should be and closed where it should be; the inbox is a page."""
    assert call(f"{envoi.cloud.api_url}/v1/health")[0] == 200
    assert call(f"{envoi.cloud.api_url}/v1/quota")[0] == 401
    assert call(f"{envoi.cloud.api_url}/nowhere")[0] == 404
    status, page = call(f"{envoi.cloud.ses_url}/")
    assert (status, "Envoi" in page) == (200, True)
