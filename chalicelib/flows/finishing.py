"""When a plan is done, and when a mass email is: nothing waits, nothing is claimed."""

from dataclasses import dataclass, replace

from chalicelib.domain.clock import Clock
from chalicelib.domain.ledger import RecipientStatus
from chalicelib.domain.mass_emails import Act
from chalicelib.domain.ports_delivery import MassEmails, Overtaken, Runs
from chalicelib.domain.records import MassEmail, MassEmailStatus, StatusReason
from chalicelib.domain.runs import Phase, Run
from chalicelib.errors import Conflict, Deferred
from chalicelib.flows.open_plans import OpenPlans
from chalicelib.flows.tallying import Tallying

TRIES = 10  # lost races for a run: release, sweep and work at the same moment
NOBODY_SENT = "nobodySent"
NOBODY_SENT_MESSAGE = "none of its recipients was sent to; each has its reason in the list of recipients"


@dataclass(frozen=True)
class Finishing:
    """Closes plans and mass emails."""

    clock: Clock
    runs: Runs
    mass_emails: MassEmails
    tallying: Tallying
    open_plans: OpenPlans

    def close_plan(self, mass_email_id: str, plan_id: str) -> bool:
        """Close the plan if all of it is done, and finish the mass email if that was the last; answers whether it is closed."""
        for _ in range(TRIES):
            run, plan = self.runs.with_plan(mass_email_id, plan_id)
            if plan_id not in run.open_plans:
                return True
            assert plan is not None  # noqa: S101 - stored with the run that names it, and never removed
            if self.open_plans.unfinished(run, plan):
                return False
            try:
                run = self.runs.save(
                    replace(run, open_plans=tuple(each for each in run.open_plans if each != plan_id))
                )
            except Overtaken:
                continue
            mass_email = self.mass_emails.find(mass_email_id, deleted=True)
            if mass_email is not None:
                self.finish_if_done(mass_email, run)
            return True
        raise Deferred("others keep writing the run")

    def finish_if_done(self, mass_email: MassEmail, run: Run | None = None) -> None:
        """Complete, Failed, or off the schedule's list, when nothing is left to do; ``run`` as it is now, if known."""
        run = run or self.runs.get(mass_email.id)
        if run.open_plans:
            return
        if mass_email.status is MassEmailStatus.CANCELED:
            self.mass_emails.close(mass_email.id)
            return
        whole = run.phase is Phase.FROZEN and run.freeze == mass_email.freezes
        if mass_email.status is not MassEmailStatus.IN_PROCESS or not whole or run.remaining:
            return
        if run.retry_wave != mass_email.retry_pass:
            return
        counts = self.tallying.store(mass_email, run).counts
        now = self.clock.now()
        reason: StatusReason | None = None
        act = Act.FINISH if run.recipients else Act.FINISH_EMPTY
        if run.recipients and not counts.get(RecipientStatus.SENT):
            act = Act.FINISH_FAILED
            reason = StatusReason(code=NOBODY_SENT, message=NOBODY_SENT_MESSAGE, since=now, by="system")
        try:
            self.mass_emails.transition(mass_email.id, act, at=now, reason=reason, known=mass_email)
        except Conflict:
            return  # paused or canceled at this moment: that counts
