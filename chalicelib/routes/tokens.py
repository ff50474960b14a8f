"""API tokens, by administrators: made (and shown) once, listed, revoked."""

from datetime import date, datetime

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.records import Role
from chalicelib.routes.answers import Listing, RecordAnswer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Body, Listed, Name, Time
from chalicelib.routes.calls import Call
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)


class TokenFields(Body, kw_only=True, frozen=True):
    """What a token is for; without ``expiresAt`` it counts until it is revoked."""

    name: Name
    role: Role
    expires_at: Time | None = None


class TokenAnswer(RecordAnswer, kw_only=True, frozen=True):
    """A token without its secret; ``lastUsedOn`` is a day in UTC."""

    name: str
    role: Role
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_on: date | None


class NewTokenAnswer(TokenAnswer, kw_only=True, frozen=True):
    """The same with ``token``, which is shown this once; null when an Idempotency-Key repeats the answer."""

    token: str | None


@blueprint.route("/v1/tokens", methods=["POST"], role=Role.ADMIN, secrets=["token"])
def create_token(body: TokenFields) -> NewTokenAnswer:
    """Make a token."""
    record, text = current().tokens.create(name=body.name, role=body.role, expires_at=body.expires_at)
    return NewTokenAnswer.of(record, token=text)


@blueprint.route("/v1/tokens", role=Role.ADMIN)
def list_tokens(call: Call, query: Listed) -> Listing[TokenAnswer]:
    """List the tokens, revoked ones too."""
    page = current().token_store.page(limit=query.limit, start=call.start)
    return call.listing(page, TokenAnswer.of)


@blueprint.route("/v1/tokens/{token_id}", role=Role.ADMIN)
def read_token(token_id: str) -> TokenAnswer:
    """Read a token."""
    return TokenAnswer.of(current().token_store.get(token_id))


@blueprint.route("/v1/tokens/{token_id}", methods=["DELETE"], role=Role.ADMIN)
def revoke_token(token_id: str, if_match: IfMatch) -> None:
    """Revoke a token: it counts no more, at the latest in a minute."""
    current().tokens.revoke(token_id, if_match=if_match)
