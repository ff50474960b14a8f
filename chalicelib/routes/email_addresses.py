"""The flags of an address over HTTP: read by all, changed by administrators. The address is never part of a path."""

from datetime import datetime

from chalicelib.domain.records import AddressFlags, Role
from chalicelib.routes.answers import Answer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Address, Body, Name, Query
from chalicelib.routes.reading import Patch
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)


class AddressQuery(Query, kw_only=True, frozen=True):
    """Which address."""

    address: Address


class FlagFields(Body, kw_only=True, frozen=True):
    """What may be changed; ``reason`` goes with a flag that is set. Null clears a flag."""

    opt_out: bool = False
    invalid: bool = False
    reason: Name | None = None


class FlagAnswer(Answer, kw_only=True, frozen=True):
    """What is known of an address; ``reason`` and ``since`` are those of the flag that was set last."""

    address: str
    opt_out: bool
    invalid: bool
    reason: str | None
    since: datetime | None


@blueprint.route("/v1/email-addresses", role=Role.VIEWER)
def read_address(query: AddressQuery) -> FlagAnswer:
    """Read what is known of an address; nothing is not an error."""
    return flag_answer(query.address, current().address_book.get(query.address))


@blueprint.route("/v1/email-addresses", methods=["PATCH"], role=Role.ADMIN)
def change_address(query: AddressQuery, body: Patch[FlagFields]) -> FlagAnswer:
    """Set or clear flags; clearing ``invalid`` also takes the address off SES's suppression list."""
    return flag_answer(query.address, current().address_book.change(query.address, **body.changes))


def flag_answer(address: str, flags: AddressFlags) -> FlagAnswer:
    """The flags, with the address as the caller wrote it."""
    return FlagAnswer.of(flags, address=address)
