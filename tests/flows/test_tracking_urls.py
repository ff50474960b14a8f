"""Tracking URLs: row 66 of the checklist."""

import pytest

from chalicelib.domain.records import CampaignType, UrlAction
from chalicelib.domain.tracking_urls import MAX_MESSAGE, url_to_use
from chalicelib.errors import Conflict, Invalid, NotFound
from tests.flows.desk import Desk, fields_of


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "https://a@b.example/"])
def test_a_redirect_needs_an_address_of_the_web(url: str | None) -> None:
    """None, or one that nobody should be sent to, is refused on ``url``."""
    desk = Desk()
    with pytest.raises(Invalid) as refused:
        desk.tracking_url(url=url)
    assert fields_of(refused.value) == ["url"]
    assert not desk.url_rows.rows


@pytest.mark.parametrize("message", [None, "", " \n ", "x" * (MAX_MESSAGE + 1)])
def test_a_message_needs_something_to_say(message: str | None) -> None:
    """And not too much of it."""
    with pytest.raises(Invalid) as refused:
        Desk().tracking_url(action=UrlAction.SHOW_MESSAGE, url=None, message=message)
    assert fields_of(refused.value) == ["message"]


def test_what_is_not_used_is_right_nevertheless() -> None:
    """A message with a bad URL beside it is refused: the action may change later."""
    with pytest.raises(Invalid) as refused:
        Desk().tracking_url(action=UrlAction.SHOW_MESSAGE, message="Thanks", url="data:,x")
    assert fields_of(refused.value) == ["url"]


def test_the_address_is_kept_in_ascii() -> None:
    """What a browser will be told, on create and on update."""
    desk = Desk()
    made = desk.tracking_url(url="https://exämple.fr/été")
    assert made.url == "https://xn--exmple-cua.fr/%C3%A9t%C3%A9"
    assert desk.urls.edit(made.id, {"url": "https://example.com/ö"}).url == "https://example.com/%C3%B6"
    assert desk.url_rows.get(made.id).url == "https://example.com/%C3%B6"


def test_a_change_of_action_needs_what_the_new_one_needs() -> None:
    """Both ways."""
    desk = Desk()
    made = desk.tracking_url()
    with pytest.raises(Invalid) as refused:
        desk.urls.edit(made.id, {"action": UrlAction.SHOW_MESSAGE})
    assert fields_of(refused.value) == ["message"]
    shown = desk.urls.edit(made.id, {"action": UrlAction.SHOW_MESSAGE, "message": "Thanks", "url": None})
    assert (shown.action, shown.url) == (UrlAction.SHOW_MESSAGE, None)
    with pytest.raises(Invalid):
        desk.urls.edit(made.id, {"action": UrlAction.REDIRECT})


@pytest.mark.parametrize("kind", CampaignType)
def test_only_email_and_newsletter_have_some(kind: CampaignType) -> None:
    """Also one that belongs to no campaign is fine."""
    desk = Desk()
    campaign = desk.campaign(type=kind)
    if kind in (CampaignType.EMAIL, CampaignType.NEWSLETTER):
        assert desk.tracking_url(campaign_id=campaign.id).campaign_id == campaign.id
        return
    with pytest.raises(Invalid) as refused:
        desk.tracking_url(campaign_id=campaign.id)
    assert fields_of(refused.value) == ["campaignId"]


def test_the_campaign_is_fixed_and_must_exist() -> None:
    """Row 10."""
    desk = Desk()
    with pytest.raises(Invalid):
        desk.tracking_url(campaign_id="f" * 17)
    made = desk.tracking_url(campaign_id=desk.campaign().id)
    with pytest.raises(Conflict, match="campaignId"):
        desk.urls.edit(made.id, {"campaign_id": None})


def test_a_deleted_one_stays_for_the_clicks_on_it() -> None:
    """Callers do not find it, whoever follows a link does."""
    desk = Desk()
    made = desk.tracking_url()
    desk.urls.delete(made.id)
    with pytest.raises(NotFound):
        desk.urls.delete(made.id)
    kept = desk.url_rows.find(made.id, deleted=True)
    assert kept is not None
    assert kept.url == made.url


def test_how_it_is_written_in_a_text() -> None:
    """As in the reference."""
    assert url_to_use("55f2c87b09a220a78") == "{trackingUrl:55f2c87b09a220a78}"
