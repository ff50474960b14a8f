"""Campaigns over HTTP."""

from datetime import date
from typing import Annotated

from msgspec import Meta, structs

from chalicelib.domain.campaigns import MAX_LISTS
from chalicelib.domain.etags import IfMatch
from chalicelib.domain.records import CampaignStatus, CampaignType, Role
from chalicelib.routes.answers import Listing, RecordAnswer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Body, Day, Id, Listed, Name, Text
from chalicelib.routes.calls import Call
from chalicelib.routes.reading import Patch
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)
ListIds = Annotated[tuple[Id, ...], Meta(max_length=MAX_LISTS)]


class CampaignFields(Body, kw_only=True, frozen=True):
    """A campaign; its lists are what its new mass emails begin with."""

    name: Name
    type: CampaignType = CampaignType.EMAIL
    status: CampaignStatus = CampaignStatus.PLANNING
    start_date: Day | None = None
    end_date: Day | None = None
    description: Text | None = None
    target_list_ids: ListIds = ()
    excluding_target_list_ids: ListIds = ()


class CampaignAnswer(RecordAnswer, kw_only=True, frozen=True):
    """A campaign."""

    name: str
    type: CampaignType
    status: CampaignStatus
    start_date: date | None
    end_date: date | None
    description: str | None
    target_list_ids: tuple[str, ...]
    excluding_target_list_ids: tuple[str, ...]


class CampaignSearch(Listed, kw_only=True, frozen=True):
    """Filters of the list."""

    status: CampaignStatus | None = None
    type: CampaignType | None = None


@blueprint.route("/v1/campaigns", methods=["POST"], role=Role.EDITOR)
def create_campaign(body: CampaignFields) -> CampaignAnswer:
    """Make a campaign."""
    return CampaignAnswer.of(current().campaigns.create(structs.asdict(body)))


@blueprint.route("/v1/campaigns", role=Role.VIEWER)
def list_campaigns(call: Call, query: CampaignSearch) -> Listing[CampaignAnswer]:
    """List the campaigns."""
    equals = {"status": query.status, "type": query.type}
    page = current().campaign_store.page(limit=query.limit, start=call.start, equals=equals)
    return call.listing(page, CampaignAnswer.of)


@blueprint.route("/v1/campaigns/{campaign_id}", role=Role.VIEWER)
def read_campaign(campaign_id: str) -> CampaignAnswer:
    """Read a campaign."""
    return CampaignAnswer.of(current().campaign_store.get(campaign_id))


@blueprint.route("/v1/campaigns/{campaign_id}", methods=["PATCH"], role=Role.EDITOR)
def change_campaign(campaign_id: str, body: Patch[CampaignFields], if_match: IfMatch) -> CampaignAnswer:
    """Change a campaign; its type only while it has no mass emails."""
    return CampaignAnswer.of(current().campaigns.edit(campaign_id, body.changes, if_match=if_match))


@blueprint.route("/v1/campaigns/{campaign_id}", methods=["DELETE"], role=Role.EDITOR)
def delete_campaign(campaign_id: str, if_match: IfMatch) -> None:
    """Delete a campaign that no mass email under way belongs to; log, statistics and links stay."""
    current().campaigns.delete(campaign_id, if_match=if_match)


@blueprint.route("/v1/campaigns/{campaign_id}/duplicate", methods=["POST"], role=Role.EDITOR)
def duplicate_campaign(campaign_id: str) -> CampaignAnswer:
    """Make a campaign with the same fields and no mass emails."""
    return CampaignAnswer.of(current().campaigns.duplicate(campaign_id))
