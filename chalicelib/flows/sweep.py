"""Every five minutes: what was released and never claimed, what was claimed and never answered, what got stuck."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from chalicelib.domain.activity import Mark
from chalicelib.domain.clock import Clock
from chalicelib.domain.finishing import settle
from chalicelib.domain.ids import base_of
from chalicelib.domain.ledger import Chunk, RecipientStatus
from chalicelib.domain.ports import Records, SettingsStore
from chalicelib.domain.ports_account import Account
from chalicelib.domain.ports_delivery import Ledger, MassEmails, Overtaken, Runs
from chalicelib.domain.ports_jobs import Outbox
from chalicelib.domain.queue import ChunkMessage
from chalicelib.domain.records import Campaign, CampaignStatus, MassEmail, MassEmailStatus
from chalicelib.domain.runs import Phase, Plan, Run
from chalicelib.flows.finishing import Finishing
from chalicelib.flows.open_plans import OpenPlans, PlanChunk, was_resumed
from chalicelib.flows.release import Release

REQUEUE_AFTER = timedelta(
    minutes=15
)  # a message that is still on the queue then is only claimed once all the same
SETTLE_GRACE = timedelta(minutes=2)  # after callBy: the longest call and its answer (``deliver``'s time-out)
SETTLE_AFTER = timedelta(hours=6)  # how long a silent claim waits for a sign of life
STUCK_AFTER = timedelta(minutes=10)  # a freeze that wrote nothing for so long has nobody at work


@dataclass(frozen=True)
class Sweep:
    """Settles, re-queues, un-sticks. ``measure`` notes numbers for CloudWatch."""

    clock: Clock
    mass_emails: MassEmails
    campaigns: Records[Campaign]
    runs: Runs
    ledger: Ledger
    account: Account
    settings: SettingsStore
    outbox: Outbox
    open_plans: OpenPlans
    finishing: Finishing
    release: Release
    mend_schedule: Callable[[], None]
    measure: Callable[[Mapping[str, float]], None]
    report: Callable[..., None]

    def run(self) -> None:
        """One round; what fails for one mass email does not stop the others."""
        self.release.refresh_account()
        self._guarded(self.mend_schedule)
        held = self.account.state().hold is not None
        ages = [0.0]
        for mass_email in self.mass_emails.find_many(self.mass_emails.open_ids(), deleted=True).values():
            self._guarded(partial(self._sweep, mass_email, ages, held=held), mass_email.id)
        # SQS's own age begins anew with each message that goes back on the queue to wait for the rate.
        self.measure({"QueueAge": max(ages)})

    def _guarded(self, step: Callable[[], None], mass_email_id: str = "") -> None:
        try:
            step()
        except Overtaken:
            return
        except Exception as error:  # noqa: BLE001 - whatever ails one, the others are swept
            self.report("sweep_failed", error, massEmailId=mass_email_id)

    def _sweep(self, mass_email: MassEmail, ages: list[float], *, held: bool) -> None:
        """One mass email; ``ages`` gets the seconds for which each of its plans has had somebody wait to be sent to."""
        run = self.runs.get(mass_email.id)
        sending = (
            mass_email.status is MassEmailStatus.IN_PROCESS and not held and not self._inactive(mass_email)
        )
        if mass_email.status is MassEmailStatus.IN_PROCESS:
            self._unstick(mass_email, run)
        for plan in self.runs.plans(mass_email.id, run.open_plans):
            if sending and plan.enqueued_at is None:
                self.open_plans.begin(mass_email, run, plan)
                ages.append(self._age(run, plan))
                continue
            if self._sweep_plan(mass_email, run, plan, sending=sending) and sending:
                ages.append(self._age(run, plan))
        self.finishing.finish_if_done(mass_email)

    def _unstick(self, mass_email: MassEmail, run: Run) -> None:
        """A freeze or a retry's collection that nobody is at work on goes back on the jobs queue."""
        now = self.clock.now()
        frozen = run.phase is Phase.FROZEN and run.freeze == mass_email.freezes
        if not frozen and now - (run.touched_at or mass_email.modified_at) > STUCK_AFTER:
            self.outbox.job({"kind": "freeze", "massEmailId": mass_email.id})
        if frozen and run.retry_wave != mass_email.retry_pass:
            self.outbox.job({"kind": "collect", "massEmailId": mass_email.id})

    def _age(self, run: Run, plan: Plan) -> float:
        """Seconds since the plan was released, a pause left out."""
        return (self.clock.now() - max(plan.created_at, run.resumed_at or plan.created_at)).total_seconds()

    def _sweep_plan(self, mass_email: MassEmail, run: Run, plan: Plan, *, sending: bool) -> bool:
        """Answers whether somebody waits."""
        unfinished = self.open_plans.unfinished(run, plan)
        canceled = mass_email.status is MassEmailStatus.CANCELED
        left = [
            each
            for each in unfinished
            if not self._settled(mass_email, each, canceled=canceled) and not (canceled and each.chunk.waits)
        ]
        waiting = [each for each in left if each.chunk.waits]
        if sending and waiting and self._due_again(run, plan):
            plan = self.open_plans.again(mass_email, plan, waiting)
        if canceled and not left:
            self._drop_plan(mass_email.id, plan.id)
        elif not left:
            self.finishing.close_plan(mass_email.id, plan.id)
        elif (settled_to := min(each.segment for each in left)) > plan.settled_to:
            self.runs.save_plan(replace(plan, settled_to=settled_to))
        return bool(waiting)

    def _due_again(self, run: Run, plan: Plan) -> bool:
        since = plan.enqueued_at or plan.created_at
        return was_resumed(run, plan) or self.clock.now() - since > REQUEUE_AFTER

    def _drop_plan(self, mass_email_id: str, plan_id: str) -> None:
        """A canceled mass email's plan: what waits in it is never sent."""
        run = self.runs.get(mass_email_id)
        self.runs.save(replace(run, open_plans=tuple(each for each in run.open_plans if each != plan_id)))

    def _settled(self, mass_email: MassEmail, each: PlanChunk, *, canceled: bool) -> bool:
        """Find out what became of a claim whose answer was never seen; answers whether nothing of it is left to do."""
        chunk, now = each.chunk, self.clock.now()
        if not chunk.is_claimed or chunk.call_by is None or chunk.claimed_at is None:
            return False
        if now < chunk.call_by + SETTLE_GRACE:
            return False
        base = base_of(mass_email.id)
        (segment,) = self.ledger.progress(base, [each.segment])
        activity = segment.activity
        accepted = {position: activity.message_ids.get(position) for position in activity.accepted}
        over = now - chunk.claimed_at >= SETTLE_AFTER
        finished = settle(
            chunk,
            accepted=accepted,
            rejected=activity.having(Mark.REJECTED),
            silence=RecipientStatus.UNKNOWN if over else None,
            at=now,
            resend=over and not canceled and self._may_resend(chunk),
        )
        if finished is None:
            return False
        self.ledger.advance(base, each.segment, chunk, finished.after, children=finished.children)
        for child in finished.children:
            message = ChunkMessage(
                mass_email.id, mass_email.campaign_id, each.segment, child.name, go=child.go
            )
            self.outbox.chunks([message.to_json()])
        return not finished.children

    def _may_resend(self, chunk: Chunk) -> bool:
        """Whether silence means something: Send events of other messages came in since, and none lies in a failure queue.

        A silent call was an attempt: after the last one a person decides.
        """
        settings = self.settings.get()
        attempts_left = chunk.attempts + 1 < settings.mass_email_max_attempt_count
        if not settings.resend_after_silence or not attempts_left or chunk.call_by is None:
            return False
        last = self.account.last_send_event_at()
        return last is not None and last > chunk.call_by and not self.outbox.backlog().get("feedback", 0)

    def _inactive(self, mass_email: MassEmail) -> bool:
        if mass_email.campaign_id is None:
            return False
        campaign = self.campaigns.find(mass_email.campaign_id)
        return campaign is not None and campaign.status is CampaignStatus.INACTIVE
