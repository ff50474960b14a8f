"""``/_local``: what the tests and the demo read and steer the local cloud by."""

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from devstack.clock import VirtualClock
from devstack.local_api import LocalApi
from devstack.ses import SesStandIn
from devstack.ses_faults import Faults
from tests.devstack.ses_requests import bulk, entry, pairs, people


class Local:
    """A stand-in with its local API; ticks are only noted."""

    def __init__(self) -> None:
        self.published: list[Any] = []
        self.ticks: list[float] = []
        self.ses = SesStandIn(VirtualClock(), self.published.append)
        self.client = Client(LocalApi(self.ses, self._tick))

    def _tick(self, seconds: float) -> dict[str, Any]:
        self.ticks.append(seconds)
        return {"queuesLeft": 0}

    def get(self, path: str) -> Any:
        """The JSON there."""
        return self.client.get(path).get_json()

    def put(self, path: str, body: Any) -> TestResponse:
        """Put JSON there."""
        return self.client.put(path, json=body)


@pytest.fixture
def local() -> Iterator[Local]:
    made = Local()
    yield made
    for answer in (made.client.get("/_local/unknown"), made.client.post("/_local/stats")):
        assert answer.status_code in {404, 405}


def test_messages_are_listed_with_all_that_arrives(local: Local) -> None:
    """Oldest first, by address in any case, and the newest few with a limit."""
    headers, tags = pairs({"X-Queue-Item-Id": "1"}), pairs({"recipient": "1"})
    own = entry("Anna@example.org", {"name": "Anna"}, ReplacementHeaders=headers, ReplacementTags=tags)
    local.ses.send_bulk(bulk([own, *people(2)], subject="Hi {{name}}", defaults={"name": "you"}))
    [anna] = local.get("/_local/messages?to=anna@EXAMPLE.org")["list"]
    assert (anna["to"], anna["from"], anna["subject"]) == (
        "Anna@example.org",
        "News <news@example.com>",
        "Hi Anna",
    )
    assert (anna["html"], anna["text"], anna["tags"]) == ("<p>Hello</p>", "Hello", {"recipient": "1"})
    assert anna["headers"]["X-Queue-Item-Id"] == "1"
    assert anna["headers"]["Subject"] == "Hi Anna"
    assert anna["events"] == ["Send", "Delivery"]
    assert anna["messageId"]
    everybody = [message["to"] for message in local.get("/_local/messages")["list"]]
    assert everybody == ["Anna@example.org", "person0@example.org", "person1@example.org"]
    assert [message["to"] for message in local.get("/_local/messages?limit=1")["list"]] == [
        "person1@example.org"
    ]


def test_display_names_and_subjects_are_readable(local: Local) -> None:
    """Encoded words are decoded, in From and Reply-To."""
    local.ses.send_bulk(
        bulk(
            people(1),
            subject="Grüße 🎉",
            FromEmailAddress="=?utf-8?b?w4ltaWxl?= <news@example.com>",
            ReplyToAddresses=["=?utf-8?q?Zo=C3=AB?= <zoe@example.com>"],
        )
    )
    [message] = local.get("/_local/messages")["list"]
    assert (message["from"], message["subject"]) == ("Émile <news@example.com>", "Grüße 🎉")
    assert message["headers"]["Reply-To"] == "Zoë <zoe@example.com>"


def test_the_mailbox_can_be_emptied(local: Local) -> None:
    """204, and nothing is left; the counts stay."""
    local.ses.send_bulk(bulk(people(2)))
    assert local.client.delete("/_local/messages").status_code == 204
    assert local.get("/_local/messages") == {"list": []}
    assert local.get("/_local/stats")["recipients"] == 2


def test_faults_are_set_whole(local: Local) -> None:
    """What a PUT does not name is as at the start; the answer shows all."""
    assert (
        local.put("/_local/faults", {"throttle": 0.3, "maxSendRate": 14, "seed": 5}).get_json()["throttle"]
        == 0.3
    )
    assert local.ses.faults == Faults(throttle=0.3, max_send_rate=14.0, seed=5)
    local.put("/_local/faults", {})
    assert local.ses.faults == Faults()


@pytest.mark.parametrize("body", [{"throttle": 7}, {"nonsense": 1}, [], "x"])
def test_faults_that_are_none_change_nothing(local: Local, body: Any) -> None:
    """400 with a sentence."""
    answer = local.put("/_local/faults", body)
    assert answer.status_code == 400
    assert answer.get_json()["detail"]
    assert local.ses.faults == Faults()


def test_an_event_is_published_as_given(local: Local) -> None:
    """In whichever wire format, and nonsense too: ``feedback`` has to cope with it."""
    for event in ({"notificationType": "Bounce"}, {"eventType": "Send"}, "nonsense"):
        assert local.client.post("/_local/events", json=event).status_code == 200
    assert local.published == [{"notificationType": "Bounce"}, {"eventType": "Send"}, "nonsense"]
    assert local.client.post("/_local/events", data=b"{").status_code == 400


def test_a_tick_moves_by_what_is_asked(local: Local) -> None:
    """Without a body by nothing; a negative or nonsensical time is refused."""
    assert local.client.post("/_local/tick", json={"advance": 3600}).get_json() == {"queuesLeft": 0}
    assert local.client.post("/_local/tick").status_code == 200
    for body in ({"advance": -1}, {"advance": "x"}, {"advance": True}, [1]):
        assert local.client.post("/_local/tick", json=body).status_code == 400
    assert local.ticks == [3600, 0]
