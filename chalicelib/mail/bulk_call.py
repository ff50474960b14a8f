"""One ``SendBulkEmail`` call as the bytes that go over the wire, and how many entries fit in it.

The bytes are made here and not by botocore: its serialiser walks the model for every value and escapes each non-ASCII
character to six bytes or twelve, where UTF-8 needs two to four, and the limit counts what is serialised.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.domain.sending import Batch, Entry

MAX_CALL = (
    1_000_000  # bytes of JSON; https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-api.html
)
MAX_DATA = (
    262_144  # characters; https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_ReplacementTemplate.html
)

_encode = msgspec.json.Encoder().encode


class TooLarge(Exception):
    """SES would refuse the call: the whole of it, or one entry's data, exceeds a limit."""


def encode(batch: Batch, configuration_set: str) -> bytes:
    """The request body, UTF-8.

    Raises:
        TooLarge: See there.
        UnicodeEncodeError: Text holds half of a surrogate pair, which no message can.
    """
    body = _encode(_head(batch, configuration_set) | {"BulkEmailEntries": list(map(_entry, batch.entries))})
    if len(body) > MAX_CALL:
        raise TooLarge
    return body


def fits(batch: Batch, configuration_set: str) -> int:
    """How many of the first entries go into one call; 0 if the first alone is too large.

    Raises:
        UnicodeEncodeError: As :func:`encode`.
    """
    size = len(_encode(_head(batch, configuration_set) | {"BulkEmailEntries": []}))
    for count, entry in enumerate(batch.entries):
        try:
            size += len(_encode(_entry(entry))) + (count > 0)  # a comma between two
        except TooLarge:
            return count
        if size > MAX_CALL:
            return count
    return len(batch.entries)


def _head(batch: Batch, configuration_set: str) -> dict[str, Any]:
    content = {"Subject": batch.template.subject, "Text": batch.template.text}
    if batch.template.html is not None:
        content["Html"] = batch.template.html
    head: dict[str, Any] = {
        "FromEmailAddress": batch.from_header,
        "ConfigurationSetName": configuration_set,
        "DefaultContent": {
            "Template": {"TemplateContent": content, "TemplateData": _data(batch.default_data)}
        },
    }
    if batch.reply_to:
        head["ReplyToAddresses"] = list(batch.reply_to)
    return head


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "Destination": {"ToAddresses": [entry.to_address]},
        "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": _data(entry.data)}},
        "ReplacementHeaders": _pairs(entry.headers),
        "ReplacementTags": _pairs(entry.tags),
    }


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def _data(values: Mapping[str, str]) -> str:
    """Template data is JSON within JSON: a string."""
    text = _encode(dict(values)).decode()
    if len(text) > MAX_DATA:
        raise TooLarge
    return text
