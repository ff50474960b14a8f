"""Updates: what becomes of an item.

Everything is computed from the item as it was before, then put in place: so ``SET a = b, b = a`` swaps.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from tests.fakes.dynamodb import numbers, paths
from tests.fakes.dynamodb.draft import Draft
from tests.fakes.dynamodb.errors import Invalid
from tests.fakes.dynamodb.operands import Operand
from tests.fakes.dynamodb.paths import Path
from tests.fakes.dynamodb.projections import Wanted, wanted
from tests.fakes.dynamodb.syntax import Values
from tests.fakes.dynamodb.values import AttributeValue, Item, as_set, kind_of

Attributes = Mapping[str, AttributeValue]


@dataclass(frozen=True)
class IfNotExists(Operand):
    """``if_not_exists(path, otherwise)``."""

    path: Path
    otherwise: Operand

    def read(self, item: Attributes, values: Values) -> AttributeValue | None:
        """What stands at the path, else the other operand."""
        found = paths.read(item, self.path)
        return found if found is not None else self.otherwise.read(item, values)


@dataclass(frozen=True)
class ListAppend(Operand):
    """``list_append(first, second)``."""

    first: Operand
    second: Operand

    def read(self, item: Attributes, values: Values) -> AttributeValue | None:
        """One list of both."""
        first, second = _needed(self.first, item, values), _needed(self.second, item, values)
        if "L" not in first or "L" not in second:
            raise _wrong_type()
        return {"L": [*first["L"], *second["L"]]}


@dataclass(frozen=True)
class Arithmetic(Operand):
    """``+`` or ``-``."""

    sign: str
    left: Operand
    right: Operand

    def read(self, item: Attributes, values: Values) -> AttributeValue | None:
        """The sum or difference."""
        left, right = _needed(self.left, item, values), _needed(self.right, item, values)
        if "N" not in left or "N" not in right:
            raise _wrong_type()
        compute = numbers.added if self.sign == "+" else numbers.subtracted
        return {"N": compute(left["N"], right["N"])}


def _needed(operand: Operand, item: Attributes, values: Values) -> AttributeValue:
    value = operand.read(item, values)
    if value is None:
        raise Invalid("The provided expression refers to an attribute that does not exist in the item")
    return value


def _wrong_type() -> Invalid:
    return Invalid("An operand in the update expression has an incorrect data type")


@dataclass(frozen=True)
class Update:
    """The four sections; ``adds`` and ``deletes`` name a value's placeholder."""

    sets: tuple[tuple[Path, Operand], ...] = ()
    removes: tuple[Path, ...] = ()
    adds: tuple[tuple[Path, str], ...] = ()
    deletes: tuple[tuple[Path, str], ...] = ()

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """All places that are changed."""
        return (
            *(path for path, _ in self.sets),
            *self.removes,
            *(path for path, _ in self.adds),
            *(path for path, _ in self.deletes),
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """The attributes that are changed, or within which something is."""
        return frozenset(str(path[0]) for path in self.paths)

    @cached_property
    def wanted(self) -> Wanted:
        """What UPDATED_OLD and UPDATED_NEW show."""
        return wanted(self.paths)

    def applied(self, item: Attributes, values: Values) -> Item:
        """The item as it is afterwards; the one given stays as it is.

        Raises:
            Invalid: A place or a value is not there, or not of the type that the action needs.
        """
        draft = Draft(item)
        for path, value in self._changes(item, values):
            draft.place(path, value)
        return draft.finished()

    def _changes(self, item: Attributes, values: Values) -> Iterator[tuple[Path, AttributeValue | None]]:
        for path, operand in self.sets:
            yield path, _needed(operand, item, values)
        for path in self.removes:
            yield path, None
        for path, name in self.adds:
            yield path, _sum(paths.read(item, path), values[name])
        for path, name in self.deletes:
            yield path, _rest(paths.read(item, path), values[name])


def _sum(found: AttributeValue | None, value: AttributeValue) -> AttributeValue:
    if found is None:
        return value
    kind = kind_of(value)
    if kind_of(found) != kind:
        raise _wrong_type()
    if kind == "N":
        return {"N": numbers.added(found["N"], value["N"])}
    return as_set(kind, {*found[kind], *value[kind]})


def _rest(found: AttributeValue | None, value: AttributeValue) -> AttributeValue | None:
    """What is left of a set; a set of nothing is no attribute."""
    if found is None:
        return None
    kind = kind_of(value)
    if kind_of(found) != kind:
        raise _wrong_type()
    left = {*found[kind]} - {*value[kind]}
    return as_set(kind, left) if left else None
