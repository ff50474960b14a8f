"""DynamoDB's JSON passed through: the same on the wire and the same answers as botocore's own, errors included."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from zlib import crc32

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from chalicelib.storage.fast_client import OPERATIONS, pass_json_through

Answer = tuple[int, bytes, Mapping[str, str]]


class Raw:
    """A body as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> list[bytes]:
        """All of it."""
        return [self.content]


class StandIn:
    """A client whose DynamoDB is whatever function a test puts in ``answer``."""

    def __init__(self, *, fast: bool) -> None:
        session = boto3.session.Session("test", "test", region_name="eu-west-1")
        config = Config(parameter_validation=False, retries={"mode": "standard", "total_max_attempts": 1})
        client = session.client("dynamodb", config=config)
        client.meta.events.register("before-send.dynamodb", self._send)
        self.client = pass_json_through(client) if fast else client
        self.answer: Callable[[Any], Answer] = lambda _: (200, b"{}", {})

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        status, body, headers = self.answer(request)
        return AWSResponse(request.url, status, {"x-amzn-requestid": "r", **headers}, Raw(body))


@cache
def stand_in(*, fast: bool) -> StandIn:
    """One of each: making a client takes long."""
    return StandIn(fast=fast)


def client_with(answer: Callable[[Any], Answer]) -> Any:
    """The fast client, whose DynamoDB is this function."""
    stand_in(fast=True).answer = answer
    return stand_in(fast=True).client


def exchange(operation: str, parameters: Mapping[str, Any], answer: bytes, *, fast: bool) -> tuple[Any, Any]:
    """What went out (URL, target, content type, body) and what came back."""
    sent: list[Any] = []

    def record(request: Any) -> Answer:
        head = {name: request.headers[name] for name in ("X-Amz-Target", "Content-Type")}
        sent.append((request.url, head, json.loads(request.body)))
        return 200, answer, {"x-amz-crc32": str(crc32(answer))}

    stand_in(fast=fast).answer = record
    return sent, getattr(stand_in(fast=fast).client, operation)(**parameters)


LEAVES = (
    st.fixed_dictionaries({"S": st.text()})
    | st.fixed_dictionaries({"N": st.integers().map(str)})
    | st.fixed_dictionaries({"BOOL": st.booleans()})
    | st.just({"NULL": True})
    | st.fixed_dictionaries({"SS": st.lists(st.text(), min_size=1, unique=True)})
    | st.fixed_dictionaries({"B": st.binary()})
    | st.fixed_dictionaries({"BS": st.lists(st.binary(), min_size=1)})
)
NAMES = st.sampled_from(["PK", "B", "BS", "S", "M", "é", "TableName"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.fixed_dictionaries({"L": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"M": st.dictionaries(NAMES, inner, max_size=3)})
    ),
    max_leaves=8,
)
ITEMS = st.dictionaries(NAMES, VALUES, max_size=4)


def wire(items: Any) -> Any:
    """Items as DynamoDB writes them: botocore's own serialiser says it."""
    sent, _ = exchange("put_item", {"TableName": "t", "Item": items}, b"{}", fast=False)
    return sent[0][2]["Item"]


@settings(max_examples=60, deadline=None)
@given(ITEMS, ITEMS)
def test_items_go_and_come_as_ever(going: dict[str, Any], coming: dict[str, Any]) -> None:
    """Any item, binary values and awkward names among them: botocore and we say and hear the same."""
    answer = json.dumps({"Attributes": wire(coming), "ConsumedCapacity": {"CapacityUnits": 1.5}}).encode()
    request = {"TableName": "t", "Item": going, "ReturnValues": "ALL_OLD"}
    plain = exchange("put_item", request, answer, fast=False)
    fast = exchange("put_item", request, answer, fast=True)
    assert fast == plain
    assert fast[1]["Attributes"] == coming


