"""Target lists over HTTP: the records; their members are in ``members.py``."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, convert, structs

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.exports import LIST_KIND
from chalicelib.domain.records import MAX_REPORTS, Role, TargetList
from chalicelib.routes.answers import Answer, Listing, RecordAnswer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Body, Id, Listed, Name, Text
from chalicelib.routes.calls import Call
from chalicelib.routes.jobs import JobAnswer, job_answer
from chalicelib.routes.reading import Patch
from chalicelib.wiring import current

if TYPE_CHECKING:
    from chalicelib.flows.target_lists import CountedList

blueprint = EnvoiBlueprint(__name__)
ReportIds = Annotated[tuple[Id, ...], Meta(max_length=MAX_REPORTS)]


class ListFields(Body, kw_only=True, frozen=True):
    """A target list; readers see ``publicName`` and never ``name``, and a list without a ``publicName`` not at all.

    Whom the reports find joins: once a day with ``syncEnabled``, and by ``/sync``. With ``syncUnlink`` whom none finds leaves.
    """

    name: Name
    description: Text | None = None
    public_name: Name | None = None
    report_ids: ReportIds = ()
    sync_enabled: bool = False
    sync_unlink: bool = False


class SyncAnswer(Answer, kw_only=True, frozen=True):
    """What became of the last sync; ``error`` is null when all went well."""

    at: datetime
    added: int
    removed: int
    error: str | None


class ListAnswer(RecordAnswer, kw_only=True, frozen=True):
    """A target list; ``entryCount`` counts the opted-out too, ``lastSync`` is null before the first."""

    name: str
    description: str | None
    public_name: str | None
    report_ids: tuple[str, ...]
    sync_enabled: bool
    sync_unlink: bool
    last_sync: SyncAnswer | None
    entry_count: int
    opted_out_count: int


@blueprint.route("/v1/target-lists", methods=["POST"], role=Role.EDITOR)
def create_list(body: ListFields) -> ListAnswer:
    """Make an empty target list."""
    current().syncing.check(body.report_ids)
    return answer(current().target_lists.create(structs.asdict(body)))


@blueprint.route("/v1/target-lists", role=Role.VIEWER)
def list_lists(call: Call, query: Listed) -> Listing[ListAnswer]:
    """List the target lists."""
    page = current().target_lists.page(limit=query.limit, start=call.start)
    return call.listing(page, answer)


@blueprint.route("/v1/target-lists/{list_id}", role=Role.VIEWER)
def read_list(list_id: str) -> ListAnswer:
    """Read a target list."""
    return answer(current().target_lists.get(list_id))


@blueprint.route("/v1/target-lists/{list_id}", methods=["PATCH"], role=Role.EDITOR)
def change_list(list_id: str, body: Patch[ListFields], if_match: IfMatch) -> ListAnswer:
    """Change a target list."""
    current().syncing.check(body.changes.get("report_ids", ()))
    return answer(current().target_lists.edit(list_id, body.changes, if_match=if_match))


@blueprint.route("/v1/target-lists/{list_id}", methods=["DELETE"], role=Role.EDITOR)
def delete_list(list_id: str, if_match: IfMatch) -> None:
    """Delete a target list that no mass email under way uses; opt-outs of it stay."""
    current().target_lists.delete(list_id, if_match=if_match)


@blueprint.route("/v1/target-lists/{list_id}/sync", methods=["POST"], role=Role.EDITOR, status=202)
def sync_list(list_id: str) -> JobAnswer:
    """Sync a list with the reports that it follows, in the background."""
    return job_answer(current().syncing.start(list_id))


@blueprint.route("/v1/target-lists/{list_id}/export", methods=["POST"], role=Role.VIEWER, status=202)
def export_list(list_id: str) -> JobAnswer:
    """Write all members into a CSV file, in the background; the job's result says where it is."""
    current().list_store.get(list_id)
    return job_answer(current().exporting.start(LIST_KIND, list_id))


def last_sync(target_list: TargetList) -> SyncAnswer | None:
    """What became of its last sync."""
    return None if target_list.last_sync is None else convert(target_list.last_sync, SyncAnswer)


def answer(counted: "CountedList") -> ListAnswer:
    """A list as all its routes answer it."""
    return ListAnswer.of(
        counted.target_list,
        last_sync=last_sync(counted.target_list),
        entry_count=counted.counts.entries,
        opted_out_count=counted.counts.opted_out,
    )
