"""Mass emails and the turn in memory: what ``storage.mass_emails`` and ``storage.turns`` do, in dictionaries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain.ids import base_of
from chalicelib.domain.mass_email_edits import acted, stays_open
from chalicelib.domain.mass_emails import Act
from chalicelib.domain.ports import Page
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.records import (
    EMAIL_TYPES,
    Campaign,
    MassEmail,
    MassEmailStatus,
    Record,
    StatusReason,
)
from tests.fakes.records import FakeRecords, differing


class FakeTurns:
    """``domain.ports_mass_emails.Turns`` over the record stores that it is told of."""

    def __init__(self) -> None:
        self.turn = 0
        self.stores: dict[type[Record], FakeRecords[Any]] = {}

    def current(self) -> int:
        """The turn as of now."""
        return self.turn

    def move_on(self, turn: int) -> None:
        """From this turn to the next."""
        if turn != self.turn:
            raise Overtaken
        self.turn += 1

    def replace(self, after: Record, before: Record, *, turn: int) -> None:
        """Store the record and move on."""
        store = self.stores[type(after)]
        stored = store.find(after.id)
        if stored is None or stored.rev != before.rev:
            raise Overtaken
        self.move_on(turn)
        store.replace(after, expected_rev=before.rev, before=before)


class FakeMassEmails:
    """``MassEmails`` of ``ports_mass_emails`` and ``ports_delivery``."""

    def __init__(self, turns: FakeTurns, campaigns: FakeRecords[Campaign]) -> None:
        self.records: FakeRecords[MassEmail] = FakeRecords()
        self.bases: dict[str, str] = {}
        self.open_rows: set[str] = set()
        self._turns = turns
        self._campaigns = campaigns

    def get(self, record_id: str) -> MassEmail:
        """The record."""
        return self.records.get(record_id)

    def find(self, record_id: str, *, deleted: bool = False) -> MassEmail | None:
        """The record or None."""
        return self.records.find(record_id, deleted=deleted)

    def find_many(self, record_ids: Collection[str], *, deleted: bool = False) -> Mapping[str, MassEmail]:
        """Those that exist."""
        found = {record_id: self.find(record_id, deleted=deleted) for record_id in record_ids}
        return {record_id: record for record_id, record in found.items() if record is not None}

    def page(
        self, *, limit: int, start: str | None = None, equals: Mapping[str, object] | None = None
    ) -> Page[MassEmail]:
        """Newest first."""
        return self.records.page(limit=limit, start=start, equals=equals)

    def open_ids(self) -> Sequence[str]:
        """Oldest first."""
        return sorted(self.open_rows)

    def create(self, mass_email: MassEmail, *, turn: int) -> MassEmail:
        """Store it under the first free base."""
        while base_of(mass_email.id) in self.bases:
            later = int(base_of(mass_email.id), 16) + 1
            mass_email = replace(mass_email, id=f"{later:011x}{mass_email.id[11:]}")
        campaign = self._campaigns.find(mass_email.campaign_id) if mass_email.campaign_id else None
        if mass_email.campaign_id and (campaign is None or campaign.type not in EMAIL_TYPES):
            raise Overtaken
        self._turns.move_on(turn)
        if campaign is not None:
            counted = replace(campaign, mass_email_count=campaign.mass_email_count + 1)
            self._campaigns.rows[campaign.id] = counted
        self.records.add(mass_email)
        self.bases[base_of(mass_email.id)] = mass_email.id
        if stays_open(mass_email):
            self.open_rows.add(mass_email.id)
        return mass_email

    def change(self, after: MassEmail, before: MassEmail, *, turn: int | None = None) -> MassEmail:
        """Write what differs."""
        stored = self.records.find(before.id)
        if stored is None or _deciding(stored) != _deciding(before):
            raise Overtaken
        if after == before:
            return before
        if turn is not None:
            self._turns.move_on(turn)
        self.records.rows[after.id] = replace(stored, **differing(after, before))
        if stays_open(after) and not stays_open(before):
            self.open_rows.add(after.id)
        if stays_open(before) and not stays_open(after):
            self.open_rows.remove(after.id)
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
        """Read, act, write; a reading costs nothing here, so ``known`` saves none."""
        del known
        before = self.get(mass_email_id)
        return self.change(acted(before, act, at=at, reason=reason, changes=changes), before)

    def close(self, mass_email_id: str) -> None:
        """Take the row away if it is Canceled."""
        mass_email = self.find(mass_email_id, deleted=True)
        if mass_email is None or mass_email.status is MassEmailStatus.CANCELED:
            self.open_rows.discard(mass_email_id)


def _deciding(mass_email: MassEmail) -> tuple[object, ...]:
    return (mass_email.status, mass_email.rev, mass_email.frozen)
