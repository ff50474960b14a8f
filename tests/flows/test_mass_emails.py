"""Mass emails: rows 6 to 12 and 14 to 16 of the checklist, and what may change when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.mass_email_edits import Which
from chalicelib.domain.records import CampaignType, MassEmail, MassEmailStatus, TemplateStatus
from chalicelib.errors import Conflict, Invalid, NotFound, PreconditionFailed
from tests.flows.desk import Desk, fields_of

S = MassEmailStatus


def test_a_new_one_is_pending() -> None:
    """Row 7: and the schedule looks at it at once."""
    desk = Desk()
    made = desk.mass_email()
    assert made.status is S.PENDING
    assert desk.store.open_ids() == [made.id]
    assert desk.store.get(made.id) == made


def test_name_and_lists_are_required() -> None:
    """Row 6; both are named at once, an empty list of lists is none."""
    desk = Desk()
    for lists in (None, ()):
        with pytest.raises(Invalid) as refused:
            desk.mass_email(name=None, target_list_ids=lists, status=S.DRAFT)
        assert fields_of(refused.value) == ["name", "targetListIds"]
    assert not desk.store.records.rows


def test_the_campaign_fills_in_what_is_not_given() -> None:
    """Rows 5 and 11: its lists, as far as they exist, and its name with the day in the stage's time zone."""
    desk = Desk()
    desk.settings.stored = replace(desk.settings.stored, time_zone="Pacific/Auckland")
    target, gone, excluded = desk.target_list(), desk.target_list(), desk.target_list()
    campaign = desk.campaign(target_list_ids=(gone.id, target.id), excluding_target_list_ids=(excluded.id,))
    desk.lists.delete(gone.id)
    desk.clock.advance((datetime(2026, 3, 31, 22, tzinfo=UTC) - desk.clock.now()).total_seconds())
    made = desk.mass_email(campaign_id=campaign.id, name=None, target_list_ids=None)
    assert made.name == "Spring 2026-04-01"
    assert made.target_list_ids == (target.id,)
    assert made.excluding_target_list_ids == (excluded.id,)


def test_what_is_given_counts_more_than_the_campaign() -> None:
    """An empty list of excluding lists too."""
    desk = Desk()
    campaign = desk.campaign(
        target_list_ids=(desk.target_list().id,), excluding_target_list_ids=(desk.target_list().id,)
    )
    own = desk.target_list()
    made = desk.mass_email(
        campaign_id=campaign.id, name="Own", target_list_ids=(own.id, own.id), excluding_target_list_ids=()
    )
    assert (made.name, made.target_list_ids, made.excluding_target_list_ids) == ("Own", (own.id,), ())


@pytest.mark.parametrize("kind", CampaignType)
def test_only_campaigns_that_send_have_some(kind: CampaignType) -> None:
    """Row 8."""
    desk = Desk()
    campaign = desk.campaign(type=kind)
    if kind in (CampaignType.EMAIL, CampaignType.NEWSLETTER, CampaignType.INFORMATIONAL):
        assert desk.mass_email(campaign_id=campaign.id).campaign_id == campaign.id
        assert desk.campaign_rows.get(campaign.id).mass_email_count == 1
        return
    with pytest.raises(Invalid) as refused:
        desk.mass_email(campaign_id=campaign.id)
    assert fields_of(refused.value) == ["campaignId"]


def test_without_a_campaign_it_may_be() -> None:
    """Row 9."""
    assert Desk().mass_email().campaign_id is None


def test_the_campaign_is_fixed() -> None:
    """Row 10: neither another one, nor none, nor one where there was none."""
    desk = Desk()
    campaign, other = desk.campaign(), desk.campaign()
    within, without = desk.mass_email(campaign_id=campaign.id), desk.mass_email()
    for mass_email, wanted in ((within, other.id), (within, None), (without, campaign.id)):
        with pytest.raises(Conflict, match="campaignId"):
            desk.drafting.edit(mass_email.id, {"campaign_id": wanted})
    assert desk.drafting.edit(within.id, {"campaign_id": campaign.id}) == within


def test_ids_in_a_body_must_be_of_the_right_kind() -> None:
    """A draft too names only what exists; a list is no template."""
    desk = Desk()
    target, template = desk.target_list(), desk.template()
    with pytest.raises(Invalid) as refused:
        desk.mass_email(
            status=S.DRAFT,
            email_template_id=target.id,
            target_list_ids=(target.id, template.id),
            excluding_target_list_ids=("f" * 17,),
        )
    assert fields_of(refused.value) == ["targetListIds.1", "excludingTargetListIds.0", "emailTemplateId"]


