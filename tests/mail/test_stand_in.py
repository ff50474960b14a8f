"""Sender, account reader and parser against the local cloud's SES: what one side writes, the other reads."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from chalicelib.domain.bounces import Consequence, verdict_of
from chalicelib.domain.events import EventType, FeedbackEvent
from chalicelib.domain.sending import Batch, Effect, Entry, SesTemplate
from chalicelib.mail.account import SesAccountReader
from chalicelib.mail.feedback import parse_sns_message
from chalicelib.mail.sender import SesSender
from devstack.clock import VirtualClock
from devstack.serving import Server
from devstack.ses import SesStandIn
from devstack.ses_faults import Faults
from devstack.ses_http import SesApi
from tests.mail.conftest import ClientAt

MASS_EMAIL = "0190a7c3e5f1a2b3c"


class World:
    """The stand-in, its events, and a sender and a reader that know nothing of it."""

    def __init__(self, client_at: ClientAt, session: boto3.session.Session) -> None:
        self.events: list[dict[str, Any]] = []
        self.ses = SesStandIn(VirtualClock(), self.events.append)
        self.server = Server(SesApi(self.ses))
        url = self.server.__enter__()
        self.client = client_at(url)
        self.sender = SesSender(self.client, "envoi-dev")
        self.reader = SesAccountReader(
            session.client("sesv2", endpoint_url=url, config=Config(retries={"total_max_attempts": 1}))
        )

    def parsed(self) -> list[FeedbackEvent]:
        """All events so far, as the feedback function would see them."""
        found = [parse_sns_message(json.dumps(event)) for event in self.events]
        return [event for event in found if isinstance(event, FeedbackEvent)]


@pytest.fixture
def world(client_at: ClientAt, session: boto3.session.Session) -> Iterator[World]:
    made = World(client_at, session)
    yield made
    made.client.close()
    made.server.__exit__(None, None, None)


def batch_to(*addresses: str, sender: str = "News <news@example.com>") -> Batch:
    """A batch with our tags; the recipient's place is its place here."""
    entries = [
        Entry(
            address,
            {"s0": f"Zoë {place} {{{{s1}}}}"},
            {"X-Queue-Item-Id": f"0190a7c3e5f{place:06x}"},
            {"mass-email": MASS_EMAIL, "recipient": f"0190a7c3e5f{place:06x}", "attempt": "1"},
        )
        for place, address in enumerate(addresses)
    ]
    return Batch(sender, [], SesTemplate("Hello {{s0}}", "{{s0}}", "<p>{{s0}}</p>"), {}, entries)


def test_a_call_arrives_and_its_events_come_back(world: World) -> None:
    """Each reader gets their own text; each event is ours, of the right recipient, and means what the simulator says."""
    addresses = (
        "a@example.org",
        *(
            f"{name}@simulator.amazonses.com"
            for name in ("success", "bounce", "complaint", "suppressionlist", "ooto")
        ),
    )
    outcomes = world.sender.send(batch_to(*addresses))
    assert [outcome.effect for outcome in outcomes] == [Effect.SENT] * 6
    texts = [message.text for message in world.ses.mailbox]
    assert sorted(texts) == [f"Zoë {place} {{{{s1}}}}" for place in range(6)]
    events = world.parsed()
    assert len(events) == len(world.events)
    assert {event.recipient_id for event in events} == {f"0190a7c3e5f{place:06x}" for place in range(6)}
    assert {event.mass_email_id for event in events} == {MASS_EMAIL}
    sent = {outcome.message_id for outcome in outcomes}
    assert {event.message_id for event in events} == sent
    assert sum(event.type is EventType.SEND for event in events) == 6
    verdicts = {
        event.recipient_id[-1]: verdict_of(event)
        for event in events
        if event.recipient_id and event.type in (EventType.BOUNCE, EventType.COMPLAINT)
    }
    assert verdicts["2"].consequence is Consequence.INVALID
    assert verdicts["3"].consequence is Consequence.OPTED_OUT
    assert (verdicts["4"].reason, verdicts["4"].counts_in_rates) == ("suppressed", False)
    assert verdicts["5"].consequence is Consequence.SOFT


@pytest.mark.parametrize(
    ("faults", "effect"),
    [
        (Faults(throttle=1), Effect.BACK),
        (Faults(error_before_accept=1), Effect.UNKNOWN),
        (Faults(timeout_after_accept=1), Effect.UNKNOWN),
        (Faults(account_suspended=True), Effect.STOP),
        (Faults(sending_paused=True), Effect.STOP),
        (Faults(max_24_hour_send=0), Effect.QUOTA),
        (Faults(mixed_status=1, statuses=("FAILED",)), Effect.FINAL),
    ],
)
def test_troubles(world: World, faults: Faults, effect: Effect) -> None:
    """What the account says, in the outcome that the design gives it; and every call is made once."""
    world.ses.faults = faults
    outcomes = world.sender.send(batch_to("a@example.org", "b@example.org"))
    assert {outcome.effect for outcome in outcomes} == {effect}
    assert world.ses.stats()["calls"] == 1


def test_the_sandbox(world: World) -> None:
    """Unverified recipients fail alone, verified ones and the simulator's get their message."""
    world.ses.faults = Faults(sandbox=True)
    world.ses.identities.add("known.example")
    outcomes = world.sender.send(
        batch_to("a@known.example", "b@example.org", "success@simulator.amazonses.com")
    )
    assert [outcome.effect for outcome in outcomes] == [Effect.SENT, Effect.FINAL, Effect.SENT]
    assert outcomes[1].reason == "recipientNotVerified"


def test_a_missing_configuration_set_stops(world: World) -> None:
    """Nothing of the mass email can go out."""
    world.sender = SesSender(world.client, "another")
    outcomes = world.sender.send(batch_to("a@example.org"))
    assert outcomes[0].effect is Effect.STOP


def test_the_account(world: World) -> None:
    """Quota, identities and the suppression list."""
    assert world.reader.read().max_send_rate == world.ses.faults.max_send_rate
    world.ses.identities.add("known.example")
    assert world.reader.identity_verified("news@mail.known.example")
    assert "known.example" in [identity["name"] for identity in world.reader.identities()]
    world.ses.suppress("a@example.org", "BOUNCE")
    world.reader.unsuppress("a@example.org")
    world.reader.unsuppress("a@example.org")
