"""Makes moto's DynamoDB fit for tens of thousands of items; ``install()`` once per process, before or during ``mock_aws``.

Four things, each without touching what moto answers:

* ``TransactWriteItems`` copies the whole table once per operation to be able to roll back. Here it runs on a scratch
  table that holds copies of the touched items only: committed on success, thrown away when cancelled.
* ``Query`` sorts the whole table each time. Here it is handed the one page that it is about (see ``moto_order``).
* An answer is written along the service's model, name by name. Here items go out as they are (see ``moto_answers``).
* Nothing in moto keeps two threads of its server from interleaving a condition and its write. Here one request runs at a time.
"""

import copy
import functools
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from devstack import moto_answers
from devstack.moto_order import KeyOrder, Schema, Wanted

_ONE_AT_A_TIME = threading.RLock()
Transact = Callable[[DynamoDBBackend, list[dict[str, Any]]], None]


class OrderedTable(Table):
    """A table that keeps its keys sorted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._order = KeyOrder(_schemas(self))
        self._page: list[Item] | None = None

    def noted(self, hash_key: DynamoType, range_key: DynamoType | None) -> None:
        """An item was put, changed or deleted: bring the order up to date."""
        if range_key is None or hash_key.type != "S" or range_key.type != "S":
            return
        item = self.get_item(hash_key, range_key)
        self._order.put((hash_key.value, range_key.value), item.attrs if item else None)

    def put_item(self, item_attrs: dict[str, Any], *args: Any, **kwargs: Any) -> Item:
        """As moto's, then noted."""
        item = super().put_item(item_attrs, *args, **kwargs)
        self.noted(item.hash_key, item.range_key)
        return item

    def delete_item(self, hash_key: DynamoType, range_key: DynamoType | None) -> Item | None:
        """As moto's, then noted."""
        item = super().delete_item(hash_key, range_key)
        self.noted(hash_key, range_key)
        return item

    def query(self, *args: Any, **kwargs: Any) -> tuple[list[Item], int, dict[str, Any] | None]:
        """As moto's, on nothing but the items of the page."""
        hash_key, comparison, values, limit, start, forward, _projection, index, *_ = args
        if hash_key is not None and hash_key.type == "S" and self._order.knows(index):
            wanted = Wanted(
                hash=hash_key.value,
                comparison=comparison,
                values=[value.value for value in values],
                start=self._start(index, start),
                forward=forward is not False,
                limit=limit,
            )
            self._page = [self._at(*key) for key in self._order.select(index, wanted)]
        try:
            return super().query(*args, **kwargs)
        finally:
            self._page = None

    def all_items(self) -> list[Item]:
        """All items, or those of the page while a query runs."""
        return super().all_items() if self._page is None else list(self._page)

    def _at(self, pk: str, sk: str) -> Item:
        item: Item = self.items[DynamoType({"S": pk})][DynamoType({"S": sk})]
        return item

    def _start(self, index: str | None, key: Mapping[str, Any] | None) -> tuple[str, str, str] | None:
        if not key:
            return None
        own = self._order.schema(None)
        names = (self._order.schema(index).range, own.hash, own.range)
        first, second, third = (DynamoType(key[name]).value for name in names)
        return first, second, third


def _schemas(table: Table) -> Mapping[str | None, Schema]:
    """The orders to keep: none at all for a table without a string sort key."""
    types = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in table.attr}

    def schema(elements: Sequence[Mapping[str, str]]) -> Schema | None:
        names = [element["AttributeName"] for element in sorted(elements, key=lambda one: one["KeyType"])]
        if len(names) != 2 or {types[name] for name in names} != {"S"}:  # noqa: PLR2004 - hash and range
            return None
        return Schema(*names)

    found = {None: schema(table.schema)} | {
        index.name: schema(index.schema) for index in table.global_indexes
    }
    if found[None] is None:
        return {}
    return {name: one for name, one in found.items() if one is not None}


class _Scratch(OrderedTable):
    """The touched items of a table, copied; what a transaction does to it stays here until it has succeeded."""

    def __init__(self, table: OrderedTable, keys: Sequence[tuple[DynamoType, DynamoType | None]]) -> None:
        self.__dict__.update(table.__dict__)
        self._order = KeyOrder({})
        self.items = defaultdict(dict)
        for hash_key, range_key in keys:
            item = table.get_item(hash_key, range_key)
            if item is not None:
                _store(self, hash_key, range_key, copy.deepcopy(item))

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Scratch":
        return self  # moto's own copy for rolling back: nothing here needs it


def _store(table: Table, hash_key: DynamoType, range_key: DynamoType | None, item: Item) -> None:
    if range_key is None:
        table.items[hash_key] = item  # type: ignore[assignment]  # so moto keeps tables without a sort key
        return
    table.items[hash_key][range_key] = item


def _touched(
    table: Table, operations: Sequence[Mapping[str, Any]]
) -> list[tuple[DynamoType, DynamoType | None]]:
    keys = []
    for operation in operations:
        written = operation.get("Key") or operation.get("Item") or {}
        if all(name in written for name in table.table_key_attrs):
            own = [DynamoType(written[name]) for name in table.table_key_attrs]
            keys.append((own[0], own[1] if table.range_key_attr else None))
    return keys


def _transact_write_items(original: Transact) -> Transact:
    @functools.wraps(original)
    def transact(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        operations = [operation for entry in transact_items for operation in entry.values()]
        tables = {
            name: backend.get_table(name) for name in {operation["TableName"] for operation in operations}
        }
        ordered = {name: table for name, table in tables.items() if isinstance(table, OrderedTable)}
        if len(ordered) < len(tables):  # a table from before install()
            original(backend, transact_items)
            return
        touched = {
            name: _touched(table, [one for one in operations if one["TableName"] == name])
            for name, table in ordered.items()
        }
        scratch = copy.copy(backend)
        scratch.tables = {name: _Scratch(table, touched[name]) for name, table in ordered.items()}  # type: ignore[abstract]  # so is moto's own
        original(scratch, transact_items)
        for name, table in ordered.items():
            _commit(scratch.tables[name], table, touched[name])

    return transact


def _commit(
    scratch: Table, table: OrderedTable, keys: Sequence[tuple[DynamoType, DynamoType | None]]
) -> None:
    for hash_key, range_key in keys:
        item = scratch.get_item(hash_key, range_key)
        if item is None:
            table.delete_item(hash_key, range_key)
            continue
        _store(table, hash_key, range_key, item)
        table.noted(hash_key, range_key)


def _update_item(original: Callable[..., Item]) -> Callable[..., Item]:
    @functools.wraps(original)
    def update(backend: DynamoDBBackend, table_name: str, *args: Any, **kwargs: Any) -> Item:
        item = original(backend, table_name, *args, **kwargs)
        table = backend.get_table(table_name)
        if isinstance(table, OrderedTable):
            table.noted(item.hash_key, item.range_key)
        return item

    return update


def _serial(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _ONE_AT_A_TIME:
            return original(*args, **kwargs)

    return call


def install() -> None:
    """Patch moto for this process; a second call does nothing. Tables made before it keep moto's own ways."""
    moto_answers.install()
    namespace = vars(models)
    if namespace["Table"] is OrderedTable:
        return
    namespace["Table"] = OrderedTable  # the name by which the backend makes its tables
    for owner, name, wrap in (
        (DynamoDBBackend, "transact_write_items", _transact_write_items),
        (DynamoDBBackend, "update_item", _update_item),
        (DynamoHandler, "call_action", _serial),
    ):
        setattr(owner, name, wrap(getattr(owner, name)))
