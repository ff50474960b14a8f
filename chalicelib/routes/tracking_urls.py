"""Tracking URLs over HTTP."""

from typing import Annotated

from msgspec import Meta, structs

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.records import Role, TrackingUrl, UrlAction
from chalicelib.domain.tracking_urls import MAX_MESSAGE, url_to_use
from chalicelib.domain.web_addresses import MAX_URL, web_address_problem
from chalicelib.routes.answers import Listing, RecordAnswer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Body, Id, Listed, LongText, Name
from chalicelib.routes.calls import Call
from chalicelib.routes.reading import Patch
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)
Url = Annotated[
    str, Meta(max_length=MAX_URL, extra={"rule": web_address_problem}, extra_json_schema={"format": "iri"})
]
Message = Annotated[LongText, Meta(max_length=MAX_MESSAGE)]


class TrackingUrlFields(Body, kw_only=True, frozen=True):
    """A link whose clicks are counted; Redirect needs ``url``, Show Message needs ``message`` (CommonMark)."""

    name: Name
    campaign_id: Id | None = None
    action: UrlAction = UrlAction.REDIRECT
    url: Url | None = None
    message: Message | None = None


class TrackingUrlAnswer(RecordAnswer, kw_only=True, frozen=True):
    """A tracking URL; ``urlToUse`` stands in a template where the link is to be, ``url`` is in ASCII."""

    name: str
    campaign_id: str | None
    action: UrlAction
    url: str | None
    message: str | None
    url_to_use: str


class TrackingUrlSearch(Listed, kw_only=True, frozen=True):
    """Filters of the list."""

    campaign_id: Id | None = None


@blueprint.route("/v1/tracking-urls", methods=["POST"], role=Role.EDITOR)
def create_tracking_url(body: TrackingUrlFields) -> TrackingUrlAnswer:
    """Make a tracking URL, for one campaign or for any mass email."""
    return _answer(current().tracking_urls.create(structs.asdict(body)))


@blueprint.route("/v1/tracking-urls", role=Role.VIEWER)
def list_tracking_urls(call: Call, query: TrackingUrlSearch) -> Listing[TrackingUrlAnswer]:
    """List the tracking URLs."""
    equals = {"campaignId": query.campaign_id}
    page = current().tracking_url_store.page(limit=query.limit, start=call.start, equals=equals)
    return call.listing(page, _answer)


@blueprint.route("/v1/tracking-urls/{tracking_url_id}", role=Role.VIEWER)
def read_tracking_url(tracking_url_id: str) -> TrackingUrlAnswer:
    """Read a tracking URL."""
    return _answer(current().tracking_url_store.get(tracking_url_id))


@blueprint.route("/v1/tracking-urls/{tracking_url_id}", methods=["PATCH"], role=Role.EDITOR)
def change_tracking_url(
    tracking_url_id: str, body: Patch[TrackingUrlFields], if_match: IfMatch
) -> TrackingUrlAnswer:
    """Change a tracking URL, for links that are out too; not its campaign."""
    return _answer(current().tracking_urls.edit(tracking_url_id, body.changes, if_match=if_match))


@blueprint.route("/v1/tracking-urls/{tracking_url_id}", methods=["DELETE"], role=Role.EDITOR)
def delete_tracking_url(tracking_url_id: str, if_match: IfMatch) -> None:
    """Delete a tracking URL; links that are out keep working."""
    current().tracking_urls.delete(tracking_url_id, if_match=if_match)


def _answer(tracking_url: TrackingUrl) -> TrackingUrlAnswer:
    return TrackingUrlAnswer.of(tracking_url, url_to_use=url_to_use(tracking_url.id))
