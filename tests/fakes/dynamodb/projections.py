"""Projections: the part of an item that somebody asked for.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ProjectionExpressions.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.fakes.dynamodb.paths import Path, check_distinct
from tests.fakes.dynamodb.syntax import Cursor, Expression
from tests.fakes.dynamodb.values import AttributeValue, Item, copied

LABEL = "ProjectionExpression"

Wanted = Mapping[Any, Any]
"""What is wanted of each name or index; nothing more means: all of it."""


def parse_projection(text: str, names: Mapping[str, str]) -> Expression[Wanted]:
    """Read a projection.

    Raises:
        Invalid: It is none, or asks for one place twice.
    """
    cursor = Cursor(text, LABEL, names)
    paths = [cursor.path()]
    while cursor.accept(","):
        paths.append(cursor.path())
    cursor.end()
    check_distinct(paths, LABEL)
    return cursor.expression(wanted(paths))


def wanted(paths: Iterable[Path]) -> Wanted:
    """The paths as one tree, each level in order."""
    tree: dict[Any, Any] = {}
    for path in paths:
        level = tree
        for step in path:
            level = level.setdefault(step, {})
    return tree


def projected(item: Mapping[str, AttributeValue], parts: Wanted) -> Item:
    """Copies of what is wanted and there."""
    found = {}
    for name, within in parts.items():
        if name in item and (part := _part(item[name], within)) is not None:
            found[name] = part
    return found


def _part(value: AttributeValue, parts: Wanted) -> AttributeValue | None:
    if not parts:
        return copied(value)
    if "M" in value:
        within = projected(value["M"], parts)
        return {"M": within} if within else None
    elements = _elements(value.get("L", ()), parts)
    return {"L": elements} if elements else None


def _elements(elements: Any, parts: Wanted) -> list[AttributeValue]:
    """Those wanted, in the list's order and without gaps."""
    wanted_indexes = sorted(index for index in parts if isinstance(index, int) and index < len(elements))
    found = (_part(elements[index], parts[index]) for index in wanted_indexes)
    return [part for part in found if part is not None]
