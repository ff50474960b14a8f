"""A running local cloud, as its administrator uses it over HTTP."""

import json
import urllib.error
import urllib.request
from typing import Any

from devstack.cloud import LocalCloud


def call(url: str, method: str = "GET", body: Any = None, token: str = "") -> tuple[int, Any]:
    """Status, and JSON or text."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310 - the local cloud's
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, data, timeout=60) as answer:  # noqa: S310 - as above
            return answer.status, _read(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, _read(refused)


def _read(answer: Any) -> Any:
    text = answer.read().decode()
    return json.loads(text) if "json" in answer.headers.get("Content-Type", "") else text


class Envoi:
    """The API of a running local cloud, as its administrator uses it."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """What the API answers, which must be a success."""
        status, answer = call(self.cloud.api_url + path, method, body, self.cloud.admin_token)
        assert status < 300, answer
        return answer

    def local(self, method: str, path: str, body: Any = None) -> Any:
        """The same at ``/_local``."""
        status, answer = call(f"{self.cloud.ses_url}/_local/{path}", method, body)
        assert status < 300, answer
        return answer

    def mass_email(self, *addresses: str, **fields: Any) -> str:
        """A mass email that is due, to contacts with these addresses; its id."""
        self("PATCH", "/v1/settings", {"outboundEmailFromAddress": "news@example.com"})
        list_id = self("POST", "/v1/target-lists", {"name": "Readers"})["id"]
        contacts = [
            self("POST", "/v1/contacts", {"firstName": address.partition("@")[0], "emailAddress": address})[
                "id"
            ]
            for address in addresses
        ]
        self("POST", f"/v1/target-lists/{list_id}/members", {"type": "Contact", "ids": contacts})
        body = "<html><body><p>Hello {Person.firstName}</p></body></html>"
        template = {"name": "News", "subject": "News for {Person.firstName}", "body": body}
        campaign = self(
            "POST", "/v1/campaigns", {"name": "Spring", "type": "Email", "targetListIds": [list_id]}
        )
        made = {
            "name": "Spring",
            "campaignId": campaign["id"],
            "emailTemplateId": self("POST", "/v1/email-templates", template)["id"],
            "startAt": "2026-01-01T00:00:00Z",
            **fields,
        }
        mass_email_id: str = self("POST", "/v1/mass-emails", made)["id"]
        return mass_email_id
