"""What the columns of an import mean: guessed from the headers that other programs export, or told by the caller.

Known are the headers of EspoCRM (names of fields and their English and French labels), of Mailchimp ("Email Address",
``FNAME``, ``UNSUB_TIME``: https://mailchimp.com/help/about-audience-exports/) and of listmonk (``email``, ``name``,
``attributes``, ``status``: https://listmonk.app/docs/apis/import/). What is not known becomes a free attribute.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.domain.people import MAX_ATTRIBUTE_NAME
from chalicelib.domain.records import TargetType
from chalicelib.errors import FieldError, Refused

MAX_COLUMNS = 500
ATTRIBUTE = "attributes."  # before the name of a free attribute
ADDRESS = "emailAddress"
NAME = "name"  # of a person: cut into first and last name
ATTRIBUTES = "attributes"  # a JSON object
OPTED_OUT = "emailAddressIsOptedOut"
INVALID = "emailAddressIsInvalid"
UNSUBSCRIBED_AT = "unsubscribedAt"  # any text in it says that the address opted out
BOUNCED_AT = "bouncedAt"  # any text in it says that the address is invalid
LISTMONK_STATUS = "listmonkStatus"
REPORT_LINE = (
    "Envoi line"  # the headers of what a report of refused rows adds; not taken when it is imported again
)
REPORT_REASON = "Envoi reason"
BAD_COLUMNS = "columns"
_WORD = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"\S@\S")

_PERSON = frozenset({"firstName", "lastName", "salutationName", NAME})
_ANY = frozenset({ADDRESS, ATTRIBUTES, OPTED_OUT, INVALID, UNSUBSCRIBED_AT, BOUNCED_AT})
DESTINATIONS: Mapping[TargetType, frozenset[str]] = {
    TargetType.ACCOUNT: _ANY | {NAME},
    TargetType.CONTACT: _ANY | _PERSON | {"accountId"},
    TargetType.LEAD: _ANY | _PERSON | {"status", "source", "campaignId"},
    TargetType.USER: _ANY | _PERSON | {"isActive"},
}
"""Where a column can go, beside the free attributes."""

_HEADERS: Mapping[str, str] = {
    ADDRESS: "email emailaddress emailaddresses mail courriel adresseemail adressemail adresseelectronique "
    "adressedecourriel adressecourriel emailprincipal primaryemail workemail businessemail",
    "firstName": "firstname fname prenom givenname",
    "lastName": "lastname lname surname familyname nomdefamille",
    "salutationName": "salutationname salutation civilite",
    "accountId": "accountid",
    "status": "status statut",
    "source": "source leadsource origine",
    "campaignId": "campaignid",
    "isActive": "isactive active actif",
    OPTED_OUT: "emailaddressisoptedout emailaddressoptedout emailisoptedout emailoptedout emailoptout optedout optout "
    "unsubscribed desabonne desinscrit hasoptedoutofemail adresseemaildesinscrite",
    INVALID: "emailaddressisinvalid emailaddressinvalid emailisinvalid emailinvalid",
    UNSUBSCRIBED_AT: "unsubtime unsubscribedat",
    BOUNCED_AT: "cleantime",
    ATTRIBUTES: "attributes",
}
_NAMES: Mapping[TargetType, str] = {
    TargetType.ACCOUNT: "name nom accountname company companyname societe entreprise organisation organization raisonsociale",
}
_PERSONS_NAME = "name fullname nomcomplet nometprenom prenometnom"
_PERSONS_LAST_NAME = "nom"  # beside a first name; alone it is the whole name
_NOT_TAKEN = (
    "id uuid rev etag deleted createdat updatedat modifiedat createdbyid modifiedbyid envoiline envoireason"
)
_LISTMONK = frozenset({"uuid", "email", "name", "attributes", "status"})


@dataclass(frozen=True)
class Column:
    """One column; ``destination`` is a field's name, ``attributes.<name>``, or None for one that is not taken."""

    place: int
    header: str
    destination: str | None


def destination_problem(target_type: TargetType, destination: str) -> str | None:
    """Why no column of an import of this type can go there, or None."""
    if destination in DESTINATIONS[target_type]:
        return None
    name = destination.removeprefix(ATTRIBUTE)
    if destination.startswith(ATTRIBUTE) and 0 < len(name) <= MAX_ATTRIBUTE_NAME and name.isprintable():
        return None
    fields = ", ".join(sorted(DESTINATIONS[target_type]))
    return f"is neither one of {fields} nor attributes.<name>"


def mapping_problems(target_type: TargetType, mapping: Mapping[str, str | None]) -> list[FieldError]:
    """All that is wrong with a caller's mapping (header → destination), before the file is seen."""
    problems, taken = [], dict[str, str]()
    for header, destination in mapping.items():
        if destination is None:
            continue
        problem = destination_problem(target_type, destination)
        if problem is None and destination in taken:
            problem = f"goes where {taken[destination]!r} goes already"
        if problem is not None:
            problems.append(FieldError(f"mapping.{header}", problem))
        taken.setdefault(destination, header)
    return problems


