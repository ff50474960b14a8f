"""What SES's events do (rows 80 and 81 of the checklist, and `delivery.md`, "Events")."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.activity import Mark
from chalicelib.domain.events import EventType
from chalicelib.domain.ids import Place
from chalicelib.domain.log import Action, BounceType, LogRecord
from chalicelib.domain.records import AddressFlags
from chalicelib.flows.log import LogSearch
from devstack import resources
from tests.flows.readers import Stage
from tests.flows.ses_events import AT, an_event, bounce


@pytest.fixture
def stage() -> Stage:
    """One mass email that was sent an hour ago."""
    return Stage()


def flags(stage: Stage, position: int = 0) -> AddressFlags:
    """What is known of a reader's address."""
    key = stage.key_of(stage.contacts[position].email_address or "")
    return stage.addresses.flags([key]).get(key) or AddressFlags(key=key)


def raw_events(stage: Stage) -> list[Any]:
    """The raw events that are kept."""
    items = stage.dynamodb.items(resources.PREFIX)
    return [item for item in items if item["PK"]["S"].startswith("event#")]


def records(stage: Stage, action: Action) -> Sequence[LogRecord]:
    """The log of this action."""
    return stage.log.of_campaign(stage.campaign.id, LogSearch(action=action)).items


def test_a_delivery_is_counted_and_logged(stage: Stage) -> None:
    """Delivered at the time that SES says."""
    stage.feedback.handle(an_event(stage, "Delivery"))
    [record] = records(stage, Action.DELIVERED)
    assert (record.action_date, record.target_id, record.first) == (AT, stage.contacts[0].id, True)
    assert stage.stats.of_mass_email(stage.mass_email).delivered == 1
    assert raw_events(stage) == []


def test_a_permanent_bounce_makes_the_address_invalid(stage: Stage) -> None:
    """Hard, and never mailed again (row 80); the log keeps what the server said, without the address."""
    said = "smtp; 550 5.1.1 <reader0@example.com>: user unknown"
    stage.feedback.handle(an_event(stage, "Bounce", bounce("Permanent", "NoEmail", said)))
    [record] = records(stage, Action.BOUNCED)
    assert (record.details.bounce_type, record.details.bounce_sub_type) == (BounceType.HARD, "NoEmail")
    assert "user unknown" in (record.details.diagnostic_code or "")
    assert "@" not in (record.details.diagnostic_code or "")
    assert flags(stage).invalid
    assert flags(stage).reason == "bounced"
    assert len(raw_events(stage)) == 1


def test_a_bounce_of_a_suppressed_address(stage: Stage) -> None:
    """SES never tried: the address is invalid, and says why."""
    stage.feedback.handle(an_event(stage, "Bounce", bounce("Permanent", "OnAccountSuppressionList")))
    assert (flags(stage).invalid, flags(stage).reason) == (True, "suppressed")


def test_a_soft_bounce_is_only_counted(stage: Stage) -> None:
    """Soft by the log and the statistics, and the address stays (row 81)."""
    stage.feedback.handle(an_event(stage, "Bounce", bounce("Transient")))
    [record] = records(stage, Action.BOUNCED)
    assert record.details.bounce_type is BounceType.SOFT
    assert not flags(stage).invalid
    numbers = stage.stats.of_mass_email(stage.mass_email)
    assert (numbers.bounced, numbers.soft_bounced, numbers.hard_bounced) == (1, 1, 0)


def soft_bounces(stage: Stage, count: int, start: datetime = AT) -> None:
    """Soft bounces of several messages to the same address, a day apart."""
    for number in range(count):
        at = start + timedelta(days=number)
        stage.feedback.handle(an_event(stage, "Bounce", bounce("Transient"), at=at, message_id=f"m{at}"))


def test_too_many_soft_bounces_in_a_row_make_an_address_invalid(stage: Stage) -> None:
    """At the limit of the settings, and not before; the same event twice is one."""
    soft_bounces(stage, 4)
    soft_bounces(stage, 4)
    assert not flags(stage).invalid
    soft_bounces(stage, 5)
    assert (flags(stage).invalid, flags(stage).reason) == (True, "softBounces")


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (4, 5, 0, 2, 1, 3)])
def test_it_is_invalid_since_the_bounce_that_was_one_too_many(stage: Stage, order: Sequence[int]) -> None:
    """By the time of the events, in whatever order they come."""
    for day in order:
        soft_bounces(stage, 1, AT + timedelta(days=day))
    assert (flags(stage).invalid, flags(stage).since) == (True, AT + timedelta(days=4))


