"""Estimates over HTTP: what a mass email would do if it started now."""

from collections.abc import Mapping
from datetime import date, datetime

from chalicelib.domain.records import Role
from chalicelib.routes.answers import Answer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.jobs import JobAnswer, job_answer
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)


class CostAnswer(Answer, kw_only=True, frozen=True):
    """``items`` are its parts: ``ses``, ``send``, ``feedback``, ``readers``."""

    amount: float
    currency: str
    prices_as_of: date
    items: Mapping[str, float]


class EstimateAnswer(Answer, kw_only=True, frozen=True):
    """``leftOut`` by reason; ``hours`` from the first tick until the last message is out, null when that never comes."""

    as_of: datetime
    recipients: int
    left_out: Mapping[str, int]
    hours: float | None
    cost: CostAnswer


@blueprint.route("/v1/mass-emails/{mass_email_id}/estimate", methods=["POST"], role=Role.EDITOR, status=202)
def request_estimate(mass_email_id: str) -> JobAnswer:
    """Have an estimate made: who would get it, who would not and why, how long it takes and what it costs."""
    return job_answer(current().estimating.request(mass_email_id))


@blueprint.route("/v1/mass-emails/{mass_email_id}/estimate", role=Role.VIEWER)
def read_estimate(mass_email_id: str) -> EstimateAnswer:
    """Read the last estimate."""
    estimate = current().estimating.last(mass_email_id)
    return EstimateAnswer.of(estimate, cost=CostAnswer.of(estimate.cost))
