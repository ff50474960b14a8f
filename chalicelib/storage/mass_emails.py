"""Mass emails: the record, its reserved 44 bits and its row in ``open``, always written together."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain.ids import base_of
from chalicelib.domain.mass_email_edits import acted, stays_open
from chalicelib.domain.mass_emails import Act
from chalicelib.domain.ports import Page
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.records import EMAIL_TYPES, MassEmail, MassEmailStatus, StatusReason
from chalicelib.errors import Conflict, Deferred
from chalicelib.storage import keys
from chalicelib.storage.codec import Item, from_item, to_item, to_value
from chalicelib.storage.records import DynamoRecords
from chalicelib.storage.table import ConditionFailed, Table, TransactionFailed
from chalicelib.storage.turns import turning

KIND = "MassEmail"
BASES_TRIED = 64  # milliseconds; each would need a mass email of its own made in it
TRIES = 20  # lost races in a row; a transition competes with a person and with the schedule, not with a crowd
_RECORD, _BASE = 0, 1  # places in the transaction of a creation


class DynamoMassEmails:
    """Implements ``MassEmails`` of ``ports_mass_emails.py`` and of ``ports_delivery.py``."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._records = DynamoRecords(table, KIND, MassEmail)

    def get(self, record_id: str) -> MassEmail:
        """The record; consistent.

        Raises:
            NotFound: No such mass email, or a deleted one.
        """
        return self._records.get(record_id)

    def find(self, record_id: str, *, deleted: bool = False) -> MassEmail | None:
        """The record or None; ``deleted=True`` also finds what callers can no longer see."""
        return self._records.find(record_id, deleted=deleted)

    def find_many(self, record_ids: Collection[str], *, deleted: bool = False) -> Mapping[str, MassEmail]:
        """Those that exist, by id; ``deleted=True`` also what callers can no longer see, for plans of it may be open."""
        items = self._table.get_many(keys.record(KIND, record_id) for record_id in record_ids)
        found = (from_item(MassEmail, item) for item in items)
        return {each.id: each for each in found if deleted or each.deleted_at is None}

    def page(
        self, *, limit: int, start: str | None = None, equals: Mapping[str, object] | None = None
    ) -> Page[MassEmail]:
        """Newest first."""
        return self._records.page(limit=limit, start=start, equals=equals)

    def open_ids(self) -> Sequence[str]:
        """Those that the schedule must look at, oldest first; consistent."""
        partition = keys.open_mass_email("")["PK"]
        items = self._table.query_all(
            KeyConditionExpression="PK = :open",
            ExpressionAttributeValues={":open": partition},
            ProjectionExpression="SK",
            ConsistentRead=True,
        )
        return [item["SK"]["S"] for item in items]

    def create(self, mass_email: MassEmail, *, turn: int) -> MassEmail:
        """Store a new one with all that belongs to it; where its 44 bits are taken, the next ones are.

        Raises:
            Overtaken: The turn has moved on, or the campaign is gone or cannot have mass emails (any more).
        """
        for _ in range(BASES_TRIED):
            try:
                self._table.transact(*self._creation(mass_email, turn))
            except TransactionFailed as failed:
                if not {_RECORD, _BASE} & set(failed.failed):
                    raise Overtaken from failed
                mass_email = replace(mass_email, id=_next_id(mass_email.id))
            else:
                return mass_email
        raise Deferred("too many mass emails were made at this very moment", retry_after=1)

    def _creation(self, mass_email: MassEmail, turn: int) -> list[dict[str, Any]]:
        base = {**keys.base(base_of(mass_email.id)), "massEmailId": {"S": mass_email.id}}
        operations: list[dict[str, Any]] = [
            {"Put": self._records.put_new(mass_email)},
            {"Put": {"Item": base, "ConditionExpression": "attribute_not_exists(PK)"}},
            turning(turn),
        ]
        if mass_email.campaign_id is not None:
            operations.append({"Update": _counted_on(mass_email.campaign_id)})
        if stays_open(mass_email):
            operations.append({"Put": {"Item": dict(keys.open_mass_email(mass_email.id))}})
        return operations

    def change(self, after: MassEmail, before: MassEmail, *, turn: int | None = None) -> MassEmail:
        """Write what differs, and put or take away the row in ``open``.

        Raises:
            Overtaken: Status, ``rev`` or ``frozen`` are not as in ``before``, it was deleted, or the turn has moved on.
        """
        if after == before:
            return before
        row = dict(keys.open_mass_email(after.id))
        operations: list[dict[str, Any]] = [] if turn is None else [turning(turn)]
        if stays_open(after) and not stays_open(before):
            operations.append({"Put": {"Item": row}})
        if stays_open(before) and not stays_open(after):
            operations.append({"Delete": {"Key": row}})
        update = _update(after, before)
        try:
            if operations:
                self._table.transact({"Update": update}, *operations)
            else:
                self._table.update(update.pop("Key"), **update)
        except (ConditionFailed, TransactionFailed) as failed:
            raise Overtaken from failed
        return after

    def transition(
        self,
        mass_email_id: str,
        act: Act,
        *,
        at: datetime,
        reason: StatusReason | None = None,
        changes: Mapping[str, object] | None = None,
        known: MassEmail | None = None,
    ) -> MassEmail:
        """Read, act, write; again when somebody was faster, or when ``known`` does not hold any more.

        Raises:
            NotFound: No such mass email, or a deleted one.
            Conflict: The act is not for its status.
            Deferred: Others stayed faster.
        """
        if known is not None:
            with suppress(Overtaken, Conflict):
                return self.change(acted(known, act, at=at, reason=reason, changes=changes), known)
        for _ in range(TRIES):
            before = self.get(mass_email_id)
            try:
                return self.change(acted(before, act, at=at, reason=reason, changes=changes), before)
            except Overtaken:
                continue
        raise Deferred("others keep changing it at the same time", retry_after=1)

    def close(self, mass_email_id: str) -> None:
        """Take the row away from ``open``, if the mass email is Canceled: what is under way keeps its row."""
        mass_email = self.find(mass_email_id, deleted=True)
        if mass_email is None or mass_email.status is MassEmailStatus.CANCELED:  # Canceled is final
            self._table.delete(keys.open_mass_email(mass_email_id))


