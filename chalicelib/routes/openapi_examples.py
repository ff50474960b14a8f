"""Example values for the schemas of the API: one per type, made of natural values for the names of its fields."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

ID = "55f2c87b09a220a78"
_BY_NAME: Mapping[str, Any] = {
    "action": "Opened",
    "address": "ada@example.com",
    "asOf": "2026-03-02T09:00:00Z",
    "attributes": {"city": "Paris"},
    "body": "<p>Dear {Person.firstName}, spring is here.</p>",
    "bodyPlain": None,
    "by": "user",
    "code": "paused",
    "description": "Everything for the first warm days",
    "detail": "what was sent is wrong",
    "diagnosticCode": None,
    "emailAddress": "ada@example.com",
    "endDate": None,
    "error": None,
    "etag": "1",
    "field": "name",
    "firstName": "Ada",
    "fromAddress": "news@example.com",
    "fromName": "Example Shop",
    "headers": {"List-Id": "<55f2c87b09a220a78.example.com>"},
    "html": "<p>Dear Ada, spring is here.</p>",
    "kind": "fill",
    "lastName": "Lovelace",
    "message": "is required",
    "messageId": "0107018f2f6a7d3c-6c5b1f0e-example-000000",
    "name": "Spring sale",
    "nextCursor": None,
    "outboundEmailFromAddress": "news@example.com",
    "publicName": "Offers of the month",
    "reason": None,
    "replyToAddress": None,
    "replyToName": None,
    "salutationName": "Ms.",
    "sendSchedule": "rate(1 hour)",
    "senderPostalAddress": "Example Shop, 1 Example Street, 75001 Paris",
    "since": "2026-03-02T09:00:00Z",
    "source": "Fair",
    "startAt": "2026-03-02T09:00:00Z",
    "startDate": "2026-03-01",
    "subject": "Spring is here",
    "text": "Dear Ada, spring is here.",
    "timeZone": "Europe/Paris",
    "title": "Bad Request",
    "token": f"envoi_{ID}_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
    "url": "https://example.com/spring",
    "urlToUse": f"{{trackingUrl:{ID}}}",
}
_BY_FORMAT = {
    "date": "2026-03-01",
    "date-time": "2026-03-02T09:00:00Z",
    "email": "ada@example.com",
    "uri": "https://example.com/spring",
    "iri": "https://example.com/spring",
}
_BY_TYPE = {"integer": 1, "number": 1.0, "boolean": False}
_WHOLE: Mapping[str, Any] = {
    "FlagFields": {"optOut": True, "reason": "asked us by telephone"},
    "Problem": {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no such thing"},
    "SendTestFields": {
        "targets": [
            {"type": "Contact", "id": ID},
            {"emailAddress": "me@example.com", "as": {"type": "Contact", "id": ID}},
        ]
    },
    "SettleFields": {"ids": [ID], "as": "Sent"},
    "TestTarget": {"type": "Contact", "id": ID},
}
_PATCHED = 2  # fields that the example of a merge patch shows


def with_examples(components: Mapping[str, Schema]) -> dict[str, Schema]:
    """The same schemas; those of objects have ``examples``."""
    return {
        name: {**schema, "examples": [_of_component(name, schema, components)]}
        if "properties" in schema
        else schema
        for name, schema in components.items()
    }


def _of_component(name: str, schema: Schema, components: Mapping[str, Schema]) -> Any:
    if name in _WHOLE:
        return _WHOLE[name]
    properties: Mapping[str, Schema] = schema["properties"]
    required = schema.get("required", ())
    shown = [each for each in properties if each in required or _BY_NAME.get(each) is not None]
    if name.endswith("Patch"):
        shown = (shown or list(properties))[:_PATCHED]
    return {each: _value(each, properties[each], components) for each in shown}


def _value(name: str, schema: Schema, components: Mapping[str, Schema]) -> Any:
    """A value of a field; ``name`` is what it is called."""
    if "$ref" in schema:
        target = schema["$ref"].rpartition("/")[2]
        whole = components[target]
        return (
            _of_component(target, whole, components)
            if "properties" in whole
            else _value("", whole, components)
        )
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        choices = [part for part in schema["anyOf"] if part.get("type") != "null"]
        return None if name in _BY_NAME and _BY_NAME[name] is None else _value(name, choices[0], components)
    if schema.get("type") == "array":
        return [_value("", schema["items"], components)] if _is_shown(name, schema) else []
    if "format" in schema:
        return _BY_NAME.get(name) or _BY_FORMAT[schema["format"]]
    return _plain(name, schema)


def _plain(name: str, schema: Schema) -> Any:
    kind = schema.get("type")
    if kind in _BY_TYPE:
        return schema.get("default", schema.get("minimum", _BY_TYPE[kind]))
    if name in _BY_NAME:
        return _BY_NAME[name]
    if kind == "object":
        return {}
    if name == "id" or name.endswith("Id") or not name:
        return ID
    return schema.get("default", "string")


def _is_shown(name: str, schema: Schema) -> bool:
    """Lists of ids and of things are, but for who is left out; lists of words have words of their own."""
    is_of_things = "$ref" in schema["items"]
    return is_of_things or schema.get("minItems", 0) > 0 or name in ("ids", "targetListIds")
