"""What SES says of our messages: evidence beside the recipient, a line in the log, and the address's flags.

Every step may be repeated, and the topic repeats an event until all of them are done. A Send is one request, a Delivery two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib import logs
from chalicelib.domain.activity import Mark
from chalicelib.domain.addresses import address_problem
from chalicelib.domain.bounces import Consequence, Verdict, verdict_of
from chalicelib.domain.clock import Clock
from chalicelib.domain.events import (
    BounceKind,
    EventRecipient,
    EventType,
    FeedbackEvent,
    OtherSender,
    Parsed,
    TopicTest,
    Unreadable,
)
from chalicelib.domain.ids import Place
from chalicelib.domain.ledger import RecipientStatus
from chalicelib.domain.log import NO_DETAILS, Action, BounceType, LogDetails
from chalicelib.domain.outcomes import without_addresses
from chalicelib.domain.ports import SettingsStore
from chalicelib.domain.ports_log import (
    ActivityStore,
    AddressEvidence,
    EventStore,
    Holders,
    LogReader,
    LogWriter,
    MassEmailFinder,
    Segments,
)

NOT_KEPT = frozenset({EventType.SEND, EventType.DELIVERY})
"""Raw events of these types say nothing that the ledger does not."""


@dataclass(frozen=True)
class Feedback:
    """Takes in events; ``key_of`` is the keyed hash of an address, ``parse`` reads what the topic brings."""

    clock: Clock
    finder: MassEmailFinder
    segments: Segments
    activity: ActivityStore
    log: LogWriter
    history: LogReader
    addresses: AddressEvidence
    holders: Holders
    events: EventStore
    settings: SettingsStore
    key_of: Callable[[str], str]
    parse: Callable[[str], Parsed]

    def handle(self, message: str) -> None:
        """Take in whatever came out of the topic."""
        self.take(self.parse(message))

    def take(self, parsed: Parsed) -> None:
        """The same, read."""
        if isinstance(parsed, TopicTest):
            return
        if isinstance(parsed, OtherSender):
            logs.event("foreignEvent", type=parsed.type_name)
            return
        if isinstance(parsed, Unreadable):
            logs.event("unreadableEvent", reason=parsed.reason)
            self.events.keep_unreadable(parsed, now=self.clock.now())
            return
        self._take_event(parsed)

    def _take_event(self, event: FeedbackEvent) -> None:
        place = self._place(event)
        if place is None:
            self._take_unmatched(event)
            return
        self._note(event, place)
        self._flag(event, event.recipients)
        if event.type not in NOT_KEPT:
            self.events.keep(event, matched=True, now=self.clock.now())
        self.events.stream_is_alive(self.clock.now())

    def _place(self, event: FeedbackEvent) -> Place | None:
        """Whom the event is about, if it is a recipient of ours: others may use the same header."""
        if event.recipient_id is None:
            return None
        place = Place.of(event.recipient_id)
        owner = self.finder.id_of_base(place.base)
        return place if owner is not None and event.mass_email_id in (None, owner) else None

    def _take_unmatched(self, event: FeedbackEvent) -> None:
        """Nothing says whose message it was: what it says of addresses that we hold counts, the rest is not ours to keep."""
        is_anothers = (
            event.recipient_id is not None and event.mass_email_id is None
        )  # EspoCRM's header is ours, too
        ours = [] if is_anothers else [each for each in event.recipients if self._is_held(each.address)]
        if not ours:
            logs.event("foreignEvent", type=event.type_name)
            return
        logs.event("unmatchedEvent", type=event.type_name)
        self._flag(event, ours)
        if event.type not in NOT_KEPT:
            self.events.keep(event, matched=False, now=self.clock.now())

    def _is_held(self, address: str) -> bool:
        return address_problem(address) is None and bool(self.holders.holders(self.key_of(address)))

    def _note(self, event: FeedbackEvent, place: Place) -> None:
        """The evidence first, then its line in the log: either may be there twice, and is one."""
        if event.type is EventType.SEND:
            self._confirm(place)
            return
        mark, action, details = evidence_of(event)
        self.activity.mark(place, mark)
        if action is not None:
            self.log.happened(place, action, event.at, details)

    def _confirm(self, place: Place) -> None:
        """Mostly the send's own answer is stored already; then there is nothing to write."""
        segment = next(iter(self.segments.progress(place.base, [place.segment])), None)
        if segment is not None:
            sent = (chunk.results.get(place.position) for chunk in segment.chunks.values())
            if any(result is not None and result.status is RecipientStatus.SENT for result in sent):
                return
            if place.position in segment.activity.accepted:
                return
        self.activity.mark(place, Mark.ACCEPTED)

    def _flag(self, event: FeedbackEvent, recipients: Sequence[EventRecipient]) -> None:
        verdict = verdict_of(event)
        if verdict.consequence is Consequence.NOTHING:
            return
        for recipient in recipients:
            if address_problem(recipient.address) is None:
                self._flag_address(event, verdict, recipient.address)

    def _flag_address(self, event: FeedbackEvent, verdict: Verdict, address: str) -> None:
        key = self.key_of(address)
        if verdict.consequence is Consequence.INVALID:
            self.addresses.mark_invalid(key, address, reason=verdict.reason, at=event.at)
        elif verdict.consequence is Consequence.OPTED_OUT:
            self.addresses.opt_out(
                key, address, everything=True, list_ids=(), reason=verdict.reason, at=event.at
            )
        elif self._is_worn_out(event, key, address):
            self.addresses.mark_invalid(key, address, reason=verdict.reason, at=event.at)

    def _is_worn_out(self, event: FeedbackEvent, key: str, address: str) -> bool:
        """Whether the address bounced softly too often in a row.

        A Delivery ends the row. It is looked up here, where the row has become too long, so that no Delivery needs a request
        for it; there are a thousand Deliveries to one address like this.
        """
        limit = self.settings.get().soft_bounce_limit
        in_a_row = self.addresses.soft_bounce(key, address, at=event.at, event_id=event.event_id)
        if in_a_row < limit:
            return False
        delivered_at = self._last_delivery(key)
        if delivered_at is None:
            return True
        self.addresses.delivered(key, at=delivered_at)
        flags = self.addresses.flags([key]).get(key)
        return flags is not None and flags.soft_bounces >= limit

    def _last_delivery(self, key: str) -> datetime | None:
        places = [
            place
            for target_type, target_id in self.holders.holders(key)
            for place in self.history.places_of(target_type, target_id)
        ]
        return self.history.last_delivery(places)


