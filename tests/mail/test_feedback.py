"""SES's events: a complete payload of each type as AWS documents it, the odd ones, and anything at all."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.bounces import Consequence, verdict_of
from chalicelib.domain.events import (
    BounceKind,
    EventRecipient,
    EventType,
    FeedbackEvent,
    OtherSender,
    TopicTest,
    Unreadable,
)
from chalicelib.mail.feedback import parse, parse_sns_message

PAYLOADS = Path(__file__).parent / "payloads"
MASS_EMAIL, RECIPIENT = "0190a7c3e5f1a2b3c", "0190a7c3e5f000042"
MESSAGE_ID = "01020198c0de7e57-1b2c3d4e-5f60-4a1b-8c9d-0123456789ab-000000"
LEA = "lea.dubois@courrier.example"


def payload(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return read


def event_of(raw: object) -> FeedbackEvent:
    parsed = parse(raw)
    assert isinstance(parsed, FeedbackEvent), parsed
    return parsed


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_bounce() -> None:
    """A hard bounce: kind, sub-type, diagnostic, the bounce's own time; the address becomes invalid."""
    event = event_of(payload("bounce"))
    assert event == FeedbackEvent(
        event_id=event.event_id,
        type=EventType.BOUNCE,
        type_name="Bounce",
        message_id=MESSAGE_ID,
        at=at("2026-03-02T08:00:03.456"),
        recipients=(
            EventRecipient(
                LEA,
                "smtp; 550 5.1.1 <lea.dubois@courrier.example>: Recipient address rejected: User unknown",
            ),
        ),
        mass_email_id=MASS_EMAIL,
        recipient_id=RECIPIENT,
        attempt=2,
        bounce_kind=BounceKind.PERMANENT,
        bounce_sub_type="General",
        raw=payload("bounce"),
    )
    assert verdict_of(event).consequence is Consequence.INVALID


def test_bounce_from_the_suppression_list() -> None:
    """SES did not even try: invalid as suppressed, outside the rates."""
    verdict = verdict_of(event_of(payload("bounce_suppressed")))
    assert (verdict.consequence, verdict.reason) == (Consequence.INVALID, "suppressed")
    assert not verdict.counts_in_rates


def test_soft_bounce() -> None:
    """A full mailbox counts as soft."""
    event = event_of(payload("bounce_soft"))
    assert (event.bounce_kind, event.bounce_sub_type) == (BounceKind.TRANSIENT, "MailboxFull")
    assert verdict_of(event).consequence is Consequence.SOFT


def test_complaint() -> None:
    """A complaint: its type, its own time; the address is opted out."""
    event = event_of(payload("complaint"))
    assert (event.type, event.complaint_type, event.complaint_sub_type) == (
        EventType.COMPLAINT,
        "abuse",
        None,
    )
    assert event.at == at("2026-03-02T09:12:44")
    assert event.recipient_id == RECIPIENT
    assert verdict_of(event).consequence is Consequence.OPTED_OUT


@pytest.mark.parametrize(
    ("name", "kind", "time", "reason"),
    [
        ("delivery", EventType.DELIVERY, "2026-03-02T08:00:02.789", None),
        ("send", EventType.SEND, "2026-03-02T08:00:01.123", None),
        ("reject", EventType.REJECT, "2026-03-02T08:00:01.123", "Bad content"),
        ("open", EventType.OPEN, "2026-03-02T08:31:19.652", None),
        ("click", EventType.CLICK, "2026-03-02T08:32:05.570", None),
        (
            "rendering_failure",
            EventType.RENDERING_FAILURE,
            "2026-03-02T08:00:01.123",
            "Attribute 's3' is not present in the rendering data for (address)",
        ),
        (
            "delivery_delay",
            EventType.DELIVERY_DELAY,
            "2026-03-02T09:00:40.095",
            "TransientCommunicationFailure",
        ),
        ("subscription", EventType.SUBSCRIPTION, "2026-03-03T01:00:17.910", None),
    ],
)
def test_each_other_type(name: str, kind: EventType, time: str, reason: str | None) -> None:
    """Every type of event publishing: whose it is by our tags, its own time where it has one, why where it says so."""
    event = event_of(payload(name))
    assert (event.type, event.type_name, event.at) == (kind, kind.value, at(time))
    assert (event.mass_email_id, event.recipient_id, event.attempt) == (MASS_EMAIL, RECIPIENT, 2)
    assert [recipient.address for recipient in event.recipients] == [LEA]
    assert event.message_id == MESSAGE_ID
    assert event.reason == reason
    assert event.raw == payload(name)


@pytest.mark.parametrize("name", ["bounce", "complaint", "delivery"])
def test_identity_notifications(name: str) -> None:
    """The other wire format has no tags: the recipient comes from the header, the mass email is not said."""
    event = event_of(payload(f"notification_{name}"))
    assert event.type_name == name.title()
    assert (event.mass_email_id, event.recipient_id, event.attempt) == (None, RECIPIENT, None)
    assert [recipient.address for recipient in event.recipients] == [LEA]


