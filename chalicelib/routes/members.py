"""The members of target lists over HTTP, their opt-outs, and copies of lists."""

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from chalicelib.domain.ports import ListCounts
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import Role, TargetList, TargetType
from chalicelib.errors import Invalid
from chalicelib.routes.answers import Answer, Listing, Sent
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import MAX_IDS, Body, Id, Listed
from chalicelib.routes.calls import Call
from chalicelib.routes.jobs import JobAnswer, in_background
from chalicelib.routes.searches import Where
from chalicelib.routes.target_lists import ListAnswer, answer, last_sync
from chalicelib.wiring import current

if TYPE_CHECKING:
    from chalicelib.flows.members import Member

blueprint = EnvoiBlueprint(__name__)


class MemberChoice(Body, kw_only=True, frozen=True):
    """Some targets of one type: by ``ids``, or all whom a search finds by ``where``, which is a job."""

    type: TargetType
    ids: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=MAX_IDS)] | None = None
    where: Where | None = None

    def __post_init__(self) -> None:
        """One of the two says who is meant."""
        if (self.ids is None) is (self.where is None):
            raise Invalid.of("ids", "is required, unless there is where; both cannot be")


class OneTarget(Body, kw_only=True, frozen=True):
    """One target."""

    type: TargetType
    id: Id


class MemberSearch(Listed, kw_only=True, frozen=True):
    """Filters of the members."""

    type: TargetType | None = None
    opted_out: bool | None = None


class MemberAnswer(Answer, kw_only=True, frozen=True):
    """A member; ``name`` and ``emailAddress`` are the target's own."""

    type: TargetType
    id: str
    opted_out: bool
    name: str | None
    email_address: str | None


class AddedAnswer(Answer, kw_only=True, frozen=True):
    """How many were new on the list, and how many are on it now."""

    added: int
    entry_count: int
    opted_out_count: int


class CopyAnswer(ListAnswer, kw_only=True, frozen=True):
    """The new list; ``jobId`` is the job that fills it, null when it is filled already."""

    job_id: str | None


@blueprint.route("/v1/target-lists/{list_id}/members", role=Role.VIEWER)
def list_members(call: Call, list_id: str, query: MemberSearch) -> Listing[MemberAnswer]:
    """List who is on a target list, newest target first."""
    page = current().members.page(
        list_id,
        limit=query.limit,
        start=call.start,
        target_type=query.type,
        opted_out=query.opted_out,
    )
    return call.listing(page, member_answer)


@blueprint.route(
    "/v1/target-lists/{list_id}/members", methods=["POST"], role=Role.EDITOR, answers={202: JobAnswer}
)
def add_members(list_id: str, body: MemberChoice) -> Sent[AddedAnswer]:
    """Put targets on a list; those who are on it stay as they are. 202 when a job does it."""
    if body.ids is None:
        return in_background(current().filling.add(list_id, body.type, body.where))
    added = current().members.add(list_id, body.type, body.ids)
    counts = current().memberships.counts([list_id])[list_id]
    return Sent(AddedAnswer(added=added, entry_count=counts.entries, opted_out_count=counts.opted_out))


@blueprint.route(
    "/v1/target-lists/{list_id}/members", methods=["DELETE"], role=Role.EDITOR, answers={202: JobAnswer}
)
def remove_members(list_id: str, body: MemberChoice) -> Sent[None]:
    """Take targets off a list; their opt-outs of it are remembered. 202 when a job does it."""
    if body.ids is None:
        return in_background(current().filling.remove(list_id, body.type, body.where))
    current().members.remove(list_id, body.type, body.ids)
    return Sent(None)


@blueprint.route("/v1/target-lists/{list_id}/opt-out", methods=["POST"], role=Role.EDITOR, status=200)
def opt_out(list_id: str, body: OneTarget) -> ListAnswer:
    """Opt a target out of a list, with all records of the same address; who is not on it is put on it."""
    current().members.opt_out(list_id, body.type, body.id)
    return answer(current().target_lists.get(list_id))


@blueprint.route("/v1/target-lists/{list_id}/cancel-opt-out", methods=["POST"], role=Role.EDITOR, status=200)
def cancel_opt_out(list_id: str, body: OneTarget) -> ListAnswer:
    """Take back an opt-out of a list, for all records of the same address."""
    current().members.cancel_opt_out(list_id, body.type, body.id)
    return answer(current().target_lists.get(list_id))


@blueprint.route(
    "/v1/target-lists/{list_id}/duplicate", methods=["POST"], role=Role.EDITOR, answers={202: CopyAnswer}
)
def duplicate_list(list_id: str) -> Sent[CopyAnswer]:
    """Copy a list with those of its members who are not opted out; 202 when a job goes on with it."""
    copy, job = current().members.duplicate(list_id)
    counts = current().memberships.counts([copy.id])[copy.id]
    made = copy_answer(copy, counts, job)
    return Sent(made, status=202 if job else 201)


def copy_answer(copy: TargetList, counts: ListCounts, job: Job | None) -> CopyAnswer:
    """A new list, and the job that fills it if there is one."""
    return CopyAnswer.of(
        copy,
        entry_count=counts.entries,
        opted_out_count=counts.opted_out,
        last_sync=last_sync(copy),
        job_id=job.id if job else None,
    )


def member_answer(member: "Member") -> MemberAnswer:
    """A member as it is listed."""
    membership, target = member.membership, member.target
    return MemberAnswer(
        type=membership.target_type,
        id=membership.target_id,
        opted_out=membership.opted_out,
        name=target.name if target else None,
        email_address=target.email_address if target else None,
    )
