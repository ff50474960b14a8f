"""Feedback under load: what SES and readers say of several mass emails, all at once, shuffled, a third of it twice.

The world afterwards must be the one that the same events leave when they come in order, once, and to one worker.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from chalicelib.domain.ids import base_of
from chalicelib.domain.ledger import Segment, states
from chalicelib.domain.records import MassEmail
from chalicelib.domain.stats import Numbers
from chalicelib.flows.log import LogSearch
from tests.flows.readers import SENT_AT, Stage
from tests.proof.load_acts import EVENTS_PER_READER, MASS_EMAILS, Act, Message, Worker
from tests.proof.processes import dice

SEGMENT = 50  # recipients
WORKERS = 8
TWICE = 1 / 3  # of the events come a second time
SWITCH_EVERY = 1e-5  # seconds: threads take turns in the middle of everything
SEARCH = 1_000  # lines of the log in one answer


@dataclass(frozen=True)
class Mailings:
    """Several mass emails to the same people; the answers to the last one's calls were never seen."""

    stage: Stage
    mass_emails: Sequence[MassEmail]

    @classmethod
    def to(cls, readers: int) -> "Mailings":
        """As many as there are, a week apart."""
        stage = Stage(readers)
        later = [
            stage.sent(stage.contacts, at=SENT_AT + timedelta(weeks=week)) for week in range(1, MASS_EMAILS)
        ]
        stage.clock.advance(timedelta(weeks=MASS_EMAILS).total_seconds())
        mailings = cls(stage, [stage.mass_email, *later])
        mailings.lose_answers(later[-1])
        return mailings

    def segments(self, mass_email: MassEmail) -> list[Segment]:
        """The ledger of a mass email."""
        numbers = range(-(-len(self.stage.contacts) // SEGMENT))
        return list(self.stage.ledger.read(base_of(mass_email.id), numbers))

    def lose_answers(self, mass_email: MassEmail) -> None:
        """Its calls were made, and nobody has seen what came of them."""
        for segment in self.segments(mass_email):
            for done in segment.chunks.values():
                claimed = replace(done, state="Cme", done_at=None, results={})
                self.stage.ledger.advance(base_of(mass_email.id), segment.number, done, claimed)

    def told(self) -> Mapping[str, Any]:
        """Everything that anybody can see: items, statuses, counts, statistics, the log, each address."""
        stage = self.stage
        known: dict[str, Any] = {
            # ``accepted`` is written only where nothing else proves it yet: what it amounts to is compared below.
            "items": stage.stored(but=frozenset({"accepted"})),
            "campaign": stage.stats.of_campaign(stage.campaign.id),
        }
        for mass_email in self.mass_emails:
            segments = self.segments(mass_email)
            known[mass_email.id] = (
                [(segment.activity.accepted, states(segment, mass_email.status)) for segment in segments],
                stage.stats.of_mass_email(mass_email),
                stage.tallying.of(mass_email),
                list(self._log(mass_email)),
            )
        return known

    def _log(self, mass_email: MassEmail) -> Iterator[object]:
        search = LogSearch(limit=SEARCH)
        while True:
            page = self.stage.log.of_mass_email(mass_email, search)
            yield from page.items
            if page.next_key is None:
                return
            search = replace(search, start=page.next_key)


def acts_of(mailings: Mailings, chance: Random) -> list[Act]:
    """All that comes in, in order."""
    found: list[Act] = []
    for week, mass_email in enumerate(mailings.mass_emails):
        for number, contact in enumerate(mailings.stage.contacts):
            place = mailings.stage.place(number % SEGMENT, number // SEGMENT, mass_email)
            sent_at = SENT_AT + timedelta(weeks=week, milliseconds=number)
            found += Message(mass_email, place, contact, sent_at, chance).acts()
    return sorted(found, key=lambda act: act.at)


def found(events: int, seed: int) -> list[str]:
    """Play so many events of SES's, and what readers do meanwhile; what differs from the same in order and once."""
    chance = dice(seed)
    mailings = Mailings.to(-(-events // EVENTS_PER_READER))
    before, now = mailings.stage.dynamodb.snapshot(), mailings.stage.clock.now()
    acts = acts_of(mailings, chance)
    played = sum(act.is_event for act in acts)
    differences = [f"only {played} events"] if played < events else []
    alone = Worker(mailings.stage)
    for act in acts:
        alone.work(act, now)
    expected = mailings.told()
    mailings.stage.dynamodb.restore(before)
    crowd = acts + [act for act in acts if act.is_event and chance.random() < TWICE]
    chance.shuffle(crowd)
    _at_once(mailings.stage, crowd, now)
    told = mailings.told()
    return [*differences, *_silent(expected), *_differences(expected, told)]


def _at_once(stage: Stage, crowd: Sequence[Act], now: datetime) -> None:
    """As many workers as there are take turns at what comes in."""

    def share(number: int) -> None:
        worker = Worker(stage)
        for act in crowd[number::WORKERS]:
            worker.work(act, now)
        assert worker.outbox.jobs == [], "the table was there all the time"

    with restless(), ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(share, range(WORKERS)))


def _silent(told: Mapping[str, Any]) -> Iterator[str]:
    """What the play should have shown and has not."""
    numbers: Numbers = told["campaign"]
    shown = (
        "sent",
        "delivered",
        "opened",
        "clicked",
        "opted_out",
        "hard_bounced",
        "soft_bounced",
        "complained",
    )
    yield from (f"nobody was {name}" for name in shown if not getattr(numbers, name))
    reasons = ("'bounced'", "'softBounces'", "'complained'")
    yield from (
        f"no address is flagged as {each}"
        for each in reasons
        if not any(each in item for item in told["items"])
    )


def _differences(expected: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[str]:
    once, load = set(expected["items"]), set(told["items"])
    yield from (f"only in order: {item}" for item in sorted(once - load))
    yield from (f"only under load: {item}" for item in sorted(load - once))
    yield from (f"{key} is told differently" for key in expected if expected[key] != told[key])


@contextmanager
def restless() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_EVERY)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
