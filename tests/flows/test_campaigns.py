"""Campaigns: rows 1 to 5 and 15 of the checklist."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.records import (
    Campaign,
    CampaignStatus,
    CampaignType,
    EmailTemplate,
    MassEmailStatus,
    TargetList,
)
from chalicelib.errors import Conflict, Invalid, NotFound, PreconditionFailed
from tests.flows.desk import Desk, fields_of

S = MassEmailStatus


def test_a_new_campaign_is_planned_and_sends_email() -> None:
    """Row 1: the defaults."""
    campaign = Desk().campaign()
    assert (campaign.status, campaign.type) == (CampaignStatus.PLANNING, CampaignType.EMAIL)
    assert campaign.mass_email_count == 0


def test_the_end_before_the_start_is_refused_on_create_and_update() -> None:
    """Row 2; nothing is stored."""
    desk = Desk()
    with pytest.raises(Invalid) as refused:
        desk.campaign(start_date=date(2026, 3, 2), end_date=date(2026, 3, 1))
    assert fields_of(refused.value) == ["endDate"]
    assert not desk.campaign_rows.rows
    campaign = desk.campaign(start_date=date(2026, 3, 2))
    with pytest.raises(Invalid):
        desk.campaigns.edit(campaign.id, {"end_date": date(2026, 3, 1)})
    assert desk.campaign_rows.get(campaign.id) == campaign


def test_lists_must_exist_and_count_once() -> None:
    """Every one that does not is named by its place; a repeated one is meant once."""
    desk = Desk()
    kept = desk.target_list()
    with pytest.raises(Invalid) as refused:
        desk.campaign(target_list_ids=(kept.id, "f" * 17), excluding_target_list_ids=("e" * 17,))
    assert fields_of(refused.value) == ["targetListIds.1", "excludingTargetListIds.0"]
    assert desk.campaign(target_list_ids=(kept.id, kept.id)).target_list_ids == (kept.id,)


def test_a_list_that_is_gone_may_stay_where_it_was() -> None:
    """A deleted list does not stand in the way of other edits; it cannot be added anew."""
    desk = Desk()
    gone = desk.target_list()
    campaign, other = desk.campaign(target_list_ids=(gone.id,)), desk.campaign()
    desk.lists.delete(gone.id)
    assert desk.campaigns.edit(campaign.id, {"name": "Summer"}).name == "Summer"
    with pytest.raises(Invalid):
        desk.campaigns.edit(other.id, {"target_list_ids": (gone.id,)})


def test_the_type_changes_until_there_is_a_mass_email() -> None:
    """Row 3; also when that one was deleted, for its log stays."""
    desk = Desk()
    campaign = desk.campaign()
    assert desk.campaigns.edit(campaign.id, {"type": CampaignType.NEWSLETTER}).type is CampaignType.NEWSLETTER
    mass_email = desk.mass_email(campaign_id=campaign.id)
    desk.drafting.delete(mass_email.id)
    with pytest.raises(Conflict, match="type"):
        desk.campaigns.edit(campaign.id, {"type": CampaignType.WEB})
    desk.campaigns.edit(campaign.id, {"type": CampaignType.NEWSLETTER, "name": "same type"})


def test_an_edit_counts_and_nothing_is_no_edit() -> None:
    """``rev`` and ``modifiedAt`` tell of changes only; counters do not count."""
    desk = Desk()
    campaign = desk.campaign()
    desk.mass_email(campaign_id=campaign.id)
    unchanged = desk.campaigns.edit(campaign.id, {"name": campaign.name})
    assert (unchanged.rev, unchanged.modified_at) == (1, campaign.modified_at)
    changed = desk.campaigns.edit(campaign.id, {"description": "spring cleaning"})
    assert changed.rev == 2
    assert changed.modified_at > campaign.modified_at
    assert changed.mass_email_count == 1


def test_a_version_that_is_past_changes_nothing() -> None:
    """``If-Match`` of an older version is refused for edits and deletes, the present one is not."""
    desk = Desk()
    campaign = desk.campaign()
    desk.campaigns.edit(campaign.id, {"name": "Summer"})
    old, present = IfMatch.of('"1"'), IfMatch.of('"2"')
    with pytest.raises(PreconditionFailed):
        desk.campaigns.edit(campaign.id, {"name": "Autumn"}, if_match=old)
    with pytest.raises(PreconditionFailed):
        desk.campaigns.delete(campaign.id, if_match=old)
    assert desk.campaigns.edit(campaign.id, {"name": "Autumn"}, if_match=present).rev == 3


def test_a_lost_race_is_run_again() -> None:
    """Without ``If-Match`` two edits at once both count; each rests on what it read last."""
    desk = Desk()
    campaign = desk.campaign(start_date=date(2026, 3, 2))
    rivals = iter([date(2026, 3, 5)])
    first_find = desk.campaign_rows.find

    def find_and_be_overtaken(record_id: str, *, deleted: bool = False) -> Campaign | None:
        found = first_find(record_id, deleted=deleted)
        for rival in rivals:
            assert found is not None
            desk.campaign_rows.rows[record_id] = replace(found, end_date=rival, rev=found.rev + 1)
        return found

    desk.campaign_rows.find = find_and_be_overtaken  # type: ignore[method-assign]
    edited = desk.campaigns.edit(campaign.id, {"name": "Summer"})
    assert (edited.name, edited.end_date, edited.rev) == ("Summer", date(2026, 3, 5), 3)


@pytest.mark.parametrize("status", [S.PENDING, S.IN_PROCESS, S.PAUSED])
def test_what_is_under_way_keeps_what_it_uses(status: MassEmailStatus) -> None:
    """Campaign, template and lists cannot be deleted while a mass email is Pending, In Process or Paused."""
    desk = Desk()
    campaign, template, target, excluded = (
        desk.campaign(),
        desk.template(),
        desk.target_list(),
        desk.target_list(),
    )
    made = desk.mass_email(
        campaign_id=campaign.id,
        email_template_id=template.id,
        target_list_ids=(target.id,),
        excluding_target_list_ids=(excluded.id,),
    )
    under_way = desk.in_status(made, status=status)
    deletes: list[Callable[[], None]] = [
        lambda: desk.campaigns.delete(campaign.id),
        lambda: desk.templates.delete(template.id),
        lambda: desk.lists.delete(target.id),
        lambda: desk.lists.delete(excluded.id),
    ]
    for delete in deletes:
        with pytest.raises(Conflict, match=made.id):
            delete()
    desk.in_status(under_way, status=S.COMPLETE)
    for delete in deletes:
        delete()
    for rows in (desk.campaign_rows, desk.template_rows, desk.list_rows):
        assert all(row.deleted_at for row in rows.rows.values())


@pytest.mark.parametrize("kind", [Campaign, EmailTemplate, TargetList])
def test_no_mass_email_slips_in_while_its_things_are_deleted(kind: type) -> None:
    """A mass email that is stored between the look around and the delete makes the delete look again, and refuse."""
    desk = Desk()
    campaign, template, target = desk.campaign(), desk.template(), desk.target_list()
    look = desk.store.open_ids
    slipped = iter([True])

    def open_ids() -> list[str]:
        before = list(look())
        for _ in slipped:
            desk.mass_email(
                campaign_id=campaign.id, email_template_id=template.id, target_list_ids=(target.id,)
            )
        return before

    desk.store.open_ids = open_ids  # type: ignore[method-assign]
    deletes: dict[type, Callable[[], None]] = {
        Campaign: lambda: desk.campaigns.delete(campaign.id),
        EmailTemplate: lambda: desk.templates.delete(template.id),
        TargetList: lambda: desk.lists.delete(target.id),
    }
    with pytest.raises(Conflict):
        deletes[kind]()
    assert len(desk.store.records.rows) == 1


def test_no_type_slips_away_under_a_first_mass_email() -> None:
    """A mass email that is stored after the campaign was read makes the change of type look again, and refuse."""
    desk = Desk()
    campaign, readers = desk.campaign(), desk.target_list()
    read, slipped = desk.campaign_rows.get, iter([True])

    def get(record_id: str) -> Campaign:
        found = read(record_id)
        for _ in slipped:
            desk.mass_email(campaign_id=campaign.id, target_list_ids=(readers.id,))
        return found

    desk.campaign_rows.get = get  # type: ignore[method-assign]
    with pytest.raises(Conflict, match="type"):
        desk.campaigns.edit(campaign.id, {"type": CampaignType.RADIO})
    assert read(campaign.id).type is CampaignType.EMAIL


def test_a_deleted_campaign_is_gone_for_callers() -> None:
    """A second delete does not find it; its record stays for log and statistics."""
    desk = Desk()
    campaign = desk.campaign()
    desk.campaigns.delete(campaign.id)
    with pytest.raises(NotFound):
        desk.campaigns.delete(campaign.id)
    with pytest.raises(NotFound):
        desk.campaigns.edit(campaign.id, {"name": "x"})
    assert desk.campaign_rows.find(campaign.id, deleted=True) is not None


def test_a_duplicate_has_the_fields_and_no_mass_emails() -> None:
    """Row 15: a new record of the same name; lists that were deleted are left out."""
    desk = Desk()
    kept, gone = desk.target_list(), desk.target_list()
    original = desk.campaign(
        type=CampaignType.NEWSLETTER, description="x", target_list_ids=(kept.id, gone.id), status="Active"
    )
    desk.mass_email(campaign_id=original.id)
    desk.lists.delete(gone.id)
    copy = desk.campaigns.duplicate(original.id)
    assert copy.id != original.id
    assert copy.created_at > original.created_at
    expected = replace(
        original,
        id=copy.id,
        created_at=copy.created_at,
        modified_at=copy.modified_at,
        target_list_ids=(kept.id,),
    )
    assert copy == expected
    assert desk.campaign_rows.get(copy.id) == copy
    with pytest.raises(NotFound):
        desk.campaigns.duplicate("f" * 17)
