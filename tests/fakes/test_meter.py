"""The meter counts each request that goes over the wire, once, for whoever asks; its units are held by the contract."""

import threading
from typing import Any

import pytest

from benchmarks.capacity import Units
from benchmarks.meter import Meter, Tally, Use
from devstack import resources
from tests.fakes.aws import CrashPlan, FakeClock, FaultyClient, InMemoryCloud
from tests.fakes.client_errors import client_error

TABLE = resources.PREFIX


def key(sort: str) -> dict[str, Any]:
    """A key."""
    return {"PK": {"S": "p"}, "SK": {"S": sort}}


def test_clients_share_a_tally() -> None:
    """By service and request; the difference of two readings is what happened between."""
    cloud, tally = InMemoryCloud(FakeClock()), Tally()
    environ = cloud.make_stage()
    dynamodb, sqs = Meter(cloud.dynamodb, tally), Meter(cloud.sqs, tally)
    sqs.send_message(QueueUrl=environ["ENVOI_JOBS_QUEUE_URL"], MessageBody="m")
    earlier = tally.usage
    sqs.send_message(QueueUrl=environ["ENVOI_JOBS_QUEUE_URL"], MessageBody="m")
    for _ in range(2):
        dynamodb.put_item(TableName=TABLE, Item=key("a"))
    used = tally.usage - earlier
    assert used.by_request == {"sqs.send_message": Use(1), "dynamodb.put_item": Use(2, Units(write=2))}
    assert (used.total, used.of("sqs")) == (Use(3, Units(write=2)), Use(1))
    assert (tally.usage - tally.usage).by_request == {}


def test_what_goes_past_the_meter_is_not_counted() -> None:
    """A test may prepare and look at the table itself."""
    cloud = InMemoryCloud(FakeClock())
    cloud.make_stage()
    meter = Meter(cloud.dynamodb)
    cloud.dynamodb.put_item(TableName=TABLE, Item=key("a"))
    assert list(meter.items(TABLE)) == [key("a")]
    assert meter.tally.usage.total == Use()


def test_a_refused_request_is_a_request() -> None:
    """Without units if it could not be carried out at all, with them if its condition failed."""
    cloud = InMemoryCloud(FakeClock())
    cloud.make_stage()
    meter = Meter(cloud.dynamodb)
    with pytest.raises(meter.exceptions.ClientError):
        meter.get_item(TableName=TABLE, Key={})
    assert meter.tally.usage.total == Use(1)
    with pytest.raises(meter.exceptions.ConditionalCheckFailedException):
        meter.put_item(TableName=TABLE, Item=key("a"), ConditionExpression="attribute_exists(PK)")
    assert meter.tally.usage.total == Use(2, Units(write=1))


def test_counts_what_a_dying_process_had_done() -> None:
    """Around a mortal client too: the fake below it tells what was touched."""
    cloud = InMemoryCloud(FakeClock())
    cloud.make_stage()
    plan = CrashPlan()
    meter = Meter(FaultyClient(cloud.dynamodb, plan))
    meter.put_item(TableName=TABLE, Item=key("a"))
    assert meter.tally.usage.by_request == {"dynamodb.put_item": Use(1, Units(write=1))}
    assert plan.requests == ["dynamodb.put_item"]


class _Retried:
    """A client whose second answer came at the third attempt."""

    operations = frozenset({"get_rule", "put_rule"})
    service = "events"

    def get_rule(self) -> dict[str, Any]:
        """An answer after two retries."""
        return {"ResponseMetadata": {"RetryAttempts": 2}}

    def put_rule(self) -> dict[str, Any]:
        """A refusal after one retry."""
        error = client_error("Throttled", "", "PutRule")
        error.response["ResponseMetadata"]["RetryAttempts"] = 1
        raise error


def test_retries_are_requests() -> None:
    """Botocore tells how many there were, in answers and errors."""
    meter = Meter(_Retried())
    meter.get_rule()
    with pytest.raises(Exception, match="Throttled"):
        meter.put_rule()
    assert meter.tally.usage.by_request == {"events.get_rule": Use(3), "events.put_rule": Use(2)}


def test_threads_are_counted_apart_and_together() -> None:
    """Nothing is lost and nothing counted twice."""
    cloud = InMemoryCloud(FakeClock())
    cloud.make_stage()
    meter = Meter(cloud.dynamodb)

    def work(name: str) -> None:
        for number in range(50):
            meter.put_item(TableName=TABLE, Item=key(f"{name}{number}"))

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.tally.usage.total == Use(200, Units(write=200))
