"""The remedy changes moto's speed, and nothing that moto answers."""

import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Key
from boto3.dynamodb.types import Binary
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from devstack import moto_remedy

ACCOUNT, REGION, TABLE = "123456789012", "eu-west-1", "things"
KEYS = st.tuples(
    st.sampled_from(["a", "b"]), st.sampled_from(["", "x", "xy", "x#1", "x#2", "é", "z"]).map("k".__add__)
)


def session() -> boto3.Session:
    return boto3.Session("local", "local", region_name=REGION)


def make_table() -> Any:
    return (
        session()
        .resource("dynamodb")
        .create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": "PK", "KeyType": "HASH"},
                {"AttributeName": "SK", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": n, "AttributeType": "S"} for n in ("PK", "SK", "TPK", "TSK")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "byTime",
                    "KeySchema": [
                        {"AttributeName": "TPK", "KeyType": "HASH"},
                        {"AttributeName": "TSK", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    )


@pytest.fixture
def table() -> Iterator[Any]:
    moto_remedy.install()
    with mock_aws():
        yield make_table()


def fill(count: int) -> None:
    """Put many items straight into moto's table: what is measured is not the filling."""
    inside = dynamodb_backends[ACCOUNT][REGION].get_table(TABLE)
    for n in range(count):
        inside.put_item({"PK": {"S": f"p{n % 50}"}, "SK": {"S": f"{n:06}"}, "n": {"N": str(n)}})


def transact(table: Any, *items: dict[str, Any]) -> None:
    table.meta.client.transact_write_items(TransactItems=list(items))


def put(pk: str, sk: str, **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": TABLE, "Item": {"PK": pk, "SK": sk, **more}}}


def test_a_cancelled_transaction_leaves_nothing_behind(table: Any) -> None:
    """All operations before the failed condition are undone: put, update and delete alike, in the index too."""
    table.put_item(Item={"PK": "p", "SK": "kept", "n": 1, "TPK": "t", "TSK": "1"})
    table.put_item(Item={"PK": "p", "SK": "changed", "n": 1, "TPK": "t", "TSK": "2"})
    key = {"PK": "p", "SK": "changed"}
    with pytest.raises(table.meta.client.exceptions.TransactionCanceledException) as refused:
        transact(
            table,
            put("p", "new", TPK="t", TSK="0"),
            {"Delete": {"TableName": TABLE, "Key": {"PK": "p", "SK": "kept"}}},
            {
                "Update": {
                    "TableName": TABLE,
                    "Key": key,
                    "UpdateExpression": "SET TSK = :t ADD n :one",
                    "ExpressionAttributeValues": {":one": 1, ":t": "9"},
                }
            },
            {
                "ConditionCheck": {
                    "TableName": TABLE,
                    "Key": {"PK": "p", "SK": "missing"},
                    "ConditionExpression": "attribute_exists(PK)",
                }
            },
        )
    assert [r["Code"] for r in refused.value.response["CancellationReasons"]] == [
        *["None"] * 3,
        "ConditionalCheckFailed",
    ]
    assert table.get_item(Key=key)["Item"]["n"] == 1
    found = table.query(IndexName="byTime", KeyConditionExpression=Key("TPK").eq("t"))
    assert [item["SK"] for item in found["Items"]] == ["kept", "changed"]


def test_a_transaction_that_succeeds_is_stored_whole(table: Any) -> None:
    """Put, update (also of a missing item) and delete are seen by reads, queries and the index afterwards."""
    table.put_item(Item={"PK": "p", "SK": "gone"})
    update = {
        "TableName": TABLE,
        "Key": {"PK": "p", "SK": "made"},
        "UpdateExpression": "SET TPK = :t, TSK = :t",
        "ConditionExpression": "attribute_not_exists(PK)",
        "ExpressionAttributeValues": {":t": "t"},
    }
    transact(
        table,
        put("p", "new"),
        {"Update": update},
        {"Delete": {"TableName": TABLE, "Key": {"PK": "p", "SK": "gone"}}},
    )
    assert [i["SK"] for i in table.query(KeyConditionExpression=Key("PK").eq("p"))["Items"]] == [
        "made",
        "new",
    ]
    found = table.query(IndexName="byTime", KeyConditionExpression=Key("TPK").eq("t"))
    assert [item["SK"] for item in found["Items"]] == ["made"]


def test_one_item_twice_in_a_transaction_is_refused(table: Any) -> None:
    """DynamoDB's rule, which moto holds, still holds: and nothing is stored."""
    with pytest.raises(table.meta.client.exceptions.ClientError, match="multiple operations on one item"):
        transact(table, put("p", "s"), put("p", "s"))
    assert "Item" not in table.get_item(Key={"PK": "p", "SK": "s"})


def seconds(action: Callable[[], object]) -> float:
    best = 9.0
    for _ in range(3):
        start = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.parametrize("what", ["transaction", "query"])
def test_the_cost_does_not_grow_with_the_table(table: Any, what: str) -> None:
    """At 20,000 items a transaction of three and a query of a page cost what they cost at 100."""
    actions = {
        "transaction": lambda: transact(table, *(put("p1", f"new{n}") for n in range(3))),
        "query": lambda: table.query(KeyConditionExpression=Key("PK").eq("p1"), Limit=10),
    }
    fill(100)
    small = seconds(actions[what])
    fill(20_000)
    assert seconds(actions[what]) < 4 * small + 0.01


def test_two_threads_cannot_both_pass_one_condition(table: Any) -> None:
    """Of many threads that put the same new item conditionally, exactly one wins."""
    won: list[int] = []

    def race(n: int) -> None:
        client = session().resource("dynamodb").Table(TABLE)
        try:
            client.put_item(
                Item={"PK": "p", "SK": "race", "n": n}, ConditionExpression="attribute_not_exists(PK)"
            )
        except client.meta.client.exceptions.ConditionalCheckFailedException:
            return
        won.append(n)

    threads = [threading.Thread(target=race, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.text(max_size=5),
        st.decimals(-1000, 1000, places=2).map(lambda number: number.normalize()),
        st.booleans(),
        st.none(),
        st.binary(min_size=1, max_size=5).map(Binary),
        st.sets(st.text(min_size=1, max_size=3), min_size=1, max_size=3),
        st.sets(st.integers(-9, 9).map(Decimal), min_size=1, max_size=3),
    ),
    lambda values: (
        st.lists(values, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), values, max_size=3)
    ),
    max_leaves=6,
)


def test_every_value_comes_back_as_it_was_put(table: Any) -> None:
    """Text, numbers, booleans, null, binary, sets, lists and maps, by get, query, batch, update and transaction."""
    client, name = table.meta.client, table.name

    @settings(max_examples=40, deadline=None)
    @given(VALUES)
    def check(value: Any) -> None:
        item, key = {"PK": "p", "SK": "s", "value": value}, {"PK": "p", "SK": "s"}
        table.put_item(Item=item)
        assert table.get_item(Key=key)["Item"] == item
        assert table.query(KeyConditionExpression=Key("PK").eq("p"))["Items"] == [item]
        assert client.batch_get_item(RequestItems={name: {"Keys": [key]}})["Responses"][name] == [item]
        found = client.transact_get_items(TransactItems=[{"Get": {"TableName": name, "Key": key}}])[
            "Responses"
        ]
        assert found == [{"Item": item}]
        assert table.delete_item(Key=key, ReturnValues="ALL_OLD")["Attributes"] == item

    check()


CONDITIONS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda sk, a: sk == a,
    "lt": lambda sk, a: sk < a,
    "lte": lambda sk, a: sk <= a,
    "gt": lambda sk, a: sk > a,
    "gte": lambda sk, a: sk >= a,
    "begins_with": lambda sk, a: sk.startswith(a),
}


@settings(max_examples=25, deadline=None)
@given(
    stored=st.lists(KEYS, max_size=12),
    deleted=st.lists(KEYS, max_size=4),
    condition=st.sampled_from([*CONDITIONS, "between", None]),
    values=st.tuples(KEYS, KEYS),
    page=st.sampled_from([1, 2, 3, 50]),
    forward=st.booleans(),
    index=st.booleans(),
)
def test_queries_find_what_a_sorted_list_would(
    *,
    stored: list[tuple[str, str]],
    deleted: list[tuple[str, str]],
    condition: str | None,
    values: tuple[tuple[str, str], tuple[str, str]],
    page: int,
    forward: bool,
    index: bool,
) -> None:
    """For every condition, direction and page size, on table and index, with items overwritten and deleted."""
    moto_remedy.install()
    with mock_aws():
        table = make_table()
        names = ("TPK", "TSK") if index else ("PK", "SK")
        for pk, sk in stored:
            table.put_item(Item={"PK": pk, "SK": sk, "TPK": "old", "TSK": "old"})
            table.update_item(
                Key={"PK": pk, "SK": sk},
                UpdateExpression="SET TPK = :h, TSK = :r",
                ExpressionAttributeValues={":h": pk, ":r": sk},
            )
        for pk, sk in deleted:
            table.delete_item(Key={"PK": pk, "SK": sk})
        low, high = sorted(value[1] for value in values)
        wanted: Any = Key(names[0]).eq("a")
        live = sorted({sk for pk, sk in set(stored) - set(deleted) if pk == "a"})
        by_range = Key(names[1])
        if condition == "between":
            wanted, live = wanted & by_range.between(low, high), [sk for sk in live if low <= sk <= high]
        elif condition:
            wanted &= getattr(by_range, condition)(low)
            live = [sk for sk in live if CONDITIONS[condition](sk, low)]
        found: list[str] = []
        more: dict[str, Any] = {"IndexName": "byTime"} if index else {}
        for _ in range(20):
            answer = table.query(KeyConditionExpression=wanted, Limit=page, ScanIndexForward=forward, **more)
            found += [item["SK"] for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                break
            more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        assert found == (live if forward else live[::-1])
