"""What an operator looks at and does: the account's quota, resuming, a run of the schedule now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain.records import Role
from chalicelib.routes.answers import Answer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.wiring import current

if TYPE_CHECKING:
    from chalicelib.flows.quota import QuotaReport

blueprint = EnvoiBlueprint(__name__)


class PauseAnswer(Answer, kw_only=True, frozen=True):
    """Why nothing is sent; ``since`` is null when SES itself paused the account."""

    code: str
    message: str
    since: datetime | None


class QuotaAnswer(Answer, kw_only=True, frozen=True):
    """Counts are recipients, the rate is recipients per second; ``max24HourSend`` -1 is no limit; null until SES was asked."""

    max_24_hour_send: float | None
    max_send_rate: float | None
    sent_last_24_hours: float | None
    sandbox: bool | None
    identities: Sequence[Mapping[str, object]]
    sending_paused: bool
    sending_paused_reason: PauseAnswer | None
    as_of: datetime | None


class ReleaseAnswer(Answer, kw_only=True, frozen=True):
    """``frozen`` counts mass emails, ``released`` recipients."""

    frozen: int
    released: int


@blueprint.route("/v1/quota", role=Role.VIEWER)
def read_quota() -> QuotaAnswer:
    """Read what SES allows this account."""
    return _quota_answer(current().quota.read())


@blueprint.route("/v1/quota/resume", methods=["POST"], role=Role.ADMIN, status=200)
def resume_sending() -> QuotaAnswer:
    """Let sending go on after it paused itself."""
    return _quota_answer(current().quota.resume())


@blueprint.route("/v1/release", methods=["POST"], role=Role.ADMIN, status=200)
def release_now() -> ReleaseAnswer:
    """Run the scheduled function now."""
    current().guard.watch()
    report = current().release.run()
    return ReleaseAnswer(frozen=report.frozen, released=report.released)


def _quota_answer(report: "QuotaReport") -> QuotaAnswer:
    reason = PauseAnswer.of(report.pause) if report.pause else None
    return QuotaAnswer.of(report, sending_paused=reason is not None, sending_paused_reason=reason)
