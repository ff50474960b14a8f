"""SES's events as event publishing writes them, field by field.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html and the examples beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from devstack.resources import ACCOUNT, REGION
from devstack.ses_mailbox import Fate, Message

Event = dict[str, Any]

_SUPPRESSED = (
    "Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid "
    "address. For more information about how to remove an address from the suppression list, see the Amazon SES "
    "Developer Guide: https://docs.aws.amazon.com/ses/latest/dg/sending-email-global-suppression-list.html"
)
_ACCOUNT_SUPPRESSED = (
    "Amazon SES did not send the message to this address because it is on the suppression list for your account. For "
    "more information about removing addresses from the suppression list, see the Amazon SES Developer Guide at "
    "https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html"
)


def new_message_id(now: datetime, random: Random) -> str:
    """An id as SES in eu-west-1 gives it: milliseconds, a UUID, zeros."""
    uuid = f"{random.getrandbits(128):032x}"
    parts = (uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:])
    return f"0102{int(now.timestamp() * 1000):012x}-{'-'.join(parts)}-000000"


def events_of(message: Message, fate: Fate, random: Random) -> list[Event]:
    """All events that a message to an address of this fate brings about, in order."""
    at = message.at + timedelta(milliseconds=random.randint(200, 2_000))
    events = [_event("Send", message, "send", {})]
    if fate in {Fate.DELIVERED, Fate.AWAY, Fate.COMPLAINED}:
        events.append(_event("Delivery", message, "delivery", _delivery(message, at)))
    feedback = new_message_id(at, random)
    if fate is Fate.COMPLAINED:
        events.append(_event("Complaint", message, "complaint", _complaint(message, at, feedback)))
    if fate in _BOUNCES:
        events.append(_event("Bounce", message, "bounce", _bounce(message, at, feedback, _BOUNCES[fate])))
    return events


def rendering_failure(message: Message, why: str) -> Event:
    """The one event of a message that could not be put together: it was accepted and never sent."""
    return _event(
        "Rendering Failure", message, "failure", {"errorMessage": why, "templateName": "InlineTemplate"}
    )


def rejection(message: Message) -> list[Event]:
    """Accepted, then found to hold a virus (https://docs.aws.amazon.com/ses/latest/dg/monitor-using-event-publishing.html)."""
    return [
        _event("Send", message, "send", {}),
        _event("Reject", message, "reject", {"reason": "Bad content"}),
    ]


@dataclass(frozen=True)
class _Bounce:
    kind: str
    sub_type: str
    status: str
    diagnostic_code: str


_BOUNCES: Mapping[Fate, _Bounce] = {
    Fate.BOUNCED: _Bounce("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown"),
    Fate.AWAY: _Bounce("Transient", "General", "4.0.0", "smtp; 450 4.0.0 out of the office"),
    Fate.SUPPRESSED: _Bounce("Permanent", "Suppressed", "5.1.1", _SUPPRESSED),
    Fate.ACCOUNT_SUPPRESSED: _Bounce("Permanent", "OnAccountSuppressionList", "5.1.1", _ACCOUNT_SUPPRESSED),
}


def _event(kind: str, message: Message, detail: str, value: Mapping[str, Any]) -> Event:
    return {
        "eventType": kind,
        "mail": _mail(message, rendered=kind != "Rendering Failure"),
        detail: dict(value),
    }


def _mail(message: Message, *, rendered: bool) -> dict[str, Any]:
    source = message.call.source
    mail: dict[str, Any] = {
        "timestamp": _time(message.at),
        "source": message.call.sender,
        "sourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{source.rpartition('@')[2]}",
        "sendingAccountId": ACCOUNT,
        "messageId": message.message_id,
        "destination": list(message.entry.recipients),
        "headersTruncated": False,
        "tags": {name: [value] for name, value in _tags(message).items()},
    }
    if not rendered:
        return mail
    headers = [{"name": "From", "value": message.call.sender}, {"name": "To", "value": message.to}]
    headers += [{"name": name, "value": value} for name, value in message.entry.headers.items()]
    subject = message.subject
    common = {"from": [message.call.sender], "to": list(message.entry.to), "messageId": message.message_id}
    return {
        **mail,
        "headers": [
            *headers,
            {"name": "Subject", "value": subject},
            {"name": "MIME-Version", "value": "1.0"},
        ],
        "commonHeaders": {**common, "subject": subject},
    }


def _tags(message: Message) -> Mapping[str, str]:
    """The sender's own and those that SES adds by itself."""
    return {
        "ses:operation": message.call.operation,
        "ses:configuration-set": message.call.configuration_set or "",
        "ses:source-ip": "127.0.0.1",
        "ses:from-domain": message.call.source.rpartition("@")[2],
        "ses:caller-identity": "envoi-dev",
        **message.entry.tags,
    }


def _delivery(message: Message, at: datetime) -> dict[str, Any]:
    return {
        "timestamp": _time(at),
        "processingTimeMillis": int((at - message.at).total_seconds() * 1000),
        "recipients": list(message.entry.recipients),
        "smtpResponse": "250 2.0.0 OK",
        "reportingMTA": "a4-1.smtp-out.eu-west-1.amazonses.com",
        "remoteMtaIp": "192.0.2.25",
    }


def _bounce(message: Message, at: datetime, feedback: str, bounce: _Bounce) -> dict[str, Any]:
    recipient = {
        "emailAddress": message.entry.recipients[0],
        "action": "failed",
        "status": bounce.status,
        "diagnosticCode": bounce.diagnostic_code,
    }
    return {
        "feedbackId": feedback,
        "bounceType": bounce.kind,
        "bounceSubType": bounce.sub_type,
        "bouncedRecipients": [recipient],
        "timestamp": _time(at),
        "reportingMTA": "dns; amazonses.com",
    }


def _complaint(message: Message, at: datetime, feedback: str) -> dict[str, Any]:
    return {
        "feedbackId": feedback,
        "complaintSubType": None,
        "complainedRecipients": [{"emailAddress": address} for address in message.entry.recipients],
        "timestamp": _time(at),
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": _time(at),
    }


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
