"""Nobody knows what became of a call: its answer is lost, its events are late, doubled or gone. Nobody gets two, nobody is lost."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.events import EventType
from chalicelib.domain.ids import Place
from chalicelib.flows.tracking import Visit
from devstack.ses_mailbox import Message
from tests.proof import network
from tests.proof.audit import doubled, letters
from tests.proof.company import company
from tests.proof.network import Answer, Exchange, Weather
from tests.proof.outcomes import attempts, over, recipients, sent_lines
from tests.proof.plays import small_steps
from tests.proof.stage import HOUR, Postman, Stage

BROWSER = Visit("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", is_machine=False)
MINUTE = timedelta(minutes=1)
DETAILS_OF = {"DeliveryDelay": "deliveryDelay", "Rendering Failure": "failure"}
FIRST_CALL, SECOND_CALL = 40, 30  # recipients: the first portion, which one mass email gets whole


def at_once(stage: Stage) -> Postman:
    """A postman who brings every event before the call that it tells of is answered."""

    def postman(event: Any) -> Iterable[Any]:
        assert stage.call("feedback", json.dumps(event))
        return ()

    return postman


def withheld(stage: Stage) -> list[Any]:
    """Keep all events back from now on; what is kept is in the list."""
    kept: list[Any] = []

    def postman(event: Any) -> Iterable[Any]:
        kept.append(event)
        return ()

    stage.postman = postman
    return kept


def brought(stage: Stage, events: Iterable[Any]) -> None:
    """The events come after all, and those after them as ever."""
    stage.postman = lambda event: [event]
    for event in events:
        stage.topic.publish(event)


def told_as(kind: str, **details: Any) -> Postman:
    """Of each message just one event comes, of this type."""
    name = DETAILS_OF.get(kind, kind.lower())

    def postman(event: Any) -> Iterable[Any]:
        return [{**event, "eventType": kind, name: details}] if event["eventType"] == "Send" else ()

    return postman


@pytest.mark.parametrize(
    "weather", [network.answer_lost, network.time_out_after_accepting, network.broken_after]
)
def test_an_accepted_call_whose_answer_is_lost_is_settled_by_its_events(weather: Weather) -> None:
    """Every call is accepted and none is ever answered: all are Sent, at the first attempt."""
    stage = company().stage()
    stage.network.climate = weather
    assert over(stage, company()) == []
    assert attempts(stage) == {1: 200}


@pytest.mark.parametrize("weather", [network.lost_on_the_way, network.broken_before])
def test_a_call_that_never_arrived_is_made_again_after_six_hours(weather: Weather) -> None:
    """The stream is alive and tells nothing of it: it is made again, with the next attempt in its tags."""
    stage = company().stage()
    stage.network.forecast = [weather] * 2
    assert over(stage, company()) == []
    assert attempts(stage) == {1: 130, 2: FIRST_CALL + SECOND_CALL}


def test_of_a_call_accepted_by_half_the_other_half_is_sent_again() -> None:
    """SES takes the first half of a call and breaks down: events settle these, silence sends the others again."""
    stage = company().stage()
    stage.network.forecast = [network.half_accepted] * 2
    assert over(stage, company()) == []
    assert attempts(stage) == {1: 165, 2: 35}


@pytest.mark.parametrize("weather", [Exchange.arrive, network.answer_lost])
def test_events_before_the_answer_change_nothing(weather: Weather) -> None:
    """All events of a call are there before its answer, and before the ledger knows more than the claim."""
    stage = company().stage()
    stage.network.climate = weather
    stage.postman = at_once(stage)
    assert over(stage, company()) == []
    assert attempts(stage) == {1: 200}


def test_events_twice_change_nothing() -> None:
    """Every event comes three times."""
    stage = company().stage()
    stage.network.climate = network.answer_lost
    stage.postman = lambda event: [event] * 3
    assert over(stage, company()) == []


def test_late_events_settle_a_call() -> None:
    """The answer is lost and the events come after five hours and a half: within ``settleAfter`` nothing is sent again."""
    stage = company().stage()
    stage.network.climate = network.answer_lost
    late = withheld(stage)
    with small_steps():
        stage.live(timedelta(hours=5, minutes=30))
        brought(stage, late)
    assert over(stage, company()) == []
    assert attempts(stage) == {1: 200}


OTHERS = [
    each.value
    for each in EventType
    if each
    not in (
        EventType.SEND,
        EventType.REJECT,
        EventType.RENDERING_FAILURE,
        EventType.BOUNCE,
        EventType.COMPLAINT,
    )
]


@pytest.mark.parametrize("kind", OTHERS)
def test_any_event_proves_acceptance(kind: str) -> None:
    """No Send event ever comes, and no answer; one other event of the message does."""
    stage = company().stage()
    stage.network.climate = network.answer_lost
    stage.postman = told_as(kind)
    with small_steps():
        assert stage.settle(), stage.troubles
    assert attempts(stage) == {1: 200}
    assert len(recipients(stage, company(), "Sent")) == 200
    assert sent_lines(stage, company()) == 200


def first_call_told_as(kind: str, **details: Any) -> tuple[Stage, list[str]]:
    """A send whose first call is never answered and told of by such an event alone; who its recipients were."""
    stage = company().stage()
    usual, postman = stage.postman, told_as(kind, **details)

    def told(exchange: Exchange) -> Answer:
        stage.postman = postman
        try:
            return network.answer_lost(exchange)
        finally:
            stage.postman = usual

    stage.network.forecast = [told]
    with small_steps():
        stage.live(MINUTE)
        called = [letter.recipient_id for letter in letters(stage)[:FIRST_CALL]]
        assert stage.settle(), stage.troubles
        stage.live(HOUR)
    return stage, called


@pytest.mark.parametrize(
    ("kind", "details"), [("Bounce", {"bounceType": "Permanent"}), ("Complaint", {})], ids=str
)
def test_bad_news_proves_acceptance_too(kind: str, details: Mapping[str, Any]) -> None:
    """Who could not be reached, or complains, was sent a message: they are Sent, and never called again."""
    stage, called = first_call_told_as(kind, **details)
    assert not doubled(stage)
    assert recipients(stage, company(), "Unknown") == []
    assert set(called) <= {each["id"] for each in recipients(stage, company(), "Sent")}


@pytest.mark.parametrize("kind", ["Reject", "Rendering Failure"])
def test_a_rejection_proves_the_opposite(kind: str) -> None:
    """SES took the messages and did not send them: Failed, with the reason, no line in the log, and not called again."""
    stage, called = first_call_told_as(kind, reason="Bad content")
    failed = recipients(stage, company(), "Failed")
    assert {each["id"]: each["reason"] for each in failed} == dict.fromkeys(called, "rejected")
    assert sent_lines(stage, company()) == 200 - FIRST_CALL
    assert attempts(stage) == {1: 200}


def opens(stage: Stage, message: Message) -> None:
    """The reader opens it."""
    stage.process("web").tracking.opened(Place.of(message.entry.tags["recipient"]), BROWSER)


def leaves(stage: Stage, message: Message) -> None:
    """The reader unsubscribes, in one click."""
    stage.process("web").unsubscribe.leave(Place.of(message.entry.tags["recipient"]))


@pytest.mark.parametrize("act", [opens, leaves])
def test_a_reader_proves_acceptance(act: Callable[[Stage, Message], None]) -> None:
    """No answer, no event of SES's; but the reader has the message in hand: it is Sent, and nothing is sent again."""
    stage = company().stage()
    stage.network.forecast = [network.answer_lost]
    stage.postman = lambda event: []
    with small_steps():
        stage.live(MINUTE)
        for message in list(stage.ses.mailbox)[:FIRST_CALL]:
            act(stage, message)
        stage.postman = lambda event: [event]
        assert stage.settle(), stage.troubles
    assert not doubled(stage)
    assert not recipients(stage, company(), "Unknown")


