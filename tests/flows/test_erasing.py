"""Erasing people, on fakes: at once what counts, the rest until nothing is left."""

from dataclasses import replace
from datetime import datetime

import pytest

from chalicelib.domain.ids import TEST_SEGMENTS_FROM, Place
from chalicelib.domain.people import Grave, Ref, SentPointer, ref_of
from chalicelib.domain.ports import AnyTarget, ListCounts, Membership
from chalicelib.domain.records import TargetType
from chalicelib.errors import NotFound
from chalicelib.flows.erasing import INLINE, SECOND_LOOK
from tests.fakes.people import FakeTargets, key_of
from tests.flows.people_desk import Desk

KARI = "kari@example.com"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def reader(desk: Desk, sent: int = 0) -> Ref:
    ref = ref_of(desk.people.create(TargetType.CONTACT, {"email_address": KARI}).target)
    desk.targets.pointers[ref] = [SentPointer(f"{n:017x}", f"{n:017x}") for n in range(sent)]
    return ref


def test_a_person_is_taken_out_of_everything(desk: Desk) -> None:
    """People, lists, address row and ledger; the answer says who else holds the address."""
    list_id, ref, other = desk.a_list(), reader(desk, sent=3), reader(desk)
    desk.memberships.add(list_id, [Membership(list_id, *ref)])
    erased = desk.erasing.erase(*ref)
    assert (erased.others, erased.job) == ([other], None)
    assert ref not in desk.targets.living
    assert desk.memberships.counts([list_id])[list_id] == ListCounts()
    assert desk.addresses.flags([key_of(KARI)])[key_of(KARI)].erased
    assert desk.ledger.forgotten == [f"{n:017x}" for n in range(3)]
    assert desk.targets.pointers[ref] == []


def test_send_tests_are_forgotten_too(desk: Desk) -> None:
    """Those to the person, and those to the address as somebody else; many are a job's."""
    ref = reader(desk)
    places = [Place("55f2c87b09a", TEST_SEGMENTS_FROM + n, 0) for n in range(INLINE + 60)]
    desk.tests.places = {ref: list(places[:3]), key_of(KARI): list(places[3:])}
    erased = desk.erasing.erase(*ref)
    assert erased.job is not None
    assert desk.erasing.run(erased.job).status == "Done"
    assert set(desk.ledger.forgotten) == {place.recipient_id for place in places}
    assert desk.tests.places == {ref: [], key_of(KARI): []}


def test_a_long_history_is_a_jobs(desk: Desk) -> None:
    """The person is gone at once; the job can be followed."""
    ref = reader(desk, sent=INLINE + 120)
    erased = desk.erasing.erase(*ref)
    assert len(desk.ledger.forgotten) == INLINE
    assert erased.job is not None
    assert (erased.job.id, 0) in desk.jobs.queue
    done = desk.erasing.run(desk.jobs.get(erased.job.id))
    assert (done.status, desk.jobs.get(done.id).status) == ("Done", "Done")
    assert len(set(desk.ledger.forgotten)) == INLINE + 120


def test_exactly_as_many_as_fit_leave_nothing_undone(desk: Desk) -> None:
    """Whether more are left is only known by looking: the job finds nothing and is done."""
    erased = desk.erasing.erase(*reader(desk, sent=INLINE))
    assert erased.job is not None
    assert desk.erasing.run(erased.job).status == "Done"


def test_it_looks_once_more_later(desk: Desk) -> None:
    """A freeze that had read the person writes its pointer after the erasure; the second look finds it."""
    ref = reader(desk)
    desk.erasing.erase(*ref)
    (job_id, delay) = desk.jobs.queue[-1]
    assert delay == SECOND_LOOK
    desk.targets.pointers[ref] = [SentPointer("a" * 17, "b" * 17)]
    desk.erasing.run(desk.jobs.get(job_id))
    assert desk.ledger.forgotten == ["b" * 17]


@pytest.mark.parametrize("breaks_after", range(4))
def test_one_that_died_is_finished_by_the_next(desk: Desk, breaks_after: int) -> None:
    """Wherever it dies in the ledger: again forgets the rest, and again is harmless."""
    ref = reader(desk, sent=4)
    desk.ledger.breaks_after = breaks_after
    with pytest.raises(ConnectionError):
        desk.erasing.erase(*ref)
    assert ref not in desk.targets.living
    first = desk.erasing.erase(*ref)
    desk.clock.advance(60)
    assert desk.erasing.erase(*ref) == first
    assert set(desk.ledger.forgotten) == {f"{n:017x}" for n in range(4)}


def test_who_was_deleted_before_can_be_erased_yet(desk: Desk) -> None:
    """The ledger still names them, and the address is not to be mailed again."""
    ref = reader(desk, sent=2)
    desk.people.delete(*ref)
    assert desk.ledger.forgotten == []
    desk.erasing.erase(*ref)
    assert len(desk.ledger.forgotten) == 2
    assert desk.addresses.flags([key_of(KARI)])[key_of(KARI)].erased


def test_who_never_was_is_not_found(desk: Desk) -> None:
    """And no job is left behind."""
    with pytest.raises(NotFound):
        desk.erasing.erase(TargetType.CONTACT, "0" * 17)
    assert desk.jobs.queue == []


def test_an_edit_in_between_does_not_save_anybody(desk: Desk) -> None:
    """Erasing takes whatever version stands there."""
    ref = reader(desk)
    desk.targets.__class__ = Edited
    erased = desk.erasing.erase(*ref)
    assert erased.grave.erased_at is not None
    assert ref not in desk.targets.living


class Edited(FakeTargets):
    """Somebody edits the person just before they are buried for the first time."""

    is_edited = False

    def bury(self, target: AnyTarget, *, at: datetime, erased: bool) -> Grave:
        """First the edit, then the burial of what was read before it."""
        if not self.is_edited:
            self.is_edited = True
            self.living[ref_of(target)] = replace(target, rev=target.rev + 1)
        return super().bury(target, at=at, erased=erased)
