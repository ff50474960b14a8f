"""The jobs queue: freezes and collections that take long, plans to close, and the jobs that callers follow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from chalicelib.domain.ids import is_id
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.ports_jobs import Job, Jobs
from chalicelib.domain.queue import UnreadableMessage
from chalicelib.errors import Deferred, EnvoiError, NotFound
from chalicelib.flows.finishing import Finishing
from chalicelib.flows.release import Release
from chalicelib.flows.steering import Steering

_NEEDS = {"freeze": "massEmailId", "collect": "massEmailId", "close": "massEmailId", "job": "jobId"}
"""Without it there is nobody to ask whether anything is left to do."""
JobHandler = Callable[[Job], None]


@dataclass(frozen=True)
class Work:
    """Sorts the jobs queue's messages. ``handlers``: what to do for a job of a kind; ``replay``: a tracked event."""

    release: Release
    finishing: Finishing
    steering: Steering
    jobs: Jobs
    handlers: Mapping[str, JobHandler]
    replay: Callable[[Mapping[str, object]], None]

    def handle(self, message: Mapping[str, object]) -> None:
        """Do what the message says; it may come twice.

        Raises:
            UnreadableMessage: Not a message of ours; it belongs in the dead-letter queue.
        """
        kind, mass_email_id = str(message.get("kind")), str(message.get("massEmailId"))
        if kind in _NEEDS and not is_id(message.get(_NEEDS[kind])):
            raise UnreadableMessage("a message of the jobs queue lacks its id")
        try:
            if kind == "freeze":
                self.release.continue_freeze(mass_email_id)
            elif kind == "collect":
                if self.steering.collect_failed(mass_email_id):
                    self.release.release_portion([mass_email_id])
            elif kind == "close":
                self.finishing.close_plan(mass_email_id, str(message.get("planId")))
            elif kind == "tracked":
                self.replay(message)
            elif kind == "job":
                self._run(str(message.get("jobId")))
            else:
                raise UnreadableMessage("no message of the jobs queue")
        except (Overtaken, NotFound):
            return  # another worker has it, or there is nothing to do any more

    def _run(self, job_id: str) -> None:
        job = self.jobs.get(job_id)
        if job.status in ("Done", "Failed"):
            return
        handler = self.handlers.get(job.kind)
        if handler is None:
            raise UnreadableMessage("a job of unknown kind")
        try:
            handler(job)
        except Deferred:
            raise  # not now: the queue brings it again
        except EnvoiError as refusal:
            self.jobs.save(replace(self.jobs.get(job_id), status="Failed", error=refusal.message))
