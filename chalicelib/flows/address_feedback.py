"""What an event of SES does to the flags of the addresses that it names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.addresses import address_problem
from chalicelib.domain.bounces import Consequence, Verdict, verdict_of
from chalicelib.domain.events import EventRecipient, FeedbackEvent
from chalicelib.domain.ports import Addresses, SettingsStore, Targets
from chalicelib.domain.ports_log import LogReader


@dataclass(frozen=True)
class AddressFeedback:
    """Marks addresses as invalid or opted out; ``key_of`` is the keyed hash of an address."""

    addresses: Addresses
    targets: Targets
    history: LogReader
    settings: SettingsStore
    key_of: Callable[[str], str]

    def is_held(self, address: str) -> bool:
        """Whether a record of ours has this address."""
        return address_problem(address) is None and bool(self.targets.holders(self.key_of(address)))

    def take(self, event: FeedbackEvent, recipients: Sequence[EventRecipient]) -> None:
        """Do to these addresses what the event means to them."""
        verdict = verdict_of(event)
        if verdict.consequence is Consequence.NOTHING:
            return
        for recipient in recipients:
            if address_problem(recipient.address) is None:
                self._flag(event, verdict, recipient.address)

    def _flag(self, event: FeedbackEvent, verdict: Verdict, address: str) -> None:
        key = self.key_of(address)
        if verdict.consequence is Consequence.OPTED_OUT:
            self.addresses.opt_out(
                key, address, everything=True, list_ids=(), reason=verdict.reason, at=event.at
            )
            return
        since = (
            event.at if verdict.consequence is Consequence.INVALID else self._worn_out_at(event, key, address)
        )
        if since is not None:
            self.addresses.mark_invalid(key, address, reason=verdict.reason, at=since)

    def _worn_out_at(self, event: FeedbackEvent, key: str, address: str) -> datetime | None:
        """The bounce by which the address had bounced softly too often in a row, by event time; None: it has not.

        A Delivery ends the row. It is looked up here, where the row has become too long, so that no Delivery needs a request
        for it; there are a thousand Deliveries to one address like this. So one that comes only after the row was complete, as
        from a failure queue days later, takes nothing back: that is an administrator's to say.
        """
        limit = self.settings.get().soft_bounce_limit
        in_a_row = self.addresses.soft_bounce(key, address, at=event.at, event_id=event.event_id)
        delivered_at = self._last_delivery(key) if len(in_a_row) >= limit else None
        if delivered_at is not None:
            self.addresses.delivered(key, at=delivered_at)
            in_a_row = [bounced_at for bounced_at in in_a_row if bounced_at > delivered_at]
        return in_a_row[limit - 1] if len(in_a_row) >= limit else None

    def _last_delivery(self, key: str) -> datetime | None:
        places = [
            place
            for target_type, target_id in self.targets.holders(key)
            for place in self.history.places_of(target_type, target_id)
        ]
        return self.history.last_delivery(places)
