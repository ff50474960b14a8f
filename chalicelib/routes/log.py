"""The log and the statistics of campaigns and mass emails, and the log of a person."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import structs

from chalicelib.domain.log import Action, BounceType, LogRecord
from chalicelib.domain.ports import Page
from chalicelib.domain.records import Role, TargetType
from chalicelib.domain.stats import NUMBERS, SHARES, Numbers, percentage
from chalicelib.routes.answers import Answer, Listing
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Address, Id, Listed
from chalicelib.routes.calls import Call
from chalicelib.wiring import current

if TYPE_CHECKING:
    from chalicelib.flows.log import LogSearch

blueprint = EnvoiBlueprint(__name__)


class LogQuery(Listed, kw_only=True, frozen=True):
    """What of any log is asked for."""

    action: Action | None = None

    def search(self, call: Call) -> "LogSearch":
        """As the flow takes it."""
        from chalicelib.flows.log import LogSearch  # noqa: PLC0415 - for a cold start

        asked = {name: value for name, value in structs.asdict(self).items() if name != "cursor"}
        return LogSearch(**asked, start=call.start)


class PersonLogQuery(LogQuery, kw_only=True, frozen=True):
    """What of a person's log is asked for."""

    mass_email_id: Id | None = None


class MassEmailLogQuery(LogQuery, kw_only=True, frozen=True):
    """What of a mass email's log is asked for."""

    email_address: Address | None = None


class CampaignLogQuery(MassEmailLogQuery, kw_only=True, frozen=True):
    """What of a campaign's log is asked for."""

    mass_email_id: Id | None = None


class LogAnswer(Answer, kw_only=True, frozen=True):
    """One line of the log; what its action does not have is null."""

    action: Action
    action_date: datetime
    campaign_id: str | None
    mass_email_id: str | None
    recipient_id: str | None
    target_type: TargetType | None
    target_id: str | None
    email_address: str | None
    is_test: bool
    is_machine: bool
    first: bool
    bounce_type: BounceType | None
    bounce_sub_type: str | None
    diagnostic_code: str | None
    tracking_url_id: str | None
    url: str | None
    user_agent: str | None

    @classmethod
    def of_record(cls, record: LogRecord) -> "LogAnswer":
        """The line as it is answered."""
        details = record.details
        return cls.of(
            record,
            bounce_type=details.bounce_type,
            bounce_sub_type=details.bounce_sub_type,
            diagnostic_code=details.diagnostic_code,
            tracking_url_id=details.tracking_url_id,
            url=details.url,
            user_agent=details.user_agent,
        )


class StatsAnswer(Answer, kw_only=True, frozen=True):
    """Numbers of recipients, and their percentages of ``sentCount``: null when nothing was sent."""

    sent_count: int
    delivered_count: int
    opened_count: int
    clicked_count: int
    opted_out_count: int
    opted_in_count: int
    bounced_count: int
    hard_bounced_count: int
    soft_bounced_count: int
    complained_count: int
    lead_created_count: int
    delivered_percentage: float | None
    opened_percentage: float | None
    clicked_percentage: float | None
    opted_out_percentage: float | None
    opted_in_percentage: float | None
    bounced_percentage: float | None
    hard_bounced_percentage: float | None
    soft_bounced_percentage: float | None
    complained_percentage: float | None

    @classmethod
    def of_numbers(cls, numbers: Numbers) -> "StatsAnswer":
        """The numbers as they are answered."""
        values: dict[str, Any] = {f"{name}_count": getattr(numbers, name) for name in NUMBERS}
        for name in SHARES:
            values[f"{name}_percentage"] = percentage(getattr(numbers, name), numbers.sent)
        return cls(**values)


@blueprint.route("/v1/campaigns/{campaign_id}/stats", role=Role.VIEWER)
def campaign_stats(campaign_id: str) -> StatsAnswer:
    """Statistics of all mass emails that the campaign ever had."""
    return StatsAnswer.of_numbers(current().stats.of_campaign(campaign_id))


@blueprint.route("/v1/mass-emails/{mass_email_id}/stats", role=Role.VIEWER)
def mass_email_stats(mass_email_id: str) -> StatsAnswer:
    """Statistics of one mass email."""
    mass_email = current().mass_email_store.get(mass_email_id)
    return StatsAnswer.of_numbers(current().stats.of_mass_email(mass_email))


@blueprint.route("/v1/campaigns/{campaign_id}/log", role=Role.VIEWER)
def campaign_log(call: Call, campaign_id: str, query: CampaignLogQuery) -> Listing[LogAnswer]:
    """What happened in a campaign, newest first."""
    return _listed(call, current().log.of_campaign(campaign_id, query.search(call)))


@blueprint.route("/v1/mass-emails/{mass_email_id}/log", role=Role.VIEWER)
def mass_email_log(call: Call, mass_email_id: str, query: MassEmailLogQuery) -> Listing[LogAnswer]:
    """What happened to a mass email, newest first."""
    mass_email = current().mass_email_store.get(mass_email_id)
    return _listed(call, current().log.of_mass_email(mass_email, query.search(call)))


@blueprint.route("/v1/accounts/{account_id}/log", role=Role.VIEWER)
def account_log(call: Call, account_id: str, query: PersonLogQuery) -> Listing[LogAnswer]:
    """What happened between us and an account, newest first."""
    return _of_person(call, TargetType.ACCOUNT, account_id, query)


@blueprint.route("/v1/contacts/{contact_id}/log", role=Role.VIEWER)
def contact_log(call: Call, contact_id: str, query: PersonLogQuery) -> Listing[LogAnswer]:
    """What happened between us and a contact, newest first."""
    return _of_person(call, TargetType.CONTACT, contact_id, query)


@blueprint.route("/v1/leads/{lead_id}/log", role=Role.VIEWER)
def lead_log(call: Call, lead_id: str, query: PersonLogQuery) -> Listing[LogAnswer]:
    """What happened between us and a lead, newest first."""
    return _of_person(call, TargetType.LEAD, lead_id, query)


@blueprint.route("/v1/users/{user_id}/log", role=Role.VIEWER)
def user_log(call: Call, user_id: str, query: PersonLogQuery) -> Listing[LogAnswer]:
    """What happened between us and a user, newest first."""
    return _of_person(call, TargetType.USER, user_id, query)


def _of_person(
    call: Call, target_type: TargetType, target_id: str, query: PersonLogQuery
) -> Listing[LogAnswer]:
    current().target_store.get(target_type, target_id)
    return _listed(call, current().log.of_person(target_type, target_id, query.search(call)))


def _listed(call: Call, page: Page[LogRecord]) -> Listing[LogAnswer]:
    return call.listing(page, LogAnswer.of_record)
