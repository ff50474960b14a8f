"""A table's keys and those of its indexes, and what DynamoDB asks of their values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.fakes.dynamodb.errors import Invalid
from tests.fakes.dynamodb.values import AttributeValue, Item, Token, admitted, kind_of, token

MAX_HASH = 2048  # bytes; https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys
MAX_RANGE = 1024  # bytes; same page

Place = tuple[Token, tuple[Token, ...]]
"""Where an item lies: its partition, and by what it is sorted within (of an index: also the table's own key)."""


@dataclass(frozen=True)
class KeyAttribute:
    """One attribute of a key; ``kind`` is S, N or B."""

    name: str
    kind: str
    max_size: int  # bytes

    def token(self, value: AttributeValue) -> Token:
        """What the value is found and ordered by.

        Raises:
            Invalid: The value cannot be a key.
        """
        content = value.get(self.kind)
        if content is None:
            raise Invalid(
                f"One or more parameter values were invalid: Type mismatch for key {self.name} "
                f"expected: {self.kind} actual: {kind_of(value)}"
            )
        if not content:
            raise Invalid(
                "One or more parameter values are not valid. The AttributeValue for a key attribute "
                f"cannot contain an empty string value. Key: {self.name}"
            )
        if self.kind != "N" and len(content) * 4 > self.max_size:
            self._check_size(content)
        return token(value)

    def _check_size(self, content: str | bytes) -> None:
        size = len(content.encode() if isinstance(content, str) else content)
        if size > self.max_size:
            raise Invalid(
                "One or more parameter values were invalid: Size of key attribute "
                f"{self.name} has exceeded the maximum size limit of {self.max_size} bytes"
            )


@dataclass(frozen=True)
class KeySchema:
    """The key of a table or an index."""

    hash: KeyAttribute
    range: KeyAttribute | None

    @cached_property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        """One or two."""
        return (self.hash,) if self.range is None else (self.hash, self.range)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the attributes."""
        return frozenset(attribute.name for attribute in self.attributes)


@dataclass(frozen=True)
class TableSchema:
    """A table; its indexes are global and hold whole items (projection ALL), as this project's do."""

    name: str
    key: KeySchema
    indexes: Mapping[str, KeySchema] = field(default_factory=dict)

    def place(self, item: Mapping[str, AttributeValue]) -> Place:
        """Where this item lies in the table.

        Raises:
            Invalid: An attribute of the key is missing, or cannot be one.
        """
        hash_, range_ = self.key.hash, self.key.range
        if hash_.name not in item or (range_ is not None and range_.name not in item):
            raise Invalid("One or more parameter values were invalid: Missing the key in the item")
        return hash_.token(item[hash_.name]), () if range_ is None else (range_.token(item[range_.name]),)

    def key_place(self, key: Mapping[str, Any]) -> Place:
        """Where the item with this key, as it came in a request, lies.

        Raises:
            Invalid: It is not exactly a key of this table.
        """
        return self.place(self.admitted_key(key))

    def admitted_key(self, key: Mapping[str, Any]) -> Item:
        """The key of a request in canonical form.

        Raises:
            Invalid: It has other attributes than the table's key.
        """
        if len(key) != len(self.key.attributes) or key.keys() != self.key.names:
            raise Invalid("The provided key element does not match the schema")
        return {name: admitted(value) for name, value in key.items()}

    def key_of(self, item: Mapping[str, AttributeValue], index: str | None = None) -> Item:
        """The attributes by which a query goes on after this item."""
        attributes = self.key.attributes if index is None else self.indexes[index].attributes
        return {
            attribute.name: dict(item[attribute.name]) for attribute in (*self.key.attributes, *attributes)
        }

    def start_place(self, index: str | None, key: Mapping[str, Any]) -> Place:
        """Where a query goes on that starts after this key.

        Raises:
            Invalid: It has other attributes than the keys of table and index.
        """
        if index is None:
            return self.key_place(key)
        names = self.key.names | self.indexes[index].names
        if key.keys() != names:
            raise Invalid("The provided starting key is invalid")
        item = {name: admitted(value) for name, value in key.items()}
        place = self.index_place(index, item, self.place(item))
        if place is None:
            raise Invalid("The provided starting key is invalid")
        return place

    def index_place(self, index: str, item: Mapping[str, AttributeValue], place: Place) -> Place | None:
        """Where the item lies in the index; None if it has not all of its key (the index is sparse).

        Raises:
            Invalid: An attribute of the index's key cannot be one.
        """
        attributes = self.indexes[index].attributes
        tokens = [attribute.token(item[attribute.name]) for attribute in attributes if attribute.name in item]
        if len(tokens) < len(attributes):
            return None
        return tokens[0], (*tokens[1:], place[0], *place[1])
