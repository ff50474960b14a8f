"""Sources, readers and keys for the rendering's tests."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.ids import Place
from chalicelib.domain.message import FullMessage, Link, MessageSource, Reader
from chalicelib.domain.public_tokens import KeyRing
from chalicelib.domain.records import CampaignType, TargetType, TrackLinks, UrlAction
from chalicelib.rendering.messages import MessageRenderer

RING = KeyRing({1: b"k" * 32}, 1, b"a" * 32)
RENDERER = MessageRenderer(lambda: RING)
AT = datetime(2026, 5, 6, 22, 30, tzinfo=UTC)
PLACE = Place("55f2c87b09a", 3, 7)
URL_ID = "55f2c87b09a220a78"
BASE = "https://news.example.org"

SOURCE = MessageSource(
    subject="News",
    body="<p>Hello</p>",
    is_html=True,
    body_plain=None,
    campaign_type=CampaignType.EMAIL,
    track_links=TrackLinks.EXPLICIT,
    open_tracking=False,
    mandatory_opt_out=False,
    language="en",
    time_zone="UTC",
    date_format="YYYY-MM-DD",
    base_url=BASE,
    from_address="news@example.org",
    from_name=None,
    reply_to_address=None,
    reply_to_name=None,
    sender_postal_address="1 High Street\nLondon",
    campaign={"id": "55f2c87b09a220a01", "name": "Spring"},
    mass_email={"id": "55f2c87b09a220a02", "name": "Spring 1"},
    links=(Link(UrlAction.REDIRECT, "https://shop.example.org/?a=1&b=2", tracking_url_id=URL_ID),),
)

ZOE: Mapping[str, Any] = {
    "id": "55f2c87b09a220a10",
    "firstName": "Zoë",
    "lastName": "O'Neil & <Co>",
    "salutationName": None,
    "emailAddress": "zoe@example.net",
    "accountId": "55f2c87b09a220a11",
    "attributes": {"plan": "gold", "points": 1200, "vip": True, "orders": [{"name": "Tea", "price": 3.5}]},
}
ACME: Mapping[str, Any] = {"id": "55f2c87b09a220a11", "name": "ACME & Sons", "attributes": {"tier": 2}}


def source(**changes: Any) -> MessageSource:
    """The usual source, changed."""
    return replace(SOURCE, **changes)


def reader(**changes: Any) -> Reader:
    """A contact with an account, changed."""
    usual = Reader(TargetType.CONTACT, ZOE, ACME, "zoe@example.net", PLACE)
    return replace(usual, **changes)


def message(made: MessageSource, to: Reader | None = None) -> FullMessage:
    """The whole message as this reader gets it."""
    compiled = RENDERER.compile(made)
    return compiled.whole(compiled.personal(to or reader(), at=AT))


def html_of(body: str, to: Reader | None = None, **changes: Any) -> str:
    """The HTML part of a body."""
    made = message(source(body=body, **changes), to).html
    assert made is not None
    return made


def text_of(body: str, to: Reader | None = None, **changes: Any) -> str:
    """A text template's result."""
    return message(source(body=body, is_html=False, **changes), to).text


def as_ses_does(template: str, data: Mapping[str, str]) -> str:
    """A substituter of the tests' own: one pass, no second look at what a value holds."""
    out, rest = [], template
    while match := re.search(r"\{\{([^{}]*)\}\}", rest):
        out += [rest[: match.start()], data[match[1]]]
        rest = rest[match.end() :]
    return "".join(out) + rest
