"""A request's expressions and their placeholders, checked against each other; each text is read once and remembered.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.fakes.dynamodb.condition_parser import parse_condition
from tests.fakes.dynamodb.conditions import Condition
from tests.fakes.dynamodb.errors import Invalid
from tests.fakes.dynamodb.key_conditions import OnKey, parse_key_condition
from tests.fakes.dynamodb.projections import Wanted, parse_projection
from tests.fakes.dynamodb.syntax import Expression, Values
from tests.fakes.dynamodb.update_parser import parse_update
from tests.fakes.dynamodb.updates import Update
from tests.fakes.dynamodb.values import AttributeValue, admitted

REMEMBERED = 4096  # expressions
_NAME = re.compile(r"#[A-Za-z0-9_]+")
_VALUE = re.compile(r":[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Expressions:
    """What a request asks for, ready to be used; None where it has no such expression."""

    condition: Condition | None
    filter: Condition | None
    key_condition: tuple[OnKey, ...] | None
    update: Update | None
    projection: Wanted | None
    values: Values


_PARSERS: Mapping[str, Callable[[str, Mapping[str, str]], Expression[Any]]] = {
    "ConditionExpression": lambda text, names: parse_condition(text, "ConditionExpression", names),
    "FilterExpression": lambda text, names: parse_condition(text, "FilterExpression", names),
    "KeyConditionExpression": parse_key_condition,
    "UpdateExpression": parse_update,
    "ProjectionExpression": parse_projection,
}


def expressions(request: Mapping[str, Any]) -> Expressions:
    """The expressions of a request.

    Raises:
        Invalid: One cannot be read, or the placeholders are not exactly those that are used.
    """
    names = _names(request)
    key = tuple(names.items())
    found = {label: _read(label, request[label], key) for label in _PARSERS if request.get(label) is not None}
    values = _values(request)
    _check_used(found, names, values)
    for expression in found.values():
        for check in expression.checks:
            check(values)
    trees = {label: expression.tree for label, expression in found.items()}
    return Expressions(*(trees.get(label) for label in _PARSERS), values=values)  # type: ignore[arg-type]


@lru_cache(maxsize=REMEMBERED)
def _read(label: str, text: str, names: tuple[tuple[str, str], ...]) -> Expression[Any]:
    return _PARSERS[label](text, dict(names))


def _names(request: Mapping[str, Any]) -> Mapping[str, str]:
    names: Mapping[str, str] | None = request.get("ExpressionAttributeNames")
    if names is None:
        return {}
    _check_keys("ExpressionAttributeNames", names, _NAME)
    for placeholder, name in names.items():
        if not name:
            raise Invalid(
                f"ExpressionAttributeNames contains invalid value: Empty attribute name for key {placeholder}"
            )
    return names


def _values(request: Mapping[str, Any]) -> Mapping[str, AttributeValue]:
    values: Mapping[str, Any] | None = request.get("ExpressionAttributeValues")
    if values is None:
        return {}
    _check_keys("ExpressionAttributeValues", values, _VALUE)
    return {placeholder: admitted(value) for placeholder, value in values.items()}


def _check_keys(label: str, given: Mapping[str, Any], pattern: re.Pattern[str]) -> None:
    if not given:
        raise Invalid(f"{label} must not be empty")
    for placeholder in given:
        if not pattern.fullmatch(placeholder):
            raise Invalid(f'{label} contains invalid key: Syntax error; key: "{placeholder}"')


def _check_used(
    found: Mapping[str, Expression[Any]], names: Mapping[str, str], values: Mapping[str, AttributeValue]
) -> None:
    for label, expression in found.items():
        undefined = expression.values - values.keys()
        if undefined:
            raise Invalid(
                f"Invalid {label}: An expression attribute value used in expression is not defined; "
                f"attribute value: {min(undefined)}"
            )
    used_names = set().union(*(expression.names for expression in found.values()))
    used_values = set().union(*(expression.values for expression in found.values()))
    _check_none_left("ExpressionAttributeNames", names.keys() - used_names)
    _check_none_left("ExpressionAttributeValues", values.keys() - used_values)


def _check_none_left(label: str, unused: set[str]) -> None:
    if unused:
        raise Invalid(f"Value provided in {label} unused in expressions: keys: {{{min(unused)}}}")