def test_an_inactive_template_can_be_kept_but_not_chosen() -> None:
    """It can even go out, where it was chosen before."""
    desk = Desk()
    template = desk.template(status=TemplateStatus.INACTIVE)
    with pytest.raises(Invalid) as refused:
        desk.mass_email(email_template_id=template.id, status=S.DRAFT)
    assert fields_of(refused.value) == ["emailTemplateId"]
    desk.templates.edit(template.id, {"status": TemplateStatus.ACTIVE})
    made = desk.mass_email(email_template_id=template.id, status=S.DRAFT)
    desk.templates.edit(template.id, {"status": TemplateStatus.INACTIVE})
    assert desk.drafting.edit(made.id, {"status": S.PENDING}).status is S.PENDING


def test_pending_needs_a_sender_and_a_site() -> None:
    """Draft does not (row 7): there they may come later."""
    desk = Desk(public_url="")
    desk.settings.stored = replace(desk.settings.stored, outbound_email_from_address=None)
    with pytest.raises(Invalid) as refused:
        desk.mass_email()
    assert fields_of(refused.value) == ["fromAddress", "massEmailSiteUrl"]
    draft = desk.mass_email(status=S.DRAFT)
    with pytest.raises(Invalid) as refused:
        desk.drafting.edit(draft.id, {"status": S.PENDING})
    assert fields_of(refused.value) == ["fromAddress", "massEmailSiteUrl"]
    assert desk.store.get(draft.id) == draft
    desk.settings.stored = replace(desk.settings.stored, mass_email_site_url="https://mail.example.com")
    ready = desk.drafting.edit(draft.id, {"status": S.PENDING, "from_address": "kari@example.com"})
    assert ready.status is S.PENDING
    assert desk.store.open_ids() == [draft.id]


def test_the_default_sender_is_not_copied() -> None:
    """Row 12: null means the system's address at the time of sending."""
    made = Desk().mass_email()
    assert (made.from_address, made.from_name) == (None, None)


def test_every_tracking_url_of_the_text_must_fit() -> None:
    """It exists, and belongs to the same campaign or to none; each misfit is told."""
    desk = Desk()
    campaign, other = desk.campaign(), desk.campaign()
    own, foreign = desk.tracking_url(campaign_id=campaign.id), desk.tracking_url(campaign_id=other.id)
    free, gone = desk.tracking_url(), desk.tracking_url()
    desk.urls.delete(gone.id)

    def template_naming(*ids: str) -> str:
        return desk.template(body=" ".join(f"{{trackingUrl:{each}}}" for each in ids)).id

    fitting, misfitting = template_naming(own.id, free.id), template_naming(own.id, foreign.id, gone.id)
    assert desk.mass_email(campaign_id=campaign.id, email_template_id=fitting).status is S.PENDING
    with pytest.raises(Invalid) as refused:
        desk.mass_email(campaign_id=campaign.id, email_template_id=misfitting)
    assert fields_of(refused.value) == ["emailTemplateId", "emailTemplateId"]
    assert [foreign.id in error.message for error in refused.value.errors] == [True, False]
    assert [gone.id in error.message for error in refused.value.errors] == [False, True]
    with pytest.raises(Invalid):
        desk.mass_email(email_template_id=fitting)


def test_an_edit_of_what_is_pending_keeps_it_ready() -> None:
    """What it comes to use must fit as if it went to Pending now; its name does not matter to that."""
    desk = Desk()
    made = desk.mass_email()
    broken = desk.template(body="{trackingUrl:1}")
    with pytest.raises(Invalid):
        desk.drafting.edit(made.id, {"email_template_id": broken.id})
    desk.settings.stored = replace(desk.settings.stored, outbound_email_from_address=None)
    assert desk.drafting.edit(made.id, {"name": "April"}).name == "April"


def test_lists_cannot_be_emptied() -> None:
    """Row 6, on update."""
    desk = Desk()
    made = desk.mass_email()
    with pytest.raises(Invalid) as refused:
        desk.drafting.edit(made.id, {"target_list_ids": ()})
    assert fields_of(refused.value)[0] == "targetListIds"


def test_complete_goes_to_pending_again_with_what_there_is_then() -> None:
    """The campaign, the template and the lists must exist again; the next freeze is a new one."""
    desk = Desk()
    campaign, template = desk.campaign(), desk.template()
    made = desk.mass_email(campaign_id=campaign.id, email_template_id=template.id)
    complete = desk.in_status(made, status=S.COMPLETE, frozen=True)
    desk.templates.delete(template.id)
    desk.campaigns.delete(campaign.id)
    with pytest.raises(Invalid) as refused:
        desk.drafting.edit(complete.id, {"status": S.PENDING})
    assert fields_of(refused.value) == ["campaignId", "emailTemplateId"]
    other = desk.mass_email()
    desk.in_status(other, status=S.COMPLETE, frozen=True)
    again = desk.drafting.edit(other.id, {"status": S.PENDING, "start_at": desk.clock.now()})
    assert (again.status, again.frozen) == (S.PENDING, False)
    assert desk.store.open_ids() == [other.id]