KEY = {"PK": {"S": "a"}, "SK": {"S": "b"}}
REQUESTS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "batch_get_item": (
        {"RequestItems": {"t": {"Keys": [KEY], "ConsistentRead": True}}},
        {"Responses": {"t": [KEY]}, "UnprocessedKeys": {"t": {"Keys": [KEY]}}},
    ),
    "batch_write_item": (
        {"RequestItems": {"t": [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}]}},
        {"UnprocessedItems": {"t": [{"DeleteRequest": {"Key": KEY}}]}},
    ),
    "delete_item": ({"TableName": "t", "Key": KEY}, {}),
    "get_item": ({"TableName": "t", "Key": KEY}, {"Item": KEY}),
    "put_item": ({"TableName": "t", "Item": KEY}, {}),
    "query": (
        {
            "TableName": "t",
            "KeyConditionExpression": "PK = :pk",
            "ExpressionAttributeValues": {":pk": {"S": "a"}},
            "ExclusiveStartKey": KEY,
            "Limit": 5,
        },
        {"Items": [KEY], "Count": 1, "ScannedCount": 7, "LastEvaluatedKey": KEY},
    ),
    "scan": ({"TableName": "t"}, {"Items": [], "Count": 0, "ScannedCount": 0}),
    "transact_get_items": (
        {"TransactItems": [{"Get": {"TableName": "t", "Key": KEY}}]},
        {"Responses": [{"Item": KEY}, {}]},
    ),
    "transact_write_items": (
        {"TransactItems": [{"Delete": {"TableName": "t", "Key": KEY}}], "ClientRequestToken": "once"},
        {},
    ),
    "update_item": (
        {"TableName": "t", "Key": KEY, "UpdateExpression": "REMOVE x", "ReturnValues": "ALL_NEW"},
        {"Attributes": KEY},
    ),
}


@pytest.mark.parametrize("operation", REQUESTS)
def test_each_operation(operation: str) -> None:
    """Every operation on items goes out and comes back as botocore's own does."""
    parameters, answer = REQUESTS[operation]
    body = json.dumps(answer).encode()
    assert exchange(operation, parameters, body, fast=True) == exchange(
        operation, parameters, body, fast=False
    )


def test_all_operations_are_tested() -> None:
    """The list above is the list there."""
    names = {name.title().replace("_", "") for name in REQUESTS}
    assert names == OPERATIONS


def test_a_transaction_keeps_its_token() -> None:
    """Botocore makes an idempotency token where none is given, and it goes over the wire."""
    sent, _ = exchange("transact_write_items", {"TransactItems": []}, b"{}", fast=True)
    assert len(sent[0][2]["ClientRequestToken"]) == 36


def test_other_operations_are_left_alone() -> None:
    """A table's creation is still a time."""
    table = json.dumps({"Table": {"TableName": "t", "CreationDateTime": 1772438401.5}}).encode()
    plain = exchange("describe_table", {"TableName": "t"}, table, fast=False)
    assert exchange("describe_table", {"TableName": "t"}, table, fast=True) == plain
    assert plain[1]["Table"]["CreationDateTime"].year == 2026


