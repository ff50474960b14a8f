"""Campaigns: made, edited, copied and deleted (rows 1 to 5 and 15)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.campaigns import check_type, check_unused, date_problems
from chalicelib.domain.clock import Clock
from chalicelib.domain.etags import ANY_VERSION, IfMatch
from chalicelib.domain.ids import new_id
from chalicelib.domain.ports import Records
from chalicelib.domain.ports_mass_emails import MassEmails, Turns
from chalicelib.domain.records import Campaign, TargetList
from chalicelib.flows.editing import Editor
from chalicelib.flows.in_use import open_mass_emails
from chalicelib.flows.references import distinct, existing, list_problems, refuse


@dataclass(frozen=True)
class Campaigns:
    """What callers change. ``fields`` have snake_case names and hold what was sent, already read; to read, use ``records``."""

    records: Records[Campaign]
    lists: Records[TargetList]
    mass_emails: MassEmails
    turns: Turns
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def create(self, fields: Mapping[str, Any]) -> Campaign:
        """Store a new campaign.

        Raises:
            Invalid: ``endDate`` before ``startDate``, or a list that does not exist.
        """
        now = self.clock.now()
        campaign = _tidy(Campaign(id=self.make_id(now), created_at=now, modified_at=now, **fields))
        self._check(campaign, None)
        self.records.add(campaign)
        return campaign

    def edit(
        self, campaign_id: str, fields: Mapping[str, Any], *, if_match: IfMatch = ANY_VERSION
    ) -> Campaign:
        """Change the fields that are given.

        Raises:
            NotFound, PreconditionFailed: See ``Editor``.
            Invalid: As for ``create``; a list that is gone may stay where it was.
            Conflict: The type changes although there are mass emails.
        """

        def change(before: Campaign) -> Campaign:
            after = _tidy(replace(before, **fields))
            check_type(before, after)
            self._check(after, before)
            return after

        edit = self._editor.edit_in_turn if "type" in fields else self._editor.edit
        return edit(campaign_id, change, if_match=if_match)

    def delete(self, campaign_id: str, *, if_match: IfMatch = ANY_VERSION) -> None:
        """Hide the campaign from callers; its log and statistics stay.

        Raises:
            NotFound, PreconditionFailed: See ``Editor``.
            Conflict: A mass email that is under way is of it.
        """

        def bury(before: Campaign) -> Campaign:
            check_unused(campaign_id, open_mass_emails(self.mass_emails))
            return replace(before, deleted_at=self.clock.now())

        self._editor.edit_in_turn(campaign_id, bury, if_match=if_match)

    def duplicate(self, campaign_id: str) -> Campaign:
        """A new campaign with the same fields under the same name, as in the reference; its mass emails are not copied.

        Raises:
            NotFound: There is no such campaign.
        """
        original = self.records.get(campaign_id)
        now = self.clock.now()
        copy = replace(
            original,
            id=self.make_id(now),
            created_at=now,
            modified_at=now,
            rev=1,
            mass_email_count=0,
            target_list_ids=existing(self.lists, original.target_list_ids),
            excluding_target_list_ids=existing(self.lists, original.excluding_target_list_ids),
        )
        self.records.add(copy)
        return copy

    @property
    def _editor(self) -> Editor[Campaign]:
        return Editor(self.records, self.turns, self.clock)

    def _check(self, after: Campaign, before: Campaign | None) -> None:
        refuse(
            [
                *date_problems(after),
                *list_problems(
                    self.lists,
                    "targetListIds",
                    after.target_list_ids,
                    before.target_list_ids if before else (),
                ),
                *list_problems(
                    self.lists,
                    "excludingTargetListIds",
                    after.excluding_target_list_ids,
                    before.excluding_target_list_ids if before else (),
                ),
            ]
        )


def _tidy(campaign: Campaign) -> Campaign:
    return replace(
        campaign,
        target_list_ids=distinct(campaign.target_list_ids),
        excluding_target_list_ids=distinct(campaign.excluding_target_list_ids),
    )
