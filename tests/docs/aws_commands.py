"""Commands of the AWS CLI on a page, held against AWS's own descriptions of its services.

The CLI's names are those of the API in small letters with hyphens: https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-commandstructure.html
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

import botocore.session
from botocore import xform_name

GLOBAL = {"query", "output", "region", "profile"}


def commands(page: str) -> list[Sequence[str]]:
    """The words of each ``aws`` command, in code blocks and in running text."""
    return list(_commands(page))


def _commands(page: str) -> Iterator[Sequence[str]]:
    for line in re.findall(r"(?:^ *|`)(aws [^`\n]+)", page, re.MULTILINE):
        yield shlex.split(line)[1:]


class Cli:
    """What the CLI would take."""

    def __init__(self) -> None:
        self._session = botocore.session.get_session()

    def fault(self, words: Sequence[str]) -> str | None:
        """What is wrong with a command; None when AWS's description has all of it."""
        service, operation, *rest = words
        if service not in self._session.get_available_services():
            return f"no service {service}"
        model = self._session.get_service_model(service)
        if operation == "wait":
            client = self._session.create_client(
                service, region_name="eu-west-1", aws_access_key_id="key", aws_secret_access_key="secret"
            )
            known = rest[0].replace("-", "_") in client.waiter_names
            return None if known else f"no waiter {rest[0]}"
        name = {xform_name(each, "-"): each for each in model.operation_names}.get(operation)
        if name is None:
            return f"no operation {operation} of {service}"
        return _fault_in(model.operation_model(name).input_shape, _given(rest))


def _given(words: Sequence[str]) -> set[str]:
    return {word[2:] for word in words if word.startswith("--")} - GLOBAL


def _fault_in(shape: Any, given: set[str]) -> str | None:
    members = dict(shape.members) if shape else {}
    parameters = {xform_name(member, "-"): member for member in members}
    flags = {f"no-{name}" for name, member in parameters.items() if members[member].type_name == "boolean"}
    unknown = given - parameters.keys() - flags
    missing = {xform_name(member, "-") for member in (shape.required_members if shape else ())} - given
    if unknown or missing:
        return f"unknown {sorted(unknown)}, missing {sorted(missing)}"
    return None
