"""What the columns of other programs' exports mean."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.imports_columns import (
    DESTINATIONS,
    attribute_name,
    columns_of,
    destination_problem,
    mapping_problems,
)
from chalicelib.domain.people import attributes_problem
from chalicelib.domain.records import TargetType
from chalicelib.errors import Refused

CONTACT, LEAD, ACCOUNT, USER = TargetType.CONTACT, TargetType.LEAD, TargetType.ACCOUNT, TargetType.USER
ESPOCRM = (
    "id,deleted,salutationName,firstName,lastName,accountId,emailAddress,emailAddressIsOptedOut,"
    "emailAddressIsInvalid,phoneNumber,addressCity,createdAt,modifiedAt"
)
ESPOCRM_FRENCH = "Civilité,Prénom,Nom,Email,Téléphone"
MAILCHIMP = (
    "Email Address,First Name,Last Name,Address,Phone Number,MEMBER_RATING,OPTIN_TIME,UNSUB_TIME,UNSUB_REASON,"
    "LAST_CHANGED,LEID,TAGS"
)
LISTMONK = "uuid,email,name,attributes,status,created_at,updated_at"


def meaning(
    target_type: TargetType, headers: str, mapping: Mapping[str, str | None] | None = None
) -> dict[str, str | None]:
    """Header → destination."""
    found = columns_of(target_type, headers.split(","), mapping or {})
    return {each.header: each.destination for each in found}


@pytest.mark.parametrize(
    ("target_type", "headers", "expected"),
    [
        (
            CONTACT,
            ESPOCRM,
            {
                "id": None,
                "deleted": None,
                "salutationName": "salutationName",
                "firstName": "firstName",
                "lastName": "lastName",
                "accountId": "accountId",
                "emailAddress": "emailAddress",
                "emailAddressIsOptedOut": "emailAddressIsOptedOut",
                "emailAddressIsInvalid": "emailAddressIsInvalid",
                "phoneNumber": "attributes.phoneNumber",
                "addressCity": "attributes.addressCity",
                "createdAt": None,
                "modifiedAt": None,
            },
        ),
        (
            CONTACT,
            ESPOCRM_FRENCH,
            {
                "Civilité": "salutationName",
                "Prénom": "firstName",
                "Nom": "lastName",
                "Email": "emailAddress",
                "Téléphone": "attributes.telephone",
            },
        ),
        (
            CONTACT,
            MAILCHIMP,
            {
                "Email Address": "emailAddress",
                "First Name": "firstName",
                "Last Name": "lastName",
                "Address": "attributes.address",
                "Phone Number": "attributes.phoneNumber",
                "MEMBER_RATING": "attributes.memberRating",
                "OPTIN_TIME": "attributes.optinTime",
                "UNSUB_TIME": "unsubscribedAt",
                "UNSUB_REASON": "attributes.unsubReason",
                "LAST_CHANGED": "attributes.lastChanged",
                "LEID": "attributes.leid",
                "TAGS": "attributes.tags",
            },
        ),
        (
            CONTACT,
            LISTMONK,
            {
                "uuid": None,
                "email": "emailAddress",
                "name": "name",
                "attributes": "attributes",
                "status": "listmonkStatus",
                "created_at": None,
                "updated_at": None,
            },
        ),
        (LEAD, "EMAIL,Status,Source", {"EMAIL": "emailAddress", "Status": "status", "Source": "source"}),
        (CONTACT, "EMAIL,Status", {"EMAIL": "emailAddress", "Status": "attributes.status"}),
        (USER, "mail,Active", {"mail": "emailAddress", "Active": "isActive"}),
        (
            ACCOUNT,
            "Société,Courriel,Prénom",
            {"Société": "name", "Courriel": "emailAddress", "Prénom": "attributes.prenom"},
        ),
        (CONTACT, "Nom,E-mail", {"Nom": "name", "E-mail": "emailAddress"}),
        (CONTACT, "Email,Город", {"Email": "emailAddress", "Город": "attributes.город"}),
        (
            CONTACT,
            "Email,E-Mail,Tag,tag,",
            {
                "Email": "emailAddress",
                "E-Mail": "attributes.eMail",
                "Tag": "attributes.tag",
                "tag": "attributes.tag2",
                "": None,
            },
        ),
    ],
)
def test_headers_of_other_programs_are_known(
    target_type: TargetType, headers: str, expected: Mapping[str, str | None]
) -> None:
    """EspoCRM's, Mailchimp's and listmonk's, in English and French; the rest are attributes, two of a name apart."""
    assert meaning(target_type, headers) == expected


