"""Long work that a caller can follow."""

from dataclasses import replace

from chalicelib.domain.ids import new_id
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import Role
from tests.world import World


def test_a_job_is_followed_from_queued_to_done(world: World) -> None:
    """Its message only names it; progress and result are read by its id, the rest stays inside."""
    now = world.clock.now()
    job = Job(new_id(now), "import", created_at=now, modified_at=now, arguments={"secret": 1}, cursor="c")
    world.wiring.jobs.start(job)
    assert world.taken(world.wiring.environment.jobs_queue_url) == [{"kind": "job", "jobId": job.id}]
    status, body = world.api("GET", f"/v1/jobs/{job.id}", token=world.token(Role.VIEWER))
    assert status == 200
    assert body == {
        "id": job.id,
        "kind": "import",
        "status": "Queued",
        "done": 0,
        "total": None,
        "result": None,
        "error": None,
        "createdAt": "2026-03-02T09:00:00Z",
        "modifiedAt": "2026-03-02T09:00:00Z",
    }
    world.wiring.jobs.save(replace(job, status="Done", done=3, total=3, result={"created": 2, "refused": 1}))
    _, body = world.api("GET", f"/v1/jobs/{job.id}")
    assert (body["status"], body["done"], body["total"]) == ("Done", 3, 3)
    assert body["result"] == {"created": 2, "refused": 1}
    assert world.wiring.jobs.get(job.id).arguments == {"secret": 1}


def test_an_unknown_job_is_not_found(world: World) -> None:
    """404, as for any id in a path."""
    assert world.api("GET", "/v1/jobs/55f2c87b09a220a78")[0] == 404
