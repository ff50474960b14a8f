"""Writes DynamoDB's items into moto's answers as they are.

moto looks each of an attribute value's eleven members up under several names, for every value: four fifths of a query's
time. A value has exactly one member, and what moto holds is already what goes over the wire.
"""

import functools
from collections.abc import Callable
from typing import Any

from moto.core.serialize import BaseJSONSerializer

SHAPE = (
    "AttributeValue"  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
)


class _NotPlain(Exception):
    """Binary, or nothing that this module knows: moto does it."""


def _plain(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) != 1:
        raise _NotPlain
    [(kind, held)] = value.items()
    if kind in {"S", "N"} and isinstance(held, str):
        return {kind: held}
    if kind in {"BOOL", "NULL"} and isinstance(held, bool):
        return {kind: held}
    if kind in {"SS", "NS"} and isinstance(held, list) and all(isinstance(one, str) for one in held):
        return {kind: held}
    if kind == "M" and isinstance(held, dict):
        return {kind: {name: _plain(one) for name, one in held.items()}}
    if kind == "L" and isinstance(held, list):
        return {kind: [_plain(one) for one in held]}
    raise _NotPlain


def _wrapped(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def serialize(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name != SHAPE:
            original(self, serialized, value, shape, key)
            return
        try:
            serialized[self.get_serialized_name(shape, key)] = _plain(value)
        except _NotPlain:
            original(self, serialized, value, shape, key)

    return serialize


def install() -> None:
    """Patch moto for this process; a second call does nothing."""
    name = "_serialize_type_structure"
    original = getattr(BaseJSONSerializer, name)
    if not hasattr(original, "__wrapped__"):
        setattr(BaseJSONSerializer, name, _wrapped(original))
