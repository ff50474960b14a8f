"""A process dies where the plan says, stays dead, and its last request counts or not as it should."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.aws import (
    Crash,
    CrashPlan,
    FakeClock,
    FaultyClient,
    InMemoryCloud,
    Moment,
    MortalCloud,
    Point,
    every_point,
)


def stage(*points: Point) -> tuple[InMemoryCloud, CrashPlan, Any]:
    """A cloud with one queue, and a mortal client of it."""
    cloud = InMemoryCloud(FakeClock())
    url = cloud.sqs.create_queue(QueueName="q")["QueueUrl"]
    plan = CrashPlan(*points)
    client = MortalCloud(cloud, plan).client("sqs")
    return cloud, plan, lambda: client.send_message(QueueUrl=url, MessageBody="m")


def waiting(cloud: InMemoryCloud) -> int:
    """How many messages lie in the queue."""
    return len(cloud.sqs.messages(cloud.sqs.get_queue_url(QueueName="q")["QueueUrl"]))


@pytest.mark.parametrize(("moment", "arrived"), [(Moment.BEFORE, 1), (Moment.AFTER, 2)])
def test_dies_at_the_point(moment: Moment, arrived: int) -> None:
    """Before it is sent a request has no effect; after it was answered it has, though nobody saw the answer."""
    cloud, plan, send = stage(Point(1, moment))
    send()
    with pytest.raises(Crash):
        send()
    assert waiting(cloud) == arrived
    assert plan.deaths == [Point(1, moment)]


def test_a_dead_process_sends_nothing_until_another_takes_over() -> None:
    """A ``finally`` or another thread of the dead process cannot go on; its requests are not counted."""
    cloud, plan, send = stage(Point(0, Moment.BEFORE))
    for _ in range(2):
        with pytest.raises(Crash):
            send()
    plan.restart()
    send()
    assert waiting(cloud) == 1
    assert plan.requests == ["sqs.send_message", "sqs.send_message"]


def test_a_crash_is_no_exception_that_code_could_catch() -> None:
    """``except Exception`` does not see it."""
    assert not issubclass(Crash, Exception)


def test_dies_after_an_error_too() -> None:
    """An error is an answer: who dies when it came never sees it."""
    plan = CrashPlan(Point(1, Moment.AFTER))
    client = FaultyClient(InMemoryCloud(FakeClock()).sqs, plan)
    with pytest.raises(ClientError):
        client.get_queue_url(QueueName="none")
    with pytest.raises(Crash):
        client.get_queue_url(QueueName="none")


def test_what_is_no_request_passes_by_the_plan() -> None:
    """Tests may look into a fake, and code into ``exceptions``, without a number."""
    cloud = InMemoryCloud(FakeClock())
    plan = CrashPlan(Point(0, Moment.BEFORE))
    client = FaultyClient(cloud.dynamodb, plan)
    assert client.exceptions is cloud.dynamodb.exceptions
    client.snapshot()
    assert plan.requests == []


def test_every_point_of_a_run() -> None:
    """Each request is two points."""
    assert every_point(2) == [Point(n, moment) for n in (0, 1) for moment in (Moment.BEFORE, Moment.AFTER)]
    assert every_point(["dynamodb.get_item"]) == every_point(1)
