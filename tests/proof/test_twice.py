"""SQS, the schedule and workers do everything twice: together, one after the other, or after a long pause. Nobody gets two."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import pytest

from tests.proof.company import company
from tests.proof.crashes import requests_of
from tests.proof.incidents import Fate, Incident, Kind
from tests.proof.network import Answer, Exchange
from tests.proof.outcomes import over
from tests.proof.plays import small_steps
from tests.proof.stage import HOUR

T = TypeVar("T")
CALL = "deliver sesv2.send_bulk_email"
TICKS = 8


class Meanwhile(Fate):
    """When the request of this number was answered, something else happens before its caller goes on."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.act: Callable[[], object] = lambda: None
        self._number: int | None = number

    def carry_out(self, request: str, send: Callable[[], T]) -> T:
        """Send it."""
        is_mine = self._number == len(self.requests)
        answer = super().carry_out(request, send)
        if is_mine:
            self._number = None
            self.happened.append(request)
            self.act()
        return answer


class Copying(Fate):
    """Whatever is put on a queue lies there three times."""

    def carry_out(self, request: str, send: Callable[[], T]) -> T:
        """Send it."""
        for _ in range(2 if "sqs.send_message" in request else 0):
            self.happened.append(request)
            send()
        return super().carry_out(request, send)


def first_claim() -> int:
    """The number of the request that claims the first chunk: the last one before its call."""
    return requests_of("send").index(CALL) - 1


def of_the_first_message() -> Sequence[int]:
    """The numbers of all requests that the first message of the send queue makes."""
    requests = requests_of("send")
    call = requests.index(CALL)
    first = max(number for number in range(call) if not requests[number].startswith("deliver")) + 1
    after = next(
        number for number in range(call, len(requests)) if not requests[number].startswith("deliver")
    )
    return range(first, after)


def number_of(request: str, nth: int) -> int:
    """Of the requests with this name the one in this place, from 0."""
    return [number for number, each in enumerate(requests_of("send")) if each == request][nth]


def test_a_chunk_comes_to_two_workers_at_the_same_moment() -> None:
    """At each request of the one the other does all of it: before the claim, at it, at the call and at the end."""
    numbers = of_the_first_message()
    assert requests_of("send")[numbers[-2]] == CALL
    for number in numbers:
        stage = company().stage(plan=Fate(Incident(number, Kind.TWIN)))
        assert over(stage, company()) == [], requests_of("send")[number]
        assert stage.plan.happened


def test_every_message_comes_three_times() -> None:
    """SQS promises at least once: chunks and jobs, in any order."""
    stage = company().stage(plan=Copying(), shuffled=True)
    assert over(stage, company()) == []
    assert len(stage.plan.happened) >= requests_of("send").count(CALL)


@pytest.mark.parametrize("seconds", [9, 11, 100])
def test_a_chunk_comes_again_while_its_call_is_under_way(seconds: int) -> None:
    """A slow answer, before and past ``callBy``: neither another worker nor the sweep touches what is claimed."""
    stage = company().stage()

    def slow(exchange: Exchange) -> Answer:
        stage.clock.advance(seconds)
        stage.plan.twin()
        stage.call("sweep")
        return exchange.arrive()

    stage.network.climate = slow
    assert over(stage, company()) == []


@pytest.mark.parametrize("pause", [timedelta(seconds=11), timedelta(minutes=16), timedelta(hours=7)])
def test_a_worker_that_was_stopped_after_its_claim_does_not_call(pause: timedelta) -> None:
    """Past ``callBy`` others may have decided; after seven hours they have, and sent it again: the one that wakes gives up."""
    plan = Meanwhile(first_claim())
    stage = company().stage(plan=plan)

    def stopped() -> None:
        stage.clock.advance(pause.total_seconds())
        stage.topic.publish(stage.heartbeat)
        stage.topic.deliver_one()
        stage.plan.twin()
        stage.call("sweep")
        stage.drain()

    plan.act = stopped
    assert over(stage, company()) == []
    assert plan.happened == ["deliver dynamodb.update_item"]


def test_every_tick_comes_twice_in_one_second() -> None:
    """One after the other: the portion of the hour is granted once."""
    stage = company().stage()
    with small_steps():
        for _ in range(TICKS):
            stage.call("release")
            stage.call("sweep")
            stage.live(HOUR)
    assert over(stage, company()) == []


TICK_WRITES = [
    *(
        ("release dynamodb.transact_write_items", nth) for nth in (0, 1, 2, 3)
    ),  # steps of the freeze, then the grant
    *(("release dynamodb.put_item", nth) for nth in (0, 2, 4)),  # versions, runs and plans
    *(("release dynamodb.update_item", nth) for nth in (2, 3)),  # from Pending to In Process
    ("release sqs.send_message", 0),
    ("release sqs.send_message_batch", 0),
]
JOB_WRITES = [
    *(("work dynamodb.transact_write_items", nth) for nth in (0, 2, 5)),
    *(("work dynamodb.put_item", nth) for nth in (0, 3)),
]


@pytest.mark.parametrize(("request_name", "nth"), TICK_WRITES)
def test_two_ticks_at_once(request_name: str, nth: int) -> None:
    """At a write of the one the other does all of it: the freeze, the grant, the queue."""
    stage = company().stage(plan=Fate(Incident(number_of(request_name, nth), Kind.TWIN)))
    assert over(stage, company()) == []
    assert stage.plan.happened


@pytest.mark.parametrize("other", ["work", "release"])
@pytest.mark.parametrize(("request_name", "nth"), JOB_WRITES)
def test_two_freezers_at_once(request_name: str, nth: int, other: str) -> None:
    """At a write of a freezing job another worker does all of it, or a tick comes."""
    stage = company().stage(plan=Fate(Incident(number_of(request_name, nth), Kind.TWIN)))
    if other == "release":
        stage.plan.twin = lambda: stage.call("release")
    assert over(stage, company()) == []
    assert stage.plan.happened
