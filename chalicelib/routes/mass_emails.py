"""Mass emails over HTTP."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import structs

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.ledger import RecipientStatus
from chalicelib.domain.mass_email_edits import Which
from chalicelib.domain.records import MassEmail, MassEmailStatus, Role, StatusReason, TrackLinks
from chalicelib.routes.answers import Listing, RecordAnswer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Address, Body, Id, Listed, Name, Time
from chalicelib.routes.calls import Call
from chalicelib.routes.campaigns import ListIds
from chalicelib.routes.reading import Patch
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)


class SettableStatus(StrEnum):
    """The statuses that callers write; the others come by acts and by the schedule."""

    DRAFT = "Draft"
    PENDING = "Pending"


class _Common(Body, kw_only=True, frozen=True):
    campaign_id: Id | None = None
    status: SettableStatus = SettableStatus.PENDING
    start_at: Time
    email_template_id: Id
    from_address: Address | None = None
    from_name: Name | None = None
    reply_to_address: Address | None = None
    reply_to_name: Name | None = None
    opt_out_entirely: bool = False
    store_sent_emails: bool = False
    track_links: TrackLinks = TrackLinks.EXPLICIT


class MassEmailFields(_Common, kw_only=True, frozen=True):
    """A new mass email; with a campaign its name and lists may come from there."""

    name: Name | None = None
    target_list_ids: ListIds | None = None
    excluding_target_list_ids: ListIds | None = None


class MassEmailChanges(_Common, kw_only=True, frozen=True):
    """What of a mass email may change; its status decides which of it."""

    name: Name
    target_list_ids: ListIds
    excluding_target_list_ids: ListIds = ()


class MassEmailAnswer(RecordAnswer, kw_only=True, frozen=True):
    """A mass email and how far it is; ``counts`` are recipients by status, without tests.

    ``warnings`` hold nothing back: ``noPostalAddress`` says that ``senderPostalAddress`` is not set, which the law asks for.
    """

    name: str
    status: MassEmailStatus
    status_reason: StatusReason | None
    campaign_id: str | None
    start_at: datetime
    email_template_id: str
    target_list_ids: tuple[str, ...]
    excluding_target_list_ids: tuple[str, ...]
    from_address: str | None
    from_name: str | None
    reply_to_address: str | None
    reply_to_name: str | None
    opt_out_entirely: bool
    store_sent_emails: bool
    track_links: TrackLinks
    counts: Mapping[RecipientStatus, int]
    next_run_at: datetime | None
    blocked_by: tuple[str, ...]
    warnings: tuple[str, ...]


class MassEmailSearch(Listed, kw_only=True, frozen=True):
    """Filters of the list; ``filter`` actual is Draft or Pending."""

    campaign_id: Id | None = None
    status: MassEmailStatus | None = None
    filter: Which | None = None


@blueprint.route("/v1/mass-emails", methods=["POST"], role=Role.EDITOR)
def create_mass_email(body: MassEmailFields) -> MassEmailAnswer:
    """Make a mass email; Pending, it goes out at ``startAt``."""
    return answer(current().drafting.create(_fields(structs.asdict(body))))


@blueprint.route("/v1/mass-emails", role=Role.VIEWER)
def list_mass_emails(call: Call, query: MassEmailSearch) -> Listing[MassEmailAnswer]:
    """List the mass emails."""
    page = current().drafting.page(
        limit=query.limit,
        start=call.start,
        campaign_id=query.campaign_id,
        status=query.status,
        which=query.filter,
    )
    return call.listing(page, answer)


@blueprint.route("/v1/mass-emails/{mass_email_id}", role=Role.VIEWER)
def read_mass_email(mass_email_id: str) -> MassEmailAnswer:
    """Read a mass email."""
    return answer(current().mass_email_store.get(mass_email_id))


@blueprint.route("/v1/mass-emails/{mass_email_id}", methods=["PATCH"], role=Role.EDITOR)
def change_mass_email(
    mass_email_id: str, body: Patch[MassEmailChanges], if_match: IfMatch
) -> MassEmailAnswer:
    """Change a mass email as far as its status allows."""
    return answer(current().drafting.edit(mass_email_id, _fields(body.changes), if_match=if_match))


@blueprint.route("/v1/mass-emails/{mass_email_id}", methods=["DELETE"], role=Role.EDITOR)
def delete_mass_email(mass_email_id: str, if_match: IfMatch) -> None:
    """Delete a mass email that is not In Process; log, statistics, links and opt-outs stay."""
    current().drafting.delete(mass_email_id, if_match=if_match)


@blueprint.route("/v1/mass-emails/{mass_email_id}/duplicate", methods=["POST"], role=Role.EDITOR)
def duplicate_mass_email(mass_email_id: str) -> MassEmailAnswer:
    """Make a Draft with the same fields."""
    return answer(current().drafting.duplicate(mass_email_id))


@blueprint.route("/v1/mass-emails/{mass_email_id}/pause", methods=["POST"], role=Role.EDITOR, status=200)
def pause_mass_email(mass_email_id: str, if_match: IfMatch) -> MassEmailAnswer:
    """Send no more of it until it is resumed."""
    _check_version(if_match, mass_email_id)
    return answer(current().steering.pause(mass_email_id))


@blueprint.route("/v1/mass-emails/{mass_email_id}/resume", methods=["POST"], role=Role.EDITOR, status=200)
def resume_mass_email(mass_email_id: str, if_match: IfMatch) -> MassEmailAnswer:
    """Go on, with template, sender and reply-to as they are now."""
    _check_version(if_match, mass_email_id)
    return answer(current().steering.resume(mass_email_id))


@blueprint.route("/v1/mass-emails/{mass_email_id}/cancel", methods=["POST"], role=Role.EDITOR, status=200)
def cancel_mass_email(mass_email_id: str, if_match: IfMatch) -> MassEmailAnswer:
    """Stop it for good; those not sent to are Skipped."""
    _check_version(if_match, mass_email_id)
    return answer(current().steering.cancel(mass_email_id))


@blueprint.route(
    "/v1/mass-emails/{mass_email_id}/retry-failed", methods=["POST"], role=Role.EDITOR, status=200
)
def retry_failed_recipients(mass_email_id: str, if_match: IfMatch) -> MassEmailAnswer:
    """Send again to the Failed whose reason allows it."""
    _check_version(if_match, mass_email_id)
    return answer(current().steering.retry_failed(mass_email_id))


def answer(mass_email: MassEmail) -> MassEmailAnswer:
    """A mass email as all its routes answer it."""
    progress = current().progress.of(mass_email)
    return MassEmailAnswer.of(
        mass_email,
        counts={status: progress.counts.get(status, 0) for status in RecipientStatus},
        next_run_at=progress.next_run_at,
        blocked_by=tuple(progress.blocked_by),
        warnings=tuple(progress.warnings),
    )


def _fields(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**sent, "status": MassEmailStatus(sent["status"])} if "status" in sent else sent


def _check_version(if_match: IfMatch, mass_email_id: str) -> None:
    if_match.check(current().mass_email_store.get(mass_email_id).rev)
