"""Long jobs, in slices: a call of ``work`` has five minutes, so a job that is not over by then comes back by the queue."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.clock import Clock
from chalicelib.domain.ports_jobs import Job, Jobs, Outbox
from chalicelib.errors import Deferred

SLICE = timedelta(minutes=4)  # of one call
BUSY = 15  # seconds until the next try, when other writers stayed in the way


@dataclass(frozen=True)
class Slices:
    """Goes on with jobs whose steps note their progress themselves."""

    jobs: Jobs
    outbox: Outbox
    clock: Clock

    def go_on(
        self,
        job: Job,
        steps: Callable[[Job], Iterator[Job]],
        *,
        at_the_end: Callable[[Job], None] = lambda _: None,
    ) -> Job:
        """Take steps until the job is done, or the time is over; each step yields the job as it stands stored then.

        ``at_the_end`` is done before the job is said to be done: whoever dies in between does it again.

        Raises:
            Overtaken: Another worker goes on with it.
        """
        until = self.clock.now() + SLICE
        try:
            for stored in steps(job):
                job = stored
                if self.clock.now() >= until:
                    return self._again(job, 0)
        except Deferred:
            return self._again(job, BUSY)
        at_the_end(job)
        job = ended(job, self.clock.now())
        self.jobs.save(job)
        return job

    def _again(self, job: Job, delay: int) -> Job:
        self.outbox.job({"kind": "job", "jobId": job.id}, delay=delay)
        return job


def ended(job: Job, at: datetime) -> Job:
    """The job when there is nothing more to do."""
    return replace(job, status="Done", total=job.done, modified_at=at)