def test_a_delivery_ends_the_row(stage: Stage) -> None:
    """Deliveries between soft bounces show that the mailbox is alive."""
    other = stage.sent(stage.contacts)
    soft_bounces(stage, 4)
    place = replace(stage.place(), base=other.id[:11])
    told = json.loads(an_event(stage, "Delivery", place=place, at=AT + timedelta(days=3, hours=1)))
    told["mail"]["tags"]["mass-email"] = [other.id]
    stage.feedback.handle(json.dumps(told))
    soft_bounces(stage, 4, AT + timedelta(days=4))
    assert not flags(stage).invalid
    soft_bounces(stage, 5, AT + timedelta(days=4))
    assert flags(stage).invalid


@pytest.mark.parametrize("sub_type", ["MessageTooLarge", "ContentRejected", "AttachmentRejected"])
def test_what_is_the_messages_fault_never_counts(stage: Stage, sub_type: str) -> None:
    """A message that was too large says nothing of the mailbox."""
    for number in range(6):
        told = an_event(stage, "Bounce", bounce("Transient", sub_type), message_id=str(number))
        stage.feedback.handle(told)
    assert flags(stage).soft_bounces == 0
    assert not flags(stage).invalid


def test_a_complaint_opts_out_of_everything(stage: Stage) -> None:
    """Complained, once; the address gets nothing any more."""
    told = an_event(stage, "Complaint", {"complaintFeedbackType": "abuse"})
    stage.feedback.handle(told)
    stage.feedback.handle(told)
    assert len(records(stage, Action.COMPLAINED)) == 1
    assert flags(stage).opt_out
    assert stage.stats.of_mass_email(stage.mass_email).complained == 1


def test_not_spam_is_no_complaint(stage: Stage) -> None:
    """Somebody took the message out of the spam folder."""
    stage.feedback.handle(an_event(stage, "Complaint", {"complaintFeedbackType": "not-spam"}))
    assert records(stage, Action.COMPLAINED) == []
    assert not flags(stage).opt_out


@pytest.mark.parametrize("kind", ["Reject", "Rendering Failure"])
def test_what_ses_did_not_send_is_failed(stage: Stage, kind: str) -> None:
    """Such an event proves the opposite of a delivery: the recipient is Failed, the raw event says why."""
    stage.feedback.handle(an_event(stage, kind, {"reason": "Bad content"}))
    assert stage.activity_at(stage.place()).having(Mark.REJECTED) == {0}
    assert stage.stats.of_mass_email(stage.mass_email).sent == 2
    assert len(raw_events(stage)) == 1


@pytest.mark.parametrize("kind", ["DeliveryDelay", "Open", "Click", "Subscription", "SomethingNew"])
def test_any_event_proves_acceptance(stage: Stage, kind: str) -> None:
    """Whatever SES says of a message, it has taken it; our own pixel counts opens, not SES's."""
    stage.feedback.handle(an_event(stage, kind))
    activity = stage.activity_at(stage.place())
    assert activity.accepted == {0}
    assert activity.having(Mark.OPENED) == frozenset()
    assert len(raw_events(stage)) == 1


def test_a_send_whose_answer_is_stored_writes_nothing(stage: Stage) -> None:
    """One request, and it reads; one whose answer is not stored yet is noted."""
    stage.feedback.handle(an_event(stage, "Send", place=stage.place(1)))
    before = stage.stored()
    stage.counted()
    stage.feedback.handle(an_event(stage, "Send"))
    assert stage.counted() == 1
    assert stage.stored() == before
    early = stage.sent([], at=AT)
    stage.table.put({**_people(stage, early.id[:11])})
    place = Place(early.id[:11], 0, 0)
    told = json.loads(an_event(stage, "Send", place=place))
    told["mail"]["tags"]["mass-email"] = [early.id]
    stage.feedback.handle(json.dumps(told))
    assert stage.activity_at(place).accepted == {0}
    stage.counted()
    stage.feedback.handle(json.dumps(told))
    assert stage.counted() == 1  # noted already


def test_what_it_costs(stage: Stage) -> None:
    """A Delivery is two requests."""
    stage.feedback.handle(an_event(stage, "Delivery"))
    stage.counted()
    stage.feedback.handle(an_event(stage, "Delivery", place=stage.place(1)))
    assert stage.counted() == 2


