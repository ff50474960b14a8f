"""The flows of people, members and addresses, joined over fakes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.ids import Place, new_id
from chalicelib.domain.people import Ref
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import Campaign, TargetList
from chalicelib.errors import NotFound
from chalicelib.flows.erasing import Erasing
from chalicelib.flows.members import Members
from chalicelib.flows.opt_out import OptOut
from chalicelib.flows.people import People
from chalicelib.flows.slices import Slices
from tests.fakes.clock import FakeClock
from tests.fakes.people import FakeAddresses, FakeMemberships, FakeTargets, key_of
from tests.fakes.records import FakeRecords


class FakeJobs:
    """``domain.ports.Jobs`` and the jobs queue: (job id, delay) in ``queue``."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.queue: list[tuple[str, int]] = []
        self.saved: list[Job] = []

    def start(self, job: Job) -> None:
        """Store and queue."""
        self.jobs[job.id] = job
        self.queue.append((job.id, 0))

    def get(self, job_id: str) -> Job:
        """The job."""
        if job_id not in self.jobs:
            raise NotFound("no such job")
        return self.jobs[job_id]

    def save(self, job: Job) -> None:
        """Store progress."""
        self.jobs[job.id] = job
        self.saved.append(job)

    def advance(self, before: Job, after: Job) -> Job:
        """Store progress, if the job is where it was."""
        stands = self.get(before.id)
        if (stands.status, stands.cursor) != (before.status, before.cursor):
            raise Overtaken
        self.save(after)
        return after

    def job(self, message: Mapping[str, object], *, delay: int = 0) -> None:
        """Queue a message about a job."""
        self.queue.append((str(message["jobId"]), delay))


@dataclass
class Ledger:
    """Where people are named after they were sent something; ``breaks_after`` entries it fails once."""

    forgotten: list[str] = field(default_factory=list)
    breaks_after: int | None = None

    def forget(self, place: Place) -> None:
        """Take out the address."""
        if self.breaks_after is not None and len(self.forgotten) == self.breaks_after:
            self.breaks_after = None
            raise ConnectionError("the function died here")
        self.forgotten.append(place.recipient_id)


@dataclass
class FakePlacesOfTests:
    """Where people and addresses got a Send Test."""

    places: dict[Ref | str, list[Place]] = field(default_factory=dict)

    def of(self, ref: Ref, address_key: str | None, *, limit: int) -> list[Place]:
        """Some of them."""
        return [place for who in (ref, address_key or "") for place in self.places.get(who, [])[:limit]]

    def remove(self, ref: Ref, address_key: str | None, places: Collection[Place]) -> None:
        """Forget these."""
        for who in (ref, address_key or ""):
            self.places[who] = [each for each in self.places.get(who, []) if each not in places]


@dataclass
class LeadLog:
    """What the campaigns' logs were told."""

    leads: list[tuple[str, str, datetime]] = field(default_factory=list)

    def lead_created(self, campaign_id: str, lead_id: str, at: datetime) -> None:
        """Add it."""
        self.leads.append((campaign_id, lead_id, at))


class Desk:
    """Everything in memory; ids count up."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.addresses = FakeAddresses()
        self.targets = FakeTargets(self.addresses)
        self.memberships = FakeMemberships(self.targets, self.addresses)
        self.campaigns: FakeRecords[Campaign] = FakeRecords()
        self.lists: FakeRecords[TargetList] = FakeRecords()
        self.log, self.ledger, self.jobs = LeadLog(), Ledger(), FakeJobs()
        self.tests = FakePlacesOfTests()
        self._made = 0
        self.people = People(
            targets=self.targets,
            memberships=self.memberships,
            addresses=self.addresses,
            campaigns=self.campaigns,
            log=self.log,
            key_of=key_of,
            clock=self.clock,
            make_id=self.make_id,
        )
        self.opt_out = OptOut(self.addresses, self.targets, self.memberships)
        self.members = Members(
            lists=self.lists,
            targets=self.targets,
            memberships=self.memberships,
            opting_out=self.opt_out,
            jobs=self.jobs,
            slices=Slices(self.jobs, self.jobs, self.clock),  # type: ignore[arg-type] # it only queues jobs
            key_of=key_of,
            clock=self.clock,
            make_id=self.make_id,
        )
        self.erasing = Erasing(
            targets=self.targets,
            memberships=self.memberships,
            ledger=self.ledger,
            tests=self.tests,
            jobs=self.jobs,
            outbox=self.jobs,  # type: ignore[arg-type] # it only queues jobs
            clock=self.clock,
            make_id=self.make_id,
        )

    def make_id(self, now: datetime) -> str:
        """The next id."""
        self._made += 1
        return new_id(now, lambda _: self._made)

    def a_list(self, **fields: Any) -> str:
        """Store a list; its id."""
        now = self.clock.now()
        made = TargetList(id=self.make_id(now), created_at=now, modified_at=now, name="Readers")
        self.lists.add(replace(made, **fields))
        return made.id
