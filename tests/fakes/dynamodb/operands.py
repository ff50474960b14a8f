"""What an expression computes with: attributes, placeholders and sizes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from tests.fakes.dynamodb import paths
from tests.fakes.dynamodb.errors import Invalid
from tests.fakes.dynamodb.paths import Path
from tests.fakes.dynamodb.syntax import Cursor, Values
from tests.fakes.dynamodb.values import AttributeValue, kind_of

SIZED = frozenset({"S", "B", "SS", "NS", "BS", "L", "M"})


class Operand(ABC):
    """Something that has a value, or none, once the item is known."""

    @abstractmethod
    def read(self, item: Mapping[str, AttributeValue], values: Values) -> AttributeValue | None:
        """The value, not copied; None where the item has none."""


@dataclass(frozen=True)
class Attribute(Operand):
    """A document path."""

    path: Path

    def read(self, item: Mapping[str, AttributeValue], values: Values) -> AttributeValue | None:
        """What stands at the path."""
        return paths.read(item, self.path)


@dataclass(frozen=True)
class Placeholder(Operand):
    """A value of the request."""

    name: str

    def read(self, item: Mapping[str, AttributeValue], values: Values) -> AttributeValue | None:
        """The request's value."""
        return values[self.name]


@dataclass(frozen=True)
class SizeOf(Operand):
    """``size(…)``: characters of a string, bytes of a binary, members of the rest; nothing of a number."""

    operand: Operand

    def read(self, item: Mapping[str, AttributeValue], values: Values) -> AttributeValue | None:
        """A number, or None where the operand has no size."""
        value = self.operand.read(item, values)
        if value is None:
            return None
        ((kind, content),) = value.items()
        return {"N": str(len(content))} if kind in SIZED else None


def must_be(cursor: Cursor, operand: Operand, kinds: frozenset[str], operator: str) -> None:
    """Have the request's value checked, if the operand is one; sizes are numbers.

    Raises:
        Invalid: The operand is a size, and numbers are not allowed.
    """

    def refuse(kind: str) -> Invalid:
        return cursor.invalid(
            "Incorrect operand type for operator or function; "
            f"operator or function: {operator}, operand type: {kind}"
        )

    def check(values: Values) -> None:
        kind = kind_of(values[operand.name])  # type: ignore[attr-defined]  # only made for placeholders
        if kind not in kinds:
            raise refuse(kind)

    if isinstance(operand, Placeholder):
        cursor.checks.append(check)
    if isinstance(operand, SizeOf) and "N" not in kinds:
        raise refuse("N")
