"""The stand-in for SES v2: its state and its rules, without HTTP, so that proofs can call it a thousand times a second.

Give it a clock and a place to publish events to; every random decision comes from the seed in its faults.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chalicelib.domain.clock import Clock
from devstack import ses_events
from devstack.ses_errors import AnswerLost, SesError, internal_error, not_found, too_many, unverified
from devstack.ses_faults import Dice, Faults
from devstack.ses_identities import Identities
from devstack.ses_mailbox import Fate, Mailbox, Message, fate_of, is_simulator
from devstack.ses_quota import Allowed, Meter
from devstack.ses_request import Addressed, Call, bulk_call, simple_call
from devstack.ses_template import RenderingFailed

Event = dict[str, Any]
VIRUS = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE"  # the harmless text that every scanner knows


class SesStandIn:
    """One account in one region. Every method may be called from any thread; events are published before it returns."""

    def __init__(
        self,
        clock: Clock,
        publish: Callable[[Any], None],
        *,
        faults: Faults | None = None,
        configuration_sets: frozenset[str] = frozenset({"envoi-dev"}),
        keep: int = 100_000,
    ) -> None:
        self.mailbox = Mailbox(keep)
        self.identities = Identities()
        self.configuration_sets = configuration_sets
        self._clock, self._publish = clock, publish
        self._suppressed: dict[str, dict[str, Any]] = {}
        self._meter = Meter()
        self._lock = threading.RLock()
        self._calls: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._recipients = self._bytes = 0
        self.faults = faults or Faults()

    @property
    def faults(self) -> Faults:
        """What goes wrong, and the account's quota. Setting it throws the dice anew from its seed."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self._lock:
            self._faults = faults
            self._dice = Dice(faults.seed)
            self._allowed = Allowed(faults.max_24_hour_send, faults.max_send_rate)

    def send_bulk(self, request: Mapping[str, Any], *, size: int | None = None) -> dict[str, Any]:
        """``SendBulkEmail``; ``size`` in bytes if it came over the wire.

        Raises:
            SesError: The whole call is refused; nobody gets a message.
            AnswerLost: The call was carried out, but the caller will not hear of it.
        """
        with self._call("SendBulkEmail"):
            call = bulk_call(request, size=size)
            self._bytes += size or 0
            self._check_account(call)
            self._check_room(len(call.messages))
            results = [self._entry(call, entry) for entry in call.messages]
            self._lose_answer()
            return {"BulkEmailEntryResults": results}

    def send_email(self, request: Mapping[str, Any], *, size: int | None = None) -> dict[str, Any]:
        """``SendEmail`` with Simple content, for the sender that benchmarks compare with.

        Raises:
            SesError: It is refused.
            AnswerLost: As ``send_bulk``.
        """
        with self._call("SendEmail"):
            call = simple_call(request)
            self._bytes += size or 0
            self._check_account(call)
            self._check_room(1)
            self._check_sandbox(call.messages[0])
            message_id = self._accept(call, call.messages[0])
            self._lose_answer()
            return {"MessageId": message_id}

    def get_account(self) -> dict[str, Any]:
        """``GetAccount``."""
        with self._lock:
            self._calls["GetAccount"] += 1
            return {
                "DedicatedIpAutoWarmupEnabled": False,
                "EnforcementStatus": "SHUTDOWN" if self._faults.account_suspended else "HEALTHY",
                "ProductionAccessEnabled": not self._faults.sandbox,
                "SendingEnabled": not (self._faults.sending_paused or self._faults.account_suspended),
                "SendQuota": {
                    "Max24HourSend": self._allowed.max_24_hour_send,
                    "MaxSendRate": self._allowed.max_send_rate,
                    "SentLast24Hours": float(self._meter.last_24_hours(self._clock.now())),
                },
                "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
                "PricingAttributes": {"CurrentPlan": "ESSENTIALS"},
            }

    def suppress(self, address: str, reason: str) -> None:
        """``PutSuppressedDestination``: the account's own list; what is on it bounces without being sent."""
        self._suppressed[address.lower()] = {
            "EmailAddress": address,
            "Reason": reason,
            "LastUpdateTime": self._clock.now().timestamp(),
        }

    def suppression(self, address: str) -> dict[str, Any]:
        """``GetSuppressedDestination``.

        Raises:
            SesError: It is not on the list.
        """
        if address.lower() not in self._suppressed:
            raise not_found("Email address is not on the suppression list for your account.")
        return self._suppressed[address.lower()]

    def unsuppress(self, address: str) -> None:
        """``DeleteSuppressedDestination``.

        Raises:
            SesError: It is not on the list.
        """
        self.suppression(address)
        del self._suppressed[address.lower()]

    def publish(self, event: Any) -> None:
        """Publish an event as given, in whichever format it is."""
        self._publish(event)

    def stats(self) -> dict[str, Any]:
        """Counts since the start: calls, accepted recipients, the fullest clock second, refusals by their reason."""
        with self._lock:
            sending = self._calls["SendBulkEmail"] + self._calls["SendEmail"]
            return {
                "calls": sending,
                "callsByOperation": dict(self._calls),
                "recipients": self._recipients,
                "mostRecipientsInOneSecond": self._meter.most_in_one_second,
                "refusals": self._refusals.total(),
                "refusalsByReason": dict(self._refusals),
                "bytes": self._bytes,
            }

    @contextmanager
    def _call(self, operation: str) -> Iterator[None]:
        with self._lock:
            self._calls[operation] += 1
            try:
                if self._dice.strikes(self._faults.throttle):
                    raise too_many("Maximum sending rate exceeded.")
                if self._dice.strikes(self._faults.error_before_accept):
                    raise internal_error()
                yield
            except SesError as error:
                self._refusals[error.code] += 1
                raise

    def _lose_answer(self) -> None:
        if self._dice.strikes(self._faults.timeout_after_accept):
            raise AnswerLost

    def _check_account(self, call: Call) -> None:
        if self._faults.account_suspended:
            raise SesError(
                "AccountSuspendedException", "The account's ability to send email has been suspended."
            )
        if self._faults.sending_paused:
            raise SesError("SendingPausedException", "Email sending is disabled for this account.")
        if call.configuration_set is not None and call.configuration_set not in self.configuration_sets:
            raise not_found(f"Configuration set <{call.configuration_set}> does not exist.")
        if not self.identities.covers(call.source):
            raise unverified(call.source, "eu-west-1")

    def _check_room(self, wanted: int) -> None:
        """A call of which nothing fits is refused whole; one of which a part fits, entry by entry."""
        now = self._clock.now()
        if self._meter.day_room(self._allowed, now) < 1:
            raise too_many("Daily message quota exceeded.")
        if wanted and self._meter.rate_room(self._allowed, now) < 1:
            raise too_many("Maximum sending rate exceeded.")

    def _check_sandbox(self, entry: Addressed) -> None:
        if not self._faults.sandbox:
            return
        for address in entry.recipients:
            if not is_simulator(address) and not self.identities.verified_explicitly(address):
                raise unverified(address, "eu-west-1")

    def _entry(self, call: Call, entry: Addressed) -> dict[str, str]:
        try:
            self._check_entry(entry)
        except SesError as error:
            self._refusals[error.code] += 1
            return {"Status": error.code, "Error": error.message}
        return {"Status": "SUCCESS", "MessageId": self._accept(call, entry)}

    def _check_entry(self, entry: Addressed) -> None:
        now = self._clock.now()
        if self._dice.strikes(self._faults.mixed_status):
            status = self._dice.random.choice(self._faults.statuses)
            raise SesError(status, f"{status.replace('_', ' ').capitalize()}.")
        if entry.problem:
            raise SesError("INVALID_PARAMETER", entry.problem)
        try:
            self._check_sandbox(entry)
        except SesError as error:
            raise SesError("MESSAGE_REJECTED", error.message) from error
        if self._meter.day_room(self._allowed, now) < len(entry.recipients):
            raise SesError("ACCOUNT_DAILY_QUOTA_EXCEEDED", "Daily message quota exceeded.")
        if self._meter.rate_room(self._allowed, now) < len(entry.recipients):
            raise SesError("ACCOUNT_THROTTLED", "Maximum sending rate exceeded.")

    def _accept(self, call: Call, entry: Addressed) -> str:
        now = self._clock.now()
        for address in entry.recipients:
            self._recipients += 1
            self._meter.took(now, counted=not is_simulator(address))
        message = Message(ses_events.new_message_id(now, self._dice.random), now, call, entry)
        self._tell(message, self._become(message))
        return message.message_id

    def _become(self, message: Message) -> list[Event]:
        """What happens to it; only what leaves SES is in the mailbox."""
        try:
            for part in (message.call.subject, message.call.html, message.call.text):
                if part is not None:
                    part.check(message.entry.data)
        except RenderingFailed as failure:
            return [ses_events.rendering_failure(message, str(failure))]
        if self._has_virus(message):
            return ses_events.rejection(message)
        self.mailbox.add(message)
        address = message.entry.recipients[0]
        fate = Fate.ACCOUNT_SUPPRESSED if address.lower() in self._suppressed else fate_of(address)
        return ses_events.events_of(message, fate, self._dice.random)

    @staticmethod
    def _has_virus(message: Message) -> bool:
        parts = (part for part in (message.call.html, message.call.text) if part is not None)
        return any(VIRUS in text for part in parts for text in part.parts[::2])

    def _tell(self, message: Message, events: list[Event]) -> None:
        """Events go out only through a configuration set, like in SES; some are lost or doubled on demand."""
        if message.call.configuration_set is None:
            return
        for event in events:
            kind = event["eventType"]
            if kind == "Send" and self._dice.strikes(self._faults.drop_send_events):
                continue
            message.events.append((kind, message.at))
            for _ in range(1 + self._dice.strikes(self._faults.duplicate_events)):
                self._publish(event)
