"""The pump plays EventBridge, SQS and SNS: who is called when, what comes again, and what ends as a dead letter."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.settings import Environment
from devstack import moto_clock
from devstack.clock import MovableClock
from devstack.pump import Pump
from devstack.resources import MAX_RECEIVE_COUNT, REGION, VISIBILITY_SECONDS, make_resources
from devstack.schedules import Schedules

Function = Callable[[Mapping[str, Any]], Any]


def nothing(_event: Mapping[str, Any]) -> None:
    """What a function does that the test says nothing of."""


class Stage:
    """Queues of moto, and functions of the test's own: each by its name, doing nothing at first."""

    def __init__(self) -> None:
        self.clock = MovableClock()
        self.environment = Environment.from_env(make_resources({}))
        session = boto3.Session("local", "local", region_name=REGION)
        self.sqs = session.client("sqs")
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self.functions: dict[str, Function] = {}
        self.accepted = 0
        self.rule: str | None = "rate(1 hour)"
        names = frozenset({"release", "sweep", "sync_lists"})
        self.schedules = Schedules(self.clock, lambda: self.rule, names)
        self.failed: list[str] = []
        self.pump = Pump(
            clock=self.clock,
            call=self._call,
            environment=self.environment,
            sqs=self.sqs,
            schedules=self.schedules,
            accepted=lambda: self.accepted,
            say=lambda name, error: self.failed.append(f"{name} {error}"),
        )

    def _call(self, name: str, event: Mapping[str, Any]) -> Any:
        self.calls.append((name, event))
        function: Function = self.functions.get(name, nothing)
        return function(event)

    def send(self, body: object, *, delay: int = 0) -> None:
        """Put a message on the send queue."""
        self.sqs.send_message(
            QueueUrl=self.environment.send_queue_url, MessageBody=json.dumps(body), DelaySeconds=delay
        )

    def called(self) -> Counter[str]:
        """How often each function was called."""
        return Counter(name for name, _ in self.calls)

    def dead(self, url: str) -> list[str]:
        """The bodies of the dead letters there."""
        return [message["Body"] for message in self.sqs.receive_message(QueueUrl=url).get("Messages", [])]


@pytest.fixture
def stage() -> Iterator[Stage]:
    with mock_aws():
        made = Stage()
        with moto_clock.following(made.clock):
            yield made
        made.sqs.close()


def fails(_event: Mapping[str, Any]) -> None:
    raise RuntimeError("as asked")


def test_a_tick_releases_sends_and_sweeps(stage: Stage) -> None:
    """What release queues is delivered in the same tick, and the answer counts it."""

    def release(_event: Mapping[str, Any]) -> dict[str, int]:
        stage.send({"chunk": 1})
        stage.send({"chunk": 2})
        return {"frozen": 1, "released": 100}

    def deliver(event: Mapping[str, Any]) -> None:
        stage.accepted += 50
        stage.pump.topic.publish({"eventType": "Send", "of": event["Records"][0]["body"]})

    stage.functions |= {"release": release, "deliver": deliver}
    before = stage.clock.now()
    answer = stage.pump.tick(3_600)
    assert stage.clock.now() - before >= timedelta(hours=1)
    assert (answer["frozen"], answer["released"], answer["delivered"]) == (1, 100, 100)
    assert (answer["events"], answer["queuesLeft"], answer["failures"]) == (2, 0, [])
    assert stage.called() == {"release": 1, "deliver": 2, "feedback": 2, "sweep": 1}


def test_events_look_as_lambda_gets_them(stage: Stage) -> None:
    """One SQS record with its body and count of receipts; one SNS record with the SES event as text."""
    stage.send({"massEmailId": "1"})
    stage.pump.topic.publish({"eventType": "Send", "name": "é"})
    stage.pump.tick()
    events = dict(stage.calls)
    [queued] = events["deliver"]["Records"]
    assert json.loads(queued["body"]) == {"massEmailId": "1"}
    assert queued["attributes"]["ApproximateReceiveCount"] == "1"
    assert queued["eventSourceARN"].endswith(":envoi-dev-send")
    [published] = events["feedback"]["Records"]
    assert json.loads(published["Sns"]["Message"]) == {"eventType": "Send", "name": "é"}
    assert published["Sns"]["TopicArn"] == stage.environment.feedback_topic_arn
    assert events["release"]["detail-type"] == "Scheduled Event"


def test_a_failed_message_comes_again_after_its_visibility_time_out(stage: Stage) -> None:
    """Not in the same tick; in a later one; and after the last attempt it is a dead letter."""
    stage.functions["deliver"] = fails
    stage.send({"chunk": 1})
    answer = stage.pump.tick()
    assert answer["queuesLeft"] == 1
    assert answer["failures"] == ["deliver: RuntimeError"]
    assert stage.failed == ["deliver as asked"]
    for attempt in range(2, MAX_RECEIVE_COUNT + 1):
        stage.pump.tick(VISIBILITY_SECONDS["send"] + 1)
        assert stage.called()["deliver"] == attempt
    assert stage.pump.tick(VISIBILITY_SECONDS["send"] + 1)["queuesLeft"] == 0
    assert stage.called()["deliver"] == MAX_RECEIVE_COUNT
    assert stage.dead(stage.environment.send_dead_letter_url) == ['{"chunk": 1}']


