"""The inbox shows what was sent, and lets nothing that was sent do anything."""

from typing import Any

import pytest
from werkzeug.test import Client

from devstack.clock import VirtualClock
from devstack.inbox import PAGE, Inbox
from devstack.ses import SesStandIn
from tests.devstack.ses_requests import bulk, entry, pairs, people


class Page:
    """An inbox over a stand-in; ticks are only noted."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.ses = SesStandIn(self.clock, lambda _event: None)
        self.ticks: list[float] = []
        self.client = Client(Inbox(self.ses.mailbox, self.clock, self._tick, "http://127.0.0.1:8000"))

    def _tick(self, seconds: float) -> dict[str, Any]:
        self.ticks.append(seconds)
        return {"released": 3, "delivered": 2, "events": 4}

    def send(self, *addresses: str, **more: Any) -> str:
        """Send to these; the id of the last message."""
        entries = [entry(address, ReplacementTags=pairs({"recipient": "r1"})) for address in addresses]
        self.ses.send_bulk(bulk(entries, **more))
        return list(self.ses.mailbox)[-1].message_id


@pytest.fixture
def page() -> Page:
    return Page()


def test_an_empty_inbox_says_what_will_come(page: Page) -> None:
    """The first thing that a newcomer sees."""
    assert "Nothing has been sent yet" in page.client.get("/").text


def test_messages_are_listed_newest_first_and_found(page: Page) -> None:
    """By any words of address and subject."""
    page.send("anna@example.org", subject="Spring sale")
    page.send("bert@example.org", subject="Autumn sale")
    text = page.client.get("/").text
    assert text.index("bert@example.org") < text.index("anna@example.org")
    found = page.client.get("/?q=ANNA+sale").text
    assert "anna@example.org" in found
    assert "bert@example.org" not in found
    assert "Nothing found" in page.client.get("/?q=winter").text


def test_what_went_wrong_stands_beside_a_message(page: Page) -> None:
    """Bounces and complaints are seen in the list; that all went well is not said of each."""
    page.send("bounce@simulator.amazonses.com", "somebody@example.org")
    text = page.client.get("/").text
    assert ">Bounce</span>" in text
    assert ">Delivery</span>" not in text


def test_the_list_has_pages(page: Page) -> None:
    """Older and newer, without losing the search."""
    page.ses.send_bulk(bulk(people(PAGE)))
    assert "Older" not in page.client.get("/").text
    page.ses.send_bulk(bulk(people(1)))
    assert f"skip={PAGE}" in page.client.get("/?q=person").text
    assert "q=person" in page.client.get("/?q=person").text
    assert "Newer" in page.client.get(f"/?skip={PAGE}").text


def test_a_message_has_four_views(page: Page) -> None:
    """HTML in a frame without rights, text, headers, and tags with events."""
    where = f"/m/{page.send('anna@example.org', text='Hello <Anna>')}"
    assert f'src="{where}/html"' in page.client.get(where).text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.client.get(where).text
    assert "Hello &lt;Anna&gt;" in page.client.get(f"{where}?view=text").text
    assert "Message-ID" in page.client.get(f"{where}?view=headers").text
    events = page.client.get(f"{where}?view=events").text
    assert ">r1</td>" in events
    assert ">Delivery</span>" in events


def test_a_message_can_do_nothing(page: Page) -> None:
    """Scripts never run, and nothing is fetched but the local cloud's own pictures, such as the open pixel."""
    where = page.send("anna@example.org", html="<script>alert(1)</script><p>Hello</p>")
    answer = page.client.get(f"/m/{where}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "img-src data: http://127.0.0.1:8000" in policy
    assert "<p>Hello</p>" in answer.text


def test_markup_in_addresses_and_subjects_is_text(page: Page) -> None:
    """Neither in the list nor beside the message does it become HTML."""
    where = page.send("anna@example.org", subject="<b>bold</b>")
    for path in ("/", f"/m/{where}", "/?q=%3Cscript%3E"):
        text = page.client.get(path).text
        assert "<b>bold" not in text
        assert "<script" not in text


def test_pages_ask_nobody_else(page: Page) -> None:
    """No address but the local cloud's stands in them, and the policy would hold anything back."""
    where = page.send("anna@example.org")
    for path in ("/", f"/m/{where}", "/m/unknown"):
        answer = page.client.get(path)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "http" not in answer.text.replace("http://127.0.0.1:8000/docs", "")


def test_a_message_that_is_gone_is_not_found(page: Page) -> None:
    """A page of its own, with the way back."""
    answer = page.client.get("/m/unknown")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_the_buttons(page: Page) -> None:
    """An hour on, and emptied; each comes back to the list and says what it did."""
    page.send("anna@example.org")
    assert "3 released, 2 sent, 4 events" in page.client.post("/hour", follow_redirects=True).text
    assert page.ticks == [3600]
    assert "Nothing has been sent yet" in page.client.post("/empty", follow_redirects=True).text
