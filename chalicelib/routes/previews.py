"""Preview and Send Test of a mass email."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from chalicelib.domain.previews import MOST_TARGETS, Chosen
from chalicelib.domain.records import Role, TargetType
from chalicelib.errors import FieldError, Invalid
from chalicelib.routes.answers import Answer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Address, Body, Id, Query
from chalicelib.routes.problems import Problem
from chalicelib.wiring import current

if TYPE_CHECKING:
    from chalicelib.flows.previewing import TestResult

blueprint = EnvoiBlueprint(__name__)


class PreviewQuery(Query, kw_only=True, frozen=True):
    """As whom the message is rendered."""

    target_type: TargetType
    target_id: Id


class PreviewAnswer(Answer, kw_only=True, frozen=True):
    """The whole message; ``emptyFields`` are placeholders that had no value. Its links record nothing."""

    subject: str
    html: str | None
    text: str
    headers: Mapping[str, str]
    empty_fields: Sequence[str]


class TargetRef(Body, kw_only=True, frozen=True):
    """A target."""

    type: TargetType
    id: Id


class TestTarget(Body, kw_only=True, frozen=True):
    """Either ``type`` and ``id``, or one's own ``emailAddress`` and ``as`` whom it is rendered."""

    type: TargetType | None = None
    id: Id | None = None
    email_address: Address | None = None
    as_: TargetRef | None = None


class SendTestFields(Body, kw_only=True, frozen=True):
    """Who gets the test."""

    targets: Annotated[list[TestTarget], Meta(min_length=1, max_length=MOST_TARGETS)]


class TestResultAnswer(Answer, kw_only=True, frozen=True):
    """What became of one test message."""

    type: TargetType
    id: str
    email_address: str | None
    status: str
    reason: str | None
    recipient_id: str
    message_id: str | None


class SendTestAnswer(Answer, kw_only=True, frozen=True):
    """One result per target, in order."""

    results: Sequence[TestResultAnswer]


@blueprint.route("/v1/mass-emails/{mass_email_id}/preview", role=Role.VIEWER, answers={409: Problem})
def preview(mass_email_id: str, query: PreviewQuery) -> PreviewAnswer:
    """Show what this target will get."""
    message = current().previewing.preview(mass_email_id, query.target_type, query.target_id)
    return PreviewAnswer.of(message)


@blueprint.route(
    "/v1/mass-emails/{mass_email_id}/send-test",
    methods=["POST"],
    role=Role.EDITOR,
    status=200,
    secrets=["emailAddress"],
)
def send_test(mass_email_id: str, body: SendTestFields) -> SendTestAnswer:
    """Send it now, to these only."""
    chosen = [_chosen(target, f"targets.{place}") for place, target in enumerate(body.targets)]
    return SendTestAnswer(
        results=[_result(each) for each in current().previewing.send_test(mass_email_id, chosen)]
    )


def _chosen(target: TestTarget, field: str) -> Chosen:
    own = target.email_address is not None or target.as_ is not None
    if not own and target.type is not None and target.id is not None:
        return Chosen(target.type, target.id)
    if (
        target.email_address is not None
        and target.as_ is not None
        and target.type is None
        and target.id is None
    ):
        return Chosen(target.as_.type, target.as_.id, target.email_address)
    raise Invalid(FieldError(field, "needs either type and id, or emailAddress and as"))


def _result(result: "TestResult") -> TestResultAnswer:
    return TestResultAnswer(
        type=result.chosen.target_type,
        id=result.chosen.target_id,
        email_address=result.email_address,
        status=result.state.status,
        reason=result.state.reason or None,
        recipient_id=result.recipient_id,
        message_id=result.state.message_id,
    )
