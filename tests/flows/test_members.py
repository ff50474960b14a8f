"""Members of lists, on fakes: what routes cannot show."""

from dataclasses import replace

import pytest

from chalicelib.domain.people import Ref
from chalicelib.domain.ports import ListCounts
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.records import TargetType
from chalicelib.errors import Invalid, NotFound, Refused
from chalicelib.flows import members, slices
from tests.fakes.people import key_of
from tests.flows.people_desk import Desk

CONTACT = TargetType.CONTACT
KARI = "kari@example.com"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def people(desk: Desk, count: int, address: str | None = None) -> list[str]:
    return [desk.people.create(CONTACT, {"email_address": address}).target.id for _ in range(count)]


def filled(desk: Desk, count: int) -> tuple[str, list[str]]:
    list_id, ids = desk.a_list(), people(desk, count)
    assert desk.members.add(list_id, CONTACT, ids) == count
    return list_id, ids


def test_a_member_whose_target_is_gone_is_listed_without_it(desk: Desk) -> None:
    """Between the two rows of a deletion somebody may look."""
    list_id, ids = filled(desk, 2)
    del desk.targets.living[CONTACT, ids[0]]
    page = desk.members.page(list_id, limit=10)
    assert [(each.membership.target_id, each.target is None) for each in page.items] == [
        (ids[1], False),
        (ids[0], True),
    ]


def test_nobody_is_added_to_or_removed_from_a_list_that_is_gone(desk: Desk) -> None:
    """A deleted list is no list."""
    list_id, ids = filled(desk, 1)
    desk.lists.rows[list_id] = replace(desk.lists.rows[list_id], deleted_at=desk.clock.now())
    for verb in (desk.members.add, desk.members.remove):
        with pytest.raises(NotFound):
            verb(list_id, CONTACT, ids)
    for one in (desk.members.opt_out, desk.members.cancel_opt_out):
        with pytest.raises(NotFound):
            one(list_id, CONTACT, ids[0])


def test_one_unknown_id_stops_all(desk: Desk) -> None:
    """Nobody is removed then either."""
    list_id, ids = filled(desk, 2)
    with pytest.raises(Invalid, match=r"ids\.2"):
        desk.members.remove(list_id, CONTACT, [*ids, "0" * 17])
    assert desk.memberships.counts([list_id])[list_id] == ListCounts(2, 0)


@pytest.mark.parametrize("address", [KARI, None])
def test_a_cancelled_opt_out_leaves_no_trace(desk: Desk, address: str | None) -> None:
    """Member or removed meanwhile, with or without an address."""
    list_id, (target_id,) = desk.a_list(), people(desk, 1, address)
    ref: Ref = (CONTACT, target_id)
    desk.members.opt_out(list_id, *ref)
    desk.members.remove(list_id, CONTACT, [target_id])
    desk.members.cancel_opt_out(list_id, *ref)
    desk.members.add(list_id, CONTACT, [target_id])
    assert desk.memberships.counts([list_id])[list_id] == ListCounts(1, 0)


def test_a_manual_opt_out_does_not_flag_the_address(desk: Desk) -> None:
    """One list is left, not everything."""
    list_id, (target_id,) = desk.a_list(), people(desk, 1, KARI)
    desk.members.opt_out(list_id, CONTACT, target_id)
    flags = desk.addresses.flags([key_of(KARI)])[key_of(KARI)]
    assert (flags.opt_out, flags.lists_left) == (False, {list_id})


def test_a_copy_follows_no_reports(desk: Desk) -> None:
    """It would be filled again by itself."""
    list_id = desk.a_list(report_ids=("a" * 17,), sync_enabled=True, sync_unlink=True, last_sync={"at": "x"})
    copy, _ = desk.members.duplicate(list_id)
    assert (copy.report_ids, copy.sync_enabled, copy.sync_unlink, copy.last_sync) == ((), False, False, None)
    assert (copy.rev, copy.id in desk.lists.rows) == (1, True)


def test_a_copying_job_that_died_goes_on_and_ends_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its last note on; what was copied already is not counted twice."""
    monkeypatch.setattr(members, "COPY_BATCH", 3)
    monkeypatch.setattr(members, "COPIED_AT_ONCE", 5)
    list_id, ids = filled(desk, 10)
    desk.members.opt_out(list_id, CONTACT, ids[4])
    copy, job = desk.members.duplicate(list_id)
    assert job is not None
    assert job.total == 10
    steps = desk.members._copied(job)
    next(steps)
    desk.jobs.save(next(steps))
    next(steps)  # copied, but not noted any more
    ended = desk.members.copy_members(desk.jobs.get(job.id))
    assert (ended.status, ended.done, ended.result) == ("Done", 10, {"targetListId": copy.id})
    assert desk.memberships.counts([copy.id])[copy.id] == ListCounts(9, 0)


def test_a_long_copy_comes_back_by_the_queue(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call has its time; of two workers the later finds that it was overtaken, and nobody is counted twice."""
    monkeypatch.setattr(members, "COPY_BATCH", 3)
    monkeypatch.setattr(members, "COPIED_AT_ONCE", 5)
    monkeypatch.setattr(slices, "SLICE", slices.SLICE * 0)
    list_id, _ = filled(desk, 10)
    copy, job = desk.members.duplicate(list_id)
    assert job is not None
    desk.members.copy_members(job)
    assert (desk.jobs.get(job.id).done, desk.jobs.queue) == (3, [(job.id, 0)] * 2)
    with pytest.raises(Overtaken):
        desk.members.copy_members(job)
    for _ in range(4):
        desk.members.copy_members(desk.jobs.get(job.id))
    ended = desk.jobs.get(job.id)
    assert (ended.status, ended.done, ended.total) == ("Done", 10, 10)
    assert desk.memberships.counts([copy.id])[copy.id] == ListCounts(10, 0)


def test_a_copy_that_is_deleted_meanwhile_ends_the_job(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why."""
    monkeypatch.setattr(members, "COPIED_AT_ONCE", 5)
    copy, job = desk.members.duplicate(filled(desk, 10)[0])
    assert job is not None
    del desk.lists.rows[copy.id]
    with pytest.raises(Refused, match="deleted"):
        desk.members.copy_members(job)
