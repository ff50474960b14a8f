"""Conditions: what holds of an item.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.dynamodb import paths
from tests.fakes.dynamodb.operands import Attribute, Operand
from tests.fakes.dynamodb.paths import Path
from tests.fakes.dynamodb.syntax import Values
from tests.fakes.dynamodb.values import SCALARS, SETS, AttributeValue, kind_of, token

Attributes = Mapping[str, AttributeValue]
ORDERINGS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Condition(ABC):
    """Something that holds of an item or does not."""

    @abstractmethod
    def holds(self, item: Attributes, values: Values) -> bool:
        """Whether it holds; an item that is not there has no attributes."""


@dataclass(frozen=True)
class And(Condition):
    """All hold."""

    parts: tuple[Condition, ...]

    def holds(self, item: Attributes, values: Values) -> bool:
        """Whether all do."""
        return all(part.holds(item, values) for part in self.parts)


@dataclass(frozen=True)
class Or(Condition):
    """One holds."""

    parts: tuple[Condition, ...]

    def holds(self, item: Attributes, values: Values) -> bool:
        """Whether one does."""
        return any(part.holds(item, values) for part in self.parts)


@dataclass(frozen=True)
class Not(Condition):
    """The part does not hold."""

    part: Condition

    def holds(self, item: Attributes, values: Values) -> bool:
        """Whether it does not: there is no third state, also where attributes are missing."""
        return not self.part.holds(item, values)


@dataclass(frozen=True)
class Equal(Condition):
    """``=``, or ``<>`` where ``wanted`` is false: what is missing equals nothing, not even what is missing too."""

    left: Operand
    right: Operand
    wanted: bool

    def holds(self, item: Attributes, values: Values) -> bool:
        """Whether the two are there and equal, or not."""
        left = self.left.read(item, values)
        equal = left is not None and left == self.right.read(item, values)
        return equal is self.wanted


@dataclass(frozen=True)
class Ordered(Condition):
    """``<``, ``<=``, ``>`` or ``>=``: never between kinds, nor of anything but strings, numbers and binaries."""

    sign: str
    left: Operand
    right: Operand

    def holds(self, item: Attributes, values: Values) -> bool:
        """Whether the two can be ordered and are so."""
        return in_order(self.left.read(item, values), self.sign, self.right.read(item, values))


def in_order(left: AttributeValue | None, sign: str, right: AttributeValue | None) -> bool:
    """Whether both are there, of one scalar kind, and ordered by the sign."""
    if left is None or right is None or kind_of(left) != kind_of(right) or kind_of(left) not in SCALARS:
        return False
    return ORDERINGS[sign](token(left), token(right))


@dataclass(frozen=True)
class Between(Condition):
    """``x BETWEEN low AND high``, both included."""

    operand: Operand
    low: Operand
    high: Operand

    def holds(self, item: Attributes, values: Values) -> bool:
        """Whether the operand lies there."""
        found = self.operand.read(item, values)
        return in_order(self.low.read(item, values), "<=", found) and in_order(
            found, "<=", self.high.read(item, values)
        )


@dataclass(frozen=True)
class In(Condition):
    """``x IN (…)``."""

    operand: Operand
    choices: tuple[Operand, ...]

    def holds(self, item: Attributes, values: Values) -> bool:
        """Whether the operand is there and equals one of them."""
        found = self.operand.read(item, values)
        return found is not None and any(found == choice.read(item, values) for choice in self.choices)


@dataclass(frozen=True)
class Exists(Condition):
    """``attribute_exists``, or ``attribute_not_exists`` where ``wanted`` is false."""

    path: Path
    wanted: bool

    def holds(self, item: Attributes, values: Values) -> bool:
        """Whether something stands at the path, or nothing."""
        return (paths.read(item, self.path) is not None) is self.wanted


@dataclass(frozen=True)
class OfType(Condition):
    """``attribute_type``."""

    operand: Operand
    kind: Operand

    def holds(self, item: Attributes, values: Values) -> bool:
        """Whether the operand is there and of this type."""
        found = self.operand.read(item, values)
        return found is not None and {"S": kind_of(found)} == self.kind.read(item, values)


@dataclass(frozen=True)
class BeginsWith(Condition):
    """``begins_with``, of strings and of binaries."""

    operand: Operand
    prefix: Operand

    def holds(self, item: Attributes, values: Values) -> bool:
        """Whether both are of one kind that can, and the one begins with the other."""
        found, prefix = self.operand.read(item, values), self.prefix.read(item, values)
        if found is None or prefix is None or kind_of(found) != kind_of(prefix):
            return False
        ((kind, content),) = found.items()
        return kind in ("S", "B") and content.startswith(prefix[kind])


@dataclass(frozen=True)
class Contains(Condition):
    """``contains``: a part of a string or binary, a member of a set, an element of a list."""

    operand: Operand
    part: Operand

    def holds(self, item: Attributes, values: Values) -> bool:
        """Whether it does."""
        found, part = self.operand.read(item, values), self.part.read(item, values)
        if found is None or part is None:
            return False
        ((kind, content),) = found.items()
        ((part_kind, part_content),) = part.items()
        if kind == "L":
            return part in content
        of_kind = kind[0] if kind in SETS else kind
        return kind in SETS | {"S", "B"} and part_kind == of_kind and part_content in content


def top_names(condition: Condition) -> frozenset[str]:
    """The attributes that a condition looks at; of a path, its first step."""
    return frozenset(_top_names(condition))


def _top_names(node: object) -> set[str]:
    if isinstance(node, Attribute | Exists):
        return {str(node.path[0])}
    if isinstance(node, tuple):
        return {name for part in node for name in _top_names(part)}
    if isinstance(node, Condition | Operand):
        return {name for part in vars(node).values() for name in _top_names(part)}
    return set()
