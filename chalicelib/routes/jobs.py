"""Long work that a caller can follow."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import Role
from chalicelib.routes.answers import Answer, Sent
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)
DOWNLOAD_WITHIN = 3600  # seconds; whoever is later asks again


class JobAnswer(Answer, kw_only=True, frozen=True):
    """``status`` is Queued, Running, Done or Failed; ``total`` is null until it is known."""

    id: str
    kind: str
    status: str
    done: int
    total: int | None
    result: Mapping[str, object] | None
    error: str | None
    created_at: datetime | None
    modified_at: datetime | None


def job_answer(job: Job) -> JobAnswer:
    """What every 202 answers with; a file that the job made is answered as a URL that downloads it for a while."""
    result = dict(job.result) if job.result is not None else None
    if result is not None and "file" in result:
        key = str(result.pop("file"))
        name = key.rpartition("/")[2]
        result["url"] = current().files.signed_get(key, name, expires=DOWNLOAD_WITHIN)
    return JobAnswer.of(job, result=result)


def in_background(job: Job) -> Sent[Any]:
    """The answer of a call whose work a job does: 202, in the place of the view's usual one."""
    return Sent(job_answer(job), status=HTTPStatus.ACCEPTED)


@blueprint.route("/v1/jobs/{job_id}", role=Role.VIEWER)
def read_job(job_id: str) -> JobAnswer:
    """Read how far a job is."""
    return job_answer(current().jobs.get(job_id))
