"""What SES and readers say of a message, each act by itself, and the workers who take it in.

A worker is a process of its own, with its own clock: a reader's act has its own time, whenever it is worked off.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from chalicelib.domain.ids import Place
from chalicelib.domain.records import Contact, MassEmail
from chalicelib.storage.table import Table
from chalicelib.wiring import Wiring
from devstack import resources
from tests.fakes.clock import FakeClock
from tests.flows.readers import BROWSER, SCANNER, SENT_AT, FakeOutbox, FakeSettings, Stage, StillRing

EVENTS_PER_READER = 13  # of SES's, at least, over all mass emails
MASS_EMAILS = 6
Event = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """Something that comes in. ``is_event``: of SES's, which the topic may bring twice."""

    at: datetime
    do: Callable[["Worker"], object]
    is_event: bool = True


class Worker(Wiring):
    """One process: what it holds is its own, the table is everybody's."""

    def __init__(self, stage: Stage) -> None:
        self.time = FakeClock(stage.clock.now())
        super().__init__({}, self.time)
        given: dict[str, Any] = {
            "table": Table(stage.dynamodb, resources.PREFIX, lambda seconds: None),
            "key_ring": StillRing(),
            "outbox": FakeOutbox(),
            "settings_store": FakeSettings(),
        }
        self.__dict__.update(given)

    def work(self, act: Act, now: datetime) -> None:
        """Do it: an event at whatever time it comes, a reader's act at its own."""
        self.time.reset(now if act.is_event else act.at)
        act.do(self)


@dataclass(frozen=True)
class Message:
    """One message to one reader, and what becomes of it."""

    mass_email: MassEmail
    place: Place
    contact: Contact
    sent_at: datetime
    chance: Random

    def acts(self) -> Iterator[Act]:
        """All that comes in about it; a tenth of the readers each have a fate of their own."""
        yield self._event("Send", 0)
        fate = FATES.get(self.place.position % 20, Message.arrives)
        yield from fate(self)

    def arrives(self) -> Iterator[Act]:
        """Delivered, and a part of the readers opens, clicks and leaves."""
        yield self._event("Delivery", 5)
        if self.chance.random() < 0.3:
            yield self._reader(60, lambda worker: worker.tracking.opened(self.place, BROWSER))
        if self.chance.random() < 0.15:
            yield self._reader(70, lambda worker: worker.tracking.clicked(self.place, 0, BROWSER))
            yield self._reader(71, lambda worker: worker.tracking.clicked(self.place, 1, BROWSER))
        if self.chance.random() < 0.05:
            yield self._reader(90, lambda worker: worker.unsubscribe.leave(self.place))
        if self.chance.random() < 0.05:
            yield self._event("Open", 61)
            yield self._event("SomethingNew", 62)

    def scanned(self) -> Iterator[Act]:
        """A scanner follows every link before the reader does."""
        yield self._event("Delivery", 5)
        for link in range(4):
            yield self._reader(
                6 + link / 10, lambda worker, link=link: worker.tracking.clicked(self.place, link, SCANNER)
            )  # type: ignore[misc]
        yield self._reader(80, lambda worker: worker.tracking.clicked(self.place, 0, BROWSER))

    def bounces(self) -> Iterator[Act]:
        """No such mailbox; told by event publishing, or by the identity's own notification."""
        tell = self._event if self.chance.random() < 0.5 else self._notification
        yield tell("Bounce", 7, self._bounce("Permanent", "NoEmail"))

    def is_full(self) -> Iterator[Act]:
        """Every time, and every message bounces twice: one too many of them makes the address invalid."""
        yield self._event("DeliveryDelay", 7)
        yield self._event("Bounce", 9, self._bounce("Transient", "MailboxFull"))
        yield self._event("Bounce", 39, self._bounce("Transient", "General", 1))

    def is_full_for_a_while(self) -> Iterator[Act]:
        """Not often enough to be invalid."""
        if self.sent_at < SENT_AT + timedelta(weeks=4):
            yield self._event("Bounce", 9, self._bounce("Transient", "MailboxFull"))
            return
        yield self._event("Delivery", 5)

    def complains(self) -> Iterator[Act]:
        """Opened, and called spam."""
        yield self._event("Delivery", 5)
        yield self._reader(30, lambda worker: worker.tracking.opened(self.place, BROWSER))
        yield self._event("Complaint", 40, {"complaintFeedbackType": "abuse", "feedbackId": f"c{self.place}"})

    def is_rejected(self) -> Iterator[Act]:
        """Taken and not sent."""
        yield self._event("Reject", 3, {"reason": "Bad content"})

    def nobody_knows(self) -> Iterator[Act]:
        """Delivered; and an event without tags and headers, one of a stranger's message, and one that is none."""
        yield self._event("Delivery", 5)
        unmatched = self._raw("notificationType", "Bounce", 11, self._bounce("Transient", "MessageTooLarge"))
        del unmatched["mail"]["tags"]
        yield self._act(unmatched, 11)
        foreign = self._raw("eventType", "Delivery", 12, {})
        foreign["mail"]["tags"] = {"ses:configuration-set": ["others"]}
        yield self._act(foreign, 12)
        yield self._act({"neither": self.place.recipient_id}, 13)

    def _reader(self, minutes: float, do: Callable[["Worker"], object]) -> Act:
        return Act(self.sent_at + timedelta(minutes=minutes), do, is_event=False)

    def _event(self, kind: str, minutes: float, details: Event | None = None) -> Act:
        return self._act(self._raw("eventType", kind, minutes, details or {}), minutes)

    def _notification(self, kind: str, minutes: float, details: Event) -> Act:
        raw = self._raw("notificationType", kind, minutes, details)
        del raw["mail"]["tags"]
        raw["mail"]["headers"] = [{"name": "X-Queue-Item-Id", "value": self.place.recipient_id}]
        return self._act(raw, minutes)

    def _act(self, raw: Event, minutes: float) -> Act:
        text = json.dumps(raw)
        return Act(self.sent_at + timedelta(minutes=minutes), lambda worker: worker.feedback.handle(text))

    def _raw(self, kind_key: str, kind: str, minutes: float, details: Event) -> Event:
        at = (self.sent_at + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
        name = {"DeliveryDelay": "deliveryDelay"}.get(kind, kind.lower())
        return {
            kind_key: kind,
            "mail": {
                "timestamp": self.sent_at.isoformat(),
                "messageId": f"m{self.place.recipient_id}",
                "destination": [self.contact.email_address],
                "tags": {
                    "mass-email": [self.mass_email.id],
                    "recipient": [self.place.recipient_id],
                    "attempt": ["1"],
                },
            },
            name: {"timestamp": at, **details},
        }

    def _bounce(self, kind: str, sub_type: str, number: int = 0) -> Event:
        recipients = [{"emailAddress": self.contact.email_address, "diagnosticCode": f"smtp; {kind}"}]
        return {
            "feedbackId": f"{kind}-{self.place.recipient_id}-{number}",
            "bounceType": kind,
            "bounceSubType": sub_type,
            "bouncedRecipients": recipients,
        }


FATES: Mapping[int, Callable[[Message], Iterator[Act]]] = {
    1: Message.bounces,
    3: Message.is_full,
    5: Message.is_full_for_a_while,
    7: Message.complains,
    9: Message.is_rejected,
    11: Message.scanned,
    13: Message.nobody_knows,
}
