"""A deleted list is emptied behind the request that deleted it."""

import pytest

from chalicelib.domain.people import ref_of
from chalicelib.domain.ports import Membership
from chalicelib.domain.ports_jobs import Job
from chalicelib.flows import emptying
from tests.flows.searchers import LEAD, Town, dying_everywhere


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small steps, so that a few people take many."""
    monkeypatch.setattr(emptying, "AT_ONCE", 3)


def full_list(town: Town, count: int = 7) -> str:
    """A list with contacts, of whom the first has left it, and a lead."""
    list_id = town.a_list()
    people = [*town.people(count), town.person(LEAD, last_name="Lead")]
    town.wiring.memberships.add(list_id, [Membership(list_id, *ref_of(each)) for each in people])
    town.leave(list_id, people[0].email_address or "")
    return list_id


def noted(town: Town) -> Job:
    """The job that lies on the queue; nothing else does."""
    items = town.cloud.dynamodb.items(town.wiring.table.name)
    (job_id,) = (item["PK"]["S"].removeprefix("job#") for item in items if item["PK"]["S"].startswith("job#"))
    return town.wiring.jobs.get(job_id)


def beside(town: Town) -> list[tuple[str, bool]]:
    """The rows of lists that stand beside people: (list, whether it is of a member)."""
    items = town.cloud.dynamodb.items(town.wiring.table.name)
    return [
        (item["SK"]["S"].removeprefix("list#"), "addedAt" in item)
        for item in items
        if item["SK"]["S"].startswith("list#")
    ]


def test_nobody_is_left_on_a_deleted_list() -> None:
    """Neither on it nor beside its people, but for the opt-out; other lists are left alone."""
    town = Town()
    other, list_id = full_list(town, 2), full_list(town)
    town.wiring.target_lists.delete(list_id)
    job = town.run(noted(town))
    assert (job.status, job.done) == ("Done", 8)
    assert town.counts(list_id) == (0, 0)
    assert [row for row in beside(town) if row[0] == list_id] == [(list_id, False)]
    assert town.counts(other) == (3, 1)


def test_a_list_whose_deletion_failed_stays_as_it_is() -> None:
    """The job was noted before; it finds the list and does nothing."""
    town = Town()
    list_id = full_list(town)
    before = town.counts(list_id)
    town.wiring.emptying.soon(list_id)
    assert town.run(noted(town)).done == 0
    assert town.counts(list_id) == before


def test_one_that_dies_anywhere_ends_the_same() -> None:
    """Everybody is off, whatever was done already."""

    def begin() -> tuple[Town, Job]:
        town = Town()
        town.wiring.target_lists.delete(full_list(town))
        return town, noted(town)

    def check(town: Town, job: Job) -> None:
        assert job.status == "Done"
        assert town.counts(str(job.arguments["targetListId"])) == (0, 0)

    assert dying_everywhere(begin, check) > 10
