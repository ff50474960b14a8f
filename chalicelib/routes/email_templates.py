"""Email templates over HTTP."""

from msgspec import structs

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.records import Role, TemplateStatus
from chalicelib.routes.answers import Listing, RecordAnswer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Body, Listed, LongText, Name, Subject
from chalicelib.routes.calls import Call
from chalicelib.routes.reading import Patch
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)


class TemplateFields(Body, kw_only=True, frozen=True):
    """A template in Jinja2, with the reference's placeholders; without ``bodyPlain`` the text part is made from the HTML."""

    name: Name
    subject: Subject = ""
    body: LongText = ""
    is_html: bool = True
    body_plain: LongText | None = None
    status: TemplateStatus = TemplateStatus.ACTIVE


class TemplateAnswer(RecordAnswer, kw_only=True, frozen=True):
    """A template as its author wrote it."""

    name: str
    subject: str
    body: str
    is_html: bool
    body_plain: str | None
    status: TemplateStatus


class TemplateSearch(Listed, kw_only=True, frozen=True):
    """Filters of the list."""

    status: TemplateStatus | None = None


@blueprint.route("/v1/email-templates", methods=["POST"], role=Role.EDITOR)
def create_template(body: TemplateFields) -> TemplateAnswer:
    """Make a template; it is checked, and refused with the line that is wrong."""
    return TemplateAnswer.of(current().email_templates.create(structs.asdict(body)))


@blueprint.route("/v1/email-templates", role=Role.VIEWER)
def list_templates(call: Call, query: TemplateSearch) -> Listing[TemplateAnswer]:
    """List the templates."""
    equals = {"status": query.status}
    page = current().template_store.page(limit=query.limit, start=call.start, equals=equals)
    return call.listing(page, TemplateAnswer.of)


@blueprint.route("/v1/email-templates/{template_id}", role=Role.VIEWER)
def read_template(template_id: str) -> TemplateAnswer:
    """Read a template."""
    return TemplateAnswer.of(current().template_store.get(template_id))


@blueprint.route("/v1/email-templates/{template_id}", methods=["PATCH"], role=Role.EDITOR)
def change_template(template_id: str, body: Patch[TemplateFields], if_match: IfMatch) -> TemplateAnswer:
    """Change a template; what is being sent stays as it was frozen."""
    return TemplateAnswer.of(current().email_templates.edit(template_id, body.changes, if_match=if_match))


@blueprint.route("/v1/email-templates/{template_id}", methods=["DELETE"], role=Role.EDITOR)
def delete_template(template_id: str, if_match: IfMatch) -> None:
    """Delete a template that no mass email under way uses."""
    current().email_templates.delete(template_id, if_match=if_match)
