"""The operators of a search on one field: what each takes, and the question that it is.

Names and meanings are those of the reference's section 4. What is null fits none of them but ``isNull`` and the arrays'
negations, as in SQL; ``not`` is the plain opposite.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.domain.where import (
    All,
    Check,
    Compared,
    Contains,
    Dated,
    Field,
    Filled,
    HasAll,
    HasAny,
    Kind,
    Like,
    Node,
    Not,
    OneOf,
    Order,
    Present,
    Test,
)
from chalicelib.domain.where_dates import PERIODS, moment_of
from chalicelib.domain.where_items import Item
from chalicelib.domain.where_like import LikePattern
from chalicelib.domain.where_values import fold

Build = Callable[[Item, Field], Node]
_EVERY = frozenset(Kind)
_TEXT, _BOOLEAN, _TIME, _ANY = (frozenset({kind, Kind.ANY}) for kind in Kind)
_PLAIN = _TEXT | _BOOLEAN
_ORDERED = _TEXT | _TIME


@dataclass(frozen=True)
class Operator:
    """On which kinds of fields it may stand, and how its item becomes a question."""

    kinds: frozenset[Kind]
    build: Build


def _simple(make: Callable[[], Check], *, negated: bool = False) -> Build:
    def build(item: Item, field: Field) -> Node:
        item.nothing()
        return Test(field, make(), negated)

    return build


def _of_text(make: Callable[[str], Check], *, negated: bool = False) -> Build:
    return lambda item, field: Test(field, make(item.text()), negated)


def _equals(item: Item, field: Field) -> Node:
    if field.kind is Kind.TIME:
        return _on(item, field)
    return Test(field, OneOf((item.scalar(field),)))


def _not_equals(item: Item, field: Field) -> Node:
    test = _equals(item, field)
    return Test(test.field, test.check, negated=True) if isinstance(test, Test) else Not(test)


def _one_of(*, negated: bool) -> Build:
    return lambda item, field: Test(field, OneOf(item.scalars(field)), negated)


def _compares(order: Order, word: str) -> Build:
    """By number or text; of a time, or of what is written as one, by time."""

    def build(item: Item, field: Field) -> Node:
        value = item.raw.get("value")
        if field.kind is Kind.TIME or (
            field.kind is Kind.ANY and isinstance(value, str) and moment_of(value) is not None
        ):
            return Test(field, Dated(word, (item.moment(),), item.zone()))
        scalar = item.scalar(field)
        if isinstance(scalar, bool):
            raise item.refusal("value", "expected a text or a number")
        return Test(field, Compared(order, scalar))

    return build


def _between(item: Item, field: Field) -> Node:
    """Both ends belong to it."""
    written = all(isinstance(each, str) and moment_of(each) is not None for each in item.pair())
    if field.kind is Kind.TIME or (field.kind is Kind.ANY and written):
        return Test(field, Dated("between", item.moments(), item.zone()))
    low, high = item.bounds(field)
    if isinstance(low, bool) or isinstance(high, bool) or isinstance(low, str) is not isinstance(high, str):
        raise item.refusal("value", "expected two texts or two numbers")
    return All((Test(field, Compared(Order.AT_LEAST, low)), Test(field, Compared(Order.AT_MOST, high))))


def _on(item: Item, field: Field) -> Test:
    return Test(field, Dated("on", (item.moment(),), item.zone()))


def _not_on(item: Item, field: Field) -> Node:
    return Test(field, _on(item, field).check, negated=True)


def _at(word: str) -> Build:
    return lambda item, field: Test(field, Dated(word, (item.moment(),), item.zone()))


def _in_days(word: str) -> Build:
    return lambda item, field: Test(field, Dated(word, (item.days(),), item.zone()))


def _in(word: str) -> Build:
    def build(item: Item, field: Field) -> Node:
        item.nothing()
        return Test(field, Dated(word, (), item.zone()))

    return build


def _array(make: Callable[..., Check]) -> Build:
    return lambda item, field: Test(field, make(item.scalars(field)))


def _opposite(build: Build) -> Build:
    return lambda item, field: Not(build(item, field))


def _fiscal(period: str) -> str:
    """The reference's fiscal year begins with the calendar's unless its administrator shifts it; ours always does."""
    return period.replace("Year", "FiscalYear").replace("Quarter", "FiscalQuarter")


OPERATORS: Mapping[str, Operator] = {
    "equals": Operator(_EVERY, _equals),
    "notEquals": Operator(_EVERY, _not_equals),
    "in": Operator(_PLAIN, _one_of(negated=False)),
    "notIn": Operator(_PLAIN, _one_of(negated=True)),
    "contains": Operator(_TEXT, _of_text(lambda text: Contains(fold(text)))),
    "notContains": Operator(_TEXT, _of_text(lambda text: Contains(fold(text)), negated=True)),
    "startsWith": Operator(_TEXT, _of_text(lambda text: Contains(fold(text), at_start=True))),
    "endsWith": Operator(_TEXT, _of_text(lambda text: Contains(fold(text), at_end=True))),
    "like": Operator(_TEXT, _of_text(lambda text: Like(LikePattern.of(text)))),
    "notLike": Operator(_TEXT, _of_text(lambda text: Like(LikePattern.of(text)), negated=True)),
    "greaterThan": Operator(_ORDERED, _compares(Order.GREATER, "after")),
    "lessThan": Operator(_ORDERED, _compares(Order.LESS, "before")),
    "greaterThanOrEquals": Operator(_ORDERED, _compares(Order.AT_LEAST, "since")),
    "lessThanOrEquals": Operator(_ORDERED, _compares(Order.AT_MOST, "until")),
    "between": Operator(_ORDERED, _between),
    "isNull": Operator(_EVERY, _opposite(_simple(Present))),
    "isNotNull": Operator(_EVERY, _simple(Present)),
    "ever": Operator(_EVERY, _simple(Present)),
    "isTrue": Operator(_BOOLEAN, _simple(lambda: OneOf((True,)))),
    "isFalse": Operator(_BOOLEAN, _simple(lambda: OneOf((False,)))),
    "on": Operator(_TIME, _on),
    "notOn": Operator(_TIME, _not_on),
    "before": Operator(_TIME, _at("before")),
    "after": Operator(_TIME, _at("after")),
    **{word: Operator(_TIME, _in(word)) for word in ("today", "past", "future", "lastSevenDays")},
    **{
        word: Operator(_TIME, _in_days(word))
        for word in ("lastXDays", "nextXDays", "olderThanXDays", "afterXDays")
    },
    **{word: Operator(_TIME, _in(word)) for word in PERIODS},
    **{_fiscal(word): Operator(_TIME, _in(word)) for word in PERIODS if _fiscal(word) != word},
    "arrayAnyOf": Operator(_ANY, _array(HasAny)),
    "arrayNoneOf": Operator(_ANY, _opposite(_array(HasAny))),
    "arrayAllOf": Operator(_ANY, _array(HasAll)),
    "arrayIsEmpty": Operator(_ANY, _opposite(_simple(Filled))),
    "arrayIsNotEmpty": Operator(_ANY, _simple(Filled)),
}
