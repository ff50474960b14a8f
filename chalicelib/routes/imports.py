"""Imports over HTTP: asked for, followed, and what they refused."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from chalice.app import Response
from msgspec import Meta

from chalicelib.domain.csv_dialect import Delimiter, Encoding
from chalicelib.domain.imports import MAX_LISTS, ImportOrder, Mode
from chalicelib.domain.imports_columns import MAX_COLUMNS
from chalicelib.domain.ports_files import SignedRequest
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import Role, TargetType
from chalicelib.routes.answers import Answer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Body, Id
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)

Header = Annotated[str, Meta(max_length=1000)]
Destination = Annotated[str, Meta(max_length=200)]


class ImportFields(Body, kw_only=True, frozen=True):
    """What is to be imported, and how its file is to be read; what is left out is guessed.

    ``mapping``: header of a column → field, ``attributes.<name>`` or null for a column that is not to be taken.
    """

    entity_type: TargetType
    mode: Mode
    target_list_ids: Annotated[tuple[Id, ...], Meta(max_length=MAX_LISTS)] = ()
    mapping: Annotated[dict[Header, Destination | None], Meta(max_length=MAX_COLUMNS)] | None = None
    delimiter: Delimiter | None = None
    encoding: Encoding | None = None


class UploadAnswer(Answer, kw_only=True, frozen=True):
    """The request that uploads the file, within an hour; its headers must be sent as they are."""

    url: str
    method: str
    headers: Mapping[str, str]


class RequestedAnswer(Answer, kw_only=True, frozen=True):
    """The import, which is a job too, and how its file is uploaded."""

    id: str
    job_id: str
    upload: UploadAnswer


class ImportAnswer(Answer, kw_only=True, frozen=True):
    """An import; ``status`` is Queued (also while the file is awaited), Running, Done or Failed, with its ``error``.

    ``encoding``, ``delimiter`` and ``mapping`` are what the file was found to be, once it was looked at; the counts are rows.
    """

    id: str
    entity_type: str
    mode: str
    target_list_ids: list[str]
    encoding: str | None
    delimiter: str | None
    mapping: Mapping[str, str | None]
    status: str
    done: int
    total: int | None
    created: int
    updated: int
    unchanged: int
    refused: int
    error: str | None
    created_at: datetime | None
    modified_at: datetime | None


@blueprint.route("/v1/imports", methods=["POST"], role=Role.EDITOR, status=202)
def request_import(body: ImportFields) -> RequestedAnswer:
    """Begin an import of people or companies from a CSV file, which is then uploaded."""
    order = ImportOrder(
        entity_type=body.entity_type,
        mode=body.mode,
        target_list_ids=tuple(dict.fromkeys(body.target_list_ids)),
        mapping=body.mapping or {},
        delimiter=body.delimiter,
        encoding=body.encoding,
    )
    job, upload = current().importing.request(order)
    return RequestedAnswer(id=job.id, job_id=job.id, upload=_upload(upload))


@blueprint.route("/v1/imports/{import_id}", role=Role.VIEWER)
def read_import(import_id: str) -> ImportAnswer:
    """Read how far an import is, and what it found."""
    return _answer(current().importing.get(import_id))


@blueprint.route("/v1/imports/{import_id}/refused", role=Role.VIEWER, answers={200: "text/csv", 302: None})
def read_refused(import_id: str) -> Response:
    """Read the rows that were refused, as CSV: line and reason, then the row's own columns; a week long."""
    report = current().import_report.of(import_id)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if report.url is not None:
        return Response("", {**headers, "Location": report.url}, HTTPStatus.FOUND)
    file = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": 'attachment; filename="refused.csv"',
    }
    return Response(report.text, {**headers, **file}, HTTPStatus.OK)


def _upload(request: SignedRequest) -> UploadAnswer:
    return UploadAnswer(url=request.url, method=request.method, headers=request.headers)


def _answer(job: Job) -> ImportAnswer:
    asked: Any = job.arguments
    found: Any = job.result or {}
    return ImportAnswer.of(
        job,
        entity_type=asked["entityType"],
        mode=asked["mode"],
        target_list_ids=asked["targetListIds"],
        encoding=found.get("encoding", asked["encoding"]),
        delimiter=found.get("delimiter", asked["delimiter"]),
        mapping=found.get("mapping", asked["mapping"]),
        created=found.get("created", 0),
        updated=found.get("updated", 0),
        unchanged=found.get("unchanged", 0),
        refused=found.get("refused", 0),
    )
