"""The rules of campaigns, and what is in use."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.campaigns import (
    MAX_NAME,
    check_type,
    check_unused,
    date_problems,
    default_name,
    mass_email_problems,
    references,
    tracked_campaign_problems,
)
from chalicelib.domain.mass_emails import OPEN
from chalicelib.domain.records import Campaign, CampaignType, MassEmail, MassEmailStatus
from chalicelib.errors import Conflict

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
CAMPAIGN = Campaign(id="c" * 17, created_at=NOW, modified_at=NOW, name="Spring")
MASS_EMAIL = MassEmail(
    id="e" * 17,
    created_at=NOW,
    modified_at=NOW,
    name="Spring 2026-03-01",
    start_at=NOW,
    campaign_id=CAMPAIGN.id,
    email_template_id="a" * 17,
    target_list_ids=("1" * 17, "2" * 17),
    excluding_target_list_ids=("3" * 17,),
)
DAYS = st.none() | st.dates()
SENDING = {"Email", "Newsletter", "Informational Email"}


@given(DAYS, DAYS)
def test_the_end_is_not_before_the_start(start: date | None, end: date | None) -> None:
    """Refused on ``endDate`` just when both are there and it is earlier (row 2)."""
    problems = date_problems(replace(CAMPAIGN, start_date=start, end_date=end))
    wrong = start is not None and end is not None and end < start
    assert [problem.field for problem in problems] == (["endDate"] if wrong else [])


@pytest.mark.parametrize("kind", CampaignType)
def test_only_types_that_send_have_mass_emails(kind: CampaignType) -> None:
    """Email, Newsletter and Informational Email do (row 8); the last one without tracking URLs (row 66)."""
    campaign = replace(CAMPAIGN, type=kind)
    assert bool(mass_email_problems(campaign)) is (kind not in SENDING)
    assert bool(tracked_campaign_problems(campaign)) is (kind not in SENDING - {"Informational Email"})


def test_a_campaign_that_is_none_is_refused_by_field() -> None:
    """An id of nothing, or of a deleted campaign."""
    assert [problem.field for problem in mass_email_problems(None)] == ["campaignId"]
    assert [problem.field for problem in tracked_campaign_problems(None)] == ["campaignId"]


def test_the_type_changes_only_before_the_first_mass_email() -> None:
    """Row 3."""
    web = replace(CAMPAIGN, type=CampaignType.WEB)
    check_type(CAMPAIGN, web)
    used = replace(CAMPAIGN, mass_email_count=1)
    check_type(used, replace(used, name="Summer"))
    with pytest.raises(Conflict, match="type"):
        check_type(used, replace(used, type=CampaignType.WEB))


@given(st.text(min_size=1, max_size=MAX_NAME), st.dates())
def test_a_default_name_is_a_name(name: str, day: date) -> None:
    """The campaign's name, cut where it must be, and the whole date (row 11)."""
    made = default_name(replace(CAMPAIGN, name=name), day)
    assert len(made) <= MAX_NAME
    assert made.endswith(f" {day.isoformat()}")
    assert name.startswith(made.removesuffix(f" {day.isoformat()}"))


@pytest.mark.parametrize("status", MassEmailStatus)
@pytest.mark.parametrize("used", sorted(references(MASS_EMAIL)))
def test_what_a_mass_email_under_way_uses_is_kept(status: MassEmailStatus, used: str) -> None:
    """Campaign, template and both kinds of lists cannot go while it is Pending, In Process or Paused."""
    mass_email = replace(MASS_EMAIL, status=status)
    if status not in OPEN:
        check_unused(used, [mass_email])
        return
    with pytest.raises(Conflict, match=MASS_EMAIL.id):
        check_unused(used, [mass_email])


def test_what_nobody_uses_may_go() -> None:
    """Another id, or a mass email that was deleted, keeps nothing."""
    check_unused("f" * 17, [MASS_EMAIL])
    check_unused("a" * 17, [replace(MASS_EMAIL, deleted_at=NOW)])
    assert references(replace(MASS_EMAIL, campaign_id=None)) == references(MASS_EMAIL) - {CAMPAIGN.id}
