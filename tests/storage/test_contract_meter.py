"""The meter counts the same units around the fake, from sizes, as around DynamoDB Local, from its corrected count."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.capacity import Units
from benchmarks.meter import Meter
from devstack import resources
from tests.fakes.dynamodb.values import admitted_item, item_size
from tests.storage import dynamodb_strategies as random
from tests.storage.conftest import PARAMETERS
from tests.storage.dynamodb_backends import Backend, backend

MOTO = ("moto",)  # which counts no capacity by these rules
METERED = ["memory", *(each for each in PARAMETERS if each.values != MOTO)]
LOG = {"TPK": {"S": "log"}, "TSK": {"S": "1"}}


@dataclass
class Metered:
    """A backend through a meter."""

    store: Backend
    meter: Meter
    partition: str

    def item(self, sort: str, size: int = 10, **attributes: Any) -> dict[str, Any]:
        """An item of about this size."""
        return {**self.key(sort), "x": {"S": "x" * size}, **attributes}

    def key(self, sort: str) -> dict[str, Any]:
        """A key in this test's partition."""
        return {"PK": {"S": self.partition}, "SK": {"S": sort}}

    def has(self, *items: dict[str, Any]) -> None:
        """Store these, uncounted."""
        for item in items:
            self.store.put(item)

    def cost(self, operation: str, **request: Any) -> Units:
        """What one request costs."""
        before = self.meter.tally.usage
        metered = Backend(self.store.name, self.meter, self.store.table)
        metered.ask(operation, **request)
        used = (self.meter.tally.usage - before).total
        assert used.requests == 1
        return used.units

    def transaction(self, *operations: dict[str, Any], **request: Any) -> Units:
        """What a transaction costs."""
        items = [
            {verb: {"TableName": self.store.table, **body}}
            for each in operations
            for verb, body in each.items()
        ]
        return self.cost("transact_write_items", TransactItems=items, **request)


@pytest.fixture(scope="module", params=METERED)
def store(request: pytest.FixtureRequest) -> Iterator[tuple[Backend, Meter]]:
    """The fake, then DynamoDB Local, each with its meter."""
    with backend(request.param) as made:
        yield made, Meter(made.client)


@pytest.fixture
def metered(store: tuple[Backend, Meter]) -> Metered:
    """A partition of one's own."""
    return Metered(*store, store[0].partition())


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(10, False, 0.5), (10, True, 1), (4_000, True, 1), (4_100, True, 2), (9_000, False, 1.5)],
)
def test_get(metered: Metered, size: int, consistent: bool, units: float) -> None:
    """4 KB a unit, rounded up; half of it when eventually consistent."""
    metered.has(metered.item("a", size))
    assert metered.cost("get_item", Key=metered.key("a"), ConsistentRead=consistent) == Units(read=units)


@pytest.mark.parametrize(("consistent", "units"), [(False, 0.5), (True, 1)])
def test_what_is_not_there_is_read_too(metered: Metered, consistent: bool, units: float) -> None:
    """A missing item, and a query that finds nothing, cost as much as the smallest item."""
    assert metered.cost("get_item", Key=metered.key("none"), ConsistentRead=consistent) == Units(read=units)
    query = {
        "KeyConditionExpression": "PK = :p",
        "ExpressionAttributeValues": {":p": {"S": metered.partition}},
    }
    assert metered.cost("query", **query, ConsistentRead=consistent) == Units(read=units)


def test_a_batch_of_gets_rounds_each_item(metered: Metered) -> None:
    """1.5 KB and 6.5 KB are three units, a missing one makes four: the page's own example."""
    metered.has(metered.item("a", 1_500), metered.item("b", 6_500))
    keys = [metered.key(sort) for sort in ("a", "b", "none")]
    part = {"Keys": keys, "ConsistentRead": True}
    assert metered.cost("batch_get_item", RequestItems={metered.store.table: part}) == Units(read=4)


def test_a_query_rounds_the_sum(metered: Metered) -> None:
    """Ten items of 916 bytes are 9.2 KB, so three units, also if only they are counted or most are filtered out."""
    metered.has(*(metered.item(str(number), 900, n={"N": str(number)}) for number in range(10)))
    values = {":p": {"S": metered.partition}}
    query = {"KeyConditionExpression": "PK = :p", "ConsistentRead": True}
    assert metered.cost("query", **query, ExpressionAttributeValues=values) == Units(read=3)
    assert metered.cost("query", **query, ExpressionAttributeValues=values, Select="COUNT") == Units(read=3)
    values[":n"] = {"N": "3"}
    assert metered.cost(
        "query", **query, ExpressionAttributeValues=values, FilterExpression="n = :n"
    ) == Units(read=3)


def test_a_query_of_the_index(metered: Metered) -> None:
    """The entries of the index are whole items here, read eventually."""
    log = {"TPK": {"S": metered.partition}, "TSK": {"S": "1"}}
    metered.has(*(metered.item(str(number), 900, **log) for number in range(10)))
    values = {":p": {"S": metered.partition}}
    query = {"KeyConditionExpression": "TPK = :p", "ExpressionAttributeValues": values, "IndexName": "byTime"}
    assert metered.cost("query", **query) == Units(read=1.5)


@pytest.mark.parametrize(
    ("before", "after", "units"), [(None, 10, 1), (None, 1_100, 2), (3_000, 10, 3), (10, 3_000, 3)]
)
def test_a_write_counts_the_larger_of_before_and_after(
    metered: Metered, before: int | None, after: int, units: int
) -> None:
    """Of a put and of an update alike."""
    for sort in ("a", "b"):
        if before is not None:
            metered.has(metered.item(sort, before))
    assert metered.cost("put_item", Item=metered.item("a", after)) == Units(write=units)
    value = {":x": {"S": "x" * after}}
    cost = metered.cost(
        "update_item", Key=metered.key("b"), UpdateExpression="SET x = :x", ExpressionAttributeValues=value
    )
    assert cost == Units(write=units)


