"""Reports over HTTP: saved searches that are run, exported and followed by lists."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, field, structs

from chalicelib.domain.columns import MAX_COLUMNS
from chalicelib.domain.etags import IfMatch
from chalicelib.domain.exports import REPORT_KIND
from chalicelib.domain.records import Report, Role, TargetType
from chalicelib.routes.answers import Answer, Listing, RecordAnswer, Sent
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Body, Listed, Name
from chalicelib.routes.calls import Call
from chalicelib.routes.jobs import JobAnswer, job_answer
from chalicelib.routes.reading import Patch
from chalicelib.routes.searches import ITEMS_READ, Order, OrderBy, Where
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)

Column = Annotated[str, Meta(max_length=500)]
Columns = Annotated[tuple[Column, ...], Meta(max_length=MAX_COLUMNS)]


class ReportFields(Body, kw_only=True, frozen=True):
    """A saved search. ``columns`` are attributes as in ``where``; without any: ``id``, ``name``, ``emailAddress``."""

    name: Name
    entity_type: TargetType
    where: Where = field(default_factory=list)
    order_by: OrderBy | None = None
    order: Order | None = None
    columns: Columns = ()


class ReportAnswer(RecordAnswer, kw_only=True, frozen=True):
    """A report."""

    name: str
    entity_type: TargetType
    where: list[Any]
    order_by: OrderBy | None
    order: Order | None
    columns: tuple[str, ...]


class ReportQuery(Listed, kw_only=True, frozen=True):
    """Filters of the list."""

    entity_type: TargetType | None = None


class RowsAnswer(Answer, kw_only=True, frozen=True):
    """One page of a report: an object for each person, with a value for each column; null where there is none."""

    rows: list[dict[str, Any]] = field(name="list")
    next_cursor: str | None


def report_answer(report: Report) -> ReportAnswer:
    """A report as all its routes answer it."""
    return ReportAnswer.of(report, where=list(report.where))


@blueprint.route("/v1/reports", methods=["POST"], role=Role.EDITOR)
def create_report(body: ReportFields) -> ReportAnswer:
    """Save a search as a report."""
    return report_answer(current().reports.create(_record_fields(structs.asdict(body))))


@blueprint.route("/v1/reports", role=Role.VIEWER)
def list_reports(call: Call, query: ReportQuery) -> Listing[ReportAnswer]:
    """List the reports."""
    equals = {"entityType": query.entity_type}
    page = current().report_store.page(limit=query.limit, start=call.start, equals=equals)
    return call.listing(page, report_answer)


@blueprint.route("/v1/reports/{report_id}", role=Role.VIEWER)
def read_report(report_id: str) -> ReportAnswer:
    """Read a report."""
    return report_answer(current().report_store.get(report_id))


@blueprint.route("/v1/reports/{report_id}", methods=["PATCH"], role=Role.EDITOR)
def change_report(report_id: str, body: Patch[ReportFields], if_match: IfMatch) -> ReportAnswer:
    """Change a report; lists that follow it change at their next sync."""
    changes = _record_fields(body.changes)
    return report_answer(current().reports.edit(report_id, changes, if_match=if_match))


@blueprint.route("/v1/reports/{report_id}", methods=["DELETE"], role=Role.EDITOR)
def delete_report(report_id: str, if_match: IfMatch) -> None:
    """Delete a report that no list follows."""
    current().reports.delete(report_id, if_match=if_match)


@blueprint.route("/v1/reports/{report_id}/run", role=Role.VIEWER)
def run_report(call: Call, report_id: str, query: Listed) -> Sent[RowsAnswer]:
    """Read the people whom a report finds now, with the report's columns."""
    from chalicelib.flows.reports import columns_of  # noqa: PLC0415 - for a cold start

    report = current().report_store.get(report_id)
    page = current().reports.page(report, limit=query.limit, start=call.start)
    columns = columns_of(report)
    listed = call.listing(page, lambda row: dict(zip(columns, row, strict=True)))
    rows = RowsAnswer(rows=listed.items, next_cursor=listed.next_cursor)
    return Sent(rows, headers={ITEMS_READ: str(page.read)})


@blueprint.route("/v1/reports/{report_id}/export", methods=["POST"], role=Role.VIEWER, status=202)
def export_report(report_id: str) -> JobAnswer:
    """Write all whom a report finds into a CSV file, in the background; the job's result says where it is."""
    report = current().report_store.get(report_id)
    return job_answer(current().exporting.start(REPORT_KIND, report.id))


def _record_fields(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """``where`` as a record holds it."""
    return {**fields, "where": tuple(fields["where"])} if "where" in fields else fields
