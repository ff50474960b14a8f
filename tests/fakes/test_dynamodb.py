"""What the in-memory DynamoDB is beyond a DynamoDB: snapshots, isolation, threads, lag, and that it tells what it touched."""

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from devstack import resources
from tests.fakes.clock import FakeClock
from tests.fakes.dynamodb import FakeDynamoDB, IndexWrite, Read, Touched, Write
from tests.fakes.dynamodb.lexer import reserved_words

TABLE = resources.PREFIX


def table(clock: FakeClock | None = None, *, index_lag: float = 0.0) -> FakeDynamoDB:
    """A fake with the stage's table."""
    fake = FakeDynamoDB(clock, index_lag=index_lag)
    resources._make_table(fake)
    return fake


def key(sort: str = "s", partition: str = "p") -> dict[str, Any]:
    """A key."""
    return {"PK": {"S": partition}, "SK": {"S": sort}}


def log(fake: FakeDynamoDB) -> list[str]:
    """The sort keys in the index."""
    answer = fake.query(
        TableName=TABLE,
        IndexName="byTime",
        KeyConditionExpression="TPK = :p",
        ExpressionAttributeValues={":p": {"S": "log"}},
    )
    return [item["SK"]["S"] for item in answer["Items"]]


def test_nothing_that_callers_hold_is_what_is_stored() -> None:
    """Whoever changes what they put in or got out changes nothing in the table."""
    fake = table()
    item: dict[str, Any] = {**key(), "m": {"M": {"l": {"L": [{"N": "1"}]}}}, "ss": {"SS": ["a"]}}
    fake.put_item(TableName=TABLE, Item=item)
    item["m"]["M"]["l"]["L"].append({"N": "2"})
    item["ss"]["SS"].append("b")
    found = fake.get_item(TableName=TABLE, Key=key())["Item"]
    found["m"]["M"]["l"]["L"][0]["N"] = "3"
    found["ss"]["SS"].clear()
    again = fake.get_item(TableName=TABLE, Key=key())["Item"]
    assert again == {**key(), "m": {"M": {"l": {"L": [{"N": "1"}]}}}, "ss": {"SS": ["a"]}}


def test_an_update_leaves_earlier_answers_and_snapshots_alone() -> None:
    """Also where a value is shared by two attributes."""
    fake = table()
    fake.put_item(TableName=TABLE, Item={**key(), "m": {"M": {"a": {"N": "1"}}}})
    before = fake.snapshot()
    copy_it = {"UpdateExpression": "SET n = m", "TableName": TABLE, "Key": key()}
    fake.update_item(**copy_it)
    change = {"UpdateExpression": "SET m.a = :v", "ExpressionAttributeValues": {":v": {"N": "2"}}}
    fake.update_item(TableName=TABLE, Key=key(), **change)
    assert fake.get_item(TableName=TABLE, Key=key())["Item"]["n"] == {"M": {"a": {"N": "1"}}}
    fake.restore(before)
    assert fake.get_item(TableName=TABLE, Key=key())["Item"] == {**key(), "m": {"M": {"a": {"N": "1"}}}}


