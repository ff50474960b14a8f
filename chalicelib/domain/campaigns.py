"""What must hold of campaigns, of what hangs on them, and of what is in use."""

from collections.abc import Iterable, Sequence
from datetime import date

from chalicelib.domain.mass_emails import OPEN
from chalicelib.domain.records import EMAIL_TYPES, TRACKED_TYPES, Campaign, MassEmail
from chalicelib.errors import Conflict, FieldError

MAX_NAME = 255  # characters, as of every name
MAX_LISTS = 100  # target lists, and as many excluding ones: a record stays far below DynamoDB's 400 KB


def date_problems(campaign: Campaign) -> list[FieldError]:
    """``endDate`` is not before ``startDate`` (row 2)."""
    start, end = campaign.start_date, campaign.end_date
    if start is None or end is None or end >= start:
        return []
    return [FieldError("endDate", "is before startDate")]


def check_type(before: Campaign, after: Campaign) -> None:
    """The type stays while there are mass emails (row 3); ``mass_email_count`` counts deleted ones too, for their log stays.

    Raises:
        Conflict: It changed although there are some.
    """
    if after.type is not before.type and before.mass_email_count:
        raise Conflict("type cannot change: the campaign has mass emails")


def mass_email_problems(campaign: Campaign | None) -> list[FieldError]:
    """Whether a mass email can be of this campaign (row 8); None is a campaign that does not exist."""
    if campaign is None:
        return [FieldError("campaignId", "there is no campaign with this id")]
    if campaign.type not in EMAIL_TYPES:
        return [FieldError("campaignId", f"a campaign of type {campaign.type} cannot have mass emails")]
    return []


def tracked_campaign_problems(campaign: Campaign | None) -> list[FieldError]:
    """Whether a tracking URL can be of this campaign (row 66); None is a campaign that does not exist."""
    if campaign is None:
        return [FieldError("campaignId", "there is no campaign with this id")]
    if campaign.type not in TRACKED_TYPES:
        return [FieldError("campaignId", f"a campaign of type {campaign.type} cannot have tracking URLs")]
    return []


def default_name(campaign: Campaign, day: date) -> str:
    """What a new mass email of the campaign is called (row 11)."""
    suffix = f" {day.isoformat()}"
    return campaign.name[: MAX_NAME - len(suffix)] + suffix


def references(mass_email: MassEmail) -> frozenset[str]:
    """The ids of what a mass email uses: campaign, template, lists. An id belongs to one record of one kind."""
    lists = {*mass_email.target_list_ids, *mass_email.excluding_target_list_ids}
    return frozenset(lists | {mass_email.email_template_id} | ({mass_email.campaign_id or ""} - {""}))


def check_unused(record_id: str, mass_emails: Iterable[MassEmail]) -> None:
    """What a mass email that is Pending, In Process or Paused uses cannot be deleted.

    Raises:
        Conflict: Names the first such mass email and how many there are.
    """
    users: Sequence[MassEmail] = [
        mass_email
        for mass_email in mass_emails
        if mass_email.status in OPEN and mass_email.deleted_at is None and record_id in references(mass_email)
    ]
    if users:
        others = f" and {len(users) - 1} more" if len(users) > 1 else ""
        raise Conflict(f"in use by the mass email {users[0].id}{others}, which is {users[0].status}")
