"""What the law and the mailbox providers ask for, behind the real doors; ``docs/compliance.md`` cites it."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from tests.docs.posting import Post, open_post
from tests.world import NO_TOKEN, World

ANNA, BEN = "anna@example.org", "ben@example.org"
SITE = "https://mail.example.com"
THREE_MONTHS = timedelta(days=92).total_seconds()


@pytest.fixture
def post(world: World) -> Iterator[Post]:
    with open_post(world) as made:
        made.set(senderPostalAddress="Acme, 1 High Street, London")
        yield made


def leaving(post: Post, address: str) -> str:
    """The path of the unsubscribe link in the last message to this address."""
    message = [each for each in post.inbox() if each["to"] == address][-1]
    found = re.fullmatch(r"<(https://[^>]+)>", message["headers"]["List-Unsubscribe"])
    assert found
    return urlsplit(found[1]).path


def clicks_once(post: Post, path: str) -> int:
    """What a mailbox provider does when its user presses "unsubscribe" (RFC 8058 section 3.2): no cookie, no token of ours."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return post.world.http(
        "POST", path, b"List-Unsubscribe=One-Click", token=NO_TOKEN, headers=headers
    ).status


def test_a_newsletter_bears_what_bulk_senders_must(post: Post) -> None:
    """One From, both unsubscribe headers with one https URI, a list id, a visible link, a text part, the postal address."""
    post.mass_email(ANNA)
    post.hour()
    (message,) = post.inbox()
    headers = message["headers"]
    assert message["from"] == "news@example.com"
    assert headers["List-Unsubscribe"].count("<") == 1
    assert headers["List-Unsubscribe"].startswith(f"<{SITE}/u/")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r".+ <[0-9a-f]{17}\.example\.com>", headers["List-Id"])
    assert headers["Auto-Submitted"] == "auto-generated"
    link = headers["List-Unsubscribe"].strip("<>")
    for part in (message["html"], message["text"]):
        assert link in part
        assert "1 High Street" in part


def test_who_leaves_is_in_no_later_mailing(post: Post) -> None:
    """By one click; a second later the next mailing to the same list goes to the others alone."""
    first = post.api.get(f"/v1/mass-emails/{post.mass_email(ANNA, BEN)}")
    post.hour()
    assert clicks_once(post, leaving(post, ANNA)) == 200
    post.world.clock.advance(1)
    later = post.mass_email(campaignId=first["campaignId"], targetListIds=first["targetListIds"])
    post.hour()
    assert sorted(each["to"] for each in post.inbox()) == [ANNA, BEN, BEN]
    left_out = post.api.get(f"/v1/mass-emails/{later}/recipients?status=Skipped")["list"]
    assert [(each["targetId"], each["reason"]) for each in left_out] == [
        (post.contacts[ANNA], "optedOutOfList")
    ]


def test_leaving_works_months_later_and_without_the_mailing(post: Post) -> None:
    """Mass email, campaign, template and list are deleted by then; the page answers, and leaving is kept."""
    mass_email = post.mass_email(ANNA)
    made = post.api.get(f"/v1/mass-emails/{mass_email}")
    post.hour()
    path = leaving(post, ANNA)
    for kind, each in (
        ("mass-emails", mass_email),
        ("campaigns", made["campaignId"]),
        ("email-templates", made["emailTemplateId"]),
        ("target-lists", made["targetListIds"][0]),
    ):
        post.api.delete(f"/v1/{kind}/{each}")
    post.world.clock.advance(THREE_MONTHS)
    assert post.world.http("GET", path, token=NO_TOKEN).status == 200
    assert clicks_once(post, path) == 200
    told = post.api.get(f"/v1/contacts/{post.contacts[ANNA]}/export")
    assert told["log"][0]["action"] == "Opted Out"


def test_jobs_are_forgotten(post: Post) -> None:
    """90 days after they began: the table's own clock deletes them."""
    mass_email = post.mass_email(ANNA)
    job = post.api.post(f"/v1/mass-emails/{mass_email}/estimate", {}, 202)
    items = post.world.wiring.client("dynamodb").scan(TableName=post.world.wiring.environment.table)["Items"]
    (row,) = [item for item in items if item["PK"]["S"] == f"job#{job['id']}"]
    kept = int(row["expiresAt"]["N"]) - post.world.clock.now().timestamp()
    assert kept == pytest.approx(timedelta(days=90).total_seconds(), abs=2)
    assert ANNA not in json.dumps(row)
