"""All that is known of one person over HTTP."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from chalicelib.domain.records import Role, TargetType
from chalicelib.routes.answers import Answer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.log import LogAnswer
from chalicelib.routes.people import (
    AccountAnswer,
    ContactAnswer,
    Holder,
    LeadAnswer,
    TargetAnswer,
    UserAnswer,
    answer_of,
)
from chalicelib.wiring import current

if TYPE_CHECKING:
    from chalicelib.flows.person_export import PersonalData

blueprint = EnvoiBlueprint(__name__)
E = TypeVar("E", bound="ExportAnswer")


class AddressAnswer(Answer, kw_only=True, frozen=True):
    """What is known of the person's address; ``listsLeft`` are the names of lists that it opted out of."""

    opt_out: bool
    invalid: bool
    reason: str | None
    since: datetime | None
    soft_bounces: int
    lists_left: list[str]


class SubscriptionAnswer(Answer, kw_only=True, frozen=True):
    """A list that the person is on; the names are null where it was deleted."""

    list_id: str
    name: str | None
    public_name: str | None
    opted_out: bool


class MailingAnswer(Answer, kw_only=True, frozen=True):
    """A mass email that the person is a recipient of; what became of it is in the log."""

    mass_email_id: str | None
    name: str | None
    recipient_id: str


class ExportAnswer(Answer, kw_only=True, frozen=True):
    """All that is known; ``otherRecords`` hold the same address. ``log`` is newest first; whole, or its newest 5,000 lines."""

    as_of: datetime
    address: AddressAnswer | None
    other_records: list[Holder]
    lists: list[SubscriptionAnswer]
    mass_emails: list[MailingAnswer]
    log: list[LogAnswer]
    log_is_whole: bool


class AccountExport(ExportAnswer, kw_only=True, frozen=True):
    """Of a company."""

    record: AccountAnswer


class ContactExport(ExportAnswer, kw_only=True, frozen=True):
    """Of a contact."""

    record: ContactAnswer


class LeadExport(ExportAnswer, kw_only=True, frozen=True):
    """Of a lead."""

    record: LeadAnswer


class UserExport(ExportAnswer, kw_only=True, frozen=True):
    """Of a user."""

    record: UserAnswer


@blueprint.route("/v1/accounts/{account_id}/export", role=Role.EDITOR)
def export_account(account_id: str) -> AccountExport:
    """Tell all that is known of an account."""
    return _export(TargetType.ACCOUNT, account_id, AccountExport, AccountAnswer)


@blueprint.route("/v1/contacts/{contact_id}/export", role=Role.EDITOR)
def export_contact(contact_id: str) -> ContactExport:
    """Tell all that is known of a contact."""
    return _export(TargetType.CONTACT, contact_id, ContactExport, ContactAnswer)


@blueprint.route("/v1/leads/{lead_id}/export", role=Role.EDITOR)
def export_lead(lead_id: str) -> LeadExport:
    """Tell all that is known of a lead."""
    return _export(TargetType.LEAD, lead_id, LeadExport, LeadAnswer)


@blueprint.route("/v1/users/{user_id}/export", role=Role.EDITOR)
def export_user(user_id: str) -> UserExport:
    """Tell all that is known of a user."""
    return _export(TargetType.USER, user_id, UserExport, UserAnswer)


def _export(target_type: TargetType, target_id: str, kind: Callable[..., E], record: type[TargetAnswer]) -> E:
    data = current().person_export.of(target_type, target_id)
    told: dict[str, Any] = {
        "as_of": data.as_of,
        "record": answer_of(record, data.seen),
        "address": _address(data),
        "other_records": [Holder(type=each, id=holder_id) for each, holder_id in data.others],
        "lists": _lists(data),
        "mass_emails": _mass_emails(data),
        "log": [LogAnswer.of_record(each) for each in data.log],
        "log_is_whole": data.log_is_whole,
    }
    return kind(**told)


def _address(data: "PersonalData") -> AddressAnswer | None:
    flags = data.seen.flags
    if flags is None:
        return None
    return AddressAnswer.of(flags, lists_left=[each.name for each in data.lists_left])


def _lists(data: "PersonalData") -> list[SubscriptionAnswer]:
    return [
        SubscriptionAnswer(
            list_id=each.membership.list_id,
            name=each.target_list.name if each.target_list else None,
            public_name=each.target_list.public_name if each.target_list else None,
            opted_out=each.membership.opted_out,
        )
        for each in data.subscriptions
    ]


def _mass_emails(data: "PersonalData") -> list[MailingAnswer]:
    return [
        MailingAnswer(
            mass_email_id=each.mass_email.id if each.mass_email else None,
            name=each.mass_email.name if each.mass_email else None,
            recipient_id=each.place.recipient_id,
        )
        for each in data.mailings
    ]
