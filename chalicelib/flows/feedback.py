"""What SES says of our messages: evidence beside the recipient, a line in the log, and the address's flags.

Every step may be repeated, and the topic repeats an event until all of them are done. A Send is one request, a Delivery two.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib import logs
from chalicelib.domain.activity import Mark
from chalicelib.domain.bounces import Consequence, verdict_of
from chalicelib.domain.clock import Clock
from chalicelib.domain.events import (
    BounceKind,
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
from chalicelib.domain.ports_log import (
    ActivityStore,
    EventStore,
    LogWriter,
    MassEmailFinder,
    Segments,
)
from chalicelib.flows.address_feedback import AddressFeedback

NOT_KEPT = frozenset({EventType.SEND, EventType.DELIVERY})
"""Raw events of these types say nothing that the ledger does not."""


@dataclass(frozen=True)
class Feedback:
    """Takes in events; ``parse`` reads what the topic brings."""

    clock: Clock
    finder: MassEmailFinder
    segments: Segments
    activity: ActivityStore
    log: LogWriter
    events: EventStore
    address_feedback: AddressFeedback
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
        self.address_feedback.take(event, event.recipients)
        if event.type not in NOT_KEPT:
            self.events.keep(event, matched=True, now=self.clock.now())
        if event.type is EventType.SEND:
            # Silence means something only where acceptance itself is told: other events may come from a configuration
            # set without Send events, or days after the message.
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
        ours = (
            []
            if is_anothers
            else [each for each in event.recipients if self.address_feedback.is_held(each.address)]
        )
        if not ours:
            logs.event("foreignEvent", type=event.type_name)
            return
        logs.event("unmatchedEvent", type=event.type_name)
        self.address_feedback.take(event, ours)
        if event.type not in NOT_KEPT:
            self.events.keep(event, matched=False, now=self.clock.now())

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


def evidence_of(event: FeedbackEvent) -> tuple[Mark, Action | None, LogDetails]:
    """What an event that is no Send proves, and what it is in the log: a total function of the event."""
    if event.type is EventType.DELIVERY:
        return Mark.DELIVERED, Action.DELIVERED, NO_DETAILS
    if event.type in (EventType.REJECT, EventType.RENDERING_FAILURE):
        return Mark.REJECTED, None, NO_DETAILS
    verdict = verdict_of(event)
    if event.type is EventType.COMPLAINT and verdict.consequence is Consequence.OPTED_OUT:
        return (
            Mark.COMPLAINED,
            Action.COMPLAINED,
            LogDetails(complaint_sub_type=event.complaint_sub_type),
        )
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
