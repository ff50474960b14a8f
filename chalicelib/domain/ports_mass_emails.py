"""What editing needs of the store of mass emails, and of the turn that keeps references whole.

What freezing and sending need of it stands in ``ports_delivery.py``; one class fulfils both. ``Overtaken`` is always: somebody
else wrote first, nothing was written, read again and decide anew.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.mass_emails import Act
from chalicelib.domain.ports import Page
from chalicelib.domain.records import MassEmail, Record, StatusReason


class Turns(Protocol):
    """One counter for the whole table, moved on by whoever takes up a reference and by whoever deletes what may have some.

    Both read it first, then look around, then write on condition that it is still the same. So no template, list or campaign
    can be deleted while a mass email comes to use it, and no campaign changes its type while it gets its first mass email.
    People do such things a few times a minute; sending never does.
    """

    def current(self) -> int:
        """The turn as of now; 0 before the first."""
        ...

    def replace(self, after: Record, before: Record, *, turn: int) -> None:
        """Store an edited or deleted record with ``rev = before.rev + 1`` and move the turn on, together.

        Raises:
            Overtaken: The record's ``rev`` is not that of ``before``, or the turn has moved on.
        """
        ...


class MassEmails(Protocol):
    """The records of mass emails. What is written beside a record, is written in the same transaction."""

    def get(self, record_id: str) -> MassEmail:
        """The record.

        Raises:
            NotFound: No such mass email, or a deleted one.
        """
        ...

    def find_many(self, record_ids: Collection[str], *, deleted: bool = False) -> Mapping[str, MassEmail]:
        """Those that exist, by id; ``deleted=True`` also what callers can no longer see."""
        ...

    def page(
        self, *, limit: int, start: str | None = None, equals: Mapping[str, object] | None = None
    ) -> Page[MassEmail]:
        """Newest first; as ``Records.page``."""
        ...

    def open_ids(self) -> Sequence[str]:
        """Those that are Pending, In Process or Paused, and those Canceled with plans that may be open; oldest first."""
        ...

    def create(self, mass_email: MassEmail, *, turn: int) -> MassEmail:
        """Store a new one, reserve the first 44 bits of its id for its recipients, count it on its campaign, move the turn on.

        Where the bits are taken already the next ones are, so the answer's id may differ from what was given.

        Raises:
            Overtaken: The turn has moved on, or the campaign is gone or cannot have mass emails (any more).
        """
        ...

    def change(self, after: MassEmail, before: MassEmail, *, turn: int | None = None) -> MassEmail:
        """Write the fields in which ``after`` differs from ``before`` (``rev`` too, which an edit counts up).

        On condition that status, ``rev`` and ``frozen`` are as in ``before``, and that ``turn``, when given, has not moved
        on; then it does.

        Raises:
            Overtaken: They are not.
        """
        ...

    def transition(
        self,
        mass_email_id: str,
        act: Act,
        *,
        at: datetime,
        reason: StatusReason | None = None,
        changes: Mapping[str, object] | None = None,
    ) -> MassEmail:
        """Read, apply ``domain.mass_email_edits.acted``, write; again when somebody was faster.

        Raises:
            NotFound: No such mass email, or a deleted one.
            Conflict: The act is not for its status.
            Deferred: Others stayed faster.
        """
        ...

    def close(self, mass_email_id: str) -> None:
        """The schedule need not look at it any more: it is Canceled and its last plan is closed. Nothing for other statuses."""
        ...
