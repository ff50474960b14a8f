"""A small app of routes made for looking at the conventions: what the real ones do is their own tests' matter."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from chalice.app import Chalice, Response
from msgspec import Meta

from chalicelib import errors
from chalicelib.domain.etags import IfMatch
from chalicelib.domain.ports import Page
from chalicelib.domain.records import Role
from chalicelib.routes.answers import Answer, BinaryResponse, Listing, RecordAnswer, Sent
from chalicelib.routes.blueprint import EnvoiBlueprint, around_every_call
from chalicelib.routes.bodies import Address, Body, Day, Id, Ids, Line, Listed, Name, Text, Time, WebUrl
from chalicelib.routes.calls import Call
from chalicelib.routes.reading import Patch

WIDGET_ID = "55f2c87b09a220a78"
blueprint = EnvoiBlueprint(__name__)


class Colour(StrEnum):
    """Some values."""

    RED = "Red"
    DARK_BLUE = "Dark Blue"


class Part(Body, kw_only=True, frozen=True):
    """Something within something; heavy parts must be named."""

    weight: int
    label: str | None = None

    def __post_init__(self) -> None:
        """Check what depends on two fields."""
        if self.weight > 100 and self.label is None:
            raise errors.Invalid.of("label", "is required above 100")


class WidgetFields(Body, kw_only=True, frozen=True):
    """One field of each type that the API uses."""

    name: Name
    line: Line | None = None
    text: Text | None = None
    colour: Colour = Colour.RED
    count: Annotated[int, Meta(ge=1)] | None = 100
    due_at: Time | None = None
    day: Day | None = None
    owner_id: Id | None = None
    list_ids: Ids = ()
    email_address: Address | None = None
    url: WebUrl | None = None
    is_new: bool = False
    parts: tuple[Part, ...] = ()


class WidgetAnswer(RecordAnswer, kw_only=True, frozen=True):
    """A widget."""

    name: str


class Seen(Answer, kw_only=True, frozen=True):
    """What the view was given."""

    changes: dict[str, object]


class Search(Listed, kw_only=True, frozen=True):
    """Filters."""

    colour: Colour | None = None
    is_new: bool | None = None


class Secret(Answer, kw_only=True, frozen=True):
    """An answer with something that is shown once."""

    run: int
    token: str | None


@dataclass
class Widget:
    """A record as flows know it."""

    id: str
    created_at: datetime
    modified_at: datetime
    name: str
    rev: int = 1


runs: list[str] = []
"""What the views did, for the tests that count it; cleared by the fixture ``probe``."""


def widget(name: str, rev: int = 1) -> Widget:
    """A widget."""
    moment = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return Widget(WIDGET_ID, moment, moment, name, rev)


@blueprint.route("/v1/widgets", methods=["POST"], role=Role.EDITOR)
def create(body: WidgetFields) -> WidgetAnswer:
    """Make a widget.

    More about it.
    """
    runs.append(body.name)
    if body.name == "taken":
        raise errors.Conflict("the name is taken")
    return WidgetAnswer.of(widget(body.name))


@blueprint.route("/v1/widgets", role=Role.VIEWER)
def search(call: Call, query: Search) -> Listing[WidgetAnswer]:
    """List widgets."""
    start = int(call.start or 0)
    found = [widget(f"widget {number}") for number in range(start, min(start + query.limit, 120))]
    after = start + query.limit
    return call.listing(Page(found, str(after) if after < 120 else None), WidgetAnswer.of)


@blueprint.route("/v1/widgets/{widget_id}", role=Role.VIEWER)
def read(widget_id: str) -> WidgetAnswer:
    """Read a widget."""
    if widget_id != WIDGET_ID:
        raise errors.NotFound("no such widget")
    return WidgetAnswer.of(widget("one", rev=7))


@blueprint.route("/v1/widgets/{widget_id}", methods=["PATCH"], role=Role.EDITOR)
def change(widget_id: str, body: Patch[WidgetFields], if_match: IfMatch) -> Seen:
    """Change a widget."""
    if_match.check(7)
    return Seen(changes=dict(body.changes))


@blueprint.route("/v1/widgets/{widget_id}", methods=["DELETE"], role=Role.ADMIN)
def delete(widget_id: str) -> None:
    """Delete a widget."""


@blueprint.route("/v1/secrets", methods=["POST"], role=Role.ADMIN, secrets=["token"])
def secret() -> Secret:
    """Tell a secret once."""
    runs.append("secret")
    return Secret(run=len(runs), token="hush")


@blueprint.route("/v1/faults/{kind}", methods=["POST"], role=Role.VIEWER)
def fault(kind: str) -> Sent[Seen]:
    """Fail in every way."""
    runs.append(kind)
    if kind == "none":
        return Sent(Seen(changes={}), status=202, headers={"Retry-After": "3"})
    if kind == "crash":
        raise RuntimeError("ann@example.com sent a token")
    raise {
        "unauthorized": errors.Unauthorized("the token is unknown"),
        "tooMany": errors.TooMany("slowly", retry_after=9),
        "deferred": errors.Deferred("later", retry_after=7),
        "refused": errors.Refused("notVerified", "SES refuses the sender"),
        "precondition": errors.PreconditionFailed("another version"),
    }[kind]


@blueprint.route("/t/pixel", role=None)
def pixel() -> BinaryResponse:
    """Bytes for everybody."""
    return BinaryResponse(b"GIF89a\xff", "image/gif", {"Cache-Control": "no-store"})


@blueprint.route("/t/page", role=None)
def page() -> Response:
    """A page."""
    return Response("<p>é</p>", {"Content-Type": "text/html; charset=utf-8"}, 200)


@blueprint.route("/t/crash", role=None)
def crash() -> None:
    """Fail in public."""
    raise RuntimeError("ann@example.com")


app = Chalice(app_name="probe", configure_logs=False)
app.register_middleware(around_every_call, "http")
app.register_blueprint(blueprint)
