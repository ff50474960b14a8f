"""The methods of boto3's DynamoDB client, over tables in memory.

Requests and answers have boto3's shapes, refusals are botocore's ClientError. One lock makes every operation atomic,
as DynamoDB's are on one item (and a batch here is more so than there).
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.domain.clock import Clock, SystemClock
from tests.fakes.client_errors import ClientErrors, client_error
from tests.fakes.dynamodb import reads
from tests.fakes.dynamodb.definitions import schema_of
from tests.fakes.dynamodb.errors import Invalid, Refused, unknown_table
from tests.fakes.dynamodb.parameters import OPERATIONS, check_parameters
from tests.fakes.dynamodb.store import FrozenStore, Store
from tests.fakes.dynamodb.touched import Touched, Trace
from tests.fakes.dynamodb.transactions import Tokens, actions_of, transact
from tests.fakes.dynamodb.values import Item, copied_item
from tests.fakes.dynamodb.writes import Action, Delete, Put, Update, carry_out
from tests.fakes.hooks import Meta

MAX_GETS = 100  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
MAX_WRITES = 25  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html

Answer = dict[str, Any]
Observer = Callable[[Touched], None]


@dataclass(frozen=True)
class Snapshot:
    """All tables as they were, and the tokens of transactions."""

    stores: Mapping[str, FrozenStore]
    tokens: Any


class FakeDynamoDB:
    """A client of an account that has only DynamoDB.

    Args:
        clock: For tokens, which live ten minutes, and for the lag of indexes.
        index_lag: Seconds by which indexes are late; 0 makes them follow at once.
    """

    exceptions = ClientErrors()
    meta = Meta()
    operations = OPERATIONS
    service = "dynamodb"

    def __init__(self, clock: Clock | None = None, *, index_lag: float = 0.0) -> None:
        self._clock = clock or SystemClock()
        self._lag = timedelta(seconds=index_lag)
        self._stores: dict[str, Store] = {}
        self._definitions: dict[str, Mapping[str, Any]] = {}
        self._tokens = Tokens(self._clock.now)
        self._lock = threading.RLock()
        self._observers: list[Observer] = []

    # What tests ask

    def observe(self, observer: Observer) -> None:
        """Have every request told to the observer, within the request's own thread."""
        self._observers.append(observer)

    def items(self, table: str) -> Iterator[Item]:
        """Copies of all items, partition by partition."""
        with self._lock:
            stored = list(self._store(table).everything())
        return (copied_item(each.attributes) for each in stored)

    def snapshot(self) -> Snapshot:
        """Everything as it is now; costs a copy of the list of partitions, not of the items."""
        with self._lock:
            stores = {name: store.snapshot() for name, store in self._stores.items()}
            return Snapshot(stores, self._tokens.snapshot())

    def restore(self, snapshot: Snapshot) -> None:
        """Be again as then, any number of times; tables made since are gone."""
        with self._lock:
            self._stores = {name: self._stores[name] for name in snapshot.stores}
            for name, store in self._stores.items():
                store.restore(snapshot.stores[name])
            self._tokens.restore(snapshot.tokens)

    # Tables

    def create_table(self, **request: Any) -> Answer:
        """Make a table with global indexes that project ALL; it is there at once."""
        return self._run("CreateTable", request, self._create)

    def describe_table(self, **request: Any) -> Answer:
        """How the table was made."""
        return self._run("DescribeTable", request, lambda request, _: {"Table": self._described(request)})

    def list_tables(self, **request: Any) -> Answer:
        """The names of all tables."""
        return self._run("ListTables", request, lambda *_: {"TableNames": sorted(self._stores)})

    def delete_table(self, **request: Any) -> Answer:
        """Drop a table and all that is in it; it is gone at once."""
        return self._run("DeleteTable", request, self._drop)

    def update_time_to_live(self, **request: Any) -> Answer:
        """Accepted; nothing expires by itself here, as on AWS for up to some days."""
        return self._run(
            "UpdateTimeToLive",
            request,
            lambda request, _: {"TimeToLiveSpecification": request["TimeToLiveSpecification"]},
        )

    # Items

    def get_item(self, **request: Any) -> Answer:
        """One item."""
        return self._run(
            "GetItem", request, lambda request, trace: reads.get(self._store_of(request), request, trace)
        )

    def batch_get_item(self, **request: Any) -> Answer:
        """Up to 100 items, 16 MB."""
        return self._run("BatchGetItem", request, self._get_batch)

    def query(self, **request: Any) -> Answer:
        """A page of one partition."""
        return self._run(
            "Query", request, lambda request, trace: reads.query(self._store_of(request), request, trace)
        )

    def put_item(self, **request: Any) -> Answer:
        """Write one item."""
        return self._run("PutItem", request, lambda request, trace: self._write(Put, request, trace))

    def update_item(self, **request: Any) -> Answer:
        """Change one item."""
        return self._run("UpdateItem", request, lambda request, trace: self._write(Update, request, trace))

    def delete_item(self, **request: Any) -> Answer:
        """Remove one item."""
        return self._run("DeleteItem", request, lambda request, trace: self._write(Delete, request, trace))

    def batch_write_item(self, **request: Any) -> Answer:
        """Up to 25 puts and deletes without conditions."""
        return self._run("BatchWriteItem", request, self._write_batch)

    def transact_write_items(self, **request: Any) -> Answer:
        """Up to 100 writes and checks, all or nothing."""
        return self._run("TransactWriteItems", request, self._transact)

    # How it is done

    def _run(
        self, operation: str, request: Mapping[str, Any], act: Callable[[Mapping[str, Any], Trace], Answer]
    ) -> Answer:
        check_parameters(operation, request)
        with self._lock:
            trace = Trace()
            try:
                answer = act(request, trace)
            except Refused as refused:
                raise client_error(refused.code, refused.message, operation, **refused.members) from None
            finally:
                self._tell(operation, trace)
        answer["ResponseMetadata"] = {"HTTPStatusCode": 200, "RetryAttempts": 0}
        return answer

    def _tell(self, operation: str, trace: Trace) -> None:
        if not self._observers:
            return
        touched = Touched(
            operation,
            tuple(trace.reads),
            tuple(trace.writes),
            transactional=operation == "TransactWriteItems",
        )
        for observer in self._observers:
            observer(touched)

    def _store(self, name: str) -> Store:
        if name not in self._stores:
            raise unknown_table()
        return self._stores[name]

    def _store_of(self, request: Mapping[str, Any]) -> Store:
        return self._store(request["TableName"])

    def _create(self, request: Mapping[str, Any], _: Trace) -> Answer:
        name = request["TableName"]
        if name in self._stores:
            raise Refused("ResourceInUseException", f"Table already exists: {name}")
        self._stores[name] = Store(schema_of(request), self._clock.now, self._lag)
        self._definitions[name] = {**request, "TableStatus": "ACTIVE"}
        return {"TableDescription": dict(self._definitions[name])}

    def _drop(self, request: Mapping[str, Any], _: Trace) -> Answer:
        name = self._store_of(request).schema.name
        del self._stores[name]
        return {"TableDescription": {**self._definitions.pop(name), "TableStatus": "DELETING"}}

    def _described(self, request: Mapping[str, Any]) -> Answer:
        store = self._store_of(request)
        count = sum(1 for _ in store.everything())
        return {**self._definitions[store.schema.name], "ItemCount": count}

    def _write(self, kind: type[Action], request: Mapping[str, Any], trace: Trace) -> Answer:
        attributes = carry_out(kind(self._store_of(request), request), trace)
        return {"Attributes": attributes} if attributes else {}

    def _get_batch(self, request: Mapping[str, Any], trace: Trace) -> Answer:
        wanted = request["RequestItems"]
        if not wanted or not all(part["Keys"] for part in wanted.values()):
            raise Invalid("The list of keys in RequestItems for BatchGetItem is required")
        if sum(len(part["Keys"]) for part in wanted.values()) > MAX_GETS:
            raise Invalid("Too many items requested for the BatchGetItem call")
        responses, unprocessed, room = {}, {}, reads.MAX_BATCH
        for name, part in wanted.items():
            found, left, room = reads.get_batch(self._store(name), part, trace, room)
            responses[name] = found
            if left:
                unprocessed[name] = {**part, "Keys": left}
        return {"Responses": responses, "UnprocessedKeys": unprocessed}

    def _write_batch(self, request: Mapping[str, Any], trace: Trace) -> Answer:
        wanted = request["RequestItems"]
        if not wanted or not all(wanted.values()):
            raise Invalid("The batch write request list for a table cannot be null or empty")
        if sum(map(len, wanted.values())) > MAX_WRITES:
            raise Invalid("Too many items requested for the BatchWriteItem call")
        actions = [_batch_action(self._store(name), each) for name, parts in wanted.items() for each in parts]
        if len({(action.store.schema.name, action.place) for action in actions}) < len(actions):
            raise Invalid("Provided list of item keys contains duplicates")
        for action in actions:  # the first that cannot be refuses all, before anything is written
            action.check()
        for action in actions:
            carry_out(action, trace)
        return {"UnprocessedItems": {}}

    def _transact(self, request: Mapping[str, Any], trace: Trace) -> Answer:
        items, token = request["TransactItems"], request.get("ClientRequestToken")
        actions = actions_of(items, self._store)
        if self._tokens.is_done(token, items):
            found = (action.store.get(action.place) for action in actions)
            trace.read_each(*(stored.size if stored else 0 for stored in found))
            return {}
        transact(actions, trace)
        self._tokens.note(token, items)
        return {}


def _batch_action(store: Store, request: Mapping[str, Any]) -> Action:
    if len(request) != 1:
        raise Invalid("Supplied request has more or less than one of PutRequest and DeleteRequest")
    ((verb, body),) = request.items()
    return Put(store, body) if verb == "PutRequest" else Delete(store, body)
