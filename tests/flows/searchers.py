"""A stage in memory with people to search: what tests of searches, fills, reports and syncs begin with."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from chalicelib.domain.ids import new_id
from chalicelib.domain.people import Ref, ref_of
from chalicelib.domain.ports import AnyTarget
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import TARGET_CLASSES, TargetList, TargetType
from chalicelib.wiring import Wiring
from tests.fakes.aws import Crash, CrashPlan, InMemoryCloud, MortalCloud, ProcessWiring, every_point
from tests.fakes.clock import FakeClock

CONTACT, LEAD = TargetType.CONTACT, TargetType.LEAD
EVERYBODY: list[dict[str, Any]] = []


def named(value: str) -> dict[str, Any]:
    """An item: the last name begins so."""
    return {"type": "startsWith", "attribute": "lastName", "value": value}


class NoSes:
    """Nothing is sent here; the jobs' function only holds a client."""

    operations: frozenset[str] = frozenset()
    service = "sesv2"


class Town:
    """One account; ``wiring`` is a process of it that lives."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.cloud = InMemoryCloud(self.clock, others={"sesv2": NoSes()})
        self.environ = self.cloud.make_stage()
        self.wiring: Wiring = ProcessWiring(self.cloud, self.environ, self.clock)
        self._made = 0

    def mortal(self, plan: CrashPlan) -> Wiring:
        """Another process, that dies where the plan says."""
        return ProcessWiring(MortalCloud(self.cloud, plan), self.environ, self.clock)

    def make_id(self) -> str:
        """Ids count up, and their last digits run through all partitions."""
        self._made += 1
        self.clock.advance(0.001)
        return new_id(self.clock.now(), lambda _: self._made % 256)

    def person(self, kind: TargetType = CONTACT, **fields: Any) -> AnyTarget:
        """Somebody moves in."""
        now = self.clock.now()
        made: Any = TARGET_CLASSES[kind]
        target: AnyTarget = made(id=self.make_id(), created_at=now, modified_at=now, **fields)
        self.wiring.target_store.add(target)
        return target

    def people(self, count: int, name: str = "Reader", **fields: Any) -> list[AnyTarget]:
        """Some of one name, each with an address."""
        return [
            self.person(last_name=name, email_address=f"{name.lower()}{number}@example.com", **fields)
            for number in range(count)
        ]

    def a_list(self, **fields: Any) -> str:
        """A list; its id."""
        now = self.clock.now()
        made = TargetList(id=self.make_id(), created_at=now, modified_at=now, **{"name": "Readers", **fields})
        self.wiring.list_store.add(made)
        return made.id

    def members(self, list_id: str) -> set[Ref]:
        """Who is on a list."""
        return {(each.target_type, each.target_id) for each, _ in self.wiring.memberships.walk(list_id)}

    def counts(self, list_id: str) -> tuple[int, int]:
        """As they are told; they are what the rows say."""
        counts = self.wiring.memberships.counts([list_id])[list_id]
        rows = [each for each, _ in self.wiring.memberships.walk(list_id)]
        assert (counts.entries, counts.opted_out) == (len(rows), sum(each.opted_out for each in rows))
        return counts.entries, counts.opted_out

    def leave(self, list_id: str, address: str) -> None:
        """The holder of an address leaves a list."""
        key = self.wiring.key_of(address)
        self.wiring.opt_outs.leave(
            key, everything=False, list_ids=[list_id], reason="unsubscribed", at=self.clock.now()
        )

    def run(self, job: Job, wiring: Wiring | None = None) -> Job:
        """Work off a job as the queue would hand it over, until it is over; answers how it stands stored then."""
        for _ in range(100):
            (wiring or self.wiring).work.handle({"kind": "job", "jobId": job.id})
            job = self.wiring.jobs.get(job.id)
            if job.status in ("Done", "Failed"):
                return job
        raise AssertionError("the job does not end")


def refs(targets: list[AnyTarget]) -> set[Ref]:
    """Who they are."""
    return {ref_of(target) for target in targets}


def dying_everywhere(begin: Callable[[], tuple[Town, Job]], check: Callable[[Town, Job], None]) -> int:
    """Play a job once for each of its requests, dying before or after it, and go on with a new process.

    Answers how many requests a whole run makes.
    """
    town, job = begin()
    plan = CrashPlan()
    town.mortal(plan).work.handle({"kind": "job", "jobId": job.id})
    check(town, town.wiring.jobs.get(job.id))
    for point in every_point(plan.requests):
        town, job = begin()
        dying = town.mortal(CrashPlan(point))
        with suppress(Crash):
            dying.work.handle({"kind": "job", "jobId": job.id})
        check(town, town.run(job))
    return len(plan.requests)
