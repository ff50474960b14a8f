"""Erasing a person: gone from people, lists and future sends at once, then out of the ledger; only a keyed hash stays.

The first transaction does what counts. Everything after it can die and be done again: what is still to do is found by what is
still there (memberships, pointers), and calling once more goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import Place, new_id
from chalicelib.domain.people import Grave, Ref
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.ports_jobs import Job, Jobs, Outbox
from chalicelib.domain.ports_people import LedgerEraser, MembershipStore, PlacesOfTests, TargetStore
from chalicelib.domain.records import TargetType
from chalicelib.errors import PreconditionFailed
from chalicelib.flows.repeating import until_first

JOB_KIND = "erase"
INLINE = 100  # ledger entries that one request rewrites; more are a job's
BATCH = 50  # pointers read at a time
SECOND_LOOK = (
    900  # seconds: a freeze that had read the person before they were erased has written its pointers by then
)


@dataclass(frozen=True)
class Erased:
    """What was erased; ``others`` hold the same address and still live. ``job`` goes on with the ledger, if it is long."""

    grave: Grave
    others: Sequence[Ref]
    job: Job | None


@dataclass(frozen=True)
class Erasing:
    """Erases one person at a time."""

    targets: TargetStore
    memberships: MembershipStore
    ledger: LedgerEraser
    tests: PlacesOfTests
    jobs: Jobs
    outbox: Outbox
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def erase(self, target_type: TargetType, target_id: str) -> Erased:
        """Erase a person, or one who was deleted before. Again goes on with what is left to do.

        Raises:
            NotFound: There never was such a target.
        """
        grave = until_first(lambda: self._buried(target_type, target_id))
        self.memberships.forget(target_type, target_id)
        others = self.targets.holders(grave.address_key) if grave.address_key else ()
        is_done = self._forget_some((target_type, target_id), grave.address_key, INLINE)
        job = None if is_done else self._job(target_type, target_id)
        if job is not None:
            self.jobs.start(job)
        self._look_again_later(target_type, target_id)
        return Erased(grave, others, job)

    def run(self, job: Job) -> Job:
        """Take the person out of the ledger, however long it takes; a job that died goes on where it was."""
        arguments: Any = job.arguments
        ref = (TargetType(arguments["type"]), arguments["id"])
        grave = self.targets.grave(*ref)
        while not self._forget_some(ref, grave.address_key if grave else None, BATCH):
            job = replace(job, status="Running", done=job.done + BATCH, modified_at=self.clock.now())
            self.jobs.save(job)
        job = replace(job, status="Done", modified_at=self.clock.now())
        self.jobs.save(job)
        return job

    def _buried(self, target_type: TargetType, target_id: str) -> Grave:
        at = self.clock.now()
        grave = self.targets.grave(target_type, target_id)
        if grave is not None:
            self.targets.erase_grave(grave, at=at)
            return grave if grave.erased_at else replace(grave, erased_at=at)
        try:
            return self.targets.bury(self.targets.get(target_type, target_id), at=at, erased=True)
        except PreconditionFailed as error:
            raise Overtaken from error

    def _forget_some(self, ref: Ref, address_key: str | None, limit: int) -> bool:
        """Rewrite up to ``limit`` ledger entries of sends, and as many of Send Tests; answers whether none is left."""
        tests = self.tests.of(ref, address_key, limit=limit)
        for place in tests:
            self.ledger.forget(place)
        self.tests.remove(ref, address_key, tests)
        return self._forget_sent(ref, limit) and len(tests) < limit

    def _forget_sent(self, ref: Ref, limit: int) -> bool:
        pointers = self.targets.sent_pointers(*ref, limit=limit)
        for pointer in pointers:
            self.ledger.forget(Place.of(pointer.recipient_id))
        self.targets.remove_pointers(*ref, pointers)
        return len(pointers) < limit

    def _job(self, target_type: TargetType, target_id: str) -> Job:
        now = self.clock.now()
        arguments = {"type": str(target_type), "id": target_id}
        return Job(id=self.make_id(now), kind=JOB_KIND, created_at=now, modified_at=now, arguments=arguments)

    def _look_again_later(self, target_type: TargetType, target_id: str) -> None:
        job = self._job(target_type, target_id)
        self.jobs.save(job)
        self.outbox.job({"kind": "job", "jobId": job.id}, delay=SECOND_LOOK)
