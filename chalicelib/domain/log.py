"""The log: what happened to each message, as it is stored and as callers read it.

Stored is only what the event itself says. Who the recipient is, to which campaign the mass email belongs, which of several
opens counts and what was a machine's is looked up or worked out when the log is read: so it is always true of today, and
erasing a person erases them here too.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.activity import Activity
from chalicelib.domain.ids import Place
from chalicelib.domain.ledger import Member
from chalicelib.domain.records import TargetType
from chalicelib.domain.touches import NO_LINK, Touch, counted

MAX_USER_AGENT = 256  # characters that are kept


class Action(StrEnum):
    """What can happen; the values are the API's."""

    SENT = "Sent"
    DELIVERED = "Delivered"
    OPENED = "Opened"
    CLICKED = "Clicked"
    OPTED_OUT = "Opted Out"
    OPTED_IN = "Opted In"
    BOUNCED = "Bounced"
    COMPLAINED = "Complained"
    LEAD_CREATED = "Lead Created"


class BounceType(StrEnum):
    """Hard: the address is no more. Soft: this time it failed."""

    HARD = "Hard"
    SOFT = "Soft"


@dataclass(frozen=True, kw_only=True)
class LogDetails:
    """What only some actions have."""

    bounce_type: BounceType | None = None
    bounce_sub_type: str | None = None
    complaint_sub_type: str | None = None
    diagnostic_code: str | None = None  # without addresses
    tracking_url_id: str | None = None
    url: str | None = None
    user_agent: str | None = None


NO_DETAILS = LogDetails()


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One event of one recipient (``place``), or of a campaign's new lead (``lead_id``).

    ``order`` sorts entries by time and is different for all; ``touch`` is what an Opened or Clicked comes from, ``chunk``
    what a Sent does.
    """

    order: str
    action: Action
    at: datetime
    place: Place | None = None
    lead_id: str | None = None
    touch: Touch | None = None
    chunk: str | None = None
    is_renewed: bool = False  # opted out or in once more: kept, not counted
    details: LogDetails = NO_DETAILS


@dataclass(frozen=True, kw_only=True)
class LogRecord:
    """One line of the log as callers read it; ``first`` is the counted one."""

    action: Action
    action_date: datetime
    campaign_id: str | None
    mass_email_id: str | None
    recipient_id: str | None
    target_type: TargetType | None
    target_id: str | None
    email_address: str | None
    is_test: bool = False
    is_machine: bool = False
    first: bool = True
    details: LogDetails = NO_DETAILS


def record_of(
    entry: LogEntry,
    *,
    campaign_id: str | None,
    mass_email_id: str | None,
    member: Member | None,
    activity: Activity,
    is_sent_line: bool = True,
) -> LogRecord | None:
    """The line of this entry, or None for what is not shown.

    That is an open that a click implies, where an open came first; and the Sent of a call that is not this recipient's Sent
    line (:mod:`chalicelib.domain.sent_lines`).
    """
    if entry.action is Action.SENT and not is_sent_line:
        return None
    first, machine = not entry.is_renewed, False
    if entry.touch is not None and entry.place is not None:
        came_to = counted(activity.touches.get(entry.place.position, ()))
        as_open = entry.action is Action.OPENED
        first, machine = came_to.is_first(entry.touch, as_open=as_open), came_to.is_machine(entry.touch)
        if as_open and entry.touch.link != NO_LINK and not first:
            return None
    return LogRecord(
        action=entry.action,
        action_date=entry.at,
        campaign_id=campaign_id,
        mass_email_id=mass_email_id,
        recipient_id=entry.place.recipient_id if entry.place else None,
        target_type=member.target_type if member else TargetType.LEAD if entry.lead_id else None,
        target_id=member.target_id if member else entry.lead_id,
        email_address=member.email_address if member else None,
        is_test=entry.place is not None and entry.place.is_test,
        is_machine=machine,
        first=first,
        details=entry.details,
    )