def test_a_tick_waits_for_messages_that_are_delayed_a_little(stage: Stage) -> None:
    """The clock moves on to them; those that are far off are left."""
    stage.send({"chunk": 1}, delay=30)
    stage.send({"chunk": 2}, delay=900)
    answer = stage.pump.tick()
    assert stage.called()["deliver"] == 1
    assert answer["queuesLeft"] == 1
    assert stage.pump.tick(900)["queuesLeft"] == 0


def test_waiting_costs_a_tick_no_time(stage: Stage) -> None:
    """A function that sleeps moves the clock."""
    stage.functions["deliver"] = lambda _event: stage.clock.sleep(500)
    stage.send({"chunk": 1})
    before = stage.clock.now()
    stage.pump.tick()
    assert stage.clock.now() - before >= timedelta(seconds=500)


def test_an_event_that_feedback_refuses_is_tried_twice_more(stage: Stage) -> None:
    """After a minute and two more; then it lies in feedback's dead-letter queue, whole."""
    stage.functions["feedback"] = fails
    stage.pump.topic.publish({"eventType": "Bounce"})
    assert stage.pump.tick()["queuesLeft"] == 1
    assert stage.pump.tick(61)["events"] == 1
    assert stage.pump.tick(61)["events"] == 0
    assert stage.pump.tick(61)["queuesLeft"] == 0
    [letter] = stage.dead(stage.environment.feedback_dead_letter_url)
    assert json.loads(json.loads(letter)["Records"][0]["Sns"]["Message"]) == {"eventType": "Bounce"}
    assert stage.called()["feedback"] == 3


def test_a_function_that_fails_does_not_stop_the_others(stage: Stage) -> None:
    """When release raises, the queues are emptied and sweep runs all the same."""
    stage.functions["release"] = fails
    stage.send({"chunk": 1})
    answer = stage.pump.tick()
    assert (answer["frozen"], answer["queuesLeft"]) == (0, 0)
    assert stage.called() == {"release": 1, "deliver": 1, "sweep": 1}


def test_sweep_runs_again_while_it_brings_something_about(stage: Stage) -> None:
    """What the first sweep queues is done, and a second one sees the result."""
    left = [1]
    stage.functions["sweep"] = lambda _event: stage.send({"chunk": left.pop()}) if left else None
    stage.pump.tick()
    assert [name for name, _ in stage.calls] == ["release", "sweep", "deliver", "sweep"]


def test_the_schedules_follow_the_clock(stage: Stage) -> None:
    """Nothing at first; sweep after five minutes, release after its hour, the lists after a day; each once."""
    assert list(stage.schedules.due()) == []
    stage.clock.advance(301)
    assert list(stage.schedules.due()) == ["sweep"]
    assert list(stage.schedules.due()) == []
    stage.clock.advance(3_600)
    assert list(stage.schedules.due()) == ["release", "sweep"]
    stage.clock.advance(86_400)
    assert list(stage.schedules.due()) == ["release", "sweep", "sync_lists"]


def test_a_changed_rule_counts_from_when_it_was_changed(stage: Stage) -> None:
    """The next firing follows the new expression; a rule that is disabled does not fire."""
    list(stage.schedules.due())
    stage.clock.advance(60)
    stage.rule = "rate(1 minute)"
    assert list(stage.schedules.due()) == []
    stage.clock.advance(61)
    assert list(stage.schedules.due()) == ["release"]
    stage.rule = None
    stage.clock.advance(3_600)
    assert "release" not in list(stage.schedules.due())


def test_the_thread_goes_on_by_the_clock(stage: Stage) -> None:
    """Without any tick, what is queued is delivered and what is due is called."""
    done = []
    stage.functions |= {
        "deliver": lambda _event: done.append("deliver"),
        "sweep": lambda _event: done.append("sweep"),
    }
    stage.pump.start()
    stage.send({"chunk": 1})
    real = MovableClock()
    for _ in range(100):
        if done == ["deliver"]:
            stage.clock.advance(301)
        if "sweep" in done:
            break
        real.sleep(0.05)
    stage.pump.stop()
    assert done == ["deliver", "sweep"]


def test_a_tick_waits_for_what_is_running_and_holds_the_rest(stage: Stage) -> None:
    """A function that sleeps on the clock is woken by the tick's advance; no two calls of one function overlap."""
    running: list[str] = []
    overlaps: list[str] = []
    woken = threading.Event()

    def deliver(_event: Mapping[str, Any]) -> None:
        overlaps.extend(running)
        running.append("deliver")
        woken.set()
        stage.clock.sleep(30)
        running.remove("deliver")

    stage.functions["deliver"] = deliver
    stage.send({"chunk": 1})
    stage.pump.start()
    assert woken.wait(10)
    stage.send({"chunk": 2})
    stage.clock.advance(31)
    answer = stage.pump.tick()
    stage.pump.stop()
    assert answer["queuesLeft"] == 0
    assert overlaps == []
    assert stage.called()["deliver"] == 2
