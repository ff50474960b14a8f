"""Example values for the schemas of the API: one per type, made of natural values for the names of its fields."""

import re
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

ID = "55f2c87b09a220a78"
_BY_NAME: Mapping[str, Any] = {
    "action": "Opened",
    "bounceSubType": None,
    "bounceType": None,
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
    "jobId": None,
    "kind": "fill",
    "lastName": "Lovelace",
    "message": "by hand",
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
    "userAgent": None,
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
_PERSON = {"name": "Ada Lovelace"}
_BY_TYPE_AND_NAME: Mapping[str, Mapping[str, Any]] = {
    "Account": {"name": "Example Ltd", "emailAddress": "office@example.com"},
    "Contact": _PERSON,
    "Fault": {"message": "is required"},
    "Flag": {"reason": "asked us by telephone"},
    "FlagPatch": {"optOut": True},
    "Health": {"status": "ok"},
    "Import": {
        "status": "Running",
        "mode": "create",
        "encoding": "UTF-8",
        "delimiter": ",",
        "entityType": "Contact",
    },
    "InvalidProblem": {"type": "about:blank", "status": 400},
    "Job": {"status": "Running", "total": 20, "done": 5},
    "Lead": {**_PERSON, "status": "New"},
    "List": {"name": "Readers"},
    "Member": _PERSON,
    "Problem": {"title": "Not Found", "type": "about:blank", "status": 404, "detail": "no such thing"},
    "Quota": {
        "max24HourSend": 50000.0,
        "maxSendRate": 14.0,
        "sentLast24Hours": 1200.0,
        "sendingPausedReason": None,
    },
    "Settings": {
        "dateFormat": "YYYY-MM-DD",
        "language": "en",
        "massEmailMaxAttemptCount": 3,
        "massEmailMaxPerBatchCount": None,
        "massEmailMaxPerHourCount": 100,
        "massEmailSiteUrl": "https://mail.example.com",
        "outboundEmailFromName": "Example Shop",
        "softBounceLimit": 5,
        "guardBounceRate": 5.0,
        "guardComplaintRate": 0.1,
        "guardMinDelivered": 1000,
    },
    "TestResult": {"status": "Sent"},
    "Token": {"name": "CI", "expiresAt": None, "revokedAt": None},
    "TrackingUrl": {"name": "Shop", "message": None},
    "Upload": {"method": "PUT", "headers": {"Content-Type": "text/csv"}, "url": "https://example.com/upload"},
    "User": _PERSON,
}
"""What a type's fields hold where the name alone would mislead; a type's ``Fields`` and ``Patch`` hold the same."""

_WHOLE: Mapping[str, Any] = {
    "SendTestFields": {
        "targets": [
            {"type": "Contact", "id": ID},
            {"emailAddress": "me@example.com", "as": {"type": "Contact", "id": ID}},
        ]
    },
    "SettleFields": {"ids": [ID], "as": "Sent"},
    "TestTarget": {"type": "Contact", "id": ID},
}
_SHOWN = frozenset({"targetListIds"})  # in requests too that could do without
_PATCHED = 2  # fields that the example of a merge patch shows


def with_examples(components: Mapping[str, Schema]) -> dict[str, Schema]:
    """The same schemas; those of objects have ``examples``, but for pages, which are lists of what has one."""
    return {
        name: {**schema, "examples": [_of_component(name, schema, components)]}
        if "properties" in schema and not name.endswith("Page")
        else schema
        for name, schema in components.items()
    }


def _of_component(name: str, schema: Schema, components: Mapping[str, Schema]) -> Any:
    if name in _WHOLE:
        return _WHOLE[name]
    own = {
        **_BY_TYPE_AND_NAME.get(re.sub("^New|Fields$|Changes$|Patch$", "", name), {}),
        **_BY_TYPE_AND_NAME.get(name, {}),
    }
    properties: Mapping[str, Schema] = schema["properties"]
    needed = {*schema.get("required", ()), *_SHOWN}
    shown = [each for each in properties if each in needed or {**_BY_NAME, **own}.get(each) is not None]
    if name.endswith("Patch"):
        shown = (shown or list(properties))[:_PATCHED]
    return {each: own[each] if each in own else _value(each, properties[each], components) for each in shown}


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
    return _plain(name, schema)


def _plain(name: str, schema: Schema) -> Any:
    kind = schema.get("type")
    if kind in _BY_TYPE:
        return schema.get("default", schema.get("minimum", _BY_TYPE[kind]))
    if _BY_NAME.get(name) is not None:
        return _BY_NAME[name]
    if "format" in schema:
        return _BY_FORMAT[schema["format"]]
    if kind == "object":
        return {}
    is_id = name == "id" or name.endswith("Id") or not name
    return ID if is_id else schema.get("default", "…")


def _is_shown(name: str, schema: Schema) -> bool:
    """Lists of things, of at least one, and of ids are not empty in an example."""
    return (
        "$ref" in schema.get("items", {})
        or schema.get("minItems", 0) > 0
        or name in {"ids", "listIds", *_SHOWN}
    )
