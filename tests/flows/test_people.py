"""Editing and deleting people, on fakes: what routes cannot show, races above all."""

from dataclasses import replace

import pytest

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.people import Ref, ref_of
from chalicelib.domain.ports import AnyTarget, Membership
from chalicelib.domain.records import Account, Contact, TargetType
from chalicelib.errors import Deferred, Invalid, NotFound, PreconditionFailed
from tests.fakes.people import FakeTargets, key_of
from tests.flows.people_desk import Desk

CONTACT = TargetType.CONTACT
KARI = "kari@example.com"


@pytest.fixture
def desk() -> Desk:
    return Desk()


class Meddled(FakeTargets):
    """Somebody else edits the target just before each of our writes, ``edits`` times."""

    edits = 0

    def replace(self, target: AnyTarget, before: AnyTarget) -> AnyTarget:
        """First theirs, then ours."""
        if self.edits:
            self.edits -= 1
            theirs = self.living[ref_of(before)]
            self.living[ref_of(before)] = replace(theirs, rev=theirs.rev + 1, attributes={"theirs": True})
        return super().replace(target, before)


def meddled(desk: Desk, edits: int) -> None:
    desk.targets.__class__ = Meddled
    desk.targets.edits = edits  # type: ignore[attr-defined]


def made(desk: Desk, **fields: object) -> Ref:
    return ref_of(desk.people.create(CONTACT, fields).target)


def test_ids_that_are_taken_are_passed_over(desk: Desk) -> None:
    """Two records of one millisecond and the same random bits: the second takes the next id."""
    taken = made(desk)
    desk._made -= 1
    assert made(desk) != taken
    assert len(desk.targets.living) == 2


def test_all_faults_of_a_record_come_together(desk: Desk) -> None:
    """Those inside it and those of its links."""
    fields = {"email_address": "x", "last_name": "a\nb", "account_id": "0" * 17}
    with pytest.raises(Invalid) as refused:
        desk.people.create(CONTACT, fields)
    assert [fault.field for fault in refused.value.errors] == ["lastName", "emailAddress", "accountId"]
    assert desk.targets.living == {}


def test_an_edit_is_decided_anew_on_what_others_wrote(desk: Desk) -> None:
    """Nothing of theirs is lost."""
    ref = made(desk)
    meddled(desk, 3)
    seen = desk.people.edit(*ref, {"attributes": {"ours": 1}, "first_name": "Kari"})
    assert seen.target.attributes == {"theirs": True, "ours": 1}
    assert seen.target.rev == 5


def test_who_means_a_version_gets_no_other(desk: Desk) -> None:
    """If-Match is looked at again at every try."""
    ref = made(desk)
    meddled(desk, 1)
    with pytest.raises(PreconditionFailed):
        desk.people.edit(*ref, {"first_name": "Kari"}, if_match=IfMatch.of('"1"'))
    with pytest.raises(PreconditionFailed):
        desk.people.delete(*ref, if_match=IfMatch.of('"1"'))
    meddled(desk, 1000)
    with pytest.raises(Deferred):
        desk.people.edit(*ref, {"first_name": "Kari"})


def test_an_edit_that_changes_nothing_writes_nothing(desk: Desk) -> None:
    """The version and its time stay."""
    ref = made(desk, first_name="Kari", attributes={"city": "Bodø"})
    before = desk.targets.living[ref]
    desk.clock.advance(60)
    seen = desk.people.edit(*ref, {"first_name": "Kari", "attributes": {"city": "Bodø", "gone": None}})
    assert seen.target is before


def test_true_is_another_value_than_one(desk: Desk) -> None:
    """And is written, although Python takes the two for equal."""
    ref = made(desk, attributes={"vip": 1})
    assert desk.people.edit(*ref, {"attributes": {"vip": True}}).target.attributes["vip"] is True
    assert desk.targets.living[ref].attributes["vip"] is True


def test_a_link_to_what_is_gone_may_stay_but_not_come(desk: Desk) -> None:
    """An old link does not stand in the way of other edits."""
    account = desk.people.create(TargetType.ACCOUNT, {"name": "Fjord"}).target
    ref = made(desk, account_id=account.id)
    desk.people.delete(*ref_of(account))
    desk.people.edit(*ref, {"first_name": "Kari", "account_id": account.id})
    desk.people.edit(*ref, {"account_id": None})
    with pytest.raises(Invalid, match="accountId"):
        desk.people.edit(*ref, {"account_id": account.id})


def test_a_null_of_a_new_record_is_kept(desk: Desk) -> None:
    """Only a patch removes by null."""
    ref = made(desk, attributes={"a": None, "b": {"c": None}})
    assert desk.targets.living[ref].attributes == {"a": None, "b": {"c": None}}


def test_flags_are_those_of_the_address_whoever_holds_it(desk: Desk) -> None:
    """On every page and for one record, one look-up for all."""
    desk.addresses.opt_out(
        key_of(KARI), KARI, everything=True, list_ids=(), reason="complaint", at=desk.clock.now()
    )
    desk.addresses.mark_invalid(key_of("b@example.com"), "", reason="General", at=desk.clock.now())
    for address in (KARI, "KARI@example.com", "b@example.com", None):
        made(desk, email_address=address)
    seen = desk.people.page(CONTACT, limit=10).items[::-1]
    assert [each.is_opted_out for each in seen] == [True, True, False, False]
    assert [each.is_invalid for each in seen] == [False, False, True, False]


def test_a_delete_that_died_half_way_is_finished_by_the_next(desk: Desk) -> None:
    """The person is gone already: not found, yet their lists are put right."""
    list_id, ref = desk.a_list(), made(desk)
    desk.memberships.add(list_id, [Membership(list_id, *ref)])
    desk.targets.bury(desk.targets.living[ref], at=desk.clock.now(), erased=False)
    assert desk.memberships.counts([list_id])[list_id].entries == 1
    with pytest.raises(NotFound):
        desk.people.delete(*ref)
    assert desk.memberships.counts([list_id])[list_id].entries == 0


def test_each_kind_is_stored_as_what_it_is(desk: Desk) -> None:
    """An account is no contact with another name."""
    account = desk.people.create(TargetType.ACCOUNT, {"name": "Fjord"}).target
    assert isinstance(account, Account)
    assert isinstance(desk.targets.living[made(desk)], Contact)