def _next_id(mass_email_id: str) -> str:
    """The same id a millisecond later."""
    base = base_of(mass_email_id)
    return f"{int(base, 16) + 1:011x}{mass_email_id[len(base) :]}"


def _counted_on(campaign_id: str) -> dict[str, Any]:
    """Count a mass email on its campaign, which must exist and be of a type that sends (row 8)."""
    types = {f":type{place}": to_value(each) for place, each in enumerate(sorted(EMAIL_TYPES))}
    return {
        "Key": keys.record("Campaign", campaign_id),
        "UpdateExpression": "ADD massEmailCount :one",
        "ConditionExpression": f"attribute_exists(PK) AND attribute_not_exists(deletedAt) AND #type IN ({', '.join(types)})",
        "ExpressionAttributeNames": {"#type": "type"},
        "ExpressionAttributeValues": {":one": {"N": "1"}, **types},
    }


def _update(after: MassEmail, before: MassEmail) -> dict[str, Any]:
    """Set what differs on condition that what decides is as it was read: the sender's own progress leaves ``rev`` alone."""
    old, new = to_item(before), to_item(after)
    changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    sets = [f"#{name} = :{name}" for name in changed if name in new]
    removes = [f"#{name}" for name in changed if name not in new]
    names = {f"#{name}": name for name in (*changed, "status", "rev", "frozen")}
    values: Item = {f":{name}": new[name] for name in changed if name in new}
    expected: Item = {f":{name}Before": old[name] for name in ("status", "rev", "frozen")}
    return {
        "Key": keys.record(KIND, before.id),
        "UpdateExpression": f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removes)}" if removes else ""),
        "ConditionExpression": "#status = :statusBefore AND #rev = :revBefore AND #frozen = :frozenBefore"
        " AND attribute_not_exists(deletedAt)",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {**values, **expected},
    }
