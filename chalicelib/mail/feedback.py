"""SES's events, from both wire formats, into one shape: pure, and total over anything that JSON can say.

Event publishing (``eventType``): https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
Identity notifications (``notificationType``): https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from chalicelib.domain.events import (
    HEADER_RECIPIENT,
    TAG_ATTEMPT,
    TAG_MASS_EMAIL,
    TAG_RECIPIENT,
    BounceKind,
    EventRecipient,
    EventType,
    FeedbackEvent,
    OtherSender,
    Parsed,
    TopicTest,
    Unreadable,
)
from chalicelib.domain.ids import base_of, is_id
from chalicelib.domain.outcomes import without_addresses

_TOPIC_TEST = "Successfully validated SNS topic for Amazon SES event publishing."
_SUBSCRIBED = "AmazonSnsSubscriptionSucceeded"  # the identity notifications' greeting
_MAX_TYPE = 64  # characters that are kept of a type new to us
_MAX_ATTEMPT_DIGITS = 6

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
    type_name = _text(raw.get("eventType")) or _text(raw.get("notificationType"))
    if type_name == _SUBSCRIBED:
        return TopicTest()
    mail = _mapping(raw.get("mail"))
    message_id = _text(mail.get("messageId"))
    if not type_name or not message_id:
        return Unreadable("noMessageId" if type_name else "noType", raw)
    if _is_of_other_sender(raw, mail):
        return OtherSender(type_name[:_MAX_TYPE])
    kind = _TYPES.get(type_name.replace(" ", "").lower(), EventType.UNKNOWN)
    details_key, recipients_key = _DETAILS[kind]
    details = _mapping(raw.get(details_key))
    at = _time(details.get("timestamp")) or _time(mail.get("timestamp"))
    if at is None:
        return Unreadable("noTimestamp", raw)
    recipients = _recipients(details.get(recipients_key), mail)
    mass_email_id, recipient_id, attempt = _ours(mail)
    return FeedbackEvent(
        event_id=_event_id(
            message_id, type_name, recipients, _text(details.get("feedbackId")) or at.isoformat()
        ),
        type=kind,
        type_name=type_name[:_MAX_TYPE],
        message_id=message_id,
        at=at,
        recipients=recipients,
        mass_email_id=mass_email_id,
        recipient_id=recipient_id,
        attempt=attempt,
        bounce_kind=_bounce_kind(details) if kind is EventType.BOUNCE else None,
        bounce_sub_type=_text(details.get("bounceSubType")),
        complaint_type=_text(details.get("complaintFeedbackType")),
        complaint_sub_type=_text(details.get("complaintSubType")),
        reason=_reason(details),
        raw=raw,
    )


def _is_of_other_sender(raw: Mapping[str, Any], mail: Mapping[str, Any]) -> bool:
    """Whether the event could name our recipient and does not.

    Event publishing carries all tags; identity notifications carry only headers, if that is turned on, and these are cut
    at 10 kB. What has neither could be anybody's, so also ours.
    """
    if _ours(mail)[1] is not None:
        return False
    has_all_tags = "eventType" in raw and isinstance(mail.get("tags"), Mapping)
    has_all_headers = isinstance(mail.get("headers"), list) and mail.get("headersTruncated") in (
        False,
        "false",
    )
    return has_all_tags or has_all_headers


def _ours(mail: Mapping[str, Any]) -> tuple[str | None, str | None, int | None]:
    """Mass email, recipient, attempt: by tags, else by header, else all None. Others may use such names too: ids must fit."""
    tags = _mapping(mail.get("tags"))
    mass_email, recipient, attempt = (
        _first_text(tags.get(name)) for name in (TAG_MASS_EMAIL, TAG_RECIPIENT, TAG_ATTEMPT)
    )
    if (
        mass_email
        and recipient
        and is_id(mass_email)
        and is_id(recipient)
        and base_of(mass_email) == base_of(recipient)
    ):
        return mass_email, recipient, _count(attempt)
    for header in _mappings(mail.get("headers")):
        value = header.get("value")
        if (
            str(header.get("name")).lower() == HEADER_RECIPIENT.lower()
            and isinstance(value, str)
            and is_id(value.strip())
        ):
            return None, value.strip(), None
    return None, None, None


def _recipients(listed: object, mail: Mapping[str, Any]) -> tuple[EventRecipient, ...]:
    """The addresses that the event is about.

    A bounce names the DSN's Final-Recipient, which behind a forward is another address than we mailed: with one
    destination it is that one, whatever the DSN says.
    """
    destination = [address for address in map(_address, _sequence(mail.get("destination"))) if address]
    found = [
        EventRecipient(address, _text(_mapping(entry).get("diagnosticCode")))
        for entry in _sequence(listed)
        if (address := _address(entry))
    ]
    if len(destination) == 1:
        return (EventRecipient(destination[0], found[0].diagnostic_code if found else None),)
    return tuple(found) or tuple(map(EventRecipient, destination))


def _address(entry: object) -> str:
    """A bare address: entries are texts or objects, and mail servers write them with and without angle brackets."""
    text = entry.get("emailAddress") if isinstance(entry, Mapping) else entry
    return parseaddr(text)[1] if isinstance(text, str) else ""


def _event_id(message_id: str, type_name: str, recipients: Sequence[EventRecipient], mark: str) -> str:
    """The same event twice has the same id: 32 hex digits of what it says, nothing of how it came (`delivery.md`)."""
    parts = [message_id, type_name, *sorted(recipient.address.lower() for recipient in recipients), mark]
    return hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()[:32]


def _bounce_kind(details: Mapping[str, Any]) -> BounceKind:
    try:
        return BounceKind(_text(details.get("bounceType")) or "")
    except ValueError:
        return BounceKind.UNDETERMINED


def _reason(details: Mapping[str, Any]) -> str | None:
    """Why: of a Reject, a rendering failure, a delay."""
    for name in ("reason", "errorMessage", "delayType"):
        text = _text(details.get(name))
        if text:
            return without_addresses(text)
    return None


def _time(value: object) -> datetime | None:
    """ISO 8601 as SES writes it: with Z, with an offset (also after a space), or without any, which is UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.replace(" +", "+").replace(" -", "-"))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) <= _MAX_ATTEMPT_DIGITS else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [entry for entry in _sequence(value) if isinstance(entry, Mapping)]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _first_text(value: object) -> str | None:
    """A tag's value: event publishing writes a list of one."""
    return _text(value[0]) if isinstance(value, list) and value else _text(value)
