"""Target lists over HTTP: the records; their members are in ``members.py``."""

from msgspec import structs

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.records import Role
from chalicelib.flows.target_lists import CountedList
from chalicelib.routes.answers import Listing, RecordAnswer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Body, Listed, Name, Text
from chalicelib.routes.calls import Call
from chalicelib.routes.reading import Patch
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)


class ListFields(Body, kw_only=True, frozen=True):
    """A target list; readers see ``publicName`` and never ``name``, and a list without a ``publicName`` not at all."""

    name: Name
    description: Text | None = None
    public_name: Name | None = None


class ListAnswer(RecordAnswer, kw_only=True, frozen=True):
    """A target list; ``entryCount`` counts the opted-out too."""

    name: str
    description: str | None
    public_name: str | None
    entry_count: int
    opted_out_count: int


@blueprint.route("/v1/target-lists", methods=["POST"], role=Role.EDITOR)
def create_list(body: ListFields) -> ListAnswer:
    """Make an empty target list."""
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
    return answer(current().target_lists.edit(list_id, body.changes, if_match=if_match))


@blueprint.route("/v1/target-lists/{list_id}", methods=["DELETE"], role=Role.EDITOR)
def delete_list(list_id: str, if_match: IfMatch) -> None:
    """Delete a target list that no mass email under way uses; opt-outs of it stay."""
    current().target_lists.delete(list_id, if_match=if_match)


def answer(counted: CountedList) -> ListAnswer:
    """A list as all its routes answer it."""
    return ListAnswer.of(
        counted.target_list,
        entry_count=counted.counts.entries,
        opted_out_count=counted.counts.opted_out,
    )