def test_a_dead_stream_makes_unknown_and_nobody_gets_two() -> None:
    """Answer lost, and no event of anything: after six hours Unknown, with a reason, for a person to decide."""
    made = company()
    stage = made.stage(heartbeat=None)
    stage.postman = lambda event: []
    stage.network.forecast = [network.answer_lost] * 2
    with small_steps():
        assert stage.settle(), stage.troubles
    assert not doubled(stage)
    assert len(letters(stage)) == 200
    unknown = recipients(stage, made, "Unknown")
    assert Counter(each["reason"] for each in unknown) == {"silent": 70}
    for mass_email_id in made.mass_emails:
        path = f"/v1/mass-emails/{mass_email_id}"
        assert stage.http("GET", path)[1]["status"] == "Complete"
        assert stage.http("POST", f"{path}/recipients/settle", {"all": True, "as": "Sent"})[0] == 200
    assert recipients(stage, made, "Unknown") == []
    assert len(recipients(stage, made, "Sent")) == 200


def test_without_resending_silence_is_unknown() -> None:
    """``resendAfterSilence`` off: though the stream is alive, nothing is sent a second time by itself."""
    made = company()
    stage = made.stage()
    assert stage.http("PATCH", "/v1/settings", {"resendAfterSilence": False})[0] == 200
    stage.network.forecast = [network.lost_on_the_way]
    with small_steps():
        assert stage.settle(), stage.troubles
    assert len(recipients(stage, made, "Unknown")) == FIRST_CALL
    assert attempts(stage) == {1: 200 - FIRST_CALL}