def test_a_delete_counts_what_was_there(metered: Metered) -> None:
    """One unit for nothing."""
    metered.has(metered.item("a", 2_000))
    assert metered.cost("delete_item", Key=metered.key("a")) == Units(write=2)
    assert metered.cost("delete_item", Key=metered.key("a")) == Units(write=1)


def test_a_failed_condition_costs_as_much_as_the_write(metered: Metered) -> None:
    """The larger of what stands there and what would have."""
    metered.has(metered.item("a", 3_000))
    never = {"ConditionExpression": "attribute_not_exists(PK)"}
    assert metered.cost("put_item", Item=metered.item("a", 10), **never) == Units(write=3)
    assert metered.cost("put_item", Item=metered.item("a", 5_000), **never) == Units(write=5)
    only = {"ConditionExpression": "attribute_exists(PK)"}
    assert metered.cost("delete_item", Key=metered.key("none"), **only) == Units(write=1)


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, {"x": {"S": "x"}, **LOG}, 2),
        ({"x": {"S": "x"}, **LOG}, {"x": {"S": "x"}, **LOG}, 1),
        ({"x": {"S": "x"}, **LOG}, {"x": {"S": "y"}, **LOG}, 2),
        ({"x": {"S": "x"}, **LOG}, {"x": {"S": "x"}, **LOG, "TSK": {"S": "2"}}, 3),
        ({"x": {"S": "x"}, **LOG}, {"x": {"S": "x"}}, 2),
        ({"x": {"S": "x"}}, {"x": {"S": "y"}, "TPK": {"S": "half a key"}}, 1),
        ({"x": {"S": "x" * 2_000}, **LOG}, {"x": {"S": "x"}, **LOG, "TSK": {"S": "2"}}, 2 + 3),
    ],
    ids=("enters", "same", "changes", "moves", "leaves", "never in it", "moves and shrinks"),
)
def test_the_index_counts(
    metered: Metered, before: dict[str, Any] | None, after: dict[str, Any], units: int
) -> None:
    """An entry that comes, goes or changes is a write; one that moves is two; one that stays as it is, none."""
    key = metered.key("a")
    if before is not None:
        metered.has({**key, **before})
    assert metered.cost("put_item", Item={**key, **after}) == Units(write=units)


def test_a_batch_of_writes_rounds_each_item(metered: Metered) -> None:
    """Two units, one, three for the deleted, and one for a delete of nothing."""
    metered.has(metered.item("c", 3_000))
    parts = [
        {"PutRequest": {"Item": metered.item("a", 1_500)}},
        {"PutRequest": {"Item": metered.item("b")}},
        {"DeleteRequest": {"Key": metered.key("c")}},
        {"DeleteRequest": {"Key": metered.key("none")}},
    ]
    assert metered.cost("batch_write_item", RequestItems={metered.store.table: parts}) == Units(write=7)


def test_a_transaction_doubles(metered: Metered) -> None:
    """Each item twice, and a check is as dear as a write of what it looks at."""
    metered.has(metered.item("c", 1_500), metered.item("d", 2_500))
    cost = metered.transaction(
        {"Put": {"Item": metered.item("a", 1_500)}},
        {"Put": {"Item": metered.item("b", 10, **LOG)}},
        {"Delete": {"Key": metered.key("c")}},
        {"ConditionCheck": {"Key": metered.key("d"), "ConditionExpression": "attribute_exists(PK)"}},
        {"ConditionCheck": {"Key": metered.key("none"), "ConditionExpression": "attribute_not_exists(PK)"}},
    )
    assert cost == Units(write=2 * (2 + 1 + 1 + 2 + 3 + 1))


def test_a_cancelled_transaction_costs_as_much(metered: Metered) -> None:
    """All its items, twice; indexes were not reached."""
    metered.has(metered.item("a", 1_500))
    cost = metered.transaction(
        {"Put": {"Item": metered.item("a"), "ConditionExpression": "attribute_not_exists(PK)"}},
        {"Put": {"Item": metered.item("b", 3_000)}},
    )
    assert cost == Units(write=2 * (2 + 3 + 1 - 1))


def test_a_transaction_done_before_is_only_read(metered: Metered) -> None:
    """Under its token it changes nothing and costs a transactional read of its items."""
    put = {"Put": {"Item": metered.item("a", 1_500)}}
    token = f"{metered.partition}-token"
    assert metered.transaction(put, ClientRequestToken=token) == Units(write=4)
    assert metered.transaction(put, ClientRequestToken=token) == Units(read=2)


@settings(max_examples=60, deadline=None)
@given(attributes=random.attributes, kilobytes=st.integers(1, 3))
def test_item_sizes_are_exact(
    store: tuple[Backend, Meter], attributes: dict[str, Any], kilobytes: int
) -> None:
    """What we count as whole kilobytes costs as many units, one byte more one more: DynamoDB Local counts the same bytes."""
    meter = store[1]
    item = admitted_item({"PK": {"S": "sized"}, "SK": {"S": "s"}, **attributes, "pad": {"S": ""}})
    for more in (0, 1):
        padded = {**item, "pad": {"S": "x" * (1024 * kilobytes - item_size(item) + more)}}
        meter.delete_item(TableName=resources.PREFIX, Key={name: item[name] for name in ("PK", "SK")})
        before = meter.tally.usage
        meter.put_item(TableName=resources.PREFIX, Item=padded)
        assert (meter.tally.usage - before).total.units == Units(write=kilobytes + more)
