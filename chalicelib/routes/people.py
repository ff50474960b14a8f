"""Accounts, contacts, leads and users over HTTP: four kinds with the same seven verbs, declared once for each."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

from msgspec import Meta, structs

from chalicelib.domain.records import Role, TargetType
from chalicelib.flows.erasing import Erased
from chalicelib.flows.people import Seen
from chalicelib.routes.answers import Answer, Listing, RecordAnswer, Sent
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Address, Body, Id, Line, Listed, Name
from chalicelib.routes.calls import Call
from chalicelib.routes.reading import Patch
from chalicelib.wiring import current

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
    """Everybody, or those who hold an address."""

    email_address: Annotated[str, Meta(max_length=320)] | None = None


def answer_of(kind: type[A], seen: Seen) -> A:
    """A target as its routes answer it."""
    return kind.of(
        seen.target,
        email_address_is_opted_out=seen.is_opted_out,
        email_address_is_invalid=seen.is_invalid,
    )


def erased_answer(erased: Erased) -> Sent[ErasedAnswer]:
    """What was erased; 202 when a job goes on with it."""
    value = ErasedAnswer(
        id=erased.grave.target_id,
        erased_at=erased.grave.erased_at,
        other_holders=[Holder(type=target_type, id=target_id) for target_type, target_id in erased.others],
        job_id=erased.job.id if erased.job else None,
    )
    return Sent(value, status=202 if erased.job else 200)


def declare(target_type: TargetType, fields: type[TargetFields], answer: type[A]) -> None:
    """Declare the routes of one kind, under ``/v1/contacts`` and the like."""
    kind = target_type.lower()
    a_kind = f"an {kind}" if target_type is TargetType.ACCOUNT else f"a {kind}"
    every, one = f"/v1/{kind}s", f"/v1/{kind}s/{{target_id}}"
    # A view's annotations are its contract, and each kind has fields of its own.
    patch, listing = Patch[fields], Listing[answer]  # type: ignore[valid-type]

    def route(
        method: str, path: str, summary: str, own: Mapping[str, Any], status: int | None = None
    ) -> Callable[[View], None]:
        def register(view: View) -> None:
            view.__name__ = f"{view.__name__}_{kind}"
            view.__doc__ = summary
            view.__annotations__.update(own)
            role = Role.VIEWER if method == "GET" else Role.EDITOR
            blueprint.route(path, methods=[method], role=role, status=status)(view)

        return register

    @route("POST", every, f"Make {a_kind}.", {"body": fields, "return": answer})
    def create(body: TargetFields) -> A:
        return answer_of(answer, current().people.create(target_type, structs.asdict(body)))

    @route("GET", every, f"List the {kind}s, or those who hold an address.", {"return": listing})
    def search(call: Call, query: PeopleSearch) -> Listing[A]:
        people, address = current().people, query.email_address
        if address is None:
            page = people.page(target_type, limit=query.limit, start=call.start)
        else:
            page = people.with_address(target_type, address, limit=query.limit, start=call.start)
        return call.listing(page, lambda seen: answer_of(answer, seen))

    @route("GET", one, f"Read {a_kind}.", {"return": answer})
    def read(target_id: str) -> A:
        return answer_of(answer, current().people.get(target_type, target_id))

    @route("PATCH", one, f"Change {a_kind}; attributes are merged.", {"body": patch, "return": answer})
    def change(call: Call, target_id: str, body: Patch[TargetFields]) -> A:
        seen = current().people.edit(target_type, target_id, body.changes, if_match=call.if_match)
        return answer_of(answer, seen)

    @route("DELETE", one, f"Delete {a_kind}, from all lists too.", {})
    def delete(call: Call, target_id: str) -> None:
        current().people.delete(target_type, target_id, if_match=call.if_match)

    @route("POST", f"{one}/erase", f"Erase {a_kind}: only a keyed hash stays.", {}, status=200)
    def erase(target_id: str) -> Sent[ErasedAnswer]:
        return erased_answer(current().erasing.erase(target_type, target_id))


declare(TargetType.ACCOUNT, AccountFields, AccountAnswer)
declare(TargetType.CONTACT, ContactFields, ContactAnswer)
declare(TargetType.LEAD, LeadFields, LeadAnswer)
declare(TargetType.USER, UserFields, UserAnswer)
