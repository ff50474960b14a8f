"""The grammar of updates: SET, REMOVE, ADD and DELETE, each once, in any order."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tests.fakes.dynamodb.operands import Attribute, Operand, Placeholder, must_be
from tests.fakes.dynamodb.paths import Path, check_distinct
from tests.fakes.dynamodb.syntax import Cursor, Expression
from tests.fakes.dynamodb.updates import Arithmetic, IfNotExists, ListAppend, Update
from tests.fakes.dynamodb.values import SETS

LABEL = "UpdateExpression"
NUMBER = frozenset({"N"})
LIST = frozenset({"L"})
ADDED = SETS | NUMBER


def parse_update(text: str, names: Mapping[str, str]) -> Expression[Update]:
    """Read an update.

    Raises:
        Invalid: It is none, or changes one place twice.
    """
    cursor = Cursor(text, LABEL, names)
    sections: dict[str, tuple[Any, ...]] = {}
    while section := cursor.accept(*_ACTIONS):
        if section in sections:
            raise cursor.invalid(f'The "{section}" section can only be used once in an update expression;')
        sections[section] = _listed(cursor, _ACTIONS[section])
    cursor.end()
    update = Update(*(sections.get(section, ()) for section in _ACTIONS))
    check_distinct(update.paths, LABEL)
    return cursor.expression(update)


def _listed(cursor: Cursor, action: Callable[[Cursor], Any]) -> tuple[Any, ...]:
    actions = [action(cursor)]
    while cursor.accept(","):
        actions.append(action(cursor))
    return tuple(actions)


def _set(cursor: Cursor) -> tuple[Path, Operand]:
    path = cursor.path()
    cursor.expect("=")
    return path, _sum(cursor)


def _remove(cursor: Cursor) -> Path:
    return cursor.path()


def _with_value(cursor: Cursor, section: str, kinds: frozenset[str]) -> tuple[Path, str]:
    path, placeholder = cursor.path(), cursor.value()
    must_be(cursor, Placeholder(placeholder), kinds, section)
    return path, placeholder


_ACTIONS: Mapping[str, Callable[[Cursor], Any]] = {
    "SET": _set,
    "REMOVE": _remove,
    "ADD": partial(_with_value, section="ADD", kinds=ADDED),
    "DELETE": partial(_with_value, section="DELETE", kinds=SETS),
}


def _sum(cursor: Cursor) -> Operand:
    left = _operand(cursor)
    if isinstance(left, Arithmetic) or not (sign := cursor.accept("+", "-")):
        return left
    cursor.count_operator()
    right = _operand(cursor)
    for operand in (left, right):
        _refuse(cursor, operand, Arithmetic, ListAppend)
        must_be(cursor, operand, NUMBER, sign)
    return Arithmetic(sign, left, right)


def _operand(cursor: Cursor) -> Operand:
    if cursor.word.text == "(":
        return cursor.grouped(partial(_sum, cursor))
    if cursor.word.kind == "value":
        return Placeholder(cursor.value())
    return _function(cursor) if cursor.calls else Attribute(cursor.path())


def _function(cursor: Cursor) -> Operand:
    name = cursor.take().text
    cursor.count_operator()
    if name not in ("if_not_exists", "list_append"):
        raise cursor.invalid(f"The function is not allowed in an update expression; function: {name}")
    cursor.expect("(")
    first = _operand(cursor)
    cursor.expect(",")
    second = _operand(cursor)
    cursor.expect(")")
    _refuse(cursor, second, Arithmetic, ListAppend)
    if name == "list_append":
        return _list_append(cursor, first, second)
    if isinstance(first, Attribute):
        return IfNotExists(first.path, second)
    raise cursor.invalid("Operator or function requires a document path; operator or function: if_not_exists")


def _list_append(cursor: Cursor, first: Operand, second: Operand) -> Operand:
    _refuse(cursor, first, Arithmetic, ListAppend)
    for operand in (first, second):
        must_be(cursor, operand, LIST, "list_append")
    return ListAppend(first, second)


def _refuse(cursor: Cursor, operand: Operand, *sorts: type[Operand]) -> None:
    if isinstance(operand, sorts):
        raise cursor.invalid("The function is not allowed to be used this way in an expression")
