"""Key conditions: which partition a query reads, and which part of it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.fakes.dynamodb.condition_parser import parse_condition
from tests.fakes.dynamodb.conditions import ORDERINGS, And, BeginsWith, Between, Condition, Equal, Ordered
from tests.fakes.dynamodb.errors import Invalid
from tests.fakes.dynamodb.operands import Attribute, Operand, Placeholder
from tests.fakes.dynamodb.schema import KeySchema
from tests.fakes.dynamodb.syntax import Expression, Values
from tests.fakes.dynamodb.values import Token

LABEL = "KeyConditionExpression"
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class OnKey:
    """What is asked of one attribute: ``=``, ``<``…, ``BETWEEN`` or ``begins_with``, and the placeholders."""

    name: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Span:
    """The part of a partition that a query reads; no operator means all of it."""

    hash: Token
    operator: str | None = None
    bounds: tuple[Token, ...] = ()

    def ends_with(self, token: Token, *, forward: bool) -> bool:
        """Whether nothing of a table can come behind this range key: it is the bound itself, which is included."""
        place = _LAST[forward].get(self.operator or "")
        return place is not None and self.bounds[place] == token

    def admits(self, sort_key: tuple[Token, ...]) -> bool:
        """Whether the part of the partition that is read has room for this sort key."""
        return self.operator is None or _ADMITS[self.operator](sort_key[0], *self.bounds)


_LAST: Mapping[bool, Mapping[str, int]] = {True: {"<=": 0, "BETWEEN": 1}, False: {">=": 0, "BETWEEN": 0}}
_ADMITS: Mapping[str, Callable[..., bool]] = {
    **ORDERINGS,
    "=": operator.eq,
    "BETWEEN": lambda token, low, high: low <= token <= high,
    "begins_with": lambda token, prefix: token.startswith(prefix),
}


def parse_key_condition(text: str, names: Mapping[str, str]) -> Expression[tuple[OnKey, ...]]:
    """Read a key condition.

    Raises:
        Invalid: It is none.
    """
    read = parse_condition(text, LABEL, names)
    asked = tuple(_flattened(read.tree))
    if len({each.name for each in asked}) < len(asked):
        raise Invalid("KeyConditionExpressions must only contain one condition per key")
    return Expression(asked, read.names, read.values, read.checks)


def _flattened(condition: Condition) -> Iterator[OnKey]:
    if not isinstance(condition, And):
        yield _on_key(condition)
        return
    for part in condition.parts:
        yield from _flattened(part)


def _on_key(condition: Condition) -> OnKey:
    if isinstance(condition, Equal) and condition.wanted:
        return _compared("=", condition.left, condition.right)
    if isinstance(condition, Ordered):
        return _compared(condition.sign, condition.left, condition.right)
    if isinstance(condition, Between):
        return OnKey(_name(condition.operand), "BETWEEN", _placeholders(condition.low, condition.high))
    if isinstance(condition, BeginsWith):
        return OnKey(_name(condition.operand), "begins_with", _placeholders(condition.prefix))
    raise Invalid(f"Invalid operator used in {LABEL}: {type(condition).__name__}")


def _compared(sign: str, left: Operand, right: Operand) -> OnKey:
    if isinstance(left, Placeholder):
        return OnKey(_name(right), MIRRORED.get(sign, sign), _placeholders(left))
    return OnKey(_name(left), sign, _placeholders(right))


def _name(operand: Operand) -> str:
    if not isinstance(operand, Attribute):
        raise Invalid(f"Invalid condition in {LABEL}: No key attribute specified")
    if len(operand.path) > 1:
        raise Invalid("Key attributes must be scalars; list random access and map lookup are not allowed")
    return str(operand.path[0])


def _placeholders(*operands: Operand) -> tuple[str, ...]:
    names = tuple(operand.name for operand in operands if isinstance(operand, Placeholder))
    if len(names) < len(operands):
        raise Invalid(f"Invalid condition in {LABEL}: Multiple attribute names used in one condition")
    return names


def span(asked: tuple[OnKey, ...], schema: KeySchema, values: Values) -> Span:
    """Which part of which partition the conditions mean.

    Raises:
        Invalid: They do not fit the key, or a value does not.
    """
    by_name = {each.name: each for each in asked}
    hash_ = by_name.pop(schema.hash.name, None)
    if hash_ is None:
        raise Invalid(f"Query condition missed key schema element: {schema.hash.name}")
    if hash_.operator != "=":
        raise Invalid("Query key condition not supported")
    partition = schema.hash.token(values[hash_.values[0]])
    if not by_name:
        return Span(partition)
    range_ = by_name.pop(schema.range.name, None) if schema.range else None
    if range_ is None or schema.range is None or by_name:
        raise Invalid("Query condition missed key schema element")
    bounds = tuple(schema.range.token(values[name]) for name in range_.values)
    return Span(partition, range_.operator, bounds)
