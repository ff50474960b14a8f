"""The scheduled function: start what is due, freeze, grant the hour's portion, put its chunks on the queue."""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from chalicelib.domain.clock import Clock
from chalicelib.domain.mass_emails import Act
from chalicelib.domain.ports import Memberships, Records
from chalicelib.domain.ports_account import Account, AccountState
from chalicelib.domain.ports_delivery import MassEmails, Overtaken, Runs
from chalicelib.domain.ports_jobs import Outbox
from chalicelib.domain.records import (
    Campaign,
    CampaignStatus,
    CampaignType,
    MassEmail,
    MassEmailStatus,
    StatusReason,
)
from chalicelib.domain.runs import Phase, Run, segment_size_at
from chalicelib.domain.sending import AccountReader
from chalicelib.errors import Conflict, Invalid
from chalicelib.flows.finishing import Finishing
from chalicelib.flows.freeze import Freeze
from chalicelib.flows.granting import Granting
from chalicelib.flows.messages import CannotStart, Messages
from chalicelib.flows.open_plans import OpenPlans

FROZEN_HERE = 5_000  # members; more are frozen by ``work``
DAILY_QUOTA = "dailyQuota"  # the hold that a used-up quota puts on everything
FREEZE_FOR = timedelta(seconds=200)  # in one call of ``release`` or ``work``; the rest is another call's
Report = Callable[..., None]
T = TypeVar("T")


@dataclass(frozen=True)
class ReleaseReport:
    """What one run did: mass emails frozen, recipients released."""

    frozen: int = 0
    released: int = 0


