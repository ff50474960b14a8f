"""What every door does: one correlation for all that a call brings about, and nothing of others' sentences in the log."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from chalice.app import Chalice

from chalicelib import logs
from chalicelib.domain.queue import UnreadableMessage
from chalicelib.doors import FunctionFailed, around_every_event, correlation_of
from chalicelib.errors import Deferred
from devstack import lambda_events
from tests.world import World


class Event:
    """An event as Chalice hands it to middleware."""

    def __init__(self, event: dict[str, Any]) -> None:
        self._event = event

    def to_dict(self) -> dict[str, Any]:
        """As it came."""
        return self._event


Lines = list[dict[str, Any]]
QUEUED = {"Records": [{"messageId": "own", "messageAttributes": {}}]}
BROUGHT = {
    "messageId": "own",
    "messageAttributes": {"correlation": {"stringValue": "first", "dataType": "String"}},
}


@pytest.mark.parametrize(
    ("event", "correlation"),
    [
        ({"context": {"requestId": "c6af9ac6"}, "method": "GET"}, "c6af9ac6"),
        ({"id": "cdc73f9d", "detail-type": "Scheduled Event"}, "cdc73f9d"),
        (QUEUED, "own"),
        ({"Records": [BROUGHT]}, "first"),
        ({"Records": [{"Sns": {"MessageId": "95df01b4", "Message": "{}"}}]}, "95df01b4"),
    ],
)
def test_every_event_has_a_correlation(event: dict[str, Any], correlation: str) -> None:
    """Its own id, or the one that its message brings."""
    assert correlation_of(Event(event)) == correlation


def test_an_event_without_an_id_gets_one() -> None:
    """Another one each time: the local server names no requests."""
    assert correlation_of(Event({})) != correlation_of(Event({}))


def test_the_correlation_ends_with_the_event() -> None:
    """The process lives on and does other things."""
    seen = around_every_event(Event({"id": "one"}), lambda _event: logs.correlation())
    assert (seen, logs.correlation()) == ("one", None)


@pytest.mark.parametrize("error", [UnreadableMessage("no JSON object"), Deferred("the table is busy")])
def test_a_refusal_of_ours_goes_out_as_it_is(error: Exception, lines: Lines) -> None:
    """Its sentence is ours and is written."""
    with pytest.raises(type(error)):
        around_every_event(Event({"id": "one"}), thrower(error))
    (line,) = lines
    assert line["event"] == "eventRefused"
    assert (line["why"], line["correlation"]) == (str(error), "one")


def test_a_librarys_sentence_stays_inside(lines: Lines) -> None:
    """Lambda would write it to the log; queue and topic bring the event again all the same."""
    with pytest.raises(FunctionFailed) as raised:
        around_every_event(Event({"id": "one"}), thrower(ValueError("ann@example.com is no number")))
    assert str(raised.value) == "ValueError"
    assert raised.value.__suppress_context__
    (line,) = lines
    assert (line["event"], line["error"]) == ("functionFailed", "ValueError")
    assert "ann@example.com" not in json.dumps(line)


@pytest.mark.parametrize("body", ["", "no JSON", "[]", '"text"', "{", "null"])
def test_what_is_no_json_object_is_refused_by_name(world: World, body: str) -> None:
    """SQS keeps it in the dead-letter queue; the next message is taken as ever."""
    for function in ("deliver", "work"):
        event = world.door.events.generate_sqs_event([body])
        with pytest.raises(UnreadableMessage, match="no JSON object"):
            world.door.lambda_.invoke(function, event)


def test_one_search_finds_all_that_a_tick_brought_about(world: World, lines: Lines) -> None:
    """What a function puts on a queue bears the id under which the function was called; so do the lines of who takes it."""
    with logs.correlated("tick"):
        world.wiring.outbox.job({"kind": "close", "massEmailId": "55f2c87b09a220a78", "planId": "x"})
        world.wiring.outbox.chunks([{"n": 1}])
    sqs, environment = world.wiring.client("sqs"), world.wiring.environment
    for url in (environment.jobs_queue_url, environment.send_queue_url):
        (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
        event = lambda_events.queued(message, "arn:aws:sqs:eu-west-1:123456789012:envoi-dev-jobs")
        assert correlation_of(Event(event)) == "tick"
        taken = around_every_event(Event(event), lambda _event: logs.event("taken"))
        assert taken is None
        assert lines[-1] == {"event": "taken", "level": "INFO", "correlation": "tick"}


def test_every_function_and_every_call_is_behind_the_door() -> None:
    """Registered first, so that it is the outermost."""
    from app import app  # noqa: PLC0415 - needs the variables

    assert isinstance(app, Chalice)
    assert app.middleware_handlers[0] == (around_every_event, "all")


def thrower(error: Exception) -> Any:
    """What raises it when called."""

    def throw(_event: object) -> Iterator[None]:
        raise error

    return throw
