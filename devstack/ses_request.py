"""A sending request as SES v2 takes it, checked against SES's limits and put into one shape."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from devstack.ses_errors import bad_request
from devstack.ses_template import Template, compiled, literal

MAX_ENTRIES = 50  # https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html
MAX_CALL = 1_000_000  # bytes; "up to 1 MB": https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-api.html
MAX_DATA = (
    262_144  # characters; https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_ReplacementTemplate.html
)
MAX_HEADERS = 15  # https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntry.html
MAX_HEADER_NAME, MAX_HEADER = 126, 996  # characters; the latter of name and value together
MAX_TAG = 256  # characters; https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageTag.html
MAX_RECIPIENTS = 50  # of one message

_HEADER_NAME = re.compile(r"[!-9;-@A-~]+\Z")
_HEADER_VALUE = re.compile(r"[ -~]+\Z")
_TAG = re.compile(r"[A-Za-z0-9_-]+\Z")
_ADDRESS = re.compile(r"[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\Z")
_FEEDBACK_TAGS = frozenset({"ses:feedback-id-a", "ses:feedback-id-b"})
"""The only tags with a colon that a sender may set: SES puts their values into the Feedback-ID header."""
_OWN_HEADERS = frozenset(
    {
        *("from", "sender", "to", "cc", "bcc", "reply-to", "return-path", "subject", "date", "message-id"),
        *("mime-version", "content-type", "content-disposition", "content-transfer-encoding"),
    }
)
"""Headers that SES itself writes from other fields of the request."""


@dataclass(frozen=True)
class Addressed:
    """One message of a call; ``problem`` is set when this entry alone is at fault."""

    recipients: tuple[str, ...]
    to: tuple[str, ...]
    data: Mapping[str, object]
    headers: Mapping[str, str]
    tags: Mapping[str, str]
    problem: str | None = None


@dataclass(frozen=True)
class Call:
    """A whole call; ``source`` is the bare From address, ``sender`` the header."""

    operation: str
    sender: str
    source: str
    reply_to: tuple[str, ...]
    configuration_set: str | None
    subject: Template
    html: Template | None
    text: Template | None
    messages: Sequence[Addressed]


def bulk_call(request: Mapping[str, Any], *, size: int | None = None) -> Call:
    """Read a ``SendBulkEmail``; ``size`` in bytes as it came over the wire, else as it would.

    Raises:
        SesError: What SES would refuse as a whole.
    """
    if (size if size is not None else _size(request)) > MAX_CALL:
        raise bad_request("Request size exceeds the limit of 1 MB.")
    entries = request.get("BulkEmailEntries") or []
    if not 1 <= len(entries) <= MAX_ENTRIES:
        raise bad_request(f"1 to {MAX_ENTRIES} bulk email entries are allowed in a call.")
    template = (request.get("DefaultContent") or {}).get("Template") or {}
    content = template.get("TemplateContent")
    if not content:
        raise bad_request("Only TemplateContent is known to this stand-in: it stores no templates.")
    defaults = _data(template.get("TemplateData"), "DefaultContent")
    if defaults is None:
        raise bad_request("Invalid template data: not a JSON object.")
    headers, tags = _headers(template.get("Headers")), _tags(request.get("DefaultEmailTags"))
    subject, html, text = (content.get(name) for name in ("Subject", "Html", "Text"))
    return Call(
        operation="SendBulkEmail",
        **_envelope(request),
        subject=compiled(subject or ""),
        html=compiled(html) if html else None,
        text=compiled(text) if text else None,
        messages=[_entry(entry, defaults, headers, tags) for entry in entries],
    )


def simple_call(request: Mapping[str, Any]) -> Call:
    """Read a ``SendEmail`` with ``Simple`` content.

    Raises:
        SesError: What SES would refuse.
    """
    simple = (request.get("Content") or {}).get("Simple")
    if not simple:
        raise bad_request("Only Simple content is known to this stand-in's SendEmail.")
    recipients, to = _recipients(request.get("Destination"))
    body = simple.get("Body") or {}
    html, text = ((body.get(part) or {}).get("Data") for part in ("Html", "Text"))
    message = Addressed(recipients, to, {}, _headers(simple.get("Headers")), _tags(request.get("EmailTags")))
    return Call(
        operation="SendEmail",
        **_envelope(request),
        subject=literal((simple.get("Subject") or {}).get("Data") or ""),
        html=literal(html) if html else None,
        text=literal(text) if text else None,
        messages=[message],
    )


def _envelope(request: Mapping[str, Any]) -> dict[str, Any]:
    sender = request.get("FromEmailAddress") or ""
    if "\r" in sender or "\n" in sender or not sender.isascii():
        raise bad_request("FromEmailAddress: a display name must be ASCII, else a MIME encoded word.")
    source = parseaddr(sender)[1]
    if not _ADDRESS.match(source):
        raise bad_request("Missing final '@domain'")
    reply_to = tuple(request.get("ReplyToAddresses") or ())
    return {
        "sender": sender,
        "source": source,
        "reply_to": reply_to,
        "configuration_set": request.get("ConfigurationSetName") or None,
    }


def _entry(
    entry: Mapping[str, Any],
    defaults: Mapping[str, object],
    headers: Mapping[str, str],
    tags: Mapping[str, str],
) -> Addressed:
    recipients, to = _recipients(entry.get("Destination"))
    replacement = (entry.get("ReplacementEmailContent") or {}).get("ReplacementTemplate") or {}
    own = _data(replacement.get("ReplacementTemplateData"), "ReplacementTemplate")
    return Addressed(
        recipients,
        to,
        {**defaults, **(own or {})},
        _headers(entry.get("ReplacementHeaders"), headers),
        {**tags, **_tags(entry.get("ReplacementTags"))},
        None if own is not None else "Invalid template data: not a JSON object.",
    )


def _recipients(destination: Mapping[str, Any] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    lists = [
        tuple((destination or {}).get(name) or ()) for name in ("ToAddresses", "CcAddresses", "BccAddresses")
    ]
    everybody = tuple(parseaddr(address)[1] for one in lists for address in one)
    if not 1 <= len(everybody) <= MAX_RECIPIENTS:
        raise bad_request(f"1 to {MAX_RECIPIENTS} recipients are allowed in a message.")
    for address in everybody:
        # A non-ASCII local part cannot be mailed, and a domain must be in Punycode:
        # https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html
        if not address.isascii() or not _ADDRESS.match(address):
            raise bad_request("Missing final '@domain'" if "@" not in address else "Illegal address")
    return everybody, lists[0]


def _data(text: str | None, where: str) -> Mapping[str, object] | None:
    if not text:
        return {}
    if len(text) > MAX_DATA:
        raise bad_request(f"{where}: template data must have length less than or equal to {MAX_DATA}")
    try:
        data = json.loads(text)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _headers(
    given: Sequence[Mapping[str, str]] | None, defaults: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Own headers take the place of the template's of the same name."""
    given = given or ()
    if len(given) > MAX_HEADERS:
        raise bad_request(f"At most {MAX_HEADERS} headers are allowed.")
    own: dict[str, str] = {}
    for header in given:
        name, value = header["Name"], header["Value"]
        if not _HEADER_NAME.match(name) or len(name) > MAX_HEADER_NAME:
            raise bad_request("Invalid header name.")
        if name.lower() in _OWN_HEADERS:
            raise bad_request(f"Header {name} cannot be set.")
        if not _HEADER_VALUE.match(value) or len(name) + len(value) > MAX_HEADER:
            raise bad_request(f"Invalid value of header {name}.")
        own[name] = value
    replaced = {name.lower() for name in own}
    return {name: value for name, value in (defaults or {}).items() if name.lower() not in replaced} | own


def _tags(given: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    tags: dict[str, str] = {}
    for tag in given or ():
        name, value = tag["Name"], tag["Value"]
        if name not in _FEEDBACK_TAGS and (not _TAG.match(name) or len(name) > MAX_TAG):
            raise bad_request(f"Invalid tag name: <{name}>.")
        if not _TAG.match(value) or len(value) > MAX_TAG:
            raise bad_request(f"Invalid value of tag <{name}>.")
        if name in tags:
            raise bad_request(f"Duplicate tag: <{name}>.")
        tags[name] = value
    return tags


def _size(request: Mapping[str, Any]) -> int:
    return len(json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode())
