"""Whose mail an event is about: by our tags, by our header, or not ours."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.domain.events import HEADER_RECIPIENT, TAG_ATTEMPT, TAG_MASS_EMAIL, TAG_RECIPIENT
from chalicelib.domain.ids import base_of, is_id
from chalicelib.mail.json_values import first_text, mapping, mappings

_MAX_ATTEMPT_DIGITS = 6


class Owner(NamedTuple):
    """Whom of ours the mail was for; all None if it does not say."""

    mass_email_id: str | None = None
    recipient_id: str | None = None
    attempt: int | None = None


def owner_of(mail: Mapping[str, Any]) -> Owner:
    """By tags, else by header. Others may use such names too, so the ids must be ids, and of one mass email."""
    tags = mapping(mail.get("tags"))
    mass_email, recipient = first_text(tags.get(TAG_MASS_EMAIL)), first_text(tags.get(TAG_RECIPIENT))
    if mass_email and recipient and _fit(mass_email, recipient):
        return Owner(mass_email, recipient, _count(first_text(tags.get(TAG_ATTEMPT))))
    for header in mappings(mail.get("headers")):
        if str(header.get("name")).lower() == HEADER_RECIPIENT.lower():
            value = str(header.get("value")).strip()
            return Owner(recipient_id=value) if is_id(value) else Owner()
    return Owner()


def says_whose(raw: Mapping[str, Any], mail: Mapping[str, Any]) -> bool:
    """Whether the event would name its recipient if that were ours.

    Event publishing carries all tags; identity notifications carry only headers, if that is turned on, and these are cut
    at 10 kB. What has neither could be anybody's, so also ours.
    """
    has_all_tags = "eventType" in raw and isinstance(mail.get("tags"), Mapping)
    is_cut = mail.get("headersTruncated") not in (False, "false")
    return has_all_tags or (isinstance(mail.get("headers"), list) and not is_cut)


def _fit(mass_email: str, recipient: str) -> bool:
    return is_id(mass_email) and is_id(recipient) and base_of(mass_email) == base_of(recipient)


def _count(digits: str | None) -> int | None:
    return int(digits) if digits and digits.isdecimal() and len(digits) <= _MAX_ATTEMPT_DIGITS else None
