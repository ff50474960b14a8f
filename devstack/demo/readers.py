"""Simulated readers: they open, click, come back, unsubscribe; and a security scanner that clicks before anybody."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from devstack.demo.api import Api

PERSON = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
SCANNER = "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))"


@dataclass
class Deeds:
    """What the readers did, by address: what Envoi's statistics must come to."""

    opened: set[str] = field(default_factory=set)
    clicked: set[str] = field(default_factory=set)
    opted_out: set[str] = field(default_factory=set)
    scanned: set[str] = field(default_factory=set)
    requests: int = 0


class Links(HTMLParser):
    """The pixel and the links of a message."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pixel: str | None = None
        self.clicks: list[str] = []
        self.unsubscribe: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where it leads."""
        url = dict(attrs).get("src" if tag == "img" else "href") or ""
        path = urlsplit(url).path
        if tag == "img" and path.startswith("/t/o/"):
            self.pixel = url
        elif tag == "a" and path.startswith("/t/c/"):
            self.clicks.append(url)
        elif tag == "a" and path.startswith("/u/"):
            self.unsubscribe = url


class Readers:
    """Everybody who gets mail in the demo."""

    def __init__(self, site: Api, seed: int) -> None:
        self._site = site
        self._seed = seed
        self.deeds = Deeds()

    def read(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """The newly arrived messages, each by its reader; always the same for the same address."""
        for message in messages:
            address = message["to"]
            dice = random.Random(f"{self._seed}{address}")
            self._one(address, message, Links(message["html"]), dice)

    def _one(self, address: str, message: Mapping[str, Any], links: Links, dice: random.Random) -> None:
        mood = dice.random()
        if mood < 0.03:  # noqa: PLR2004 - three in a hundred lie behind a scanner that tries every link
            self.deeds.scanned.add(address)
            for url in links.clicks:
                self._get(url, SCANNER)
        if dice.random() < 0.42:  # noqa: PLR2004
            self._open(address, links, dice)
            if dice.random() < 0.25:  # noqa: PLR2004
                self._click(address, links, dice)
        if dice.random() < 0.01:  # noqa: PLR2004
            self._by_page(address, links)
        elif dice.random() < 0.01:  # noqa: PLR2004
            self._by_one_click(address, message)

    def _open(self, address: str, links: Links, dice: random.Random) -> None:
        if links.pixel is None:
            raise LookupError("a message has no pixel")
        for _ in range(dice.choice((1, 1, 2))):
            self._get(links.pixel, dice.choice((PERSON, GMAIL)))
        self.deeds.opened.add(address)

    def _click(self, address: str, links: Links, dice: random.Random) -> None:
        url = dice.choice(links.clicks)
        for _ in range(dice.choice((1, 1, 1, 2))):
            status, headers, _ = self._get(url, PERSON)
            if status not in (200, 302):
                raise LookupError(f"a click was answered with {status}")
            if status == 302 and not headers["Location"].startswith("https://"):  # noqa: PLR2004
                raise LookupError("a click leads nowhere")
        self.deeds.clicked.add(address)
        self.deeds.opened.add(address)

    def _by_page(self, address: str, links: Links) -> None:
        """As a person: look at the page, press its button."""
        status, _, page = self._get(links.unsubscribe or "", PERSON)
        action = re.search(rb'<form[^>]*action="([^"]+)"', page)
        if status != 200 or action is None:  # noqa: PLR2004
            raise LookupError(f"the unsubscribe page answered {status}")
        self._post(urljoin(links.unsubscribe or "", unescape(action[1].decode())), b"")
        self.deeds.opted_out.add(address)

    def _by_one_click(self, address: str, message: Mapping[str, Any]) -> None:
        """As a mail program: RFC 8058."""
        header = {name.lower(): value for name, value in message["headers"].items()}["list-unsubscribe"]
        self._post(header.strip("<>"), b"List-Unsubscribe=One-Click")
        self.deeds.opted_out.add(address)

    def _get(self, url: str, agent: str) -> tuple[int, Mapping[str, str], bytes]:
        self.deeds.requests += 1
        return self._site.send("GET", _target(url), None, {"User-Agent": agent, "Accept": "*/*"})

    def _post(self, url: str, body: bytes) -> None:
        self.deeds.requests += 1
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": PERSON}
        status, _, _ = self._site.send("POST", _target(url), body, headers)
        if status != 200:  # noqa: PLR2004
            raise LookupError(f"unsubscribing was answered with {status}")


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
