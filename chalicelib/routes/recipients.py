"""The recipients of a mass email: the ledger as callers see it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from chalicelib.domain.ledger import RecipientStatus
from chalicelib.domain.records import Role, TargetType
from chalicelib.errors import Invalid
from chalicelib.routes.answers import Answer, Listing
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import MAX_IDS, Body, Id, Listed
from chalicelib.routes.calls import Call
from chalicelib.routes.sentences import PATTERNS
from chalicelib.wiring import current

if TYPE_CHECKING:
    from chalicelib.flows.recipients import Recipient

blueprint = EnvoiBlueprint(__name__)
_REASON = "^[A-Za-z][A-Za-z0-9]*$"  # ours, and SES's statuses in camelCase, of which it may make new ones
PATTERNS[_REASON] = "expected one word, such as optedOut"


class RecipientSearch(Listed, kw_only=True, frozen=True):
    """``isTest=true`` shows the recipients of Send Test instead of those of the send."""

    status: RecipientStatus | None = None
    reason: Annotated[str, Meta(max_length=64, pattern=_REASON)] | None = None
    is_test: Literal["true", "false"] = "false"


class RecipientAnswer(Answer, kw_only=True, frozen=True):
    """A recipient; who was left out has no ``id``, status Skipped, the reason, and the address that they have now."""

    id: str | None
    mass_email_id: str
    status: RecipientStatus
    reason: str | None
    target_type: TargetType
    target_id: str
    email_address: str | None
    list_ids: Sequence[str]
    attempt_count: int
    sent_at: datetime | None
    message_id: str | None
    is_test: bool


class MessageAnswer(Answer, kw_only=True, frozen=True):
    """A message that was kept, as it was sent."""

    subject: str
    html: str | None
    text: str
    headers: Mapping[str, str]


class SettleFields(Body, kw_only=True, frozen=True):
    """What a person decided of Unknown recipients: of these, or of all."""

    ids: Annotated[list[Id], Meta(min_length=1, max_length=MAX_IDS)] | None = None
    all: bool = False
    as_: Literal["Sent", "Failed"]


class SettleAnswer(Answer, kw_only=True, frozen=True):
    """How many were settled."""

    settled: int


@blueprint.route("/v1/mass-emails/{mass_email_id}/recipients", role=Role.VIEWER)
def list_recipients(call: Call, mass_email_id: str, query: RecipientSearch) -> Listing[RecipientAnswer]:
    """List the recipients, and who was left out."""
    from chalicelib.flows.recipients import Search  # noqa: PLC0415 - for a cold start

    wanted = Search(query.status, query.reason, is_test=query.is_test == "true")
    page = current().recipients.page(mass_email_id, wanted, limit=query.limit, start=call.start)
    return call.listing(page, _answer)


@blueprint.route("/v1/mass-emails/{mass_email_id}/recipients/{recipient_id}/message", role=Role.VIEWER)
def read_sent_message(mass_email_id: str, recipient_id: str) -> MessageAnswer:
    """Read the message that this recipient got, if it was kept (``storeSentEmails``)."""
    return MessageAnswer.of(current().recipients.message(mass_email_id, recipient_id))


@blueprint.route(
    "/v1/mass-emails/{mass_email_id}/recipients/settle", methods=["POST"], role=Role.EDITOR, status=200
)
def settle_recipients(mass_email_id: str, body: SettleFields) -> SettleAnswer:
    """Decide what became of recipients that are Unknown."""
    if body.all == (body.ids is not None):
        raise Invalid.of("ids", "either ids or all is needed")
    count = current().recipients.settle(mass_email_id, body.ids, sent=body.as_ == "Sent")
    return SettleAnswer(settled=count)


def _answer(recipient: "Recipient") -> RecipientAnswer:
    state = recipient.state
    sent = state is not None and recipient.status is RecipientStatus.SENT
    return RecipientAnswer.of(
        recipient,
        reason=recipient.reason or None,
        attempt_count=state.attempts if state else 0,
        sent_at=state.at if state and sent else None,
        message_id=state.message_id if state else None,
    )
