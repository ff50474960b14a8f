"""Requests to the SES stand-in, in the shape in which boto3 takes them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Request = dict[str, Any]


def entry(address: str, data: Mapping[str, object] | None = None, **more: Any) -> dict[str, Any]:
    """One entry; ``more`` are further fields of it."""
    made: dict[str, Any] = {"Destination": {"ToAddresses": [address]}, **more}
    if data is not None:
        made["ReplacementEmailContent"] = {
            "ReplacementTemplate": {"ReplacementTemplateData": json.dumps(data)}
        }
    return made


def bulk(
    entries: Sequence[Mapping[str, Any]],
    *,
    subject: str = "Hello",
    html: str = "<p>Hello</p>",
    text: str = "Hello",
    defaults: Mapping[str, object] | None = None,
    **more: Any,
) -> Request:
    """A ``SendBulkEmail``; ``more`` replaces its other fields, None leaves one out."""
    request = {
        "FromEmailAddress": "News <news@example.com>",
        "ConfigurationSetName": "envoi-dev",
        "DefaultContent": {
            "Template": {
                "TemplateContent": {"Subject": subject, "Html": html, "Text": text},
                "TemplateData": json.dumps(defaults or {}),
            }
        },
        "BulkEmailEntries": list(entries),
        **more,
    }
    return {name: value for name, value in request.items() if value is not None}


def people(count: int) -> list[dict[str, Any]]:
    """Entries to this many people."""
    return [entry(f"person{n}@example.org") for n in range(count)]


def pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Headers or tags."""
    return [{"Name": name, "Value": value} for name, value in values.items()]
