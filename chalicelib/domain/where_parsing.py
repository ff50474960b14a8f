"""A ``where`` as it was sent, into a tree: every fault is found at once, each under its place."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.records import TargetType
from chalicelib.domain.where import (
    EVERYBODY,
    NOBODY,
    All,
    Either,
    Field,
    Kind,
    Node,
    Not,
    OnAnyList,
    OneOf,
    OnLists,
    Present,
    Test,
    needs,
)
from chalicelib.domain.where_fields import TARGET_LISTS, TO_ONE, field_of
from chalicelib.domain.where_items import KEYS, Item
from chalicelib.domain.where_limits import MAX_BYTES, MAX_DEPTH, MAX_ITEMS, MAX_LISTS
from chalicelib.domain.where_operators import OPERATORS
from chalicelib.errors import FieldError, Invalid

NOT_OURS = frozenset({"expression", "subQueryIn", "subQueryNotIn"})
"""Operators of the reference that are programs in its own query language."""


def parse(target_type: TargetType, raw: object, place: str = "where") -> All:
    """The tree of a ``where``: a list of items that must all hold.

    Raises:
        Invalid: With every fault that was found, under ``place``.
    """
    reading = _Reading(target_type)
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise Invalid.of(place, "expected a list of items")
    if len(json.dumps(raw, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_BYTES:
        raise Invalid.of(place, f"is larger than {MAX_BYTES} bytes")
    tree = All(reading.items(raw, place, 1))
    if reading.faults:
        raise Invalid(*reading.faults)
    if len(needs(tree).list_ids) > MAX_LISTS:
        raise Invalid.of(place, f"asks about more than {MAX_LISTS} target lists")
    return tree


def named_lists(raw: Sequence[Any], place: str = "where") -> Iterator[tuple[str, str]]:
    """The ids of target lists in a ``where`` that was parsed, each with its place: whether they exist others must see."""
    for number, item in enumerate(raw):
        yield from _named_by(item, f"{place}.{number}")


def _named_by(item: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    value, inside = item.get("value"), f"{place}.value"
    if item["type"] in LINKS and item["attribute"] == TARGET_LISTS:
        several = enumerate(value) if isinstance(value, list) else ()
        yield from ((each, f"{inside}.{at}") for at, each in several)
        if isinstance(value, str):
            yield value, inside
    elif isinstance(value, Mapping):
        yield from _named_by(value, inside)
    elif item["type"] in ("and", "or", "not"):
        yield from named_lists(value or (), inside)


@dataclass
class _Reading:
    """One ``where`` on its way into a tree."""

    target_type: TargetType
    faults: list[FieldError] = field(default_factory=list)
    count: int = 0

    def items(self, raws: Sequence[Any], place: str, depth: int) -> tuple[Node, ...]:
        """All items of a list; those with a fault become nothing, for the whole is refused then."""
        self.count += len(raws)
        if self.count > MAX_ITEMS:
            self._note(place, f"has more than {MAX_ITEMS} items")
            return ()
        if depth > MAX_DEPTH:
            self._note(place, f"is nested deeper than {MAX_DEPTH} levels")
            return ()
        return tuple(self._item(raw, f"{place}.{number}", depth) for number, raw in enumerate(raws))

    def _item(self, raw: object, place: str, depth: int) -> Node:
        if not isinstance(raw, Mapping):
            self._note(place, "expected an object")
            return EVERYBODY
        for key in raw.keys() - KEYS:
            self._note(f"{place}.{key}", "unknown field")
        item = Item(raw, place)
        try:
            return self._group(item, depth) or self._question(item)
        except Invalid as invalid:
            self.faults += invalid.errors
            return EVERYBODY

    def _group(self, item: Item, depth: int) -> Node | None:
        kind = item.word("type")
        if kind in ("any", "none"):
            item.nothing()
            return EVERYBODY if kind == "any" else NOBODY
        if kind not in ("and", "or", "not"):
            return None
        value = item.raw.get("value")
        if kind == "not" and isinstance(
            value, Mapping
        ):  # the reference takes one item without its brackets here
            return Not(self._item(value, f"{item.place}.value", depth + 1))
        if not isinstance(value, list) or not value:
            raise item.refusal("value", "expected a list of items that is not empty")
        parts = self.items(value, f"{item.place}.value", depth + 1)
        return Either(parts) if kind == "or" else All(parts) if kind == "and" else Not(All(parts))

    def _question(self, item: Item) -> Node:
        kind = item.word("type")
        if kind in NOT_OURS:
            raise item.refusal("type", "is an operator of the reference's own query language")
        if kind not in LINKS and kind not in OPERATORS:
            raise item.refusal("type", "unknown operator")
        if not isinstance(item.raw.get("dateTime"), bool | None):
            raise item.refusal("dateTime", "expected true or false")
        item.zone()
        attribute = item.word("attribute")
        if kind in LINKS:
            return LINKS[kind](item, self._id_field(item, attribute))
        asked = field_of(self.target_type, attribute)
        if asked is None:
            raise item.refusal("attribute", f"unknown attribute of {self.target_type}")
        if asked.kind not in OPERATORS[kind].kinds:
            raise item.refusal("type", f"{kind} does not fit {attribute}, which holds a {asked.kind}")
        return OPERATORS[kind].build(item, asked)

    def _id_field(self, item: Item, link: str) -> Field | None:
        """The field that holds the linked record's id; None for lists, which a person may be on any number of."""
        to_one = TO_ONE.get(self.target_type, {})
        if link != TARGET_LISTS and link not in to_one:
            raise item.refusal("attribute", f"unknown link of {self.target_type}")
        return Field((to_one[link],), Kind.TEXT) if link in to_one else None

    def _note(self, place: str, message: str) -> None:
        self.faults.append(FieldError(place, message))


def _linked(item: Item, id_field: Field | None, *, every: bool = False) -> Node:
    ids = item.ids()
    if id_field is None:
        return OnLists(ids, every)
    return NOBODY if every and len(ids) > 1 else Test(id_field, OneOf(ids))


def _is_linked(item: Item, id_field: Field | None) -> Node:
    item.nothing()
    return OnAnyList() if id_field is None else Test(id_field, Present())


LINKS: Mapping[str, Callable[[Item, Field | None], Node]] = {
    "linkedWith": _linked,
    "notLinkedWith": lambda item, id_field: Not(_linked(item, id_field)),
    "linkedWithAll": lambda item, id_field: _linked(item, id_field, every=True),
    "isLinked": _is_linked,
    "isNotLinked": lambda item, id_field: Not(_is_linked(item, id_field)),
}