@dataclass(frozen=True)
class Release:
    """The scheduled run. ``report`` writes an event with fields to the log."""

    clock: Clock
    mass_emails: MassEmails
    campaigns: Records[Campaign]
    memberships: Memberships
    messages: Messages
    runs: Runs
    freeze: Freeze
    granting: Granting
    open_plans: OpenPlans
    finishing: Finishing
    account: Account
    reader: AccountReader
    outbox: Outbox
    report: Report

    def run(self) -> ReleaseReport:
        """Everything the schedule does; a mass email that fails does not stop the others."""
        state = self.refresh_account(ticked_at=self.clock.now()) or self.account.state()
        open_ids = self.mass_emails.open_ids()
        found = self.mass_emails.find_many(open_ids).values()
        campaigns = self._campaigns(found)
        active = _active(found, campaigns)
        frozen = sum(
            self._guarded(lambda due: self._start(due, state, campaigns), each, 0) for each in active
        )
        released = self.release_portion(open_ids)
        return ReleaseReport(frozen, released)

    def refresh_account(self, ticked_at: datetime | None = None) -> AccountState | None:
        """Ask SES what it allows, and lift a hold that is over; what is stored now.

        Without an answer the stored one goes on to count, and this is None. ``ticked_at``: it is the schedule that calls,
        which is noted in the same write.
        """
        try:
            answer = self.reader.read()
        except Exception as error:  # noqa: BLE001 - the schedule goes on
            self.report("account_unread", error)
            if ticked_at is not None:
                self.account.ticked(ticked_at)
            return None
        state = self.account.store(answer, self.clock.now(), ticked_at=ticked_at)
        if state.hold != DAILY_QUOTA:
            return state
        if answer.max_24_hour_send < 0 or answer.sent_last_24_hours < answer.max_24_hour_send:
            self.account.lift(DAILY_QUOTA)
            return replace(state, hold=None, hold_message=None, hold_since=None)
        return state

    def release_portion(self, mass_email_ids: Collection[str]) -> int:
        """Finish open plans, grant a portion, put it on the queue, and finish what has nothing left."""
        in_process = [
            each
            for each in self.mass_emails.find_many(mass_email_ids).values()
            if each.status is MassEmailStatus.IN_PROCESS
        ]
        sending = _active(in_process, self._campaigns(in_process))
        if not sending:
            return 0
        runs = self.runs.get_many([each.id for each in sending])
        for each in sending:
            self._guarded(lambda sent: self.open_plans.go_on(sent, runs[sent.id]), each, None)
        released = self.granting.grant(sending, self.mass_emails.open_ids, runs)
        for each in sending:
            if each.id not in released:  # what got a plan is not done
                self._guarded(self.finishing.finish_if_done, each, None)
        return sum(released.values())

    def continue_freeze(self, mass_email_id: str) -> None:
        """For ``work``: freeze on; when it is whole, its portion need not wait for the next hour.

        A message that comes after the freeze is whole releases nothing: a portion is for a tick, or for the end of a freeze.
        """
        mass_email = self.mass_emails.get(mass_email_id)
        if mass_email.status is not MassEmailStatus.IN_PROCESS or mass_email.frozen:
            return
        if self._freeze(mass_email, self.account.state()).phase is Phase.FROZEN:
            self.release_portion([mass_email_id])
        else:
            self.outbox.job({"kind": "freeze", "massEmailId": mass_email_id})

    def _start(self, mass_email: MassEmail, state: AccountState, campaigns: Mapping[str, Campaign]) -> int:
        """1 if this call made the freeze whole."""
        now, campaign = self.clock.now(), campaigns.get(mass_email.campaign_id or "")
        if mass_email.status is MassEmailStatus.PENDING and mass_email.start_at <= now:
            started = self._begin(mass_email, now, campaign)
            if started is None:
                return 0
            mass_email = started
        if mass_email.status is not MassEmailStatus.IN_PROCESS:
            return 0
        run = self.runs.get(mass_email.id)
        if run.freeze == mass_email.freezes and run.phase is Phase.FROZEN:
            if not mass_email.frozen:
                self._note_frozen(mass_email)
            return 0
        if self._members(mass_email) > FROZEN_HERE:
            self.outbox.job({"kind": "freeze", "massEmailId": mass_email.id})
            return 0
        return int(self._freeze(mass_email, state, run, campaign).phase is Phase.FROZEN)

    def _begin(
        self, mass_email: MassEmail, now: datetime, campaign: Campaign | None = None
    ) -> MassEmail | None:
        """Freeze the message and go In Process; or Failed with the reason."""
        try:
            version = self.messages.freeze(mass_email, campaign)
        except CannotStart as refusal:
            self._fail(mass_email, refusal.code, refusal.message, now)
            return None
        except Invalid as refusal:
            self._fail(mass_email, "templateInvalid", refusal.message, now)
            return None
        changes = {
            "message_version": version,
            "freezes": mass_email.freezes + 1,
            "frozen": False,
            "frozen_list_ids": mass_email.mailing_list_ids,
        }
        try:
            return self.mass_emails.transition(
                mass_email.id, Act.START, at=now, changes=changes, known=mass_email
            )
        except Conflict:
            return None  # paused, canceled or started by another tick meanwhile

    def _fail(self, mass_email: MassEmail, code: str, message: str, now: datetime) -> None:
        reason = StatusReason(code=code, message=message, since=now, by="system")
        with suppress(Conflict):  # paused or canceled meanwhile: that counts
            self.mass_emails.transition(mass_email.id, Act.CANNOT_START, at=now, reason=reason)

    def _freeze(
        self,
        mass_email: MassEmail,
        state: AccountState,
        known: Run | None = None,
        campaign: Campaign | None = None,
    ) -> Run:
        rate = state.account.max_send_rate if state.account else 1.0
        run = self.freeze.begin(mass_email, segment_size_at(rate), known)
        type_ = campaign.type if campaign else self._type(mass_email)
        informational = type_ is CampaignType.INFORMATIONAL
        until = self.clock.now() + FREEZE_FOR
        run = self.freeze.go_on(mass_email, run, informational=informational, until=until)
        if run.phase is Phase.FROZEN:
            self._note_frozen(mass_email)
        return run

    def _note_frozen(self, mass_email: MassEmail) -> None:
        with suppress(Conflict):  # canceled meanwhile
            self.mass_emails.transition(
                mass_email.id, Act.FROZE, at=self.clock.now(), changes={"frozen": True}, known=mass_email
            )

    def _type(self, mass_email: MassEmail) -> CampaignType | None:
        if mass_email.campaign_id is None:
            return None
        campaign = self.campaigns.find(mass_email.campaign_id, deleted=True)
        return campaign.type if campaign else None

    def _members(self, mass_email: MassEmail) -> int:
        lists = {*mass_email.target_list_ids, *mass_email.excluding_target_list_ids}
        return sum(counts.entries for counts in self.memberships.counts(lists).values())

    def _campaigns(self, mass_emails: Collection[MassEmail]) -> Mapping[str, Campaign]:
        return self.campaigns.find_many({each.campaign_id for each in mass_emails if each.campaign_id})

    def _guarded(self, step: Callable[[MassEmail], T], mass_email: MassEmail, otherwise: T) -> T:
        """One that fails is reported and tried again by the next tick; one that is overtaken is in good hands."""
        try:
            return step(mass_email)
        except Overtaken:
            return otherwise
        except Exception as error:  # noqa: BLE001 - whatever ails one mass email, the others go out
            self.report("mass_email_failed", error, massEmailId=mass_email.id)
            return otherwise


def _active(mass_emails: Collection[MassEmail], campaigns: Mapping[str, Campaign]) -> list[MassEmail]:
    """Those whose campaign is not Inactive, which holds everything back."""
    inactive = {key for key, each in campaigns.items() if each.status is CampaignStatus.INACTIVE}
    return [each for each in mass_emails if each.campaign_id not in inactive]
