"""The smoke test's own mailing: made, sent to SES's mailbox simulator, and cleared away.

https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator: it costs what any message costs,
needs no verified address even in the sandbox, and counts in no reputation.
"""

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infrastructure.smoke_calls import Caller, Unexpected

MAILBOXES = ("success", "bounce", "complaint", "suppressionlist")
NAME = "Zoë {{ 7 }} {{optOutUrl}} „Ünï“ }} 日本 😀"
SUBJECT = "Smoke {{ Person.firstName }}"
BODY = (
    "<html><head><style>@media screen{#main{color:#333}}</style></head><body><p>{{ Person.firstName }}</p>"
    "<p>{% raw %}{{ static }}{% endraw %} é</p></body></html>"
)
STATIC = "<p>{{ static }} é</p>"
_POLL = 1.0  # seconds
_LOOKS = 15  # between two runs of the schedule: each asks SES for the quota


@dataclass
class Mailing:
    """What was made; ``addresses`` by mailbox, ``recipients`` as the API answers them, by mailbox."""

    caller: Caller
    label: str
    paths: list[str] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    mass_email_id: str = ""
    recipients: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """As every recipient must get it."""
        return SUBJECT.replace("{{ Person.firstName }}", NAME)

    def make(self, sender: str) -> None:
        """List, people, template, campaign, mass email. New addresses each time: a bounce marks one for good."""
        list_id = self._made("/v1/target-lists", {"name": f"Smoke {self.label}"})
        for mailbox in MAILBOXES:
            self.addresses[mailbox] = f"{mailbox}+{self.label}@simulator.amazonses.com"
        people = [
            self._made("/v1/contacts", {"firstName": NAME, "emailAddress": address})
            for address in self.addresses.values()
        ]
        self.caller.call("POST", f"/v1/target-lists/{list_id}/members", {"type": "Contact", "ids": people})
        template = {"name": f"Smoke {self.label}", "subject": SUBJECT, "body": BODY}
        template_id = self._made("/v1/email-templates", template)
        campaign = {"name": f"Smoke {self.label}", "type": "Newsletter", "targetListIds": [list_id]}
        mass_email = {
            "campaignId": self._made("/v1/campaigns", campaign),
            "emailTemplateId": template_id,
            "startAt": "2026-01-01T00:00:00Z",
            "fromAddress": sender,
            "storeSentEmails": True,
        }
        self.mass_email_id = self._made("/v1/mass-emails", mass_email)

    def send(self, patience: float) -> Mapping[str, Any]:
        """Let the schedule run now, and wait until it is over; answers the mass email as it is then."""
        found = self._over(patience)
        page = self.caller.call("GET", f"/v1/mass-emails/{self.mass_email_id}/recipients?limit=200")
        mailbox_of = {address: mailbox for mailbox, address in self.addresses.items()}
        self.recipients = {
            mailbox_of[each["emailAddress"]]: each for each in page["list"] if each["emailAddress"]
        }
        return found

    def _over(self, patience: float) -> Mapping[str, Any]:
        end = time.monotonic() + patience
        for look in itertools.count():
            if look % _LOOKS == 0:
                self.caller.call("POST", "/v1/release")
            found: Mapping[str, Any] = self.caller.call("GET", f"/v1/mass-emails/{self.mass_email_id}")
            if found["status"] not in ("Pending", "In Process") or time.monotonic() >= end:
                return found
            time.sleep(_POLL)
        raise AssertionError

    def clear_away(self) -> list[str]:
        """Delete what was made, the last first; answers what could not be."""
        left = []
        for path in reversed(self.paths):
            try:
                self.caller.call("DELETE", path)
            except Unexpected as refusal:
                left.append(str(refusal))
        return left

    def _made(self, path: str, body: Mapping[str, object]) -> str:
        made: str = self.caller.call("POST", path, body)["id"]
        self.paths.append(f"{path}/{made}")
        return made
