"""Mass emails: made, edited, copied and deleted (rows 6 to 12, 14 to 16)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.domain.campaigns import default_name, mass_email_problems, references
from chalicelib.domain.clock import Clock
from chalicelib.domain.etags import ANY_VERSION, IfMatch
from chalicelib.domain.ids import new_id
from chalicelib.domain.mass_email_edits import CHECKED, STATUSES_OF, Which, deleted, edited
from chalicelib.domain.mass_emails import OPEN
from chalicelib.domain.ports import Page
from chalicelib.domain.ports_mass_emails import MassEmails, Turns
from chalicelib.domain.records import Campaign, MassEmail, MassEmailStatus
from chalicelib.errors import Conflict, FieldError, Invalid
from chalicelib.flows.readiness import Readiness
from chalicelib.flows.references import distinct, existing, refuse
from chalicelib.flows.repeating import until_first

_COPIED = (
    "name",
    "campaign_id",
    "start_at",
    "email_template_id",
    "from_address",
    "from_name",
    "reply_to_address",
    "reply_to_name",
    "opt_out_entirely",
    "store_sent_emails",
    "track_links",
)
_LISTS = ("target_list_ids", "excluding_target_list_ids")


@dataclass(frozen=True)
class Drafting:
    """What callers change but for the status. ``fields`` have snake_case names and hold what was sent, already read."""

    store: MassEmails
    readiness: Readiness
    turns: Turns
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def page(
        self,
        *,
        limit: int,
        start: str | None = None,
        campaign_id: str | None = None,
        status: MassEmailStatus | None = None,
        which: Which | None = None,
    ) -> Page[MassEmail]:
        """Newest first; two filters on the status take what fits both."""
        statuses = set(STATUSES_OF[which]) if which else set(MassEmailStatus)
        wanted = sorted(statuses & {status} if status else statuses)
        if not wanted:
            return Page(())
        equals = {"campaignId": campaign_id, "status": tuple(wanted) if status or which else None}
        return self.store.page(limit=limit, start=start, equals=equals)

    def create(self, fields: Mapping[str, Any]) -> MassEmail:
        """Store a new one; name and lists come from the campaign where they are not given.

        Raises:
            Invalid: Something it needs is missing, does not exist or does not fit; a Draft needs no sender, links or site.
        """

        def attempt() -> MassEmail:
            turn = self.turns.current()
            mass_email = self._made(fields)
            self._check(mass_email, None)
            return self.store.create(mass_email, turn=turn)

        return until_first(attempt)

    def edit(
        self, mass_email_id: str, fields: Mapping[str, Any], *, if_match: IfMatch = ANY_VERSION
    ) -> MassEmail:
        """Change the fields that are given; ``status`` to Draft or Pending only.

        Raises:
            NotFound: There is none.
            PreconditionFailed: It is not the version that the caller means.
            Conflict: Its status forbids it.
            Invalid: As for ``create``.
        """
        given = {name: distinct(value) if name in _LISTS else value for name, value in fields.items()}

        def attempt() -> MassEmail:
            turn = self.turns.current()
            before = self.store.get(mass_email_id)
            if_match.check(before.rev)
            after = edited(before, given, at=self.clock.now())
            self._check(after, before)
            return self.store.change(after, before, turn=turn if _takes_up(after, before) else None)

        return until_first(attempt)

    def delete(self, mass_email_id: str, *, if_match: IfMatch = ANY_VERSION) -> None:
        """Hide it from callers; log, statistics, links and opt-outs stay. What was Pending or Paused never goes out.

        Raises:
            NotFound, PreconditionFailed: As for ``edit``.
            Conflict: It is In Process.
        """

        def attempt() -> None:
            before = self.store.get(mass_email_id)
            if_match.check(before.rev)
            self.store.change(deleted(before, at=self.clock.now()), before)

        until_first(attempt)

    def duplicate(self, mass_email_id: str) -> MassEmail:
        """A new Draft with the same fields, less the lists that were deleted since.

        Raises:
            NotFound: There is none.
            Conflict: Its campaign or template, or all of its lists, were deleted since.
        """
        original = self.store.get(mass_email_id)
        fields = {name: getattr(original, name) for name in _COPIED}
        lists = {name: existing(self.readiness.lists, getattr(original, name)) for name in _LISTS}
        try:
            return self.create({**fields, **lists, "status": MassEmailStatus.DRAFT})
        except Invalid as error:
            raise Conflict(f"cannot be duplicated: {error.message}") from error

    def _made(self, fields: Mapping[str, Any]) -> MassEmail:
        given = {name: value for name, value in fields.items() if value is not None}
        campaign_id = given.get("campaign_id")
        campaign = self.readiness.campaigns.find(campaign_id) if campaign_id else None
        now = self.clock.now()
        if campaign is not None:
            given = {**self._defaults(campaign, now), **given}
        required = {"name": given.get("name"), "targetListIds": given.get("target_list_ids")}
        refuse(
            [
                *(mass_email_problems(campaign) if campaign_id else ()),
                *(FieldError(field, "is required") for field, value in required.items() if not value),
            ]
        )
        given |= {name: distinct(given.get(name, ())) for name in _LISTS}
        return MassEmail(id=self.make_id(now), created_at=now, modified_at=now, **given)

    def _defaults(self, campaign: Campaign, now: datetime) -> Mapping[str, Any]:
        zone = ZoneInfo(self.readiness.settings.get().time_zone)
        return {
            "name": default_name(campaign, now.astimezone(zone).date()),
            **{name: existing(self.readiness.lists, getattr(campaign, name)) for name in _LISTS},
        }

    def _check(self, after: MassEmail, before: MassEmail | None) -> None:
        """What is named exists; what is to go out could."""
        changed = {
            name for name in CHECKED if before is None or getattr(after, name) != getattr(before, name)
        }
        problems = self.readiness.naming_problems(after, before)
        if changed and after.status in OPEN:
            problems += self.readiness.problems(after)
        refuse(list(dict.fromkeys(problems)))


def _takes_up(after: MassEmail, before: MassEmail) -> bool:
    """Whether it now keeps something from being deleted that it did not before."""
    return after.status in OPEN and (before.status not in OPEN or references(after) != references(before))