class Snapshots(RuleBasedStateMachine):
    """Writes, snapshots and restores in any order, against plain dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.fake = table()
        self.model: dict[str, dict[str, Any]] = {}
        self.kept: list[tuple[Any, dict[str, dict[str, Any]]]] = []

    @rule(sort=st.sampled_from("abc"), number=st.integers(0, 9), logged=st.booleans())
    def put(self, sort: str, number: int, logged: bool) -> None:
        """Put an item, in the index or not."""
        index = {"TPK": {"S": "log"}, "TSK": {"S": str(number)}} if logged else {}
        self.model[sort] = {**key(sort), "n": {"N": str(number)}, **index}
        self.fake.put_item(TableName=TABLE, Item=self.model[sort])

    @rule(sort=st.sampled_from("abc"))
    def delete(self, sort: str) -> None:
        """Delete an item that may be there."""
        self.model.pop(sort, None)
        self.fake.delete_item(TableName=TABLE, Key=key(sort))

    @rule()
    def snapshot(self) -> None:
        """Keep what is."""
        self.kept.append((self.fake.snapshot(), dict(self.model)))

    @rule(which=st.integers(0, 9))
    def restore(self, which: int) -> None:
        """Go back, or forth, to one that was kept."""
        if self.kept:
            snapshot, model = self.kept[which % len(self.kept)]
            self.fake.restore(snapshot)
            self.model = dict(model)

    def teardown(self) -> None:
        """All that is kept is as it was kept."""
        for snapshot, model in [*self.kept, (self.fake.snapshot(), self.model)]:
            self.fake.restore(snapshot)
            assert {item["SK"]["S"]: item for item in self.fake.items(TABLE)} == model
            logged = [item for item in model.values() if "TPK" in item]
            assert log(self.fake) == [
                item["SK"]["S"]
                for item in sorted(logged, key=lambda item: (item["TSK"]["S"], item["SK"]["S"]))
            ]


TestSnapshots = Snapshots.TestCase
TestSnapshots.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)


def test_a_snapshot_holds_tokens_too() -> None:
    """A transaction of a run that is played again is done again, though its token is the same."""
    fake = table()
    before = fake.snapshot()
    operation = {"TableName": TABLE, "Key": key(), "UpdateExpression": "ADD n :one"}
    operation |= {"ExpressionAttributeValues": {":one": {"N": "1"}}}
    for _ in range(2):
        fake.restore(before)
        for _ in range(2):
            fake.transact_write_items(TransactItems=[{"Update": operation}], ClientRequestToken="token")
        assert fake.get_item(TableName=TABLE, Key=key())["Item"]["n"] == {"N": "1"}


def test_a_token_is_good_for_ten_minutes() -> None:
    """Then it is a new request's."""
    clock = FakeClock()
    fake = table(clock)
    operation = {"TableName": TABLE, "Key": key(), "UpdateExpression": "ADD n :one"}
    operation |= {"ExpressionAttributeValues": {":one": {"N": "1"}}}
    for seconds, expected in ((0, "1"), (600, "1"), (1, "2")):
        clock.advance(seconds)
        fake.transact_write_items(TransactItems=[{"Update": operation}], ClientRequestToken="token")
        assert fake.get_item(TableName=TABLE, Key=key())["Item"]["n"] == {"N": expected}


def test_an_index_can_be_late() -> None:
    """It shows a write after the lag, in the order of the writes; the table shows it at once."""
    clock = FakeClock()
    fake = table(clock, index_lag=2)
    logged = {"TPK": {"S": "log"}, "TSK": {"S": "1"}}
    fake.put_item(TableName=TABLE, Item={**key("a"), **logged})
    clock.advance(1)
    fake.put_item(TableName=TABLE, Item={**key("b"), **logged})
    fake.delete_item(TableName=TABLE, Key=key("a"))
    seen = [log(fake)]
    for _ in range(2):
        clock.advance(1)
        seen.append(log(fake))
    assert seen == [[], ["a"], ["b"]]
    assert [item["SK"]["S"] for item in fake.items(TABLE)] == ["b"]


