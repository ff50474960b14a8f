"""The grammar of conditions: OR, then AND, then NOT, then comparisons and functions.

Parentheses may hold a condition or a single operand, and only what follows tells which; so everything is read as a
:class:`Node`, and the place that needs one sort refuses the other.
"""

from collections.abc import Mapping
from functools import partial

from tests.fakes.dynamodb.conditions import (
    And,
    BeginsWith,
    Between,
    Condition,
    Contains,
    Equal,
    Exists,
    In,
    Not,
    OfType,
    Or,
    Ordered,
    in_order,
)
from tests.fakes.dynamodb.operands import SIZED, Attribute, Operand, Placeholder, SizeOf, must_be
from tests.fakes.dynamodb.syntax import Cursor, Expression, Values
from tests.fakes.dynamodb.values import KINDS, SCALARS, kind_of

Node = Condition | Operand

MAX_CHOICES = 100  # of IN; https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
OPERANDS_OF: Mapping[str, int] = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
OF_UPDATES = ("if_not_exists", "list_append")


def parse_condition(text: str, label: str, names: Mapping[str, str]) -> Expression[Condition]:
    """Read a condition.

    Raises:
        Invalid: It is none.
    """
    cursor = Cursor(text, label, names)
    condition = _condition(cursor, _disjunction(cursor))
    cursor.end()
    return cursor.expression(condition)


def _disjunction(cursor: Cursor) -> Node:
    first = _conjunction(cursor)
    if cursor.word.text != "OR":
        return first
    parts = [_condition(cursor, first)]
    while cursor.accept("OR"):
        cursor.count_operator()
        parts.append(_condition(cursor, _conjunction(cursor)))
    return Or(tuple(parts))


def _conjunction(cursor: Cursor) -> Node:
    first = _negation(cursor)
    if cursor.word.text != "AND":
        return first
    parts = [_condition(cursor, first)]
    while cursor.accept("AND"):
        cursor.count_operator()
        parts.append(_condition(cursor, _negation(cursor)))
    return And(tuple(parts))


def _negation(cursor: Cursor) -> Node:
    if not cursor.accept("NOT"):
        return _relation(cursor)
    cursor.count_operator()
    return Not(_condition(cursor, _negation(cursor)))


def _relation(cursor: Cursor) -> Node:
    left = _primary(cursor)
    if isinstance(left, Condition):
        return left
    sign = cursor.accept(*COMPARATORS, "BETWEEN", "IN")
    if sign is None:
        return left
    cursor.count_operator()
    if sign == "BETWEEN":
        return _between(cursor, left)
    return _in(cursor, left) if sign == "IN" else _comparison(cursor, left, sign)


def _comparison(cursor: Cursor, left: Operand, sign: str) -> Condition:
    right = _operand(cursor)
    _check_first(cursor, sign, left, right)
    if sign in ("=", "<>"):
        return Equal(left, right, wanted=sign == "=")
    for operand in (left, right):
        must_be(cursor, operand, SCALARS, sign)
    return Ordered(sign, left, right)


def _between(cursor: Cursor, operand: Operand) -> Condition:
    low = _operand(cursor)
    cursor.expect("AND")
    high = _operand(cursor)
    _check_first(cursor, "BETWEEN", operand, low, high)
    for each in (operand, low, high):
        must_be(cursor, each, SCALARS, "BETWEEN")
    if isinstance(low, Placeholder) and isinstance(high, Placeholder):
        cursor.checks.append(partial(_check_bounds, cursor, low.name, high.name))
    return Between(operand, low, high)


def _check_bounds(cursor: Cursor, low: str, high: str, values: Values) -> None:
    if kind_of(values[low]) != kind_of(values[high]):
        raise cursor.invalid("The BETWEEN operator requires same data type for lower and upper bounds")
    if not in_order(values[low], "<=", values[high]):
        raise cursor.invalid(
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
        )


def _in(cursor: Cursor, operand: Operand) -> Condition:
    choices = _operands(cursor)
    if len(choices) > MAX_CHOICES:
        raise cursor.invalid(
            f"The IN operator is provided with too many operands; number of operands: {len(choices)}"
        )
    _check_first(cursor, "IN", operand, *choices)
    return In(operand, choices)


def _primary(cursor: Cursor) -> Node:
    if cursor.word.text == "(":
        return cursor.grouped(partial(_disjunction, cursor))
    if cursor.word.kind == "value":
        return Placeholder(cursor.value())
    return _function(cursor) if cursor.calls else Attribute(cursor.path())


def _function(cursor: Cursor) -> Node:
    name = cursor.take().text
    cursor.count_operator()
    if name in OF_UPDATES:
        raise cursor.invalid(f"The function is not allowed in a condition expression; function: {name}")
    if name not in OPERANDS_OF:
        raise cursor.invalid(f"Invalid function name; function: {name}")
    operands = _operands(cursor)
    if len(operands) != OPERANDS_OF[name]:
        raise cursor.invalid(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {name}, number of operands: {len(operands)}"
        )
    if name in ("attribute_exists", "attribute_not_exists"):
        return _exists(cursor, name, operands[0])
    if name == "size":
        must_be(cursor, operands[0], SIZED, name)
        return SizeOf(operands[0])
    return _of_two(cursor, name, *operands)


def _exists(cursor: Cursor, name: str, operand: Operand) -> Condition:
    if not isinstance(operand, Attribute):
        raise cursor.invalid(f"Operator or function requires a document path; operator or function: {name}")
    return Exists(operand.path, wanted=name == "attribute_exists")


def _of_two(cursor: Cursor, name: str, first: Operand, second: Operand) -> Condition:
    if name == "attribute_type":
        return _of_type(cursor, first, second)
    _check_first(cursor, name, first, second)
    if name == "contains":
        return Contains(first, second)
    for operand in (first, second):
        must_be(cursor, operand, frozenset({"S", "B"}), name)
    return BeginsWith(first, second)


def _of_type(cursor: Cursor, operand: Operand, kind: Operand) -> Condition:
    if not isinstance(kind, Placeholder):
        raise cursor.invalid(
            "Incorrect operand type for operator or function; operator or function: attribute_type"
        )
    must_be(cursor, kind, frozenset({"S"}), "attribute_type")
    cursor.checks.append(partial(_check_kind_name, cursor, kind.name))
    return OfType(operand, kind)


def _check_kind_name(cursor: Cursor, placeholder: str, values: Values) -> None:
    if values[placeholder]["S"] not in KINDS:
        raise cursor.invalid(f"Invalid attribute type name found; type: {values[placeholder]['S']}")


def _operands(cursor: Cursor) -> tuple[Operand, ...]:
    cursor.expect("(")
    operands = [_operand(cursor)]
    while cursor.accept(","):
        operands.append(_operand(cursor))
    cursor.expect(")")
    return tuple(operands)


def _operand(cursor: Cursor) -> Operand:
    node = _primary(cursor)
    if isinstance(node, Operand):
        return node
    raise cursor.invalid("The function is not allowed to be used this way in an expression")


def _condition(cursor: Cursor, node: Node) -> Condition:
    if isinstance(node, Condition):
        return node
    if isinstance(node, SizeOf):
        raise cursor.invalid("The function is not allowed to be used this way in an expression")
    raise cursor.unexpected()


def _check_first(cursor: Cursor, operator: str, first: Operand, *others: Operand) -> None:
    if isinstance(first, Attribute) and first in others:
        raise cursor.invalid(
            "The first operand must be distinct from the remaining operands for this operator or "
            f"function; operator: {operator}"
        )
