"""What the demo puts into Envoi before anything is sent: settings, people, lists, template, campaign, mass email."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from devstack.demo.api import Api, Refused
from devstack.demo.people import Row

SENDER = "letters@aubepine.example"
PORTION = 500  # recipients an hour
IDS_AT_ONCE = 500


@dataclass
class Made:
    """What was made, and what the API refused."""

    campaign_id: str = ""
    mass_email_id: str = ""
    contacts: dict[int, str] = field(default_factory=dict)  # line of the file → id
    refused: int = 0
    lists: dict[str, str] = field(default_factory=dict)


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


def add_people(api: Api, rows: Sequence[Row], progress: Callable[[int], None]) -> Made:
    """Every line of the file as a contact of its company; what the API refuses is counted, not sent to."""
    made = Made()
    companies = {name: _company(api, name) for name in sorted({row.company for row in rows})}
    for line, row in enumerate(rows):
        progress(line + 1)
        try:
            made.contacts[line] = api.call("POST", "/v1/contacts", _contact(row, companies))["id"]
        except Refused as refusal:
            if [error["field"] for error in refusal.problem["errors"]] != ["emailAddress"]:
                raise
            made.refused += 1
    return made


def _company(api: Api, name: str) -> str:
    return str(api.call("POST", "/v1/accounts", {"name": name})["id"])


def _contact(row: Row, companies: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        "firstName": row.first_name,
        "lastName": row.last_name,
        "emailAddress": row.email or None,
        "accountId": companies[row.company],
        "attributes": {"city": row.city, "customerSince": row.customer_since},
    }


def make_lists(api: Api, rows: Sequence[Row], made: Made) -> None:
    """The lists of the file, one of those who must not be written to, and who opted out of a list before."""
    members: dict[str, list[str]] = {"Customers": [], "Newsletter readers": [], "Competitors": []}
    for line, contact_id in made.contacts.items():
        for name in rows[line].lists:
            members[name].append(contact_id)
        if rows[line].role == "excluded":
            members["Competitors"].append(contact_id)
    for name, ids in members.items():
        made.lists[name] = api.call("POST", "/v1/target-lists", {"name": name})["id"]
        for start in range(0, len(ids), IDS_AT_ONCE):
            some = ids[start : start + IDS_AT_ONCE]
            api.call("POST", f"/v1/target-lists/{made.lists[name]}/members", {"type": "Contact", "ids": some})
    for line, contact_id in made.contacts.items():
        if rows[line].opted_out:
            for name in rows[line].lists:
                path = f"/v1/target-lists/{made.lists[name]}/opt-out"
                api.call("POST", path, {"type": "Contact", "id": contact_id})


def make_campaign(api: Api, made: Made, start_at: str) -> None:
    """Campaign, two tracking URLs, template, and the mass email that will go out by itself."""
    campaign = {
        "name": "Spring",
        "type": "Newsletter",
        "status": "Active",
        "targetListIds": [made.lists["Customers"], made.lists["Newsletter readers"]],
        "excludingTargetListIds": [made.lists["Competitors"]],
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
