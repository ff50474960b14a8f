"""Taking everybody off a list that was deleted: nothing is sent to it any more, but rows beside its people would stay.

Whoever had opted out of it stays opted out: opt-outs outlive their list.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import new_id
from chalicelib.domain.ports import Memberships, Records
from chalicelib.domain.ports_jobs import Job, Jobs, Outbox
from chalicelib.domain.records import TargetList
from chalicelib.flows.slices import Slices

JOB_KIND = "emptyDeletedList"
DELAY = 60  # seconds; the deletion, which the job is stored before, is done by then, and so are calls that add members
AT_ONCE = 99  # members


@dataclass(frozen=True)
class Emptying:
    """Notes the jobs and works them off."""

    lists: Records[TargetList]
    memberships: Memberships
    jobs: Jobs
    outbox: Outbox
    slices: Slices
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def soon(self, list_id: str) -> None:
        """Look after a while whether the list is deleted, and empty it then: for whoever is about to delete it."""
        now = self.clock.now()
        arguments = {"targetListId": list_id}
        job = Job(id=self.make_id(now), kind=JOB_KIND, created_at=now, modified_at=now, arguments=arguments)
        self.jobs.save(job)
        self.outbox.job({"kind": "job", "jobId": job.id}, delay=DELAY)

    def run(self, job: Job) -> Job:
        """Go on with such a job; ``done`` counts those who were taken off. A list that was not deleted stays as it is.

        Raises:
            Overtaken: Another worker goes on with it.
        """
        return self.slices.go_on(job, self._steps)

    def _steps(self, job: Job) -> Iterator[Job]:
        list_id = str(job.arguments["targetListId"])
        if self.lists.find(list_id) is not None:
            return
        # Who was taken off is not met again, so whoever begins anew goes on where the other died.
        members = (member for member, _ in self.memberships.walk(list_id))
        while some := [(each.target_type, each.target_id) for each in islice(members, AT_ONCE)]:
            removed = self.memberships.remove(list_id, some)
            after = replace(job, status="Running", done=job.done + removed, modified_at=self.clock.now())
            job = self.jobs.advance(job, after)
            yield job
