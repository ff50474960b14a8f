"""The states of a mass email: one total table of what may lead where, and what callers may edit in which state."""

from collections.abc import Mapping
from enum import StrEnum

from chalicelib.domain.records import MassEmail
from chalicelib.domain.records import MassEmailStatus as Status
from chalicelib.errors import Conflict


class Act(StrEnum):
    """What can happen to a mass email."""

    TO_DRAFT = "to Draft"  # PATCH status
    TO_PENDING = "to Pending"  # PATCH status
    START = "start"  # the schedule begins to freeze
    CANNOT_START = "cannot start"  # template or site URL missing
    FROZE = "froze"  # every recipient stands in the ledger
    FINISH_EMPTY = "finish empty"  # nobody to send to
    FINISH = "finish"  # nothing waits or is claimed
    FINISH_FAILED = "finish failed"  # the same, and none was Sent
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY_FAILED = "retry failed"


_IN_PROCESS_UNFROZEN = Status.PENDING  # resuming what was never frozen starts over

TRANSITIONS: Mapping[Act, Mapping[Status, Status]] = {
    Act.TO_DRAFT: {Status.DRAFT: Status.DRAFT, Status.PENDING: Status.DRAFT},
    Act.TO_PENDING: {
        Status.DRAFT: Status.PENDING,
        Status.PENDING: Status.PENDING,
        Status.COMPLETE: Status.PENDING,  # freezes again, appends only the unseen
        Status.FAILED: Status.PENDING,
    },
    Act.START: {Status.PENDING: Status.IN_PROCESS},
    Act.CANNOT_START: {Status.PENDING: Status.FAILED, Status.IN_PROCESS: Status.FAILED},
    Act.FROZE: {Status.IN_PROCESS: Status.IN_PROCESS, Status.PAUSED: Status.PAUSED},
    Act.FINISH_EMPTY: {Status.IN_PROCESS: Status.COMPLETE},
    Act.FINISH: {Status.IN_PROCESS: Status.COMPLETE},
    Act.FINISH_FAILED: {Status.IN_PROCESS: Status.FAILED},
    Act.PAUSE: {Status.PENDING: Status.PAUSED, Status.IN_PROCESS: Status.PAUSED},
    Act.RESUME: {Status.PAUSED: Status.IN_PROCESS},
    Act.CANCEL: {
        Status.DRAFT: Status.CANCELED,
        Status.PENDING: Status.CANCELED,
        Status.IN_PROCESS: Status.CANCELED,
        Status.PAUSED: Status.CANCELED,
    },
    Act.RETRY_FAILED: {Status.COMPLETE: Status.IN_PROCESS, Status.FAILED: Status.IN_PROCESS},
}
"""A pair that is missing is refused with 409; a test walks all pairs."""

OPEN = frozenset({Status.PENDING, Status.IN_PROCESS, Status.PAUSED})
"""The schedule must look at these, and what they use cannot be deleted."""

_ALL_BUT_CAMPAIGN = frozenset(
    {
        "name",
        "status",
        "startAt",
        "emailTemplateId",
        "targetListIds",
        "excludingTargetListIds",
        "fromAddress",
        "fromName",
        "replyToAddress",
        "replyToName",
        "optOutEntirely",
        "storeSentEmails",
        "trackLinks",
    }
)
_FINISHED = frozenset({"name", "targetListIds", "excludingTargetListIds", "startAt", "status"})

EDITABLE: Mapping[Status, frozenset[str]] = {
    Status.DRAFT: _ALL_BUT_CAMPAIGN,
    Status.PENDING: _ALL_BUT_CAMPAIGN,
    Status.PAUSED: frozenset(
        {"emailTemplateId", "fromAddress", "fromName", "replyToAddress", "replyToName", "name"}
    ),
    Status.IN_PROCESS: frozenset({"name"}),
    Status.CANCELED: frozenset({"name"}),
    Status.COMPLETE: _FINISHED,
    Status.FAILED: _FINISHED,
}
"""The fields (as in the API) that callers may change."""


def after(mass_email: MassEmail, act: Act) -> Status:
    """The status that the act leads to.

    Raises:
        Conflict: The act is not for this status; names both.
    """
    status = TRANSITIONS[act].get(mass_email.status)
    if status is None:
        raise Conflict(f"a mass email that is {mass_email.status} cannot {_SENTENCE[act]}")
    if act is Act.RESUME and not mass_email.frozen:
        return _IN_PROCESS_UNFROZEN
    return status


_SENTENCE: Mapping[Act, str] = {
    Act.TO_DRAFT: "become Draft",
    Act.TO_PENDING: "become Pending",
    Act.START: "start",
    Act.CANNOT_START: "fail to start",
    Act.FROZE: "be frozen",
    Act.FINISH_EMPTY: "finish",
    Act.FINISH: "finish",
    Act.FINISH_FAILED: "finish",
    Act.PAUSE: "be paused",
    Act.RESUME: "be resumed",
    Act.CANCEL: "be canceled",
    Act.RETRY_FAILED: "retry its failed recipients",
}