def test_events_that_nobody_could_take_in_forbid_sending_again() -> None:
    """As long as events lie in feedback's failure queue, silence proves nothing."""
    made = company()
    stage = made.stage()
    stage.cloud.sqs.send_message(QueueUrl=stage.environment.feedback_dead_letter_url, MessageBody="an event")
    stage.network.forecast = [network.lost_on_the_way]
    with small_steps():
        assert stage.settle(), stage.troubles
    assert len(recipients(stage, made, "Unknown")) == FIRST_CALL
    assert attempts(stage) == {1: 200 - FIRST_CALL}


def test_without_send_events_silence_is_unknown() -> None:
    """Deliveries come in, but no Send: then nothing would tell of an acceptance, and nothing is sent again."""
    made = company()
    stage = made.stage(heartbeat={**made.heartbeat, "eventType": "Delivery", "delivery": {}})
    stage.postman = told_as("Delivery")
    stage.network.forecast = [network.lost_on_the_way]
    with small_steps():
        assert stage.settle(), stage.troubles
    assert len(recipients(stage, made, "Unknown")) == FIRST_CALL
    assert attempts(stage) == {1: 200 - FIRST_CALL}


@pytest.mark.parametrize("weather", [network.lost_on_the_way, network.answer_lost])
def test_what_a_person_sends_again_has_one_line(weather: Weather) -> None:
    """Unknown, settled as Failed, sent again by ``retry-failed``: one line in the log each, though there were two calls.

    Who had got the first message has two then: so a person has decided, and its late events change nothing more.
    """
    made = company()
    stage = made.stage(heartbeat=None)
    late = withheld(stage)
    stage.network.forecast = [weather]
    with small_steps():
        assert stage.settle(), stage.troubles
        (path,) = {f"/v1/mass-emails/{each['massEmailId']}" for each in recipients(stage, made, "Unknown")}
        assert stage.http("POST", f"{path}/recipients/settle", {"all": True, "as": "Failed"})[0] == 200
        assert sent_lines(stage, made) == 200 - FIRST_CALL
        assert stage.http("POST", f"{path}/retry-failed")[0] == 200
        stage.live(HOUR)
        assert stage.settle(), stage.troubles
        assert sent_lines(stage, made) == 200
        brought(stage, late)
        stage.live(HOUR)
    assert sent_lines(stage, made) == 200
    assert len(recipients(stage, made, "Sent")) == 200
    assert len(doubled(stage)) == (FIRST_CALL if weather is network.answer_lost else 0)


def test_evidence_after_unknown_makes_it_sent() -> None:
    """Events that come a day late turn Unknown into Sent; counts, statistics and the log follow."""
    made = company()
    stage = made.stage(heartbeat=None)
    late = withheld(stage)
    stage.network.forecast = [network.answer_lost] * 2
    with small_steps():
        assert stage.settle(), stage.troubles
        assert len(recipients(stage, made, "Unknown")) == 70
        stage.live(timedelta(hours=24))
        brought(stage, late)
    assert over(stage, made) == []


def test_a_single_silent_message_in_a_live_stream_may_double_and_is_counted() -> None:
    """What the design leaves open: accepted, answer lost, every event of it lost, stream alive. Attempt 2 is in the tags.

    The copies are in SES's mailbox with both attempts, and the API lists their recipients with ``attemptCount`` 2.
    """
    made = company()
    stage = made.stage()

    def vanish(exchange: Exchange) -> Answer:
        stage.postman = lambda event: []
        try:
            return network.answer_lost(exchange)
        finally:
            stage.postman = lambda event: [event]

    stage.network.forecast = [vanish]
    with small_steps():
        assert stage.settle(), stage.troubles
    twice = doubled(stage)
    assert len(twice) == FIRST_CALL
    assert set(twice.values()) == {2}
    assert attempts(stage) == {1: 200, 2: FIRST_CALL}
    shown = Counter(each["attemptCount"] for each in recipients(stage, made, "Sent"))
    assert shown == {1: 200 - FIRST_CALL, 2: FIRST_CALL}
