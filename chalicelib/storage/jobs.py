"""Jobs: one item each, kept for 90 days; the queue only says which to go on with."""

from datetime import timedelta
from typing import Any

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import is_id
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.ports_jobs import Job, Outbox
from chalicelib.errors import NotFound
from chalicelib.storage import keys
from chalicelib.storage.codec import Item, from_item, to_item
from chalicelib.storage.table import ConditionFailed, Table

KEPT_FOR = timedelta(days=90)


class DynamoJobs:
    """Fulfils :class:`chalicelib.domain.ports.Jobs`. Its messages are ``{"kind": "job", "jobId": id}``."""

    def __init__(self, table: Table, outbox: Outbox, clock: Clock) -> None:
        self._table = table
        self._outbox = outbox
        self._clock = clock

    def start(self, job: Job) -> None:
        """Store the job and put it on the jobs queue."""
        self._table.put(self.item(job), ConditionExpression="attribute_not_exists(PK)")
        self._outbox.job({"kind": "job", "jobId": job.id})

    def get(self, job_id: str) -> Job:
        """The job.

        Raises:
            NotFound: No such job.
        """
        item = self._table.get(keys.job(job_id)) if is_id(job_id) else None
        if item is None:
            raise NotFound("no such job")
        return from_item(Job, item)

    def save(self, job: Job) -> None:
        """Store progress."""
        self._table.put(self.item(job))

    def advance(self, before: Job, after: Job) -> Job:
        """Store progress, if the job is where it was; answers the job as it is then.

        Raises:
            Overtaken: Another worker goes on with it.
        """
        progress = self.progress(before, after)
        try:
            self._table.put(progress.pop("Item"), **progress)
        except ConditionFailed as error:
            raise Overtaken from error
        return after

    def progress(self, before: Job, after: Job) -> dict[str, Any]:
        """A Put of the job as it is after, on condition that status and cursor are as before."""
        at = {":cursor": {"S": before.cursor}} if before.cursor is not None else {}
        stands = "#cursor = :cursor" if at else "attribute_not_exists(#cursor)"
        return {
            "Item": self.item(after),
            "ConditionExpression": f"#status = :status AND {stands}",
            "ExpressionAttributeNames": {"#status": "status", "#cursor": "cursor"},
            "ExpressionAttributeValues": {":status": {"S": before.status}, **at},
        }

    def item(self, job: Job) -> Item:
        """A job as it is stored."""
        kept_until = (job.created_at or self._clock.now()) + KEPT_FOR
        return {
            **keys.job(job.id),
            **to_item(job),
            "expiresAt": {"N": str(int(kept_until.timestamp()))},
        }
