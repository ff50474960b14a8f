"""A request's expressions and their placeholders, checked against each other; each text is read once and remembered.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html
"""

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from tests.fakes.dynamodb.condition_parser import parse_condition
from tests.fakes.dynamodb.conditions import Condition, top_names
from tests.fakes.dynamodb.errors import Invalid
from tests.fakes.dynamodb.key_conditions import OnKey, parse_key_condition
from tests.fakes.dynamodb.projections import Wanted, parse_projection
from tests.fakes.dynamodb.syntax import Check, Expression, Values
from tests.fakes.dynamodb.update_parser import parse_update
from tests.fakes.dynamodb.updates import Update
from tests.fakes.dynamodb.values import admitted

REMEMBERED = 4096  # requests
_NAME = re.compile(r"#[A-Za-z0-9_]+")
_VALUE = re.compile(r":[A-Za-z0-9_]+")


class Plan(NamedTuple):
    """What a request asks for, ready to be used; None where it has no such expression."""

    condition: Condition | None
    filter: Condition | None
    key_condition: tuple[OnKey, ...] | None
    update: Update | None
    projection: Wanted | None
    checks: tuple[Check, ...]
    filtered_names: frozenset[str]


_PARSERS: Mapping[str, Callable[[str, Mapping[str, str]], Expression[Any]]] = {
    "ConditionExpression": lambda text, names: parse_condition(text, "ConditionExpression", names),
    "FilterExpression": lambda text, names: parse_condition(text, "FilterExpression", names),
    "KeyConditionExpression": parse_key_condition,
    "UpdateExpression": parse_update,
    "ProjectionExpression": parse_projection,
}


def expressions(request: Mapping[str, Any]) -> tuple[Plan, Values]:
    """The expressions of a request, and its values in canonical form.

    Raises:
        Invalid: One cannot be read, or the placeholders are not exactly those that are used.
    """
    names, values = request.get("ExpressionAttributeNames"), request.get("ExpressionAttributeValues")
    plan = _planned(
        tuple([request.get(label) for label in _PARSERS]),
        None if names is None else tuple(names.items()),
        None if values is None else tuple(values),
    )
    if values is None:
        return plan, {}
    canonical = {placeholder: admitted(value) for placeholder, value in values.items()}
    for check in plan.checks:
        check(canonical)
    return plan, canonical


@lru_cache(maxsize=REMEMBERED)
def _planned(
    texts: tuple[str | None, ...], names: tuple[tuple[str, str], ...] | None, values: tuple[str, ...] | None
) -> Plan:
    """Requests repeat themselves but for the values, so what does not depend on these is done once."""
    by_placeholder = _checked_names(names)
    _check_keys("ExpressionAttributeValues", values, _VALUE)
    found = {
        label: parse(text, by_placeholder)
        for (label, parse), text in zip(_PARSERS.items(), texts, strict=True)
        if text is not None
    }
    _check_used(found, by_placeholder, values or ())
    trees = [found[label].tree if label in found else None for label in _PARSERS]
    checks = tuple(check for expression in found.values() for check in expression.checks)
    condition, filter_, key_condition, update, projection = trees
    return Plan(
        condition,
        filter_,
        key_condition,
        update,
        projection,
        checks,
        top_names(filter_) if filter_ else frozenset(),
    )


def _checked_names(names: tuple[tuple[str, str], ...] | None) -> Mapping[str, str]:
    by_placeholder = dict(names or ())
    _check_keys("ExpressionAttributeNames", None if names is None else by_placeholder, _NAME)
    for placeholder, name in by_placeholder.items():
        if not name:
            raise Invalid(
                f"ExpressionAttributeNames contains invalid value: Empty attribute name for key {placeholder}"
            )
    return by_placeholder


def _check_keys(label: str, placeholders: Collection[str] | None, pattern: re.Pattern[str]) -> None:
    if placeholders is None:
        return
    if not placeholders:
        raise Invalid(f"{label} must not be empty")
    for placeholder in placeholders:
        if not pattern.fullmatch(placeholder):
            raise Invalid(f'{label} contains invalid key: Syntax error; key: "{placeholder}"')


def _check_used(
    found: Mapping[str, Expression[Any]], names: Collection[str], values: Collection[str]
) -> None:
    for label, expression in found.items():
        undefined = expression.values.difference(values)
        if undefined:
            raise Invalid(
                f"Invalid {label}: An expression attribute value used in expression is not defined; "
                f"attribute value: {min(undefined)}"
            )
    for expression in found.values():
        names = set(names) - expression.names
        values = set(values) - expression.values
    _check_none_left("ExpressionAttributeNames", names)
    _check_none_left("ExpressionAttributeValues", values)


def _check_none_left(label: str, unused: Collection[str]) -> None:
    if unused:
        raise Invalid(f"Value provided in {label} unused in expressions: keys: {{{min(unused)}}}")
