"""The states of a mass email: the table is total, and what callers may edit fits it."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.domain.mass_email_edits import USER, acted, deleted, edited, stays_open
from chalicelib.domain.mass_emails import EDITABLE, OPEN, TRANSITIONS, Act, after
from chalicelib.domain.records import MassEmail, MassEmailStatus, StatusReason
from chalicelib.errors import Conflict
from tests.fakes.records import outside

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
S = MassEmailStatus
STATUSES = st.sampled_from(S)
ACTS = st.sampled_from(Act)


def a_mass_email(status: MassEmailStatus = S.DRAFT, **others: object) -> MassEmail:
    values: dict[str, object] = {
        "id": "1" * 17,
        "created_at": NOW,
        "modified_at": NOW,
        "name": "March",
        "start_at": NOW,
        "email_template_id": "2" * 17,
        "target_list_ids": ("3" * 17,),
    }
    return MassEmail(**{**values, **others}, status=status)  # type: ignore[arg-type]


ALLOWED = {
    (Act.TO_DRAFT, S.DRAFT): S.DRAFT,
    (Act.TO_DRAFT, S.PENDING): S.DRAFT,
    (Act.TO_PENDING, S.DRAFT): S.PENDING,
    (Act.TO_PENDING, S.PENDING): S.PENDING,
    (Act.TO_PENDING, S.COMPLETE): S.PENDING,
    (Act.TO_PENDING, S.FAILED): S.PENDING,
    (Act.START, S.PENDING): S.IN_PROCESS,
    (Act.CANNOT_START, S.PENDING): S.FAILED,
    (Act.CANNOT_START, S.IN_PROCESS): S.FAILED,
    (Act.FROZE, S.IN_PROCESS): S.IN_PROCESS,
    (Act.FROZE, S.PAUSED): S.PAUSED,
    (Act.FINISH_EMPTY, S.IN_PROCESS): S.COMPLETE,
    (Act.FINISH, S.IN_PROCESS): S.COMPLETE,
    (Act.FINISH_FAILED, S.IN_PROCESS): S.FAILED,
    (Act.PAUSE, S.PENDING): S.PAUSED,
    (Act.PAUSE, S.IN_PROCESS): S.PAUSED,
    (Act.RESUME, S.PAUSED): S.IN_PROCESS,
    (Act.CANCEL, S.DRAFT): S.CANCELED,
    (Act.CANCEL, S.PENDING): S.CANCELED,
    (Act.CANCEL, S.IN_PROCESS): S.CANCELED,
    (Act.CANCEL, S.PAUSED): S.CANCELED,
    (Act.RETRY_FAILED, S.COMPLETE): S.IN_PROCESS,
    (Act.RETRY_FAILED, S.FAILED): S.IN_PROCESS,
}
"""Written out a second time, from ``delivery.md`` ("States"): 23 of 84 pairs."""


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("status", S)
def test_every_pair_of_act_and_status_is_decided(act: Act, status: MassEmailStatus) -> None:
    """What the design allows leads where it says; everything else is refused with both names. Frozen, to leave RESUME whole."""
    mass_email = a_mass_email(status, frozen=True)
    if (act, status) in ALLOWED:
        assert after(mass_email, act) is ALLOWED[act, status]
        return
    with pytest.raises(Conflict, match=status.value):
        after(mass_email, act)


def test_the_table_has_a_row_for_every_act() -> None:
    """No act can raise a KeyError."""
    assert set(TRANSITIONS) == set(Act)
    assert set(EDITABLE) == set(S)


def test_resuming_what_was_never_frozen_starts_over() -> None:
    """Paused before its freeze, it waits for its time again."""
    assert after(a_mass_email(S.PAUSED, frozen=False), Act.RESUME) is S.PENDING


def test_canceled_is_final() -> None:
    """No act leads out of Canceled."""
    assert not [act for act in Act if S.CANCELED in TRANSITIONS[act]]


@given(STATUSES, ACTS, st.booleans())
def test_what_a_user_did_counts_as_an_edit(status: MassEmailStatus, act: Act, by_user: bool) -> None:
    """``rev`` counts the acts of callers; the system's own leave the caller's version as it is."""
    reason = StatusReason(code="x", message="x", since=NOW, by=USER if by_user else "system")
    assume(act is not Act.FROZE)  # the sender's own note, which leaves the reason of the status alone
    before = a_mass_email(status, rev=4)
    try:
        result = acted(before, act, at=NOW, reason=reason)
    except Conflict:
        return
    assert result.rev == (5 if by_user else 4)
    assert result.status_reason == reason


def test_a_whole_freeze_leaves_the_reason_alone() -> None:
    """Paused while it was frozen, it still says who paused it."""
    reason = StatusReason(code="paused", message="paused by a user", since=NOW, by=USER)
    before = a_mass_email(S.PAUSED, status_reason=reason)
    after_freeze = acted(before, Act.FROZE, at=NOW, changes={"frozen": True})
    assert (after_freeze.status, after_freeze.status_reason) == (S.PAUSED, reason)
    assert after_freeze.frozen


def test_going_to_pending_again_freezes_again() -> None:
    """A Complete one that goes to Pending has its recipients looked for anew."""
    assert acted(a_mass_email(S.COMPLETE, frozen=True), Act.TO_PENDING, at=NOW).frozen is False


OTHER_VALUES: dict[str, object] = {
    "name": "April",
    "campaign_id": "9" * 17,
    "start_at": NOW + timedelta(days=1),
    "email_template_id": "9" * 17,
    "target_list_ids": ("9" * 17,),
    "excluding_target_list_ids": ("9" * 17,),
    "from_address": "news@example.com",
    "from_name": "Fjord",
    "reply_to_address": "reply@example.com",
    "reply_to_name": "Kari",
    "opt_out_entirely": True,
    "store_sent_emails": True,
    "track_links": "all",
}


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("field", OTHER_VALUES)
def test_each_field_changes_in_just_the_statuses_of_the_table(status: MassEmailStatus, field: str) -> None:
    """An edit that the table names is made and counted, any other is refused with the field's name."""
    before = a_mass_email(status)
    if outside(field) in EDITABLE[status]:
        result = edited(before, {field: OTHER_VALUES[field]}, at=NOW)
        assert getattr(result, field) == OTHER_VALUES[field]
        assert result.rev == before.rev + 1
        return
    with pytest.raises(Conflict, match=outside(field)):
        edited(before, {field: OTHER_VALUES[field]}, at=NOW)