def test_what_the_caller_says_goes_before_what_would_be_guessed() -> None:
    """Whatever its case; a column that the caller gives away is guessed for nobody else, and null takes none."""
    told = {"KONTAKT": "emailAddress", "email": "attributes.privateEmail", "first name": None}
    assert meaning(CONTACT, "Kontakt,Email,First Name", told) == {
        "Kontakt": "emailAddress",
        "Email": "attributes.privateEmail",
        "First Name": None,
    }


@pytest.mark.parametrize(
    ("headers", "mapping", "says"),
    [
        ("Name,Phone", {}, "no column is the emailAddress.*Name, Phone"),
        ("Email", {"Mail": "emailAddress"}, "'Mail' of `mapping` is not in the file"),
        ("Mail,mail", {"mail": "emailAddress"}, "'mail' of `mapping` is twice in the file"),
        ("Email", {"Email": None}, "no column is the emailAddress"),
        (",".join(f"c{number}" for number in range(501)), {}, "501 columns; 500 are allowed"),
    ],
)
def test_columns_that_cannot_be_told_are_refused(
    headers: str, mapping: dict[str, str | None], says: str
) -> None:
    """With what is there, so that the caller can name it."""
    with pytest.raises(Refused, match=says):
        columns_of(CONTACT, headers.split(","), mapping)


def test_a_column_with_a_destinations_own_name_goes_before_what_seems_to_be_it() -> None:
    """As in an export of a list, whose ``optedOut`` is of that list alone; and of a report, whose attributes are attributes."""
    assert meaning(CONTACT, "id,emailAddress,optedOut,emailAddressIsOptedOut") == {
        "id": None,
        "emailAddress": "emailAddress",
        "optedOut": "attributes.optedOut",
        "emailAddressIsOptedOut": "emailAddressIsOptedOut",
    }
    assert meaning(CONTACT, "City,Email,attributes.city,attributes.Customer since") == {
        "City": "attributes.city2",
        "Email": "emailAddress",
        "attributes.city": "attributes.city",
        "attributes.Customer since": "attributes.Customer since",
    }
    assert meaning(
        CONTACT, "Email,attributes.city", {"Email": "attributes.city", "attributes.city": "emailAddress"}
    ) == {
        "Email": "attributes.city",
        "attributes.city": "emailAddress",
    }


def test_a_first_line_that_is_somebody_is_not_repeated() -> None:
    """A file without headers: the sentence is kept with the job, and an address has no business there."""
    with pytest.raises(Refused, match="must hold the names of the columns, and holds an address") as refusal:
        columns_of(CONTACT, ["Ann", "Ann Lee <ann@x.fr>"], {})
    assert "Ann" not in refusal.value.message


@pytest.mark.parametrize("target_type", TargetType)
def test_every_destination_can_be_told(target_type: TargetType) -> None:
    """All fields of the kind, and attributes by any name that one line holds."""
    assert mapping_problems(target_type, {name: name for name in DESTINATIONS[target_type]}) == []
    assert destination_problem(target_type, "attributes.Lieu de naissance") is None


@pytest.mark.parametrize(
    "destination", ["", "id", "rev", "attributes.", "attributes.a\nb", "listmonkStatus", "email"]
)
def test_no_other_destination_can_be_told(destination: str) -> None:
    """400 that names the header."""
    [problem] = mapping_problems(CONTACT, {"X": destination})
    assert problem.field == "mapping.X"
    assert problem.message.startswith("is neither one of")


def test_two_columns_cannot_become_one_field() -> None:
    """The second is at fault."""
    [problem] = mapping_problems(CONTACT, {"A": "firstName", "B": "firstName", "C": None, "D": None})
    assert (problem.field, problem.message) == ("mapping.B", "goes where 'A' goes already")


@given(st.lists(st.text(max_size=30), max_size=40), st.sampled_from(TargetType))
def test_no_two_columns_ever_become_one(headers: list[str], target_type: TargetType) -> None:
    """Whatever the headers, each column that is taken goes somewhere of its own."""
    found = columns_of(target_type, ["Email", *headers], {})
    taken = [each.destination for each in found if each.destination]
    assert len(taken) == len(set(taken))
    assert [each.header for each in found[1:]] == [header.strip() for header in headers]


@given(st.text(min_size=1, max_size=200))
def test_names_of_attributes_can_be_kept(header: str) -> None:
    """What is made of a header is a name that the API takes too."""
    assert attributes_problem({attribute_name(header): "x"}) is None


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Customer since", "customerSince"),
        ("customerSince", "customerSince"),
        ("MEMBER_RATING", "memberRating"),
        ("Ville de résidence", "villeDeResidence"),
        ("GDPR", "gdpr"),
        ("§", "column"),
    ],
)
def test_headers_become_names_that_templates_can_write(header: str, name: str) -> None:
    """In camelCase, without accents."""
    assert attribute_name(header) == name
