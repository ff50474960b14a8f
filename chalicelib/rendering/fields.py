"""The fields of people and companies that templates may name, and which of them a message reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.domain.records import TargetType
from chalicelib.rendering.paths import Path

_RECORD = frozenset({"id", "name", "emailAddress", "attributes", "createdAt", "modifiedAt"}) | {
    "emailAddressIsOptedOut",
    "emailAddressIsInvalid",
}
_PERSON = _RECORD | {"firstName", "lastName", "salutationName"}
ACCOUNT = "account"
_LINK_FIELD = "accountId"  # where a contact's account stands
_NAME_PARTS = frozenset({"firstName", "lastName"})

FIELDS: Mapping[TargetType, frozenset[str]] = {
    TargetType.ACCOUNT: _RECORD,
    TargetType.CONTACT: _PERSON | {_LINK_FIELD},
    TargetType.LEAD: _PERSON | {"status", "source", "campaignId"},
    TargetType.USER: _PERSON | {"isActive"},
}
_ROOTS: Mapping[str, tuple[TargetType, ...]] = {
    "Parent": tuple(TargetType),
    "Person": (TargetType.CONTACT, TargetType.LEAD, TargetType.USER),
} | {kind.value: (kind,) for kind in TargetType}
_KNOWN: Mapping[str, frozenset[str]] = {
    "Parent": frozenset().union(*FIELDS.values()) | {ACCOUNT},
    "Person": _PERSON,
    "Contact": FIELDS[TargetType.CONTACT] | {ACCOUNT},
} | {kind.value: FIELDS[kind] for kind in TargetType if kind is not TargetType.CONTACT}


def field_problem(path: Path) -> str | None:
    """Why this name can never have a value: an unknown field of a known type."""
    known = _KNOWN.get(path.root)
    names = path.names[1:]
    if known is None or not names:
        return None
    owner = path.root
    if names[0] in known and names[0] == ACCOUNT and len(names) > 1:
        known, owner, names = FIELDS[TargetType.ACCOUNT], f"{owner}.{ACCOUNT}", names[1:]
    return None if names[0] in known else f"{owner} has no field {names[0]!r}"


@dataclass(frozen=True)
class FieldsRead:
    """What a message needs to know of its readers: fields by type, and fields of a contact's account."""

    target: Mapping[TargetType, frozenset[str]]
    account: frozenset[str]


def fields_read(paths: Iterable[Path]) -> FieldsRead:
    """Collect the fields; a record used as a whole counts with all of them."""
    target: dict[TargetType, set[str]] = {kind: set() for kind in TargetType}
    account: set[str] = set()
    for path in paths:
        names = path.names[1:]
        if path.root == "attributes":
            for fields in target.values():
                fields.add("attributes")
        for kind in _ROOTS.get(path.root, ()):
            target[kind] |= _own(kind, names)
        if path.root in {"Parent", "Contact"} and names[:1] in {(), (ACCOUNT,)}:
            account |= _own(TargetType.ACCOUNT, names[1:])
        if path.root == "Account":
            account |= _own(TargetType.ACCOUNT, names)
    if account:
        target[TargetType.CONTACT].add(_LINK_FIELD)
    return FieldsRead({kind: frozenset(fields) for kind, fields in target.items()}, frozenset(account))


def _own(kind: TargetType, names: tuple[str, ...]) -> frozenset[str]:
    if not names:
        return FIELDS[kind]
    if names[0] == "name" and kind is not TargetType.ACCOUNT:
        return _NAME_PARTS
    return frozenset(names[:1]) & FIELDS[kind]
