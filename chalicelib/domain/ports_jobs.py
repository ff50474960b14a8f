"""Work that goes on behind a request: jobs and the queues, as Protocols."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, Self


@dataclass(frozen=True)
class Job:
    """Long work that a caller can follow."""

    id: str
    kind: str
    status: str = "Queued"  # Queued, Running, Done, Failed
    done: int = 0
    total: int | None = None
    result: Mapping[str, object] | None = None
    error: str | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    arguments: Mapping[str, object] = field(default_factory=dict)
    cursor: str | None = None

    @classmethod
    def new(
        cls,
        kind: str,
        arguments: Mapping[str, object],
        *,
        at: datetime,
        make_id: Callable[[datetime], str],
        **known: Any,
    ) -> Self:
        """One that nobody has begun with; ``known`` are other fields that are known already."""
        return cls(id=make_id(at), kind=kind, created_at=at, modified_at=at, arguments=arguments, **known)


class Jobs(Protocol):
    """Stored jobs and the queue that works them off."""

    def start(self, job: Job) -> None:
        """Store the job and put it on the jobs queue."""
        ...

    def get(self, job_id: str) -> Job:
        """The job.

        Raises:
            NotFound: No such job.
        """
        ...

    def save(self, job: Job) -> None:
        """Store progress."""
        ...

    def advance(self, before: Job, after: Job) -> Job:
        """Store progress, if the job is where it was; answers the job as it is then.

        Raises:
            Overtaken: Another worker goes on with it.
        """
        ...


class Outbox(Protocol):
    """The queues. A message is JSON without addresses or tokens."""

    def chunks(self, messages: Sequence[Mapping[str, object]], *, delay: int = 0) -> None:
        """Put chunks on the send queue; ``delay`` in seconds, at most 900 (SQS's limit)."""
        ...

    def job(self, message: Mapping[str, object], *, delay: int = 0) -> None:
        """Put one message on the jobs queue."""
        ...

    def backlog(self) -> Mapping[str, int]:
        """How many messages lie in each dead-letter queue: ``send``, ``jobs``, ``feedback``."""
        ...
