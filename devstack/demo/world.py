"""What the demo puts into Envoi before anything is sent: settings, template, campaign, mass email; people: ``audience``."""

from dataclasses import dataclass
from importlib.resources import files

from devstack.demo.api import Api
from devstack.demo.audience import COMPETITORS, Audience
from devstack.demo.people import CUSTOMERS, NEWSLETTER

SENDER = "letters@aubepine.example"
PORTION = 500  # recipients an hour


@dataclass
class Made:
    """What was made."""

    audience: Audience
    campaign_id: str = ""
    mass_email_id: str = ""


def settle_in(api: Api) -> None:
    """The administrator's part."""
    api.call(
        "PATCH",
        "/v1/settings",
        {
            "outboundEmailFromAddress": SENDER,
            "outboundEmailFromName": "Maison Aubépine",
            "massEmailMaxPerHourCount": PORTION,
            "massEmailOpenTracking": True,
            "senderPostalAddress": "Maison Aubépine, 3 rue des Lices, 35000 Rennes",
        },
    )


def make_campaign(api: Api, made: Made, start_at: str) -> None:
    """Campaign, two tracking URLs, template, and the mass email that will go out by itself."""
    campaign = {
        "name": "Spring",
        "type": "Newsletter",
        "status": "Active",
        "targetListIds": [made.audience.lists[CUSTOMERS], made.audience.lists[NEWSLETTER]],
        "excludingTargetListIds": [made.audience.lists[COMPETITORS]],
    }
    made.campaign_id = api.call("POST", "/v1/campaigns", campaign)["id"]
    shop = {
        "name": "Shop",
        "campaignId": made.campaign_id,
        "url": "https://aubepine.example/spring?utm=letter",
    }
    tasting = {
        "name": "Tasting",
        "campaignId": made.campaign_id,
        "action": "Show Message",
        "message": "## Thank you!\n\nA place is kept for you at the tasting. *See you on the twelfth.*",
    }
    urls = [api.call("POST", "/v1/tracking-urls", each)["id"] for each in (shop, tasting)]
    body = newsletter().replace("@SHOP@", urls[0]).replace("@TASTING@", urls[1])
    template = {"name": "Spring letter", "subject": "Spring is here, {Person.firstName}", "body": body}
    template_id = api.call("POST", "/v1/email-templates", template)["id"]
    mass_email = {"campaignId": made.campaign_id, "startAt": start_at, "emailTemplateId": template_id}
    made.mass_email_id = api.call("POST", "/v1/mass-emails", mass_email)["id"]


def newsletter() -> str:
    """A responsive newsletter of more than 30 kB with inlined CSS."""
    return files("devstack.demo").joinpath("newsletter.html").read_text("utf-8")
