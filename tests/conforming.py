"""Whether an answer is what the API's own document promises: every HTTP call of every test is held against it."""

import re
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any

import jsonschema_rs

from chalicelib.routes.openapi import described

NOT_TOLD = frozenset({405, 500})
"""What no operation promises: a method that the path does not take is no operation, and a fault of ours no answer.

A test that gets a 500 has provoked it, or fails at its own assertions.
"""


class Promises:
    """A document, and what it says of one call after another."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    def check(self, method: str, path: str, status: int, headers: Mapping[str, str], body: Any) -> None:
        """Hold an answer against the operation's promise; ``body`` is JSON where it is some.

        Raises:
            AssertionError: Its status, a header, its content type or a field is not as promised.
        """
        operation = self._operation(method, path.partition("?")[0])
        if operation is None or status in NOT_TOLD:
            return
        where = f"{method} {path} answered {status}"
        assert str(status) in operation["responses"], (
            f"{where}, which its route does not promise: see answers= in routes/blueprint.py"
        )
        promised = self._resolved(operation["responses"][str(status)])
        sent = {name.lower(): value for name, value in headers.items()}
        for name, header in promised.get("headers", {}).items():
            if self._resolved(header).get("required"):
                assert name.lower() in sent, f"{where} without {name}"
        content = promised.get("content")
        if content is None:
            assert not body or method == "HEAD", f"{where} with a body"  # to HEAD, API Gateway drops it
            return
        media_type = sent.get("content-type", "").partition(";")[0]
        assert media_type in content, f"{where} as {media_type!r}"
        if "json" in media_type:
            self._check_value(content[media_type]["schema"], body, where)

    def _operation(self, method: str, path: str) -> Any:
        for pattern, operations in self._paths:
            if pattern.fullmatch(path):
                return operations.get(method.lower())
        return None

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], Any]]:
        """Those with fewer variables first: a literal part is the closer match."""
        templates = sorted(self._document["paths"].items(), key=lambda each: each[0].count("{"))
        return [
            (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))), operations)
            for template, operations in templates
        ]

    def _resolved(self, part: Any) -> Any:
        if "$ref" not in part:
            return part
        found: Any = self._document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return found

    def _check_value(self, schema: Any, body: Any, where: str) -> None:
        key = repr(schema)
        if key not in self._validators:
            self._validators[key] = jsonschema_rs.Draft202012Validator(
                {**schema, "components": {"schemas": self._closed}}, validate_formats=True
            )
        faults = [
            f"{'/'.join(map(str, fault.instance_path))}: {fault.message}"
            for fault in self._validators[key].iter_errors(body)
        ]
        assert not faults, f"{where} with {body!r}: {faults}"

    @cached_property
    def _closed(self) -> Mapping[str, Any]:
        """To callers an answer may get further fields; here it may have none that is not told."""
        return {
            name: {"additionalProperties": False, **schema} if "properties" in schema else schema
            for name, schema in self._document["components"]["schemas"].items()
        }


@cache
def promises() -> Promises:
    """Those of the app."""
    return Promises(described(""))
