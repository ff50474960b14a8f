"""Whether the API answers at all."""

from chalicelib.routes.answers import Answer
from chalicelib.routes.blueprint import EnvoiBlueprint

blueprint = EnvoiBlueprint(__name__)


class Health(Answer, kw_only=True, frozen=True):
    """``ok``; it looks at nothing behind the API, so that an outage of the table does not take the functions with it."""

    status: str


@blueprint.route("/v1/health", role=None)
def health() -> Health:
    """Say that the API answers."""
    return Health(status="ok")
