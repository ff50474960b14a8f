"""Reads: single items, batches and queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.dynamodb.errors import Invalid
from tests.fakes.dynamodb.key_conditions import Span, span
from tests.fakes.dynamodb.keyspace import SortKey, Stored
from tests.fakes.dynamodb.projections import Wanted, projected
from tests.fakes.dynamodb.request import Plan, expressions
from tests.fakes.dynamodb.schema import KeySchema
from tests.fakes.dynamodb.store import Store
from tests.fakes.dynamodb.syntax import Values
from tests.fakes.dynamodb.touched import Trace
from tests.fakes.dynamodb.values import Item, copied_item

MAX_PAGE = 1024 * 1024  # bytes; https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
MAX_BATCH = (
    16 * 1024 * 1024
)  # bytes; https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
SELECTIONS = ("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT")


def get(store: Store, request: Mapping[str, Any], trace: Trace) -> dict[str, Any]:
    """GetItem.

    Raises:
        Invalid: The key or the projection is wrong.
    """
    stored = store.get(store.schema.key_place(request["Key"]))
    wanted = expressions(request)[0].projection
    trace.read(stored.size if stored else 0, consistent=bool(request.get("ConsistentRead")))
    return {} if stored is None else {"Item": _shown(stored, wanted)}


def get_batch(
    store: Store, request: Mapping[str, Any], trace: Trace, room: int
) -> tuple[list[Item], list[Any], int]:
    """One table's part of BatchGetItem, with ``room`` bytes left in the answer.

    Answers the items in an order that nobody should rely on, the keys that found no room, and the room that is left.

    Raises:
        Invalid: A key or the projection is wrong, or a key is there twice.
    """
    keys = request["Keys"]
    places = [store.schema.key_place(key) for key in keys]
    if len(set(places)) < len(places):
        raise Invalid("Provided list of item keys contains duplicates")
    wanted = expressions(request)[0].projection
    found: list[Item] = []
    for done, place in enumerate(places):
        stored = store.get(place)
        if stored is not None and stored.size > room:
            return found[::-1], list(keys[done:]), 0
        trace.read(stored.size if stored else 0, consistent=bool(request.get("ConsistentRead")))
        if stored is not None:
            found.append(_shown(stored, wanted))
            room -= stored.size
    return found[::-1], [], room


def _shown(stored: Stored, wanted: Wanted | None) -> Item:
    return copied_item(stored.attributes) if wanted is None else projected(stored.attributes, wanted)


@dataclass(frozen=True)
class _Query:
    """A query, read and checked."""

    index: str | None
    plan: Plan
    values: Values
    span: Span
    after: SortKey | None
    limit: int | None
    forward: bool
    counts_only: bool

    def ends_with(self, stored: Stored, store: Store) -> bool:
        """Whether nothing can come behind this item."""
        range_ = store.schema.key.range
        if self.index is not None or range_ is None:
            return False
        return self.span.ends_with(range_.token(stored.attributes[range_.name]), forward=self.forward)


def query(store: Store, request: Mapping[str, Any], trace: Trace) -> dict[str, Any]:
    """Query.

    Raises:
        Invalid: Something about it is wrong.
    """
    wanted = _read_query(store, request)
    scanned, last = _page(store, wanted)
    trace.read(
        *(stored.size for stored in scanned),
        consistent=bool(request.get("ConsistentRead")),
        together=True,
    )
    passed = _filtered(scanned, wanted)
    answer: dict[str, Any] = {"Count": len(passed), "ScannedCount": len(scanned)}
    if not wanted.counts_only:
        answer["Items"] = [_shown(stored, wanted.plan.projection) for stored in passed]
    if last is not None:
        answer["LastEvaluatedKey"] = store.schema.key_of(last.attributes, wanted.index)
    return answer


def _page(store: Store, query: _Query) -> tuple[list[Stored], Stored | None]:
    """What is looked at, and the last of it if there may be more.

    A page that its Limit ends says so, also at the end of a partition, unless its last item is the very bound of a
    table's key condition; one that its size ends says so only if there is more.
    """
    scanned: list[Stored] = []
    size = 0
    for stored in store.walk(query.index, query.span, after=query.after, forward=query.forward):
        if size >= MAX_PAGE:
            return scanned, scanned[-1]
        scanned.append(stored)
        size += stored.size
        if len(scanned) == query.limit:
            return scanned, None if query.ends_with(stored, store) else stored
    return scanned, None


def _filtered(scanned: list[Stored], query: _Query) -> list[Stored]:
    condition = query.plan.filter
    if condition is None:
        return scanned
    return [stored for stored in scanned if condition.holds(stored.attributes, query.values)]


def _read_query(store: Store, request: Mapping[str, Any]) -> _Query:
    index = request.get("IndexName")
    key = _key_schema(store, index)
    if index is not None and request.get("ConsistentRead"):
        raise Invalid("Consistent reads are not supported on global secondary indexes")
    limit = request.get("Limit")
    if limit is not None and limit < 1:
        raise Invalid("Limit must be greater than or equal to 1")
    plan, values = expressions(request)
    if plan.key_condition is None:
        raise Invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified")
    _check_filter(plan, key)
    part = span(plan.key_condition, key, values)
    return _Query(
        index=index,
        plan=plan,
        values=values,
        span=part,
        after=_start(store, index, request.get("ExclusiveStartKey"), part),
        limit=limit,
        forward=request.get("ScanIndexForward", True),
        counts_only=_counts_only(request),
    )


def _key_schema(store: Store, index: str | None) -> KeySchema:
    if index is None:
        return store.schema.key
    if index not in store.schema.indexes:
        raise Invalid(f"The table does not have the specified index: {index}")
    return store.schema.indexes[index]


def _check_filter(plan: Plan, key: KeySchema) -> None:
    names = plan.filtered_names & key.names
    if names:
        raise Invalid(
            "Filter Expression can only contain non-primary key attributes: "
            f"Primary key attribute: {min(names)}"
        )


def _start(store: Store, index: str | None, key: Mapping[str, Any] | None, part: Span) -> SortKey | None:
    if key is None:
        return None
    hash_token, sort_key = store.schema.start_place(index, key)
    if hash_token != part.hash or not part.admits(sort_key):
        raise Invalid("The provided starting key is outside query boundaries based on provided conditions")
    return sort_key


def _counts_only(request: Mapping[str, Any]) -> bool:
    select, projection = request.get("Select"), request.get("ProjectionExpression")
    if select is None:
        return False
    if select not in SELECTIONS:
        raise Invalid(f"Select must be one of {', '.join(SELECTIONS)}")
    if select == "ALL_PROJECTED_ATTRIBUTES" and request.get("IndexName") is None:
        raise Invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
    if (select == "SPECIFIC_ATTRIBUTES") is not (projection is not None):
        raise Invalid(f"Cannot specify the ProjectionExpression as it is when choosing to get {select}")
    return bool(select == "COUNT")
