"""The preferences page behind the real doors: read, saved as a browser does, in the reader's language."""

import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from chalicelib.domain.ports import Membership
from chalicelib.domain.public_tokens import TokenKind
from chalicelib.domain.records import CampaignType, TargetType
from tests.routes.readers import Mailed
from tests.world import Cloud, Reply, World

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def mailed(world: World, cloud: Cloud) -> Mailed:
    """Three readers got a message; the first is also on a list with a public name."""
    mailed = Mailed(world, cloud)
    changes = {"outboundEmailFromName": "Atelier Martin", "language": "en"}
    assert world.api("PATCH", "/v1/settings", changes)[0] == 200
    body = {"name": "internal: whales", "publicName": "Offers & <news>"}
    offers = world.api("POST", "/v1/target-lists", body)[1]["id"]
    wiring = mailed.wiring
    wiring.memberships.add(offers, [Membership(offers, TargetType.CONTACT, wiring.contacts[0].id)])
    wiring.list_ids.append(offers)
    return mailed


def html(reply: Reply) -> str:
    told: str = reply.body.decode()
    return told


def boxes(reply: Reply) -> dict[str, tuple[str, bool]]:
    """Label → value and whether it is ticked."""
    found = re.findall(
        r'<label class="choice"><input type="checkbox" name="list" value="(\w+)"( checked)?><span dir="auto">(.*?)</span>',
        html(reply),
    )
    return {label: (value, bool(checked)) for value, checked, label in found}


def save(mailed: Mailed, *values: tuple[str, str]) -> Reply:
    token = mailed.token(TokenKind.PREFERENCES)
    return mailed.ask("POST", f"/p/{token}", FORM, urlencode(values).encode())


def test_the_page_shows_what_can_be_chosen(mailed: Mailed) -> None:
    """Public names, escaped; this mailing; a button that leaves everything; no internal name. Looking changes nothing."""
    token = mailed.token(TokenKind.PREFERENCES)
    reply = mailed.ask("GET", f"/p/{token}")
    assert reply.status == 200
    assert list(boxes(reply)) == ["Offers &amp; &lt;news&gt;", "This mailing"]
    assert all(ticked for _, ticked in boxes(reply).values())
    assert "whales" not in html(reply)
    assert "Readers" not in html(reply)
    assert f'<form method="post" action="{token}">' in html(reply)
    assert '<button type="submit" class="quiet" name="all" value="off">' in html(reply)
    assert mailed.log() == []


def test_saving_the_ticked_ones_leaves_the_others(mailed: Mailed) -> None:
    """The page then shows what holds, and says so; the log has it."""
    token = mailed.token(TokenKind.PREFERENCES)
    offers, _ = boxes(mailed.ask("GET", f"/p/{token}"))["Offers &amp; &lt;news&gt;"]
    reply = save(mailed, ("list", offers))
    assert reply.status == 200
    assert '<div role="status">' in html(reply)
    assert {label: ticked for label, (_, ticked) in boxes(reply).items()} == {
        "Offers &amp; &lt;news&gt;": True,
        "This mailing": False,
    }
    assert mailed.log() == [("Opted Out", True)]


def test_one_button_leaves_everything_and_lists_can_be_ticked_again(mailed: Mailed) -> None:
    """``all=off`` goes before what is ticked; afterwards there is nothing left to leave."""
    reply = save(mailed, ("list", mailed.wiring.list_ids[0]), ("all", "off"))
    assert not any(ticked for _, ticked in boxes(reply).values())
    assert 'name="all"' not in html(reply)
    contact = mailed.wiring.contacts[0].id
    assert mailed.world.api("GET", f"/v1/contacts/{contact}")[1]["emailAddressIsOptedOut"] is True
    mailed.world.clock.advance(60)
    reply = save(mailed, ("list", mailed.wiring.list_ids[-1]))
    assert boxes(reply)["Offers &amp; &lt;news&gt;"][1]
    assert mailed.world.api("GET", f"/v1/contacts/{contact}")[1]["emailAddressIsOptedOut"] is False
    assert mailed.log() == [("Opted In", True), ("Opted Out", True)]


@pytest.mark.parametrize("content_type", ["multipart/form-data", "Multipart/Form-Data"])
def test_a_form_may_be_multipart(mailed: Mailed, content_type: str) -> None:
    """As curl -F sends it, and in whatever case: else nothing would be kept."""
    parts = "".join(
        f'--limit\r\nContent-Disposition: form-data; name="list"\r\n\r\n{list_id}\r\n'
        for list_id in mailed.wiring.list_ids[:1]
    )
    body = f"{parts}--limit--\r\n".encode()
    token = mailed.token(TokenKind.PREFERENCES)
    reply = mailed.ask("POST", f"/p/{token}", {"Content-Type": f"{content_type}; boundary=limit"}, body)
    assert {label: ticked for label, (_, ticked) in boxes(reply).items()} == {
        "Offers &amp; &lt;news&gt;": False,
        "This mailing": True,
    }


