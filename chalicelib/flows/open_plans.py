"""Plans that are not closed yet: what of them is left, and putting it on the queue.

A chunk that is on the queue twice is sent once, for only one worker can claim it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import base_of
from chalicelib.domain.ledger import Chunk, Segment
from chalicelib.domain.ports_delivery import Ledger, Runs
from chalicelib.domain.ports_jobs import Outbox
from chalicelib.domain.queue import ChunkMessage
from chalicelib.domain.records import MassEmail
from chalicelib.domain.runs import Plan, PlannedChunk, Run, chunks_of

ENQUEUED_AT_ONCE = 500  # chunks whose people are held in memory together


@dataclass(frozen=True)
class PlanChunk:
    """One chunk of a plan as it stands; a planned one that nobody claimed has no state."""

    segment: int
    chunk: Chunk


@dataclass(frozen=True)
class OpenPlans:
    """Reads what is left of plans, and enqueues it."""

    clock: Clock
    runs: Runs
    ledger: Ledger
    outbox: Outbox

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

    def unsent(self, run: Run) -> int:
        """How many recipients were released and have no result yet: SES does not count them, and they will be sent."""
        return sum(
            len(each.chunk.open_positions)
            for plan in self.runs.plans(run.mass_email_id, run.open_plans)
            for each in self.unfinished(run, plan)
        )

    def begin(self, mass_email: MassEmail, run: Run, plan: Plan) -> None:
        """Put the whole plan on the queue, for the first time or because it is not certain that it is there."""
        planned = list(chunks_of(plan, run.stretches))
        for each in planned if plan.wave else ():
            base = base_of(mass_email.id)
            self.ledger.add_chunk(base, each.segment, replace(each.chunk, state="W1"))
            # What a person decided of an earlier wave's silence does not count for this one's.
            self.ledger.unsettle(base, each.segment, each.chunk.positions)
        for start in range(0, len(planned), ENQUEUED_AT_ONCE):
            self._enqueue(mass_email, plan, planned[start : start + ENQUEUED_AT_ONCE], planned[-1])
        self.runs.save_plan(replace(plan, enqueued_at=self.clock.now()))

    def _enqueue(
        self, mass_email: MassEmail, plan: Plan, some: Sequence[PlannedChunk], last: PlannedChunk
    ) -> None:
        members = self.ledger.members(base_of(mass_email.id), {each.segment for each in some})
        messages = []
        for each in some:
            message = _message(
                mass_email, plan, each.segment, each.chunk.name, go=1 if plan.wave else 0, last=each is last
            )
            keys = tuple(members[each.segment][position].address_key for position in each.chunk.positions)
            messages.append(replace(message, address_keys=keys).to_json())
        self.outbox.chunks(messages)

    def again(self, mass_email: MassEmail, plan: Plan, waiting: Collection[PlanChunk]) -> Plan:
        """Put these chunks of the plan on the queue again; each may turn out to be the last."""
        messages = [
            _message(mass_email, plan, each.segment, each.chunk.name, go=each.chunk.go, last=True)
            for each in waiting
        ]
        self.outbox.chunks([message.to_json() for message in messages])
        after = replace(plan, enqueued_at=self.clock.now())
        self.runs.save_plan(after)
        return after

    def go_on(self, mass_email: MassEmail, run: Run) -> None:
        """Put on the queue what never certainly came there, and what was given up there while the mass email was paused."""
        for plan in self.runs.plans(mass_email.id, run.open_plans) if run.open_plans else ():
            if plan.enqueued_at is None:
                self.begin(mass_email, run, plan)
            elif was_resumed(run, plan):
                waiting = [each for each in self.unfinished(run, plan) if each.chunk.waits]
                self.again(mass_email, plan, waiting)


def was_resumed(run: Run, plan: Plan) -> bool:
    """Whether the mass email was paused and resumed since the plan was last put on the queue."""
    return run.resumed_at is not None and plan.enqueued_at is not None and plan.enqueued_at <= run.resumed_at


def _message(
    mass_email: MassEmail, plan: Plan, segment: int, chunk: str, *, go: int, last: bool
) -> ChunkMessage:
    return ChunkMessage(
        mass_email.id, mass_email.campaign_id, segment, chunk, go=go, plan_id=plan.id, last=last
    )


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