def test_both_formats_of_one_bounce_have_one_id() -> None:
    """An account with both kinds of notification tells everything twice: it is known by its feedbackId."""
    assert event_of(payload("bounce")).event_id == event_of(payload("notification_bounce")).event_id


def test_several_recipients_in_one_event() -> None:
    """Those that bounced, each with its diagnostic and as a bare address; the one that did not is not named.

    Without tags and headers it may be ours or not: unmatched.
    """
    event = event_of(payload("notification_bounce_of_several"))
    assert event.recipients == (
        EventRecipient(LEA),
        EventRecipient("hugo.petit@courrier.example", "smtp; 550 no such user"),
    )
    assert event.recipient_id is None


def test_mail_of_another_sender() -> None:
    """Tags and headers are there and none is ours (nor is one of the same name): not stored."""
    assert parse(payload("delivery_of_other_sender")) == OtherSender("Delivery")


def test_truncated_headers_may_be_ours() -> None:
    """A notification whose headers were cut cannot be given to somebody else."""
    raw = payload("notification_bounce")
    raw["mail"]["headers"] = raw["mail"]["headers"][:3]
    assert isinstance(parse(raw), OtherSender)
    raw["mail"]["headersTruncated"] = True
    assert event_of(raw).recipient_id is None


@pytest.mark.parametrize("other", ["0190a7c3e6f000042", "0190A7C3E5F000042", "../..", "", None, 7, ["x"]])
def test_tags_must_be_ids_of_one_mass_email(other: object) -> None:
    """A recipient that is no id, or of another mass email, is not believed; the header is asked instead."""
    raw = payload("bounce")
    raw["mail"]["tags"]["recipient"] = [other]
    event = event_of(raw)
    assert (event.mass_email_id, event.recipient_id) == (None, RECIPIENT)


@pytest.mark.parametrize(
    ("text", "attempt"), [("1", 1), ("12", 12), ("x", None), ("", None), ("9" * 99, None), ("²", None)]
)
def test_the_attempt_is_a_small_number(text: str, attempt: int | None) -> None:
    """The attempt is a number or unknown."""
    raw = payload("bounce")
    raw["mail"]["tags"]["attempt"] = [text]
    assert event_of(raw).attempt == attempt


def test_a_bounce_behind_a_forward_is_that_of_the_address_we_mailed() -> None:
    """The DSN's Final-Recipient is where the mail was forwarded to; with one destination it is that one."""
    raw = payload("bounce")
    raw["bounce"]["bouncedRecipients"][0]["emailAddress"] = "lea@home.example"
    (recipient,) = event_of(raw).recipients
    assert recipient.address == LEA
    assert recipient.diagnostic_code


def test_a_type_new_to_us() -> None:
    """An unknown type is kept under its own name, and does nothing to the address."""
    raw = payload("send") | {"eventType": "Recalled"}
    event = event_of(raw)
    assert (event.type, event.type_name) == (EventType.UNKNOWN, "Recalled")
    assert event.recipient_id == RECIPIENT
    assert verdict_of(event).consequence is Consequence.NOTHING


def test_a_bounce_type_new_to_us_is_undetermined() -> None:
    """A bounce that cannot be classified is soft, never hard."""
    raw = payload("bounce")
    raw["bounce"] |= {"bounceType": "Mysterious", "bounceSubType": "Odd"}
    assert event_of(raw).bounce_kind is BounceKind.UNDETERMINED
    assert verdict_of(event_of(raw)).consequence is Consequence.SOFT


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-02T08:00:03.456Z", "2026-03-02T08:00:03.456+00:00"),
        ("2018-10-08T14:05:45 +0000", "2018-10-08T14:05:45+00:00"),
        ("2009-12-03T04:24:21.000-05:00", "2009-12-03T09:24:21+00:00"),
        ("2026-03-02T08:00:03", "2026-03-02T08:00:03+00:00"),
        ("yesterday", "2026-03-02T08:00:01.123+00:00"),
        (None, "2026-03-02T08:00:01.123+00:00"),
        ("0001-01-01T00:00:00+14:00", "2026-03-02T08:00:01.123+00:00"),
    ],
)
def test_times(written: object, meant: str) -> None:
    """All ways in which the documentation writes times; one that is none falls back to the mail's."""
    raw = payload("bounce")
    raw["bounce"]["timestamp"] = written
    assert event_of(raw).at.isoformat() == datetime.fromisoformat(meant).isoformat()


@pytest.mark.parametrize("name", sorted(path.stem for path in PAYLOADS.glob("*.json")))
def test_the_same_event_twice_has_one_id(name: str) -> None:
    """The id is made of what the event says, in whatever order its fields come."""
    raw = payload(name)
    if name == "delivery_of_other_sender":
        assert parse(raw) == parse(dict(reversed(raw.items())))
        return
    assert event_of(raw).event_id == event_of(dict(reversed(raw.items()))).event_id


