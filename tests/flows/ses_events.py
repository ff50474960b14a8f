"""Events as SES publishes them about a mailing."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.ids import Place
from tests.flows.readers import SENT_AT, Stage

AT = SENT_AT + timedelta(minutes=1)


def an_event(
    stage: Stage,
    kind: str,
    details: Mapping[str, Any] | None = None,
    *,
    place: Place | None = None,
    at: datetime = AT,
    message_id: str = "",
    mass_email_id: str = "",
) -> str:
    """An event as SES publishes it about the message to this place, of the stage's own mass email or of another."""
    place = place or stage.place()
    address = stage.contacts[place.position].email_address
    time = at.isoformat().replace("+00:00", "Z")
    name = {"Rendering Failure": "failure", "DeliveryDelay": "deliveryDelay"}.get(kind, kind.lower())
    return json.dumps(
        {
            "eventType": kind,
            "mail": {
                "timestamp": time,
                "messageId": message_id or f"m{place.recipient_id}",
                "destination": [address],
                "tags": {
                    "mass-email": [mass_email_id or stage.mass_email.id],
                    "recipient": [place.recipient_id],
                    "attempt": ["1"],
                },
            },
            name: {
                "timestamp": time,
                **(details or {}),
                "feedbackId": f"{(details or {}).get('feedbackId')}{time}",
            },
        }
    )


def bounce(
    kind: str, sub_type: str = "General", diagnostic: str = "smtp; 550 no such user"
) -> dict[str, Any]:
    """The details of a bounce."""
    recipients = [{"emailAddress": "x@example.com", "diagnosticCode": diagnostic}]
    return {
        "feedbackId": f"{kind}-{sub_type}",
        "bounceType": kind,
        "bounceSubType": sub_type,
        "bouncedRecipients": recipients,
    }
