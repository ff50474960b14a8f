"""Accounts, contacts, leads and users over HTTP: four kinds with the same seven verbs, declared once for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import structs

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.records import Role, TargetType
from chalicelib.errors import Invalid
from chalicelib.routes.answers import Answer, Listing, RecordAnswer, Sent
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Address, Body, Id, Line, Listed, Name
from chalicelib.routes.calls import Call
from chalicelib.routes.reading import Patch
from chalicelib.routes.searches import ITEMS_READ, Order, OrderBy, WhereText, read_where
from chalicelib.wiring import current

if TYPE_CHECKING:
    from chalicelib.flows.erasing import Erased
    from chalicelib.flows.people import Seen

blueprint = EnvoiBlueprint(__name__)
A = TypeVar("A", bound="TargetAnswer")
View = Callable[..., Any]


class TargetFields(Body, kw_only=True, frozen=True):
    """What all four kinds have; ``attributes`` is free JSON of at most 32 KiB, merged by PATCH."""

    email_address: Address | None = None
    attributes: dict[str, Any] | None = None


class AccountFields(TargetFields, kw_only=True, frozen=True):
    """A company."""

    name: Name


class PersonFields(TargetFields, kw_only=True, frozen=True):
    """What people have in common."""

    first_name: Line | None = None
    last_name: Line | None = None
    salutation_name: Line | None = None


class ContactFields(PersonFields, kw_only=True, frozen=True):
    """A person at an account."""

    account_id: Id | None = None


class LeadFields(PersonFields, kw_only=True, frozen=True):
    """A person who is not a customer yet; with a campaign, the campaign's log says Lead Created."""

    status: Line | None = None
    source: Line | None = None
    campaign_id: Id | None = None


class UserFields(PersonFields, kw_only=True, frozen=True):
    """A colleague; an inactive one is never mailed."""

    is_active: bool = True


class TargetAnswer(RecordAnswer, kw_only=True, frozen=True):
    """What all four kinds are answered with; the two flags are those of the address, whoever holds it."""

    name: str
    email_address: str | None
    email_address_is_opted_out: bool
    email_address_is_invalid: bool
    attributes: Mapping[str, Any]


class PersonAnswer(TargetAnswer, kw_only=True, frozen=True):
    """What people have in common; ``name`` is made of first and last name."""

    first_name: str | None
    last_name: str | None
    salutation_name: str | None


class AccountAnswer(TargetAnswer, kw_only=True, frozen=True):
    """A company."""


class ContactAnswer(PersonAnswer, kw_only=True, frozen=True):
    """A person at an account."""

    account_id: str | None


class LeadAnswer(PersonAnswer, kw_only=True, frozen=True):
    """A person who is not a customer yet."""

    status: str | None
    source: str | None
    campaign_id: str | None


class UserAnswer(PersonAnswer, kw_only=True, frozen=True):
    """A colleague."""

    is_active: bool


class Holder(Answer, kw_only=True, frozen=True):
    """A record with the same address."""

    type: TargetType
    id: str


class ErasedAnswer(Answer, kw_only=True, frozen=True):
    """What is left of an erased person; ``otherHolders`` still hold the address and are to be erased by themselves.

    ``jobId``: the job that takes the person out of a long history, else null.
    """

    id: str
    erased_at: datetime | None
    other_holders: list[Holder]
    job_id: str | None


class PeopleSearch(Listed, kw_only=True, frozen=True):
    """Everybody, those whom a search finds, or those who hold an address; newest first unless ``orderBy`` says otherwise.

    A page may hold fewer than ``limit`` although more follow: a search looks at a limited number of people at a time.
    """

    email_address: Address | None = None
    where: WhereText | None = None
    order_by: OrderBy | None = None
    order: Order | None = None

    def __post_init__(self) -> None:
        """Who holds an address is not searched for."""
        if self.email_address is not None and (self.where or self.order_by or self.order):
            raise Invalid.of("emailAddress", "cannot be combined with where, orderBy or order")


def answer_of(kind: type[A], seen: "Seen") -> A:
    """A target as its routes answer it."""
    return kind.of(
        seen.target,
        email_address_is_opted_out=seen.is_opted_out,
        email_address_is_invalid=seen.is_invalid,
    )


def erased_answer(erased: "Erased") -> Sent[ErasedAnswer]:
    """What was erased; 202 when a job goes on with it."""
    value = ErasedAnswer(
        id=erased.grave.target_id,
        erased_at=erased.grave.erased_at,
        other_holders=[Holder(type=target_type, id=target_id) for target_type, target_id in erased.others],
        job_id=erased.job.id if erased.job else None,
    )
    return Sent(value, status=202 if erased.job else 200)


