"""After an erasure nothing in the table says who it was, whatever was done with the person before."""

import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.docs.posting import Post, open_post
from tests.world import World

KARI = "bounce+kari@simulator.amazonses.com"  # her mailbox refuses, so SES's event about it is kept


@pytest.fixture
def post(world: World) -> Iterator[Post]:
    with open_post(world) as made:
        yield made


def everything(world: World) -> str:
    """All items as text, what is packed unpacked."""
    pages = world.wiring.client("dynamodb").get_paginator("scan").paginate(TableName=world.wiring.table.name)
    return "\n".join(_text(item) for page in pages for item in page["Items"])


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={_text(part)}" for name, part in value.items())
    if isinstance(value, bytes):
        return zlib.decompress(value).decode("utf-8")
    return " ".join(map(_text, value)) if isinstance(value, list) else str(value)


def test_nothing_says_who_it_was(post: Post) -> None:
    """Made with a key, sent to and bounced, stored, tested as a target, to her own address and as somebody else."""
    post.set(massEmailMaxPerHourCount=None)
    other = post.api.post("/v1/leads", {"firstName": "Ola", "emailAddress": "ola@example.org"})["id"]
    mass_email = post.mass_email(KARI, storeSentEmails=True)
    contact = post.contacts[KARI]
    targets = [
        {"type": "Contact", "id": contact},
        {"emailAddress": KARI, "as": {"type": "Lead", "id": other}},
        {"emailAddress": "me@example.org", "as": {"type": "Contact", "id": contact}},
    ]
    for name, path, body in (
        ("test", f"/v1/mass-emails/{mass_email}/send-test", {"targets": targets}),
        ("twin", "/v1/leads", {"firstName": "kari", "emailAddress": KARI}),
    ):
        reply = post.world.http("POST", path, body, headers={"Idempotency-Key": name})
        assert reply.status in {200, 201}, reply.body
    post.hour()
    post.hour()
    before = everything(post.world)
    assert before.count("kari") > 5
    assert "eventType" in before
    for path in (f"/v1/leads/{reply.body['id']}", f"/v1/contacts/{contact}"):
        assert post.world.api("POST", f"{path}/erase")[0] == 200
    after = everything(post.world)
    assert "eventType" in after
    assert [line for line in after.splitlines() if "kari" in line] == []
    log = post.api.get(f"/v1/mass-emails/{mass_email}/stats")
    assert (log["sentCount"], log["hardBouncedCount"]) == (1, 1)