def test_threads_do_not_lose_each_others_writes() -> None:
    """Eight threads that each add one a hundred times make eight hundred."""
    fake = table()

    def add() -> None:
        for _ in range(100):
            fake.update_item(
                TableName=TABLE,
                Key=key(),
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fake.get_item(TableName=TABLE, Key=key())["Item"]["n"] == {"N": "800"}


def test_what_the_fake_does_not_know_is_never_passed_over() -> None:
    """A parameter beyond it stops the test instead of being ignored."""
    fake = table()
    with pytest.raises(TypeError, match="Expected"):
        fake.put_item(TableName=TABLE, Item=key(), Expected={})
    with pytest.raises(ValueError, match="ALL"):
        fake.create_table(
            TableName="t",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
            GlobalSecondaryIndexes=[
                {"IndexName": "i", "KeySchema": [], "Projection": {"ProjectionType": "KEYS_ONLY"}}
            ],
        )


def test_errors_are_those_of_a_boto3_client() -> None:
    """By class, by code, and with the item beside them."""
    fake = table()
    fake.put_item(TableName=TABLE, Item=key())
    with pytest.raises(fake.exceptions.ConditionalCheckFailedException) as caught:
        fake.put_item(
            TableName=TABLE,
            Item=key(),
            ConditionExpression="attribute_not_exists(PK)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.operation_name == "PutItem"
    assert caught.value.response["Item"] == key()  # type: ignore[typeddict-item]  # botocore's stubs name none of the members
    with pytest.raises(fake.exceptions.ResourceInUseException):
        fake.create_table(TableName=TABLE)


@pytest.fixture
def told() -> tuple[FakeDynamoDB, list[Touched]]:
    """A table with one item of 100 bytes in the index, and what it tells from now on."""
    fake = table()
    item = {**key(), "TPK": {"S": "log"}, "TSK": {"S": "1"}, "x": {"S": ""}}
    fake.put_item(TableName=TABLE, Item={**item, "x": {"S": "x" * (100 - 17)}})
    touched: list[Touched] = []
    fake.observe(touched.append)
    return fake, touched


def test_tells_what_it_read(told: tuple[FakeDynamoDB, list[Touched]]) -> None:
    """Sizes in bytes, 0 for what is not there; a query's items together."""
    fake, touched = told
    fake.get_item(TableName=TABLE, Key=key(), ConsistentRead=True)
    fake.get_item(TableName=TABLE, Key=key("none"))
    assert log(fake) == ["s"]
    assert [each.reads for each in touched] == [
        (Read((100,), consistent=True),),
        (Read((0,)),),
        (Read((100,), together=True),),
    ]


def test_tells_what_it_wrote(told: tuple[FakeDynamoDB, list[Touched]]) -> None:
    """The item and its entry in the index, before and after; a failed condition what it would have written."""
    fake, touched = told
    change: dict[str, Any] = {
        "TableName": TABLE,
        "Key": key(),
        "ExpressionAttributeValues": {":v": {"S": "22"}},
    }
    with pytest.raises(fake.exceptions.ConditionalCheckFailedException):
        fake.update_item(
            **change, UpdateExpression="SET TSK = :v", ConditionExpression="attribute_exists(nope)"
        )
    fake.update_item(**change, UpdateExpression="SET TSK = :v")
    fake.transact_write_items(TransactItems=[{"Delete": {"TableName": TABLE, "Key": key()}}])
    assert [each.writes for each in touched] == [
        (Write(100, 101),),
        (Write(100, 101, (IndexWrite(100, 101, moved=True),)),),
        (Write(101, None, (IndexWrite(101, None),)),),
    ]
    assert [each.transactional for each in touched] == [False, False, True]


def test_knows_the_reserved_words() -> None:
    """All 573 of the developer guide."""
    assert len(reserved_words()) == 573
    assert {"STATUS", "NAME", "SIZE", "TTL"} <= reserved_words()


@given(st.sampled_from(sorted(reserved_words())), st.booleans())
def test_no_reserved_word_stands_in_an_expression(word: str, lower: bool) -> None:
    """In whatever case; through a placeholder each can be used."""
    fake = table()
    name = word.lower() if lower else word.title()
    with pytest.raises(fake.exceptions.ClientError, match="ValidationException"):
        fake.get_item(TableName=TABLE, Key=key(), ProjectionExpression=name)
    fake.get_item(
        TableName=TABLE, Key=key(), ProjectionExpression="#n", ExpressionAttributeNames={"#n": name}
    )
