"""Asks a search about one person: yes, no, or "that depends on what has not been read yet"."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import singledispatch
from typing import Any

from chalicelib.domain.where import (
    All,
    Compared,
    Contains,
    Either,
    Field,
    Filled,
    HasAll,
    HasAny,
    Hop,
    Like,
    Node,
    Not,
    OneOf,
    OnLists,
    Order,
    Present,
    Span,
    Test,
)
from chalicelib.domain.where_dates import moment_of
from chalicelib.domain.where_values import Comparable, comparable, comparables, fold

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Around:
    """What was read beside a person.

    ``linked`` holds the values behind each hop that was looked up, empty where nothing is there. ``lists`` are those of the
    lists in question that the person is on; None: not looked up. ``on_any_list`` likewise.
    """

    linked: Mapping[Hop, Values] = field(default_factory=dict)
    lists: frozenset[str] | None = None
    on_any_list: bool | None = None


NOTHING_READ = Around()


def matches(node: Node, person: Values, around: Around) -> bool:
    """Whether the person is among those looked for; all that the tree :func:`needs` has been read.

    Args:
        node: A tree without words for times (``where_dates.with_moments``).
        person: camelCase names to plain values, as in the API; times are text.
        around: What was read beside.
    """
    return judged(node, person, around) is True


def judged(node: Node, person: Values, around: Around = NOTHING_READ) -> bool | None:  # noqa: PLR0911 - one line a kind of node
    """The same when not all has been read; None: it depends on the rest (Kleene's three-valued logic)."""
    if isinstance(node, Test):
        return _tested(node, person, around)
    if isinstance(node, All):
        return _all(judged(part, person, around) for part in node.parts)
    if isinstance(node, Either):
        return _inverse(_all(_inverse(judged(part, person, around)) for part in node.parts))
    if isinstance(node, Not):
        return _inverse(judged(node.part, person, around))
    if isinstance(node, OnLists):
        if around.lists is None:
            return None
        return (all if node.every else any)(each in around.lists for each in node.list_ids)
    return around.on_any_list


def _all(answers: Iterable[bool | None]) -> bool | None:
    """False as soon as one is: what follows is not asked."""
    result: bool | None = True
    for answer in answers:
        if answer is False:
            return False
        if answer is None:
            result = None
    return result


def _inverse(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _tested(test: Test, person: Values, around: Around) -> bool | None:
    hop = test.field.hop
    source = person if hop is None else around.linked.get(hop)
    if source is None:
        return None
    value = value_at(test.field, source)
    return value is not None and passes(test.check, value) is not test.negated


def value_at(asked: Field, source: Values) -> Any:
    """The field's value; None where there is none."""
    value: Any = source
    for name in asked.path:
        if not isinstance(value, Mapping) or name not in value:
            return _full_name(source) if asked.path == ("name",) else None
        value = value[name]
    return value


def _full_name(source: Values) -> str | None:
    """A person's name is made of two fields; a company's is a field of its own."""
    return " ".join(part for part in (source.get("firstName"), source.get("lastName")) if part) or None


@singledispatch
def passes(check: Any, value: Any) -> bool:  # noqa: ARG001 - the signature of all
    """Whether a value that is not null fits a check; one of another type than the check's does not."""
    raise TypeError(f"no check: {type(check).__name__}")


@passes.register
def _(check: Present, value: Any) -> bool:  # noqa: ARG001 - that there is one is all
    return True


@passes.register
def _(check: OneOf, value: Any) -> bool:
    return comparable(value) in check.wanted


@passes.register
def _(check: Contains, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    folded = fold(value)
    if check.at_start:
        return folded.startswith(check.text)
    return folded.endswith(check.text) if check.at_end else check.text in folded


@passes.register
def _(check: Like, value: Any) -> bool:
    return isinstance(value, str) and check.pattern.matches(fold(value))


_COMPARISONS: Mapping[Order, Callable[[Any, Any], bool]] = {
    Order.LESS: lambda one, other: one < other,
    Order.AT_MOST: lambda one, other: one <= other,
    Order.GREATER: lambda one, other: one > other,
    Order.AT_LEAST: lambda one, other: one >= other,
}


@passes.register
def _(check: Compared, value: Any) -> bool:
    one, other = comparable(value), comparable(check.value)
    if one is None or other is None or one[0] != other[0]:
        return False
    return _COMPARISONS[check.order](one[1], other[1])


@passes.register
def _(check: HasAny, value: Any) -> bool:
    return not check.wanted.isdisjoint(_elements(value))


@passes.register
def _(check: HasAll, value: Any) -> bool:
    return check.wanted <= _elements(value)


@passes.register
def _(check: Filled, value: Any) -> bool:  # noqa: ARG001 - that there is anything is all
    return isinstance(value, list | tuple) and len(value) > 0


@passes.register
def _(check: Span, value: Any) -> bool:
    moment = moment_of(value) if isinstance(value, str) else None
    if isinstance(moment, datetime):
        at = moment.replace(tzinfo=check.zone) if moment.tzinfo is None else moment
        return (check.since is None or at >= check.since) and (check.until is None or at < check.until)
    if isinstance(moment, date):
        return (check.first is None or moment >= check.first) and (check.last is None or moment <= check.last)
    return False


def _elements(value: Any) -> frozenset[Comparable]:
    """What an array holds; what is no array holds nothing."""
    return comparables(value) if isinstance(value, list | tuple) else frozenset()
