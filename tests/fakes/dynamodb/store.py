"""One table with its indexes, which follow at once or, like the real ones, a little later.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.EventualConsistency
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.fakes.dynamodb.errors import Invalid
from tests.fakes.dynamodb.key_conditions import Span
from tests.fakes.dynamodb.keyspace import Frozen, Keyspace, SortKey, Stored
from tests.fakes.dynamodb.schema import Place, TableSchema
from tests.fakes.dynamodb.touched import IndexWrite, Write
from tests.fakes.dynamodb.values import Item, item_size

MAX_ITEM = (
    400 * 1024
)  # bytes; https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items


@dataclass(frozen=True)
class _IndexChange:
    """``before`` and ``after`` are places in the index, None where the item is not in it."""

    due: datetime
    index: str
    before: Place | None
    after: Place | None
    stored: Stored | None


@dataclass(frozen=True)
class FrozenStore:
    """A table as it was."""

    items: Frozen
    indexes: Mapping[str, Frozen]
    pending: tuple[_IndexChange, ...]


@dataclass
class Store:
    """A table. ``lag`` is how much later than a write the indexes show it, by the clock that ``now`` reads."""

    schema: TableSchema
    now: Callable[[], datetime]
    lag: timedelta = timedelta(0)
    _items: Keyspace = field(default_factory=Keyspace)
    _indexes: dict[str, Keyspace] = field(default_factory=dict)
    _pending: deque[_IndexChange] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._indexes = {name: Keyspace() for name in self.schema.indexes}

    def get(self, place: Place) -> Stored | None:
        """The item there."""
        return self._items.get(place)

    def everything(self) -> Iterator[Stored]:
        """All items."""
        return self._items.everything()

    def walk(
        self, index: str | None, span: Span, *, after: SortKey | None, forward: bool
    ) -> Iterator[Stored]:
        """The items of a span of the table or of an index, in order."""
        if index is None:
            return self._items.walk(span, after=after, forward=forward)
        self._catch_up()
        return self._indexes[index].walk(span, after=after, forward=forward)

    def storable(self, item: Item, place: Place, *, too_large: str) -> Stored:
        """The item with its size.

        Raises:
            Invalid: It is too large (said in the words of ``too_large``), or cannot be in an index.
        """
        size = item_size(item)
        if size > MAX_ITEM:
            raise Invalid(too_large)
        for index in self._indexes:
            self.schema.index_place(index, item, place)
        return Stored(item, size)

    def write(self, place: Place, before: Stored | None, after: Stored | None) -> Write:
        """Put ``after`` in the place of ``before``, None being nothing; answers what that touched."""
        if after is not None:
            self._items.put(place, after)
        elif before is not None:
            self._items.remove(place)
        changes = [self._index_change(index, place, before, after) for index in self._indexes]
        return Write(_size(before), _size(after), tuple(change for change in changes if change))

    def _index_change(
        self, index: str, place: Place, before: Stored | None, after: Stored | None
    ) -> IndexWrite | None:
        was = before and self.schema.index_place(index, before.attributes, place)
        is_ = after and self.schema.index_place(index, after.attributes, place)
        if was is None and is_ is None:
            return None
        if was == is_ and before == after:
            return None
        self._pending.append(_IndexChange(self.now() + self.lag, index, was, is_, after))
        if not self.lag:
            self._catch_up()
        return IndexWrite(
            _size(before) if was else None,
            _size(after) if is_ else None,
            moved=was is not None and is_ is not None and was != is_,
        )

    def _catch_up(self) -> None:
        while self._pending and self._pending[0].due <= self.now():
            change = self._pending.popleft()
            keyspace = self._indexes[change.index]
            if change.before is not None and change.before != change.after:
                keyspace.remove(change.before)
            if change.after is not None and change.stored is not None:
                keyspace.put(change.after, change.stored)

    def snapshot(self) -> FrozenStore:
        """What is here now."""
        indexes = {name: keyspace.snapshot() for name, keyspace in self._indexes.items()}
        return FrozenStore(self._items.snapshot(), indexes, tuple(self._pending))

    def restore(self, frozen: FrozenStore) -> None:
        """Be again as then."""
        self._items.restore(frozen.items)
        for name, keyspace in self._indexes.items():
            keyspace.restore(frozen.indexes[name])
        self._pending = deque(frozen.pending)


def _size(stored: Stored | None) -> int | None:
    return None if stored is None else stored.size
