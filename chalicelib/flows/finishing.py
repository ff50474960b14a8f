"""When a plan is done, and when a mass email is: nothing waits, nothing is claimed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import base_of
from chalicelib.domain.ledger import Chunk, RecipientStatus, Segment
from chalicelib.domain.mass_emails import Act
from chalicelib.domain.ports_delivery import Ledger, MassEmails, Overtaken, Runs
from chalicelib.domain.records import MassEmail, MassEmailStatus
from chalicelib.domain.runs import Phase, Plan, Run, chunks_of
from chalicelib.errors import Conflict, Deferred
from chalicelib.flows.tallying import Tallying

TRIES = 10  # lost races for a run: release, sweep and work at the same moment


@dataclass(frozen=True)
class PlanChunk:
    """One chunk of a plan as it stands; a planned one that nobody claimed has no state."""

    segment: int
    chunk: Chunk


@dataclass(frozen=True)
class Finishing:
    """Closes plans and mass emails."""

    clock: Clock
    runs: Runs
    ledger: Ledger
    mass_emails: MassEmails
    tallying: Tallying

    def unfinished(self, run: Run, plan: Plan) -> list[PlanChunk]:
        """What of this plan is not done, in order."""
        planned: dict[int, list[Chunk]] = {}
        for each in chunks_of(plan, run.stretches):
            planned.setdefault(each.segment, []).append(each.chunk)
        wanted = [number for number in planned if number >= plan.settled_to]
        return [
            PlanChunk(segment.number, chunk)
            for segment in self.ledger.progress(base_of(run.mass_email_id), wanted)
            for chunk in _not_done(segment, planned[segment.number])
        ]

    def close_plan(self, mass_email_id: str, plan_id: str) -> bool:
        """Close the plan if all of it is done, and finish the mass email if that was the last; answers whether it is closed."""
        for _ in range(TRIES):
            run = self.runs.get(mass_email_id)
            if plan_id not in run.open_plans:
                return True
            (plan,) = self.runs.plans(mass_email_id, [plan_id])
            if self.unfinished(run, plan):
                return False
            try:
                self.runs.save(
                    replace(run, open_plans=tuple(each for each in run.open_plans if each != plan_id))
                )
            except Overtaken:
                continue
            mass_email = self.mass_emails.find(mass_email_id, deleted=True)
            if mass_email is not None:
                self.finish_if_done(mass_email)
            return True
        raise Deferred("others keep writing the run")

    def finish_if_done(self, mass_email: MassEmail) -> None:
        """Complete, Failed, or off the schedule's list, when nothing is left to do."""
        run = self.runs.get(mass_email.id)
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
        counts = self.tallying.store(mass_email).counts
        act = Act.FINISH if run.recipients else Act.FINISH_EMPTY
        if run.recipients and not counts.get(RecipientStatus.SENT):
            act = Act.FINISH_FAILED
        try:
            self.mass_emails.transition(mass_email.id, act, at=self.clock.now())
        except Conflict:
            return  # paused or canceled at this moment: that counts


def _not_done(segment: Segment, planned: Iterable[Chunk]) -> Iterable[Chunk]:
    """The planned chunks that are not done, or those into which they went on."""
    for chunk in planned:
        stored = segment.chunks.get(chunk.name)
        if stored is None:
            yield chunk
        elif not stored.is_done:
            yield stored
        yield from (
            child
            for name, child in segment.chunks.items()
            if _descends(name, chunk.name) and not child.is_done
        )


def _descends(name: str, ancestor: str) -> bool:
    """A child's name is its parent's and one letter more."""
    return name.startswith(ancestor) and name[len(ancestor) :].isalpha()