def test_an_empty_form_keeps_nothing_that_is_shown(mailed: Mailed) -> None:
    """A browser sends no box that is not ticked."""
    reply = mailed.ask("POST", f"/p/{mailed.token(TokenKind.PREFERENCES)}", FORM, b"")
    assert not any(ticked for _, ticked in boxes(reply).values())
    contact = mailed.wiring.contacts[0].id
    assert mailed.world.api("GET", f"/v1/contacts/{contact}")[1]["emailAddressIsOptedOut"] is False


def test_ids_of_other_lists_change_nothing(mailed: Mailed) -> None:
    """Nobody subscribes to a list by knowing its id."""
    other = mailed.world.api("POST", "/v1/target-lists", {"name": "VIP", "publicName": "VIP"})[1]["id"]
    wanted = [("list", each) for each in (*mailed.wiring.list_ids, other, "nonsense")]
    assert all(ticked for _, ticked in boxes(save(mailed, *wanted)).values())
    assert mailed.world.api("GET", f"/v1/target-lists/{other}")[1]["entryCount"] == 0
    assert mailed.log() == []


def test_the_page_speaks_french(mailed: Mailed) -> None:
    """By ``Accept-Language``."""
    token = mailed.token(TokenKind.PREFERENCES)
    reply = mailed.ask("GET", f"/p/{token}", {"Accept-Language": "fr"})
    assert '<html lang="fr">' in html(reply)
    assert "Cet envoi" in boxes(reply)
    assert reply.headers["Content-Language"] == "fr"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_token_is_a_page_that_says_nothing(mailed: Mailed, method: str) -> None:
    """As on every public page; a token of another kind is one too."""
    good = mailed.token(TokenKind.PREFERENCES)
    for token in (good[:-2] + "xx", "xyzzy", mailed.token(TokenKind.UNSUBSCRIBE)):
        reply = mailed.ask(method, f"/p/{token}", FORM, b"all=off" if method == "POST" else None)
        assert reply.status == 404
        assert "Atelier" not in html(reply)
    assert mailed.log() == []


def test_nobody_leaves_an_informational_mailing(mailed: Mailed) -> None:
    """Its page does not exist."""
    campaign = mailed.wiring.campaign
    mailed.wiring.campaign_store.replace(
        replace(campaign, type=CampaignType.INFORMATIONAL), expected_rev=campaign.rev
    )
    assert mailed.ask("GET", f"/p/{mailed.token(TokenKind.PREFERENCES)}").status == 404
    assert save(mailed, ("all", "off")).status == 404


def test_the_erased_are_told_that_nothing_comes_any_more(mailed: Mailed) -> None:
    """Their token still answers."""
    contact = mailed.wiring.contacts[0].id
    assert mailed.world.api("POST", f"/v1/contacts/{contact}/erase")[0] == 200
    for reply in (
        mailed.ask("GET", f"/p/{mailed.token(TokenKind.PREFERENCES)}"),
        save(mailed, ("list", mailed.wiring.list_ids[0])),
    ):
        assert reply.status == 200
        assert "no longer receives" in html(reply)


class Broken:
    """A client whose every method fails."""

    def __getattr__(self, name: str) -> object:
        def call(**_: object) -> object:
            raise ConnectionError("down")

        return call


def test_a_choice_is_not_lost(mailed: Mailed) -> None:
    """With the table down it goes to the queue and holds later; without a queue the reader is asked to try again."""
    working = mailed.wiring.table._client
    mailed.wiring.table._client = Broken()
    assert mailed.ask("GET", f"/p/{mailed.token(TokenKind.PREFERENCES)}").status == 503
    reply = save(mailed, ("all", "off"))
    assert reply.status == 200
    assert "Your choice is saved" in html(reply)
    mailed.wiring.table._client = working
    while messages := mailed.world.taken(mailed.wiring.environment.jobs_queue_url):
        mailed.world.queued("work", *messages)
    assert mailed.log() == [("Opted Out", True)]
    mailed.wiring.table._client = mailed.wiring.outbox._client = Broken()
    reply = save(mailed, ("all", "off"))
    assert reply.status == 503
    assert int(reply.headers["Retry-After"]) > 0