def test_the_stream_is_known_to_be_alive(stage: Stage) -> None:
    """The time of the last Send event is stored, at most once a minute."""
    stage.feedback.handle(an_event(stage, "Send"))
    first = stage.account.last_send_event_at()
    assert first == stage.clock.now()
    stage.clock.sleep(59)
    stage.feedback.handle(an_event(stage, "Send", place=stage.place(1)))
    assert stage.account.last_send_event_at() == first
    stage.clock.sleep(2)
    stage.feedback.handle(an_event(stage, "Send", place=stage.place(2)))
    assert stage.account.last_send_event_at() == stage.clock.now()


@pytest.mark.parametrize("kind", [each for each in EventType if each is not EventType.SEND])
def test_only_send_events_show_that_the_stream_tells_of_acceptance(stage: Stage, kind: EventType) -> None:
    """Where no Send events come, silence says nothing of a call, whatever else comes in (`delivery.md`, "Settling")."""
    stage.feedback.handle(an_event(stage, kind, bounce("Permanent")))
    assert stage.account.last_send_event_at() is None


def test_send_events_of_others_show_nothing(stage: Stage) -> None:
    """Another sender on the account may have a configuration set of its own."""
    told = json.loads(an_event(stage, "Send"))
    told["mail"]["tags"] = {"ses:configuration-set": ["others"]}
    stage.feedback.handle(json.dumps(told))
    assert stage.account.last_send_event_at() is None


def foreign(stage: Stage, address: str, **mail: Any) -> str:
    """A permanent bounce of an identity notification that names no recipient of ours."""
    return json.dumps(
        {
            "notificationType": "Bounce",
            "bounce": {
                **bounce("Permanent"),
                "bouncedRecipients": [{"emailAddress": address}],
                "timestamp": "2026-03-02T08:01:00Z",
            },
            "mail": {
                "messageId": "other",
                "timestamp": "2026-03-02T08:00:00Z",
                "destination": [address],
                **mail,
            },
        }
    )


def test_an_event_that_names_nobody_still_counts_for_the_address(stage: Stage) -> None:
    """No tags and no headers: the address that we hold is invalid, and the raw event is kept as unmatched."""
    stage.feedback.handle(foreign(stage, "Reader1@Example.com"))
    assert flags(stage, 1).invalid
    [raw] = raw_events(stage)
    assert raw["matched"] == {"BOOL": False}


def test_mail_of_others_is_acknowledged_and_not_stored(stage: Stage) -> None:
    """What is about strangers, or by another sender on the account, leaves nothing behind."""
    before = stage.stored()
    stage.feedback.handle(foreign(stage, "stranger@example.org"))
    tagged = json.loads(foreign(stage, "reader1@example.com", tags={"ses:configuration-set": ["others"]}))
    stage.feedback.handle(json.dumps({**tagged, "eventType": "Bounce"}))
    header = [{"name": "X-Queue-Item-Id", "value": "0123456789abcdef0"}]  # EspoCRM writes such ids too
    stage.feedback.handle(foreign(stage, "reader1@example.com", headers=header))
    assert stage.stored() == before


def test_several_recipients_in_one_event(stage: Stage) -> None:
    """Each address that we hold is flagged, the strangers' are not."""
    told = json.loads(foreign(stage, "reader1@example.com"))
    told["bounce"]["bouncedRecipients"] += [
        {"emailAddress": "reader2@example.com"},
        {"emailAddress": "stranger@example.org"},
    ]
    told["mail"]["destination"] = ["reader1@example.com", "reader2@example.com", "stranger@example.org"]
    stage.feedback.handle(json.dumps(told))
    assert [flags(stage, position).invalid for position in range(3)] == [False, True, True]


def test_the_header_names_the_recipient(stage: Stage) -> None:
    """Identity notifications carry no tags, but may carry headers."""
    header = [{"name": "x-queue-item-id", "value": stage.place(2).recipient_id}]
    stage.feedback.handle(foreign(stage, "reader2@example.com", headers=header))
    assert stage.activity_at(stage.place()).having(Mark.BOUNCED_HARD) == {2}


def test_what_is_no_event_is_kept(stage: Stage) -> None:
    """Somebody may want to see what came."""
    stage.feedback.handle("not JSON")
    assert len(raw_events(stage)) == 1


def test_raw_events_go_after_ninety_days(stage: Stage) -> None:
    """The table forgets them by itself."""
    stage.feedback.handle(an_event(stage, "Complaint"))
    [raw] = raw_events(stage)
    expires = datetime.fromtimestamp(int(raw["expiresAt"]["N"]), UTC)
    assert expires == stage.clock.now() + timedelta(days=90)


def _people(stage: Stage, base: str) -> Mapping[str, Any]:
    from chalicelib.storage.ledger_items import people_item  # noqa: PLC0415 - for one test

    return people_item(base, 0, [stage.member(stage.contacts[0])])
