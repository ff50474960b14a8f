"""Estimates: the freeze's own decisions without its writing, the portions played in advance, the bill.

A job, because lists are long. One that dies starts over: nothing but the answer is written.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain import costs
from chalicelib.domain.clock import Clock
from chalicelib.domain.costs import Mailing
from chalicelib.domain.estimates import Cost, Estimate, Estimates
from chalicelib.domain.ids import new_id
from chalicelib.domain.org_settings import OrgSettings
from chalicelib.domain.pace import Limits, duration
from chalicelib.domain.ports import Memberships, Records, SettingsStore
from chalicelib.domain.ports_account import Account, AccountState
from chalicelib.domain.ports_delivery import MassEmails
from chalicelib.domain.ports_jobs import Job, Jobs
from chalicelib.domain.records import Campaign, CampaignType, MassEmail, MassEmailStatus
from chalicelib.domain.runs import chunk_size_at
from chalicelib.domain.schedule import next_run_at
from chalicelib.errors import Conflict
from chalicelib.flows.deliver import rate_of
from chalicelib.flows.freeze import Freeze

JOB_KIND = "estimate"
TIME = timedelta(seconds=270)  # of the 300 that ``work`` has; a million members take about so long
NOTED_EVERY = 10_000  # members between two notes of a job's progress
OPENS, CLICKS = 0.20, 0.03  # of the recipients: what readers are taken to do
CENTS = 4  # digits of an amount after the point
_MINUTES = 2  # digits of hours after the point

_WOULD_FREEZE = frozenset(
    {MassEmailStatus.DRAFT, MassEmailStatus.PENDING, MassEmailStatus.COMPLETE, MassEmailStatus.FAILED}
)


@dataclass(frozen=True)
class Estimating:
    """Makes estimates."""

    clock: Clock
    mass_emails: MassEmails
    campaigns: Records[Campaign]
    memberships: Memberships
    freeze: Freeze
    account: Account
    settings: SettingsStore
    estimates: Estimates
    jobs: Jobs
    make_id: Callable[[datetime], str] = new_id

    def request(self, mass_email_id: str) -> Job:
        """Have one made.

        Raises:
            NotFound: No such mass email.
            Conflict: It would not freeze any more: its recipients stand already.
        """
        mass_email = self.mass_emails.get(mass_email_id)
        _check(mass_email)
        now = self.clock.now()
        counts = self.memberships.counts(set(mass_email.target_list_ids))
        job = Job.new(
            JOB_KIND,
            {"massEmailId": mass_email_id},
            at=now,
            make_id=self.make_id,
            total=sum(each.entries for each in counts.values()),
        )
        self.jobs.start(job)
        return job

    def last(self, mass_email_id: str) -> Estimate:
        """The last one.

        Raises:
            NotFound: No such mass email, or no estimate of it.
        """
        return self.estimates.last(self.mass_emails.get(mass_email_id).id)

    def run(self, job: Job) -> Job:
        """Make the estimate; again makes it anew.

        Raises:
            Conflict: The mass email was deleted, has started, or has more members than one call can look at.
        """
        mass_email = self.mass_emails.find(str(job.arguments["massEmailId"]))
        if mass_email is None:
            raise Conflict("the mass email was deleted")
        _check(mass_email)
        job = replace(job, status="Running", done=0)
        reasons: Counter[str | None] = Counter()
        until = self.clock.now() + TIME
        for decisions in self.freeze.foreseen(mass_email, informational=self._informational(mass_email)):
            reasons.update(each.reason for each in decisions)
            job = self._noted(job, reasons.total())
            if self.clock.now() >= until:
                raise Conflict(f"only {reasons.total()} of {job.total} members could be looked at in time")
        recipients = reasons.pop(None, 0)
        left_out = {str(reason): count for reason, count in reasons.items()}
        self.estimates.put(mass_email.id, self._estimate(mass_email, recipients, left_out))
        done = recipients + sum(left_out.values())
        result = {"massEmailId": mass_email.id}
        job = replace(job, status="Done", done=done, result=result, modified_at=self.clock.now())
        self.jobs.save(job)
        return job

    def _noted(self, job: Job, done: int) -> Job:
        if done - job.done < NOTED_EVERY:
            return job
        job = replace(job, done=done, modified_at=self.clock.now())
        self.jobs.save(job)
        return job

    def _estimate(self, mass_email: MassEmail, recipients: int, left_out: Mapping[str, int]) -> Estimate:
        state, settings = self.account.state(), self.settings.get()
        return Estimate(
            as_of=self.clock.now(),
            recipients=recipients,
            left_out=left_out,
            hours=self._hours(mass_email, recipients, state, settings),
            cost=cost_of(recipients, state),
        )

    def _hours(
        self, mass_email: MassEmail, recipients: int, state: AccountState, settings: OrgSettings
    ) -> float | None:
        """Rounded; from the first tick after the mass email is due."""

        def tick_after(at: datetime) -> datetime | None:
            return next_run_at(settings.send_schedule, at, since=state.ticked_at)

        first = tick_after(max(self.clock.now(), mass_email.start_at))
        if first is None:
            return None
        account = state.account
        limits = Limits(
            hourly=settings.mass_email_max_per_hour_count,
            batch=settings.mass_email_max_per_batch_count,
            daily=account.max_24_hour_send if account else -1,
            sent_last_24_hours=account.sent_last_24_hours if account else 0,
            rate=rate_of(state),
            grants=self.account.allowance().grants,
        )
        took = duration(recipients, limits, first, tick_after)
        return None if took is None else round(took / timedelta(hours=1), _MINUTES)

    def _informational(self, mass_email: MassEmail) -> bool:
        if mass_email.campaign_id is None:
            return False
        campaign = self.campaigns.find(mass_email.campaign_id, deleted=True)
        return campaign is not None and campaign.type is CampaignType.INFORMATIONAL


def cost_of(recipients: int, state: AccountState) -> Cost:
    """The bill at this account's plan and rate."""
    rate = rate_of(state)
    plan = costs.plan_of(state.account.pricing if state.account else None)
    mailing = Mailing(recipients, chunk_size_at(rate), rate, recipients * OPENS, recipients * CLICKS)
    prices = costs.prices()
    lines = costs.bill(mailing, costs.usage(), prices, plan)
    items = {part: round(costs.dollars(lines, part), CENTS) for part in costs.PARTS}
    return Cost(round(sum(items.values()), CENTS), prices.currency, prices.as_of, items)


def _check(mass_email: MassEmail) -> None:
    is_held_before = mass_email.status is MassEmailStatus.PAUSED and not mass_email.frozen
    if mass_email.status not in _WOULD_FREEZE and not is_held_before:
        raise Conflict(f"a mass email that is {mass_email.status} has its recipients already")