@pytest.mark.parametrize("status", [S.IN_PROCESS, S.PAUSED, S.CANCELED])
def test_a_status_cannot_be_patched_away(status: MassEmailStatus) -> None:
    """What is under way or canceled is not set to Draft or Pending."""
    desk = Desk()
    made = desk.in_status(desk.mass_email(), status=status)
    for wanted in (S.DRAFT, S.PENDING):
        with pytest.raises(Conflict, match=status.value):
            desk.drafting.edit(made.id, {"status": wanted})
    assert desk.store.get(made.id) == made


def test_a_past_version_is_refused() -> None:
    """For edits and deletes."""
    desk = Desk()
    made = desk.drafting.edit(desk.mass_email().id, {"name": "April"})
    old = IfMatch.of('"1"')
    for act in (
        lambda: desk.drafting.edit(made.id, {"name": "May"}, if_match=old),
        lambda: desk.drafting.delete(made.id, if_match=old),
    ):
        with pytest.raises(PreconditionFailed):
            act()
    assert desk.store.get(made.id) == made


@pytest.mark.parametrize("status", S)
def test_deleting(status: MassEmailStatus) -> None:
    """Row 14, as changed: only In Process is refused; the record stays hidden, and nothing of it goes out any more."""
    desk = Desk()
    made = desk.in_status(desk.mass_email(), status=status)
    if status is S.IN_PROCESS:
        with pytest.raises(Conflict):
            desk.drafting.delete(made.id)
        return
    desk.drafting.delete(made.id)
    with pytest.raises(NotFound):
        desk.drafting.delete(made.id)
    hidden = desk.store.find(made.id, deleted=True)
    assert hidden is not None
    assert hidden.status not in (S.PENDING, S.PAUSED)
    assert desk.store.open_ids() == []


def test_a_duplicate_is_a_draft_with_the_same_fields() -> None:
    """Row 15: nothing of its sending is copied, nor lists that are gone."""
    desk = Desk()
    kept, gone = desk.target_list(), desk.target_list()
    original = desk.mass_email(
        campaign_id=desk.campaign().id,
        target_list_ids=(gone.id, kept.id),
        excluding_target_list_ids=(kept.id,),
        from_address="kari@example.com",
        store_sent_emails=True,
    )
    desk.in_status(original, status=S.COMPLETE, frozen=True, freezes=2, message_version=3, retry_pass=1)
    desk.lists.delete(gone.id)
    copy = desk.drafting.duplicate(original.id)
    expected = replace(
        original,
        id=copy.id,
        created_at=copy.created_at,
        modified_at=copy.modified_at,
        status=S.DRAFT,
        target_list_ids=(kept.id,),
    )
    assert copy == expected
    assert copy.id != original.id
    assert desk.store.open_ids() == []


def test_what_has_lost_its_things_cannot_be_duplicated() -> None:
    """It says what is gone."""
    desk = Desk()
    target = desk.target_list()
    original = desk.in_status(desk.mass_email(target_list_ids=(target.id,)), status=S.COMPLETE)
    desk.lists.delete(target.id)
    with pytest.raises(Conflict, match="targetListIds"):
        desk.drafting.duplicate(original.id)


@pytest.fixture
def one_of_each() -> tuple[Desk, dict[MassEmailStatus, MassEmail]]:
    """A desk with one mass email in every status."""
    desk = Desk()
    return desk, {status: desk.in_status(desk.mass_email(), status=status) for status in S}


@pytest.mark.parametrize(
    ("which", "status", "expected"),
    [
        (None, None, set(S)),
        (Which.ACTUAL, None, {S.DRAFT, S.PENDING}),
        (Which.COMPLETE, None, {S.COMPLETE}),
        (None, S.PAUSED, {S.PAUSED}),
        (Which.ACTUAL, S.DRAFT, {S.DRAFT}),
        (Which.ACTUAL, S.COMPLETE, set()),
    ],
)
def test_filters(
    one_of_each: tuple[Desk, dict[MassEmailStatus, MassEmail]],
    which: Which | None,
    status: MassEmailStatus | None,
    expected: set[MassEmailStatus],
) -> None:
    """Row 16; two filters take what fits both."""
    desk, _ = one_of_each
    page = desk.drafting.page(limit=20, which=which, status=status)
    assert {each.status for each in page.items} == expected


def test_pages_of_a_campaign() -> None:
    """Newest first, and only its own."""
    desk = Desk()
    campaign = desk.campaign()
    made = [desk.mass_email(campaign_id=campaign.id) for _ in range(3)]
    desk.mass_email()
    first = desk.drafting.page(limit=2, campaign_id=campaign.id)
    rest = desk.drafting.page(limit=2, start=first.next_key, campaign_id=campaign.id)
    assert [*first.items, *rest.items] == made[::-1]
    assert rest.next_key is None


def test_a_time_long_past_is_due_at_once() -> None:
    """``startAt`` may lie in the past: it goes out with the next tick."""
    desk = Desk()
    start = desk.clock.now() - timedelta(days=400)
    assert desk.mass_email(start_at=start).start_at == start