def columns_of(
    target_type: TargetType, headers: Sequence[str], mapping: Mapping[str, str | None]
) -> Sequence[Column]:
    """What each column of the file means.

    Args:
        target_type: What a row becomes.
        headers: The cells of the first record.
        mapping: Header → destination or None, which goes before what would be guessed; case and spaces around do not count.

    Raises:
        Refused: A header of the mapping is not there or there twice, there are too many columns, or none is the address.
    """
    names = [header.strip() for header in headers]
    if len(names) > MAX_COLUMNS:
        raise Refused(BAD_COLUMNS, f"the file has {len(names)} columns; {MAX_COLUMNS} are allowed")
    known = _known(target_type, {_folded(name) for name in names})
    told = _with_own_names(target_type, names, known, _told(names, mapping))
    taken = {destination for destination in told.values() if destination}
    columns = []
    for place, header in enumerate(names):
        destination = told[place] if place in told else _guessed(header, known, taken)
        taken |= {destination} if destination else set()
        columns.append(Column(place, header, destination))
    if ADDRESS not in taken:
        raise Refused(BAD_COLUMNS, f"no column is the emailAddress{_instead(names)}")
    return columns


def _instead(names: Sequence[str]) -> str:
    """What there is instead; nothing of a first line that is somebody's, for the job keeps the sentence."""
    if any(map(_ADDRESS.search, names)):
        return ": the first line must hold the names of the columns, and holds an address"
    there = ", ".join(name for name in names if name)[:500]
    return f"; name it in `mapping`. There are: {there}"


def _told(names: Sequence[str], mapping: Mapping[str, str | None]) -> Mapping[int, str | None]:
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name.casefold(), []).append(place)
    told = {}
    for header, destination in mapping.items():
        found = places.get(header.strip().casefold(), [])
        if len(found) != 1:
            says = "twice" if found else "not"
            raise Refused(BAD_COLUMNS, f"the column {header!r} of `mapping` is {says} in the file")
        told[found[0]] = destination
    return told


def _with_own_names(
    target_type: TargetType,
    names: Sequence[str],
    known: Mapping[str, str | None],
    told: Mapping[int, str | None],
) -> Mapping[int, str | None]:
    """With the columns that bear their destination's own name, as our exports do: they go before what only seems to be it."""
    found = dict(told)
    for place, name in enumerate(names):
        is_attribute = name.startswith(ATTRIBUTE) and destination_problem(target_type, name) is None
        is_own = is_attribute or known.get(_folded(name)) == name
        if is_own and place not in told and name not in found.values():
            found[place] = name
    return found


def _known(target_type: TargetType, folded: Collection[str]) -> Mapping[str, str | None]:
    """Folded header → destination, None for what is not taken."""
    allowed = DESTINATIONS[target_type]
    known: dict[str, str | None] = dict.fromkeys(_NOT_TAKEN.split())
    for destination, headers in _HEADERS.items():
        if destination in allowed:
            known |= dict.fromkeys(headers.split(), destination)
    known |= dict.fromkeys(_NAMES.get(target_type, _PERSONS_NAME).split(), NAME)
    if target_type is not TargetType.ACCOUNT:
        first = {"prenom", "firstname", "fname"} & set(folded)
        known[_PERSONS_LAST_NAME] = "lastName" if first else NAME
    if set(folded) >= _LISTMONK:
        known["status"] = LISTMONK_STATUS
    return known


def _guessed(header: str, known: Mapping[str, str | None], taken: Collection[str]) -> str | None:
    """The destination of a header; a second column for the same becomes an attribute beside the first."""
    folded = _folded(header)
    if not folded or (folded in known and known[folded] is None):
        return None
    destination = known.get(folded)
    if destination is not None and destination not in taken:
        return destination
    name = attribute_name(header)
    numbered = (f"{ATTRIBUTE}{name}{number}" for number in range(2, MAX_COLUMNS + 2))
    first = f"{ATTRIBUTE}{name}"
    return first if first not in taken else next(each for each in numbered if each not in taken)


def attribute_name(header: str) -> str:
    """A header as a name that a template can write: ``Customer since`` is ``customerSince``, ``MEMBER_RATING`` ``memberRating``."""
    words: list[str] = _WORD.findall(_without_accents(header))
    if not words:
        return "column"
    if len(words) == 1 and not words[0].isupper():
        return (words[0][0].lower() + words[0][1:])[:MAX_ATTRIBUTE_NAME]
    first, *others = (word.lower() for word in words)
    return (first + "".join(word.title() for word in others))[:MAX_ATTRIBUTE_NAME]


def _folded(header: str) -> str:
    """What of a header counts: letters and digits, without case or accents."""
    return "".join(_WORD.findall(_without_accents(header))).casefold()


def _without_accents(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
