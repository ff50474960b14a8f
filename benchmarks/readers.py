"""What readers and SES's events cost: AWS requests, units and CPU of clicks, opens and feedback."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from benchmarks.driving import completed, ready, send
from benchmarks.figures import Figure, at_most, published
from benchmarks.in_memory import MemoryStage
from benchmarks.logged import counted
from benchmarks.meter import Use
from benchmarks.stage import StageWiring, servers
from chalicelib import wiring as doors
from chalicelib.domain.events import TAG_MASS_EMAIL, TAG_RECIPIENT
from chalicelib.domain.ids import Place, base_of
from chalicelib.domain.public_tokens import PublicToken, TokenKind, sign
from chalicelib.domain.records import MassEmail

RATE = 200.0
RECIPIENTS = 1_000
WARM = 50  # calls before those that are measured
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
FAST = 100_000.0


@dataclass(frozen=True)
class Sent:
    """A mailing that was sent, and who its recipients are."""

    wiring: StageWiring
    made: MassEmail
    places: Sequence[Place]

    def path(self, kind: TokenKind, letter: str, place: Place) -> str:
        """The public page that a reader asks for."""
        return f"/t/{letter}/{sign(PublicToken(kind, place, 0), self.wiring.key_ring.ring())}"


@dataclass(frozen=True)
class PerEvent:
    """What one event, open or click uses."""

    requests: float
    write_units: float
    read_units: float
    log_bytes: float = 0.0  # of what the function itself writes


def sent(wiring: StageWiring, count: int = RECIPIENTS) -> Sent:
    """Send to so many."""
    made = ready(wiring, count)
    send(wiring)
    made = completed(wiring, made)
    base = base_of(made.id)
    run = wiring.runs.get(made.id)
    places = [
        Place(base, segment.number, position)
        for segment in wiring.ledger.read(base, range(run.segments))
        for position in range(len(segment.members))
    ]
    return Sent(wiring, made, places)


def event(mailing: Sent, kind: str, place: Place) -> str:
    """An event as SES publishes it: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html."""
    time_ = (mailing.wiring.clock.now() - timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
    address = f"reader{place.segment}-{place.position}@example.org"
    tags = {TAG_MASS_EMAIL: [mailing.made.id], TAG_RECIPIENT: [place.recipient_id], "attempt": ["1"]}
    mail = {
        "timestamp": time_,
        "messageId": f"0102{place.recipient_id}",
        "destination": [address],
        "tags": tags,
    }
    details = {
        "timestamp": time_,
        "recipients": [address],
        "smtpResponse": "250 ok",
        "processingTimeMillis": 700,
    }
    return json.dumps({"eventType": kind, "mail": mail, kind.lower(): details if kind == "Delivery" else {}})


def ask(mailing: Sent, kind: TokenKind, letter: str) -> Callable[[Place], None]:
    """A reader's request through Chalice, as API Gateway makes it."""
    from chalice.test import Client  # noqa: PLC0415 - the app reads the stage's variables when it is imported

    from app import app  # noqa: PLC0415 - as above

    doors.use(mailing.wiring)
    client = Client(app)

    def request(place: Place) -> None:
        answer = client.http.get(mailing.path(kind, letter, place), headers={"User-Agent": AGENT})
        assert answer.status_code in (200, 302), answer.body

    return request


def acts(mailing: Sent) -> dict[str, Callable[[Place], object]]:
    """What happens to a message after it was sent, by name."""
    feedback = mailing.wiring.feedback
    return {
        "send": lambda place: feedback.handle(event(mailing, "Send", place)),
        "delivery": lambda place: feedback.handle(event(mailing, "Delivery", place)),
        "open": ask(mailing, TokenKind.OPEN, "o"),
        "click": ask(mailing, TokenKind.CLICK, "c"),
    }


@cache
def used() -> dict[str, PerEvent]:
    """Of DynamoDB, by the exact meter, once everything that a process keeps is there."""
    wiring = MemoryStage(RATE)
    mailing = sent(wiring)
    found = {}
    for name, act in acts(mailing).items():
        for place in mailing.places[:WARM]:
            act(place)
        before = wiring.usage
        rest = mailing.places[WARM:]
        with counted() as log:
            for place in rest:
                act(place)
        found[name] = _each((wiring.usage - before).total, len(rest), log.count)
    doors.use()
    return found


@cache
def cpu() -> dict[str, float]:
    """Seconds of CPU, on DynamoDB Local."""
    with servers(FAST):
        mailing = sent(StageWiring())
        found = {}
        for name, act in acts(mailing).items():
            for place in mailing.places[:WARM]:
                act(place)
            begun = time.process_time()
            rest = mailing.places[WARM:]
            for place in rest:
                act(place)
            found[name] = (time.process_time() - begun) / len(rest)
        doors.use()
        return found


def figures() -> Iterator[Figure]:
    """Clicks and feedback."""
    uses, seconds = used(), cpu()
    click = uses["click"]
    yield at_most("click_aws_requests", click.requests, 2, "requests", "link cached")
    yield published("click_cpu", 1000 * seconds["click"], "ms", "warm, through Chalice")
    yield published("open_cpu", 1000 * seconds["open"], "ms", f"{uses['open'].requests:.2f} AWS requests")
    both = [uses["send"], uses["delivery"]]
    yield published(
        "feedback_events_per_cpu_second",
        2 / (seconds["send"] + seconds["delivery"]),
        "events/CPU s",
        "one Send and one Delivery",
    )
    yield at_most(
        "feedback_aws_requests",
        sum(each.requests for each in both) / 2,
        2,
        "requests an event",
        f"Send {both[0].requests:.2f}, Delivery {both[1].requests:.2f}",
    )


def _each(use: Use, count: int, logged: int) -> PerEvent:
    units = use.units
    return PerEvent(use.requests / count, units.write / count, units.read / count, logged / count)


__all__ = ["PerEvent", "figures", "used"]