@dataclass(frozen=True)
class Kind:
    """One of the four kinds, and how its routes are registered."""

    target_type: TargetType

    def __str__(self) -> str:
        return self.target_type.lower()

    @property
    def described(self) -> str:
        """As it stands in a sentence."""
        return f"an {self}" if self.target_type is TargetType.ACCOUNT else f"a {self}"

    def route(
        self, method: str, end: str, summary: str, own: Mapping[str, Any], **options: Any
    ) -> Callable[[View], None]:
        """Register a view below ``/v1/contacts`` or the like; ``{id}`` and ``target_id`` become this kind's own name.

        A view's annotations are its contract: ``own`` are those in which this kind differs; ``options`` are the blueprint's.
        """
        id_name = (
            f"{self}_id"  # API Gateway takes one name for a variable part, and the log's routes have it too
        )
        path = f"/v1/{self}s{end}".replace("{id}", f"{{{id_name}}}")

        def register(view: View) -> None:
            def own_view(**arguments: Any) -> Any:
                if id_name in arguments:
                    arguments["target_id"] = arguments.pop(id_name)
                return view(**arguments)

            hints = {
                id_name if name == "target_id" else name: hint for name, hint in view.__annotations__.items()
            }
            own_view.__annotations__ = {**hints, **own}
            own_view.__name__ = f"{view.__name__}_{self}"
            own_view.__doc__ = summary
            role = Role.VIEWER if method == "GET" else Role.EDITOR
            blueprint.route(path, methods=[method], role=role, **options)(own_view)

        return register


def declare(target_type: TargetType, fields: type[TargetFields], answer: type[A]) -> None:
    """Declare the routes of one kind."""
    kind = Kind(target_type)
    patch, listing = Patch[fields], Sent[Listing[answer]]  # type: ignore[valid-type] # types made at run time

    def seen(target_id: str) -> A:
        return answer_of(answer, current().people.get(target_type, target_id))

    @kind.route("POST", "", f"Make {kind.described}.", {"body": fields, "return": answer}, reread=seen)
    def create(body: TargetFields) -> A:
        return answer_of(answer, current().people.create(target_type, structs.asdict(body)))

    @kind.route(
        "GET",
        "",
        f"List the {kind}s, those whom a search finds, or those with an address.",
        {"return": listing},
    )
    def search(call: Call, query: PeopleSearch) -> Sent[Listing[A]]:
        from chalicelib.flows.searching import read_sort  # noqa: PLC0415 - for a cold start

        address, limit = query.email_address, query.limit
        if address is None:
            where, sort = read_where(query.where), read_sort(query.order_by, query.order)
            page = current().searching.page(target_type, where, sort, limit=limit, start=call.start)
        else:
            page = current().people.with_address(target_type, address, limit=limit, start=call.start)
        listed = call.listing(page, lambda seen: answer_of(answer, seen))
        return Sent(listed, headers={ITEMS_READ: str(page.read)})

    @kind.route("GET", "/{id}", f"Read {kind.described}.", {"return": answer})
    def read(target_id: str) -> A:
        return seen(target_id)

    @kind.route(
        "PATCH",
        "/{id}",
        f"Change {kind.described}; attributes are merged.",
        {"body": patch, "return": answer},
    )
    def change(target_id: str, body: Patch[TargetFields], if_match: IfMatch) -> A:
        seen = current().people.edit(target_type, target_id, body.changes, if_match=if_match)
        return answer_of(answer, seen)

    @kind.route("DELETE", "/{id}", f"Delete {kind.described}, from all lists too.", {})
    def delete(target_id: str, if_match: IfMatch) -> None:
        current().people.delete(target_type, target_id, if_match=if_match)

    @kind.route(
        "POST",
        "/{id}/erase",
        f"Erase {kind.described}: only a keyed hash stays.",
        {},
        status=200,
        answers={202: ErasedAnswer},
    )
    def erase(target_id: str) -> Sent[ErasedAnswer]:
        return erased_answer(current().erasing.erase(target_type, target_id))


declare(TargetType.ACCOUNT, AccountFields, AccountAnswer)
declare(TargetType.CONTACT, ContactFields, ContactAnswer)
declare(TargetType.LEAD, LeadFields, LeadAnswer)
declare(TargetType.USER, UserFields, UserAnswer)
