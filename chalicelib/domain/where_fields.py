"""What a search can ask of accounts, contacts, leads and users."""

import re
from collections.abc import Mapping

from chalicelib.domain.records import TargetType
from chalicelib.domain.where import Field, Hop, Kind
from chalicelib.domain.where_limits import MAX_PATH

ATTRIBUTES = "attributes"
_SEPARATOR = re.compile(r"(?<!\\)\.")  # a dot that belongs to a name is written ``\.``
_TARGET: Mapping[str, Kind] = {
    "id": Kind.TEXT,
    "createdAt": Kind.TIME,
    "modifiedAt": Kind.TIME,
    "name": Kind.TEXT,
    "emailAddress": Kind.TEXT,
}
_PERSON = {**_TARGET, "firstName": Kind.TEXT, "lastName": Kind.TEXT, "salutationName": Kind.TEXT}
FIELDS: Mapping[TargetType, Mapping[str, Kind]] = {
    TargetType.ACCOUNT: _TARGET,
    TargetType.CONTACT: {**_PERSON, "accountId": Kind.TEXT},
    TargetType.LEAD: {**_PERSON, "status": Kind.TEXT, "source": Kind.TEXT, "campaignId": Kind.TEXT},
    TargetType.USER: {**_PERSON, "isActive": Kind.BOOLEAN},
}
ADDRESS_FLAGS: Mapping[str, str] = {
    "emailAddressIsOptedOut": "optOut",
    "emailAddressIsInvalid": "invalid",
}
_CAMPAIGN: Mapping[str, Kind] = {
    "id": Kind.TEXT,
    "createdAt": Kind.TIME,
    "modifiedAt": Kind.TIME,
    "name": Kind.TEXT,
    "type": Kind.TEXT,
    "status": Kind.TEXT,
}
TARGET_LISTS = "targetLists"
TO_ONE: Mapping[TargetType, Mapping[str, str]] = {
    TargetType.CONTACT: {"account": "accountId"},
    TargetType.LEAD: {"campaign": "campaignId"},
}
"""Links to one other record, and the field that holds its id."""


def field_of(target_type: TargetType, attribute: str) -> Field | None:
    """What an attribute of a search means; None if there is none of this name.

    An own field, ``attributes.colour`` or deeper, a flag of the address, or a field of a linked record: ``account.name``.
    """
    if attribute in ADDRESS_FLAGS:
        return Field((ADDRESS_FLAGS[attribute],), Kind.BOOLEAN, Hop.ADDRESS)
    link, dot, rest = attribute.partition(".")
    if dot and link in TO_ONE.get(target_type, {}):
        return _own(FIELDS[TargetType.ACCOUNT] if link == "account" else _CAMPAIGN, rest, Hop(link))
    return _own(FIELDS[target_type], attribute, None)


def _own(fields: Mapping[str, Kind], attribute: str, hop: Hop | None) -> Field | None:
    if attribute in fields:
        return Field((attribute,), fields[attribute], hop)
    names = tuple(name.replace(r"\.", ".") for name in _SEPARATOR.split(attribute))
    has_attributes = fields is not _CAMPAIGN
    if has_attributes and names[0] == ATTRIBUTES and 1 < len(names) <= 1 + MAX_PATH and all(names):
        return Field(names, Kind.ANY, hop)
    return None
