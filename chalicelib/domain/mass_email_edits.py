"""What callers may do to a mass email: which fields in which status, and what an act makes of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.domain.mass_emails import EDITABLE, OPEN, Act, after
from chalicelib.domain.records import MassEmail, StatusReason
from chalicelib.domain.records import MassEmailStatus as Status
from chalicelib.errors import Conflict

USER = "user"

CHECKED = frozenset(
    {"status", "email_template_id", "target_list_ids", "excluding_target_list_ids", "from_address"}
)
"""Fields on which it depends whether a mass email can be sent."""


class Which(StrEnum):
    """The reference's two filters (row 16)."""

    ACTUAL = "actual"
    COMPLETE = "complete"


STATUSES_OF: Mapping[Which, frozenset[Status]] = {
    Which.ACTUAL: frozenset({Status.DRAFT, Status.PENDING}),
    Which.COMPLETE: frozenset({Status.COMPLETE}),
}


def acted(
    mass_email: MassEmail,
    act: Act,
    *,
    at: datetime,
    reason: StatusReason | None = None,
    changes: Mapping[str, Any] | None = None,
) -> MassEmail:
    """The mass email after the act: its status, the reason for it, and ``changes`` to further fields by their names here.

    What a person did counts as an edit (``rev``); what the system did leaves the caller's version as it is.
    Going to Pending starts over: the next freeze appends those who are not in the ledger yet.

    Raises:
        Conflict: The act is not for its status.
    """
    by_user = reason is not None and reason.by == USER
    own: dict[str, Any] = {"frozen": False} if act is Act.TO_PENDING else {}
    return replace(
        mass_email,
        **{**own, **(changes or {})},
        status=after(mass_email, act),
        status_reason=mass_email.status_reason if act is Act.FROZE else reason,
        modified_at=at,
        rev=mass_email.rev + by_user,
    )


def edited(before: MassEmail, given: Mapping[str, Any], *, at: datetime) -> MassEmail:
    """The mass email with the fields that a caller gave (snake_case); the same object when nothing differs.

    Raises:
        Conflict: One of them cannot change in this status; names it. ``campaign_id`` never can (row 10).
    """
    wanted = {name: value for name, value in given.items() if value != getattr(before, name)}
    locked = [name for name in wanted if _outside(name) not in EDITABLE[before.status]]
    if "campaign_id" in locked:
        raise Conflict("campaignId of a mass email cannot change")
    if locked:
        raise Conflict(f"{_outside(locked[0])} of a mass email that is {before.status} cannot change")
    status = wanted.pop("status", None)
    changed = replace(before, **wanted)
    if status is not None:
        changed = acted(changed, _ACTS[status], at=at)
    return before if changed == before else replace(changed, rev=before.rev + 1, modified_at=at)


_ACTS: Mapping[Status, Act] = {Status.DRAFT: Act.TO_DRAFT, Status.PENDING: Act.TO_PENDING}


def deleted(before: MassEmail, *, at: datetime) -> MassEmail:
    """The mass email as nobody sees it any more; what would still go out is canceled with it.

    Raises:
        Conflict: It is In Process.
    """
    if before.status is Status.IN_PROCESS:
        raise Conflict("a mass email that is In Process cannot be deleted: cancel it first")
    stopped = before
    if before.status in OPEN:
        reason = StatusReason(code="deleted", message="deleted by a user", since=at, by=USER)
        stopped = acted(before, Act.CANCEL, at=at, reason=reason)
    return replace(stopped, deleted_at=at, modified_at=at, rev=before.rev + 1)


def stays_open(mass_email: MassEmail) -> bool:
    """Whether the schedule must (still) look at it: see ``MassEmails.open_ids``."""
    return mass_email.status in OPEN or (mass_email.status is Status.CANCELED and mass_email.frozen)


def _outside(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)