@pytest.mark.parametrize(
    ("body", "field", "expected"),
    [
        (
            {
                "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
                "Message": "no",
                "Item": KEY,
            },
            "Item",
            KEY,
        ),
        (
            {
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "Message": "no",
                "CancellationReasons": [
                    {"Code": "None"},
                    {"Code": "ConditionalCheckFailed", "Message": "no", "Item": KEY},
                ],
            },
            "CancellationReasons",
            [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Message": "no", "Item": KEY}],
        ),
    ],
)
def test_errors_are_parsed_as_ever(body: Mapping[str, Any], field: str, expected: Any) -> None:
    """A failed condition says what stands there; a cancelled transaction says which of its parts failed."""
    client = client_with(lambda _: (400, json.dumps(body).encode(), {}))
    with pytest.raises(ClientError) as caught:
        client.put_item(TableName="t", Item=KEY)
    response: Mapping[str, Any] = caught.value.response
    assert response["Error"]["Code"] == str(body["__type"]).split("#")[1]
    assert response[field] == expected


@pytest.mark.parametrize("body", [b"", b'{"Item": {"PK": {"S', b"[]", b"<html>"])
def test_a_broken_success_is_no_empty_answer(body: bytes) -> None:
    """Botocore would take it for "no such item"; here it is an error, and the queue tries again."""
    client = client_with(lambda _: (200, body, {}))
    with pytest.raises(ResponseParserError):
        client.get_item(TableName="t", Key=KEY)


def test_a_damaged_success_is_an_error() -> None:
    """The CRC32 that DynamoDB sends is held."""
    client = client_with(lambda _: (200, b'{"Item": {}}', {"x-amz-crc32": "1"}))
    with pytest.raises(ResponseParserError):
        client.get_item(TableName="t", Key=KEY)


def test_a_retry_sends_the_same() -> None:
    """Botocore's own retries go on working, with the same body."""
    session = boto3.session.Session("test", "test", region_name="eu-west-1")
    config = Config(parameter_validation=False, retries={"mode": "standard", "total_max_attempts": 2})
    client = pass_json_through(session.client("dynamodb", config=config))
    bodies: list[bytes] = []

    def fail_once(request: Any, **_: Any) -> AWSResponse:
        bodies.append(request.body)
        return AWSResponse(request.url, 500 if len(bodies) == 1 else 200, {}, Raw(b"{}"))

    client.meta.events.register("before-send.dynamodb", fail_once)
    client.put_item(TableName="t", Item=KEY)
    assert json.loads(bodies[0]) == {"TableName": "t", "Item": KEY}
    assert bodies[0] == bodies[1]


def test_the_endpoint_is_the_regions() -> None:
    """Without botocore's rules, which would lead there, too: were their place another, nothing would be saved."""
    asked: list[tuple[str, str]] = []

    def note(request: Any) -> Answer:
        scope = request.headers["Authorization"].decode().partition("/")[2].partition(",")[0]
        asked.append((request.url, scope.partition("/")[2]))
        return 200, b"{}", {}

    for fast in (False, True):
        stand_in(fast=fast).answer = note
        stand_in(fast=fast).client.get_item(TableName="t", Key=KEY)
    assert asked == [("https://dynamodb.eu-west-1.amazonaws.com/", "eu-west-1/dynamodb/aws4_request")] * 2
    assert stand_in(fast=False).client._ruleset_resolver is not None
    assert stand_in(fast=True).client._ruleset_resolver is None


def test_registering_twice_is_once() -> None:
    """A client may be made fast by whoever gets it."""
    client = pass_json_through(client_with(lambda _: (200, b'{"Item": {"B": {"B": "AA=="}}}', {})))
    assert client.get_item(TableName="t", Key=KEY)["Item"] == {"B": {"B": b"\x00"}}


@mock_aws
def test_against_moto() -> None:
    """A stand-in for DynamoDB that parses what we write, conditions and transactions included."""
    session = boto3.session.Session("test", "test", region_name="eu-west-1")
    client = pass_json_through(session.client("dynamodb", config=Config(parameter_validation=False)))
    client.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"PK": {"S": "é"}, "raw": {"B": b"\x00\xff"}, "n": {"N": "1"}}
    client.put_item(TableName="t", Item=item)
    assert client.get_item(TableName="t", Key={"PK": {"S": "é"}})["Item"] == item
    absent = {"TableName": "t", "Item": item, "ConditionExpression": "attribute_not_exists(PK)"}
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as failed:
        client.put_item(**absent, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert failed.value.response["Item"] == item
    with pytest.raises(client.exceptions.TransactionCanceledException) as canceled:
        client.transact_write_items(TransactItems=[{"Put": absent}])
    assert canceled.value.response["CancellationReasons"][0]["Code"] == "ConditionalCheckFailed"
