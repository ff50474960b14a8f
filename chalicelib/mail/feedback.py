"""SES's events, from both wire formats, into one shape: pure, and total over anything that JSON can say.

Event publishing (``eventType``): https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
Identity notifications (``notificationType``): https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from typing import Any

from chalicelib.domain.events import (
    BounceKind,
    EventRecipient,
    EventType,
    FeedbackEvent,
    OtherSender,
    Parsed,
    TopicTest,
    Unreadable,
)
from chalicelib.domain.outcomes import without_addresses
from chalicelib.mail.json_values import mapping, moment, sequence, text
from chalicelib.mail.ownership import Owner, owner_of, says_whose

_TOPIC_TEST = "Successfully validated SNS topic for Amazon SES event publishing."
_SUBSCRIBED = "AmazonSnsSubscriptionSucceeded"  # the identity notifications' greeting
_MAX_TYPE = 64  # characters that are kept of a type new to us

_TYPES: Mapping[str, EventType] = {
    kind.replace(" ", "").lower(): kind for kind in EventType if kind is not EventType.UNKNOWN
}
_DETAILS: Mapping[EventType, tuple[str, str]] = {
    EventType.SEND: ("send", ""),
    EventType.DELIVERY: ("delivery", "recipients"),
    EventType.DELIVERY_DELAY: ("deliveryDelay", "delayedRecipients"),
    EventType.BOUNCE: ("bounce", "bouncedRecipients"),
    EventType.COMPLAINT: ("complaint", "complainedRecipients"),
    EventType.REJECT: ("reject", ""),
    EventType.RENDERING_FAILURE: ("failure", ""),
    EventType.OPEN: ("open", ""),
    EventType.CLICK: ("click", ""),
    EventType.SUBSCRIPTION: ("subscription", ""),
    EventType.UNKNOWN: ("", ""),
}
"""Where an event of this type keeps its own object, and in it the addresses; without any, those of the mail count."""


def parse_sns_message(message: str) -> Parsed:
    """What SNS delivered, be it the event itself or the envelope around it (as through SQS without raw delivery)."""
    if message.strip() == _TOPIC_TEST:
        return TopicTest()
    try:
        raw = json.loads(message)
    except (ValueError, RecursionError):
        return Unreadable("notJson", message)
    if isinstance(raw, dict) and raw.get("Type") == "Notification" and isinstance(raw.get("Message"), str):
        return parse_sns_message(raw["Message"])
    return parse(raw)


def parse(raw: object) -> Parsed:
    """One event as SES writes it, already read from JSON."""
    if not isinstance(raw, Mapping):
        return Unreadable("notAnObject", raw)
    type_name = text(raw.get("eventType")) or text(raw.get("notificationType"))
    if type_name == _SUBSCRIBED:
        return TopicTest()
    if type_name is None:
        return Unreadable("noType", raw)
    mail = mapping(raw.get("mail"))
    if text(mail.get("messageId")) is None:
        return Unreadable("noMessageId", raw)
    owner = owner_of(mail)
    if owner.recipient_id is None and says_whose(raw, mail):
        return OtherSender(type_name[:_MAX_TYPE])
    return _event(raw, type_name, mail, owner)


def _event(raw: Mapping[str, Any], type_name: str, mail: Mapping[str, Any], owner: Owner) -> Parsed:
    kind = _TYPES.get(type_name.replace(" ", "").lower(), EventType.UNKNOWN)
    details_key, recipients_key = _DETAILS[kind]
    details = mapping(raw.get(details_key))
    at = moment(details.get("timestamp")) or moment(mail.get("timestamp"))
    if at is None:
        return Unreadable("noTimestamp", raw)
    message_id = str(mail["messageId"])
    recipients = _recipients(details.get(recipients_key), mail)
    mark = text(details.get("feedbackId")) or at.isoformat()
    return FeedbackEvent(
        event_id=_event_id(message_id, type_name, recipients, mark),
        type=kind,
        type_name=type_name[:_MAX_TYPE],
        message_id=message_id,
        at=at,
        recipients=recipients,
        mass_email_id=owner.mass_email_id,
        recipient_id=owner.recipient_id,
        attempt=owner.attempt,
        bounce_kind=_bounce_kind(details) if kind is EventType.BOUNCE else None,
        bounce_sub_type=text(details.get("bounceSubType")),
        complaint_type=text(details.get("complaintFeedbackType")),
        complaint_sub_type=text(details.get("complaintSubType")),
        reason=_reason(details),
        raw=raw,
    )


def _recipients(listed: object, mail: Mapping[str, Any]) -> tuple[EventRecipient, ...]:
    """The addresses that the event is about.

    A bounce names the DSN's Final-Recipient, which behind a forward is another address than we mailed: with one
    destination it is that one, whatever the DSN says.
    """
    destination = list(filter(None, map(_address, sequence(mail.get("destination")))))
    found = [
        EventRecipient(address, text(mapping(entry).get("diagnosticCode")))
        for entry in sequence(listed)
        if (address := _address(entry))
    ]
    if len(destination) == 1:
        return (EventRecipient(destination[0], found[0].diagnostic_code if found else None),)
    return tuple(found) or tuple(map(EventRecipient, destination))


def _address(entry: object) -> str:
    """A bare address: entries are texts or objects, and mail servers write them with and without angle brackets."""
    written = text(entry.get("emailAddress") if isinstance(entry, Mapping) else entry)
    return parseaddr(written)[1] if written else ""


def _event_id(message_id: str, type_name: str, recipients: Sequence[EventRecipient], mark: str) -> str:
    """The same event twice has the same id: 32 hex digits of what it says, nothing of how it came (`delivery.md`)."""
    parts = [message_id, type_name, *sorted(recipient.address.lower() for recipient in recipients), mark]
    return hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()[:32]


def _bounce_kind(details: Mapping[str, Any]) -> BounceKind:
    try:
        return BounceKind(text(details.get("bounceType")) or "")
    except ValueError:
        return BounceKind.UNDETERMINED


def _reason(details: Mapping[str, Any]) -> str | None:
    """Why: of a Reject, a rendering failure, a delay."""
    why = next(
        filter(None, (text(details.get(name)) for name in ("reason", "errorMessage", "delayType"))), None
    )
    return without_addresses(why) if why else None
