"""From a message to the reader's lists, as the cloud would do it: whatever message it is, its link leads to the page."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.docs.posting import Post, open_post
from tests.routes.readers import FIREFOX
from tests.world import NO_TOKEN, World

ANNA, BEN = "anna@example.org", "ben@example.org"
FORM = {"User-Agent": FIREFOX, "Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def post(world: World) -> Iterator[Post]:
    with open_post(world) as made:
        yield made


def a_list(post: Post, **fields: object) -> str:
    """A list that Anna is on."""
    list_id: str = post.api.target_list(**fields)["id"]
    body = {"type": "Contact", "ids": [post.contacts[ANNA]]}
    post.api.post(f"/v1/target-lists/{list_id}/members", body)
    return list_id


def page(post: Post, message: Any, form: list[tuple[str, str]] | None = None) -> dict[str, str]:
    """The choices on the page that a message's link leads to, by label; after the form is sent if there is one."""
    (link,) = re.findall(r'href="([^"]+/p/[^"]+)"', message["html"])
    body = None if form is None else urlencode(form).encode()
    reply = post.world.http(
        "GET" if form is None else "POST", urlsplit(link).path, body, token=NO_TOKEN, headers=FORM
    )
    assert reply.status == 200
    found = re.findall(
        r'name="list" value="(\w+)"( checked)?><span dir="auto">(.*?)</span>', reply.body.decode()
    )
    return {label: value if ticked else "" for value, ticked, label in found}


def test_any_message_leads_to_the_lists_that_its_reader_is_on(post: Post) -> None:
    """One of a mailing, and a Send Test; what is left there gets nothing to the reader any more, and the log says so."""
    template = post.api.template(body='<p>Hei</p><p><a href="{preferencesUrl}">Your lists</a></p>')
    sent = post.mass_email(ANNA, BEN, emailTemplateId=template["id"])
    offers = a_list(post, name="internal: whales", publicName="Offers")
    a_list(post, name="internal: churners")
    post.hour()
    to_anna, to_ben = sorted(post.inbox(), key=lambda message: str(message["to"]))
    assert list(page(post, to_ben)) == ["This mailing"]
    shown = page(post, to_anna)
    assert list(shown) == ["Offers", "This mailing"]
    assert all(shown.values())
    tested = {"targets": [{"emailAddress": ANNA, "as": {"type": "Contact", "id": post.contacts[BEN]}}]}
    post.api.post(f"/v1/mass-emails/{sent}/send-test", tested, 200)
    a_test = post.inbox()[-1]
    assert page(post, a_test) == shown
    assert page(post, to_anna, [("list", shown["This mailing"])]) == {**shown, "Offers": ""}
    assert post.api.get(f"/v1/target-lists/{offers}")["optedOutCount"] == 1
    log = post.api.get(f"/v1/mass-emails/{sent}/log?action=Opted%20Out")["list"]
    assert [each["emailAddress"] for each in log] == [ANNA]
    later = post.api.mass_email(targetListIds=[offers], emailTemplateId=template["id"])["id"]
    post.hour()
    assert post.standing(later) == {ANNA: ("Skipped", "optedOutOfList")}
