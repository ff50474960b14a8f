"""What SES tells us about a message, in one shape whatever its wire format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

TAG_MASS_EMAIL = "mass-email"
TAG_RECIPIENT = "recipient"
TAG_ATTEMPT = "attempt"
"""Our message tags: in every event of event publishing, in no identity notification."""

HEADER_RECIPIENT = "X-Queue-Item-Id"
"""The header that says the same, and is in identity notifications if these carry headers."""


class EventType(StrEnum):
    """The types of SES event publishing, and one for what is new to us."""

    SEND = "Send"
    DELIVERY = "Delivery"
    DELIVERY_DELAY = "DeliveryDelay"
    BOUNCE = "Bounce"
    COMPLAINT = "Complaint"
    REJECT = "Reject"
    RENDERING_FAILURE = "Rendering Failure"
    OPEN = "Open"
    CLICK = "Click"
    SUBSCRIPTION = "Subscription"
    UNKNOWN = "Unknown"


class BounceKind(StrEnum):
    """SES's ``bounceType``."""

    PERMANENT = "Permanent"
    TRANSIENT = "Transient"
    UNDETERMINED = "Undetermined"


@dataclass(frozen=True)
class EventRecipient:
    """One address of an event; ``diagnostic_code`` only for bounces."""

    address: str
    diagnostic_code: str | None = None


@dataclass(frozen=True)
class FeedbackEvent:
    """One SES event.

    ``event_id`` is made of (mail.messageId, type, recipients, feedbackId or timestamp): the same event twice has the same id,
    and it does not depend on SNS or SQS. ``recipient_id`` comes from our tags, else from ``X-Queue-Item-Id``, else None.
    ``at`` is the event's own time (the bounce's, the delivery's), not that of the mail.
    """

    event_id: str
    type: EventType
    type_name: str  # as SES wrote it, for types unknown to us
    message_id: str
    at: datetime
    recipients: Sequence[EventRecipient]
    mass_email_id: str | None
    recipient_id: str | None
    attempt: int | None
    bounce_kind: BounceKind | None = None
    bounce_sub_type: str | None = None
    complaint_type: str | None = None  # ``complaintFeedbackType``
    complaint_sub_type: str | None = None
    reason: str | None = None
    raw: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class OtherSender:
    """An event of somebody else's mail on the account: acknowledged and counted, not stored."""

    type_name: str


@dataclass(frozen=True)
class TopicTest:
    """What SES publishes when a topic is connected: acknowledged."""


@dataclass(frozen=True)
class Unreadable:
    """Not an event as SES documents it: acknowledged and kept; ``reason`` says what is wrong, without its content."""

    reason: str
    raw: object


Parsed = FeedbackEvent | OtherSender | TopicTest | Unreadable
"""All that can come out of the feedback topic."""