def evidence_of(event: FeedbackEvent) -> tuple[Mark, Action | None, LogDetails]:
    """What an event that is no Send proves, and what it is in the log: a total function of the event."""
    if event.type is EventType.DELIVERY:
        return Mark.DELIVERED, Action.DELIVERED, NO_DETAILS
    if event.type in (EventType.REJECT, EventType.RENDERING_FAILURE):
        return Mark.REJECTED, None, NO_DETAILS
    verdict = verdict_of(event)
    if event.type is EventType.COMPLAINT and verdict.consequence is Consequence.OPTED_OUT:
        return Mark.COMPLAINED, Action.COMPLAINED, NO_DETAILS
    if event.type is not EventType.BOUNCE:
        return Mark.ACCEPTED, None, NO_DETAILS
    is_hard = verdict.consequence is Consequence.INVALID or event.bounce_kind is BounceKind.PERMANENT
    diagnostic = next((each.diagnostic_code for each in event.recipients if each.diagnostic_code), None)
    details = LogDetails(
        bounce_type=BounceType.HARD if is_hard else BounceType.SOFT,
        bounce_sub_type=event.bounce_sub_type,
        diagnostic_code=without_addresses(diagnostic) if diagnostic else None,
    )
    return Mark.BOUNCED_HARD if is_hard else Mark.BOUNCED_SOFT, Action.BOUNCED, details
