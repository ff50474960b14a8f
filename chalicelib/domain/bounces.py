"""What a bounce or a complaint means to the address: one total table, by `delivery.md`, "Events"."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.events import BounceKind, EventType, FeedbackEvent


class Consequence(StrEnum):
    """What happens to the address."""

    INVALID = "invalid"  # never mailed again until an administrator says so
    OPTED_OUT = "optedOut"  # of everything
    SOFT = "soft"  # counted; invalid at ``softBounceLimit`` in a row
    NOTHING = "nothing"  # logged only


@dataclass(frozen=True)
class Verdict:
    """What an event does to the addresses it names.

    ``reason`` is what the address flag keeps. ``counts_in_rates``: whether the guard's bounce and complaint rates count it.
    """

    consequence: Consequence
    reason: str = ""
    counts_in_rates: bool = True


ON_ACCOUNT_LIST = "OnAccountSuppressionList"
NO_VERDICT = Verdict(Consequence.NOTHING, counts_in_rates=False)
_HARD = Verdict(Consequence.INVALID, "bounced")
_SUPPRESSED = Verdict(Consequence.INVALID, "suppressed", counts_in_rates=False)
_SOFT = Verdict(Consequence.SOFT, "softBounces")
_OURS = Verdict(Consequence.NOTHING, counts_in_rates=True)  # the message was at fault, not the mailbox

BY_KIND: Mapping[BounceKind, Verdict] = {
    BounceKind.PERMANENT: _HARD,
    BounceKind.TRANSIENT: _SOFT,
    BounceKind.UNDETERMINED: _SOFT,
}
BY_SUB_TYPE: Mapping[str, Verdict] = {
    "Suppressed": _SUPPRESSED,  # SES's global list
    ON_ACCOUNT_LIST: _SUPPRESSED,  # the account's own
    # Left a contact list of SES's, which Envoi does not use: says nothing of the mailbox.
    "UnsubscribedRecipient": NO_VERDICT,
    "MessageTooLarge": _OURS,
    "ContentRejected": _OURS,
    "AttachmentRejected": _OURS,
}
"""Sub-types that decide whatever the type is; all others follow their type.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types
"""

_SUPPRESSION_DIAGNOSTICS = (
    "amazon ses has suppressed sending to this address",  # the global list
    "it is on the suppression list for your account",
)


def verdict_of(event: FeedbackEvent) -> Verdict:
    """What the event does to the addresses it names; nothing for types that are neither bounce nor complaint."""
    if event.type is EventType.BOUNCE:
        return bounce_verdict(event)
    if event.type is EventType.COMPLAINT:
        return complaint_verdict(event.complaint_type, event.complaint_sub_type)
    return NO_VERDICT


def bounce_verdict(event: FeedbackEvent) -> Verdict:
    """By sub-type, then by diagnostic (a suppression bounce may come as ``General``), then by type; soft if all are new."""
    by_sub_type = BY_SUB_TYPE.get(event.bounce_sub_type or "")
    if by_sub_type is not None:
        return by_sub_type
    if _is_suppression(" ".join(recipient.diagnostic_code or "" for recipient in event.recipients)):
        return _SUPPRESSED
    return BY_KIND[event.bounce_kind or BounceKind.UNDETERMINED]


def hard_bounce_counts(sub_type: str | None, diagnostic: str | None) -> bool:
    """Whether a hard bounce, as the log keeps it, is one for the guard's rates: a mailbox saw the message and refused it."""
    by_sub_type = BY_SUB_TYPE.get(sub_type or "")
    if by_sub_type is not None:
        return by_sub_type.counts_in_rates
    return not _is_suppression(diagnostic or "")


def complaint_counts(sub_type: str | None) -> bool:
    """Whether a complaint is a new one."""
    return sub_type != ON_ACCOUNT_LIST


def _is_suppression(diagnostics: str) -> bool:
    """Whether SES itself refused the address."""
    said = diagnostics.lower()
    return any(sentence in said for sentence in _SUPPRESSION_DIAGNOSTICS)


def complaint_verdict(complaint_type: str | None, sub_type: str | None) -> Verdict:
    """A complaint opts out of everything.

    ``not-spam`` is the opposite of a complaint: somebody took the message out of the spam folder
    (https://www.iana.org/assignments/marf-parameters/marf-parameters.xhtml). A complaint from the suppression list is
    an old one that SES repeats instead of sending: the opt-out holds, the rates have had it.
    """
    if complaint_type == "not-spam":
        return NO_VERDICT
    return Verdict(Consequence.OPTED_OUT, "complained", counts_in_rates=complaint_counts(sub_type))
