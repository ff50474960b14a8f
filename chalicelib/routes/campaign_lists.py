"""What can be made of a campaign's log: a target list, and a file."""

from typing import Annotated

from msgspec import Meta

from chalicelib.domain.exports import LOG_KIND
from chalicelib.domain.log import Action
from chalicelib.domain.records import Role
from chalicelib.routes.answers import Sent
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Body, Name, Text
from chalicelib.routes.jobs import JobAnswer, job_answer
from chalicelib.routes.members import CopyAnswer, copy_answer
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)


class LogListFields(Body, kw_only=True, frozen=True):
    """Whom the list takes: those with an including action, but for those with an excluding one."""

    name: Name
    including_action_list: Annotated[tuple[Action, ...], Meta(min_length=1, max_length=len(Action))]
    excluding_action_list: Annotated[tuple[Action, ...], Meta(max_length=len(Action))] = ()
    description: Text | None = None


@blueprint.route(
    "/v1/campaigns/{campaign_id}/target-list",
    methods=["POST"],
    role=Role.EDITOR,
    answers={202: CopyAnswer},
)
def list_from_log(campaign_id: str, body: LogListFields) -> Sent[CopyAnswer]:
    """Make a target list of a campaign's log, tests left out; 202 when a job goes on to fill it."""
    made, job = current().log_lists.create(
        campaign_id,
        name=body.name,
        description=body.description,
        including=body.including_action_list,
        excluding=body.excluding_action_list,
    )
    counts = current().memberships.counts([made.id])[made.id]
    return Sent(copy_answer(made, counts, job), status=202 if job else 201)


@blueprint.route("/v1/campaigns/{campaign_id}/log/export", methods=["POST"], role=Role.VIEWER, status=202)
def export_log(campaign_id: str) -> JobAnswer:
    """Write a campaign's whole log into a CSV file, in the background; the job's result says where it is."""
    current().campaign_store.get(campaign_id)
    return job_answer(current().exporting.start(LOG_KIND, campaign_id))