def test_different_events_have_different_ids() -> None:
    """Type, feedbackId, recipient and message each make another event."""
    events = {event_of(payload(path.stem)).event_id for path in PAYLOADS.glob("[!dn]*.json")}
    assert len(events) == len(list(PAYLOADS.glob("[!dn]*.json")))
    raw = payload("bounce")
    first = event_of(raw).event_id
    raw["mail"]["destination"] = ["hugo.petit@courrier.example"]
    assert event_of(raw).event_id != first


@pytest.mark.parametrize(
    ("without", "reason"),
    [("eventType", "noType"), ("mail", "noMessageId"), ("mail.messageId", "noMessageId")],
)
def test_what_cannot_be_read_is_kept(without: str, reason: str) -> None:
    """A missing part is named, the rest is kept for a person."""
    raw: dict[str, Any] = payload("send")
    *way, last = without.split(".")
    inner = raw
    for step in way:
        inner = inner[step]
    del inner[last]
    assert parse(raw) == Unreadable(reason, raw)


def test_an_event_without_any_time_is_kept() -> None:
    """Neither its own time nor the mail's."""
    raw = payload("send")
    raw["mail"]["timestamp"] = 7
    assert parse(raw) == Unreadable("noTimestamp", raw)


@pytest.mark.parametrize("raw", [None, 1, "text", [], [{}]])
def test_no_object(raw: object) -> None:
    """JSON that is no object is kept."""
    assert parse(raw) == Unreadable("notAnObject", raw)


def test_sns_message() -> None:
    """What SNS hands to a function is the event's text; through a queue it comes in its envelope."""
    text = json.dumps(payload("bounce"))
    assert parse_sns_message(text) == parse(payload("bounce"))
    envelope = {
        "Type": "Notification",
        "MessageId": "x",
        "TopicArn": "arn:aws:sns:eu-west-1:1:t",
        "Message": text,
    }
    assert parse_sns_message(json.dumps(envelope)) == parse(payload("bounce"))


@pytest.mark.parametrize("text", ["", "{", "not json", "[" * 100_000, '"x', "1" * 5000, "\x00"])
def test_what_is_no_json_is_kept(text: str) -> None:
    """Also when it is nested without end."""
    assert parse_sns_message(text) == Unreadable("notJson", text)


def test_ses_tries_the_topic() -> None:
    """What SES publishes when an event destination or an identity's topic is set up is acknowledged."""
    assert (
        parse_sns_message("Successfully validated SNS topic for Amazon SES event publishing.") == TopicTest()
    )
    greeting = {
        "notificationType": "AmazonSnsSubscriptionSucceeded",
        "message": "You have successfully subscribed your Amazon SNS topic to receive 'Bounce' notifications.",
    }
    assert parse_sns_message(json.dumps(greeting)) == TopicTest()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(sorted(path.stem for path in PAYLOADS.glob("*.json")))


@given(JSON)
def test_anything_at_all_has_an_answer(raw: object) -> None:
    """Whatever JSON says, it is a value and not an exception."""
    assert isinstance(parse(raw), FeedbackEvent | OtherSender | TopicTest | Unreadable)
    assert isinstance(
        parse_sns_message(json.dumps(raw)), FeedbackEvent | OtherSender | TopicTest | Unreadable
    )


@settings(max_examples=400)
@given(NAMES, st.data())
def test_a_spoiled_event_has_an_answer(name: str, data: st.DataObject) -> None:
    """Any part of a real event replaced by anything: still a value, whose verdict is total too."""
    raw = payload(name)
    place: Any = raw
    for _ in range(data.draw(st.integers(0, 4))):
        keys = range(len(place)) if isinstance(place, list) else sorted(place)
        inner = place[data.draw(st.sampled_from(list(keys)))] if keys else None
        if not isinstance(inner, dict | list) or not inner:
            break
        place = inner
    keys = list(range(len(place)) if isinstance(place, list) else sorted(place))
    place[data.draw(st.sampled_from(keys))] = data.draw(JSON)
    parsed = parse(raw)
    if isinstance(parsed, FeedbackEvent):
        assert verdict_of(parsed).consequence in Consequence
        assert parsed.at.tzinfo is UTC
        assert all(recipient.address for recipient in parsed.recipients)


def test_payloads_are_complete() -> None:
    """There is a payload of every type that SES publishes, in both formats where there are two."""
    raws: list[Mapping[str, Any]] = [payload(path.stem) for path in PAYLOADS.glob("*.json")]
    assert {raw["eventType"] for raw in raws if "eventType" in raw} == set(EventType) - {EventType.UNKNOWN}
    assert {raw["notificationType"] for raw in raws if "notificationType" in raw} == {
        "Bounce",
        "Complaint",
        "Delivery",
    }