@given(STATUSES)
def test_a_field_that_is_sent_unchanged_is_no_edit(status: MassEmailStatus) -> None:
    """A caller may send back what it read, in every status."""
    before = a_mass_email(status)
    same = {field: getattr(before, field) for field in OTHER_VALUES}
    assert edited(before, same, at=NOW) is before


def test_the_editable_fields_exist() -> None:
    """The table names no field that a mass email does not have."""
    names = {outside(field.name) for field in fields(MassEmail)}
    assert all(editable <= names for editable in EDITABLE.values())


@pytest.mark.parametrize("status", S)
def test_deleting_stops_what_would_still_go_out(status: MassEmailStatus) -> None:
    """In Process is refused; Pending and Paused are canceled with it; the others keep their status."""
    before = a_mass_email(status, frozen=True)
    if status is S.IN_PROCESS:
        with pytest.raises(Conflict):
            deleted(before, at=NOW)
        return
    result = deleted(before, at=NOW)
    assert result.deleted_at == NOW
    assert result.rev == before.rev + 1
    assert result.status is (S.CANCELED if status in OPEN else status)


@given(STATUSES, st.booleans())
def test_the_schedule_looks_at_what_is_under_way(status: MassEmailStatus, frozen: bool) -> None:
    """Pending, In Process, Paused; and Canceled as long as chunks of it may be under way."""
    expected = status in OPEN or (status is S.CANCELED and frozen)
    assert stays_open(a_mass_email(status, frozen=frozen)) is expected
