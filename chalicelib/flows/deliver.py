"""One message of the send queue: one chunk, one claim, one ``SendBulkEmail`` call.

The order is the proof: wait for the rate, read everything once more, render, claim, call. What was read before a wait is read
again after it, so that an opt-out or a pause counts a second after it was answered; nothing but the claim stands between.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.domain.clock import Clock
from chalicelib.domain.finishing import Finish, back, done, finish, finish_at_once, halves
from chalicelib.domain.ids import Place
from chalicelib.domain.ledger import Chunk
from chalicelib.domain.mass_emails import Act
from chalicelib.domain.message import CompiledMessage
from chalicelib.domain.ports import SettingsStore
from chalicelib.domain.ports_account import Account, AccountState, Tickets
from chalicelib.domain.ports_delivery import Ledger, MassEmails, Opened, Overtaken
from chalicelib.domain.ports_jobs import Outbox
from chalicelib.domain.queue import ChunkMessage
from chalicelib.domain.records import CampaignStatus, MassEmail, MassEmailStatus, StatusReason
from chalicelib.domain.runs import chunk_size_at
from chalicelib.domain.sending import Batch, Effect, Outcome, Sender
from chalicelib.errors import Conflict
from chalicelib.flows.momentum import Momentum
from chalicelib.flows.preparing import Prepared, Preparing

CALL_WITHIN = timedelta(
    seconds=10
)  # of the claim; a worker that was paused for longer must not call any more
LONGEST_WAIT = 30.0  # seconds to sit out for the rate; longer waits go back on the queue
STALE_AFTER = timedelta(seconds=0.5)  # an opt-out counts from one second after it was answered
SLOT_TOLERANCE = timedelta(seconds=1)  # a slot that passed longer ago is given up for a new one
LONGEST_DELAY = 900  # seconds, SQS's limit for DelaySeconds (API_SendMessage)
THROTTLE_DELAY = 2  # seconds until a throttled chunk is tried again
ATTEMPT_DELAY = 60  # seconds until a failed attempt is repeated
CAUTIOUS_RATE = 1.0  # recipients a second while GetAccount was never answered: what the SES sandbox allows


class Compiled(Protocol):
    """Frozen messages, compiled and cached."""

    def compiled(self, mass_email_id: str, version: int) -> CompiledMessage:
        """The message of this version."""
        ...


@dataclass(frozen=True)
class Deliver:
    """Sends chunks."""

    clock: Clock
    ledger: Ledger
    mass_emails: MassEmails
    account: Account
    tickets: Tickets
    settings: SettingsStore
    outbox: Outbox
    sender: Sender
    messages: Compiled
    preparing: Preparing
    new_token: Callable[[], str]
    momentum: Momentum = field(default_factory=Momentum)

    def handle(self, raw: Mapping[str, object]) -> None:
        """Send what this message of the queue points to, if it still waits for it.

        Raises:
            UnreadableMessage: Not a message of ours; it belongs in the dead-letter queue.
        """
        self._handle(ChunkMessage.of(raw))

    def _handle(self, message: ChunkMessage) -> None:
        rate = self.momentum.rate(message.mass_email_id, self.clock.now())
        opened = None
        if rate is None:
            opened = self._ready(message)
            if opened is None:
                return
            rate = rate_of(opened.account)
        read_at = self.clock.now()
        if not self._waited(message, self.slot(message, rate)):
            return
        if opened is None or self.clock.now() - read_at > STALE_AFTER:
            opened = self._ready(message)
        if opened is None:
            return
        if rate_of(opened.account) != rate:  # the slot is one of the rate as it was: take one as it is
            self.momentum.lost()
            self._handle(message)
            return
        self.send(message, opened, *self._compiled(message, opened))

    def _waited(self, message: ChunkMessage, slot: datetime) -> bool:
        """Sit out the wait for the slot; False when it is so long that the message goes back on the queue with it."""
        wait = (slot - self.clock.now()).total_seconds()
        if wait > LONGEST_WAIT:
            # Early by half the longest wait: a delayed message may come late, and its slot would be lost.
            delay = min(LONGEST_DELAY, int(wait - LONGEST_WAIT / 2))
            self.outbox.chunks([replace(message, slot=slot).to_json()], delay=delay)
            return False
        self.clock.sleep(wait)
        return True

    def _ready(self, message: ChunkMessage) -> Opened | None:
        """What decides about the chunk, if it can be sent as it is; the worker's momentum follows."""
        opened = self._open(message)
        if opened is None or self._split_for_rate(message, opened):
            self.momentum.lost()
            return None
        self._compiled(message, opened)  # the first time takes long: not between the slot and the call
        self.momentum.gained(message.mass_email_id, rate_of(opened.account), self.clock.now())
        return opened

    def slot(self, message: ChunkMessage, rate: float) -> datetime:
        """When the call may be made: the moment that the message brings, or a new one from the rate ticket."""
        now = self.clock.now()
        if message.slot is not None and now - message.slot <= SLOT_TOLERANCE:
            return message.slot
        return self.tickets.take(rate, now)

    def send(
        self, message: ChunkMessage, opened: Opened, compiled: CompiledMessage, version: int = 0
    ) -> None:
        """Re-check, render, claim, call, and write down what came of it."""
        chunk = opened.segment.chunk(message.chunk)
        assert opened.mass_email is not None  # noqa: S101 - the caller has looked
        assert chunk is not None  # noqa: S101 - as above
        chunk = replace(chunk, version=version)
        max_attempts = self.settings.get().mass_email_max_attempt_count
        prepared = self.preparing.prepare(opened, chunk, compiled)
        if not prepared.entries:
            self._close(message, chunk, Finish(done(chunk, prepared.results, self.clock.now())))
            return
        claimed = self._claim(message, opened.mass_email, chunk, prepared)
        if claimed is None:
            return
        if claimed.call_by is None or self.clock.now() > claimed.call_by:
            self._close(message, claimed, Finish(back(claimed, go=message.go)))
            return
        outcomes = dict(zip(prepared.entries, self.sender.send(_batch(compiled, prepared)), strict=True))
        self._answer(message, claimed, outcomes, max_attempts)

    def _open(self, message: ChunkMessage) -> Opened | None:
        """Everything that decides, if the chunk waits for just this message and may be sent: else the sweep owns it."""
        opened = self.ledger.open(
            message.mass_email_id, message.campaign_id, message.segment, message.address_keys
        )
        chunk = opened.segment.chunk(message.chunk)
        waits = chunk is not None and chunk.waits and chunk.go == message.go
        return opened if waits and _may_send(opened) else None

    def _compiled(self, message: ChunkMessage, opened: Opened) -> tuple[CompiledMessage, int]:
        """The message and its version."""
        assert opened.mass_email is not None  # noqa: S101 - _open has looked
        version = opened.mass_email.message_version
        return self.messages.compiled(message.mass_email_id, version), version

    def _split_for_rate(self, message: ChunkMessage, opened: Opened) -> bool:
        """Halve a chunk that holds more than SES takes in a second by now, for its rate was lowered since the plan."""
        chunk = opened.segment.chunk(message.chunk)
        if chunk is None or len(chunk.open_positions) <= chunk_size_at(rate_of(opened.account)):
            return False
        split = replace(chunk, state="D", done_at=self.clock.now())
        self._close(message, chunk, Finish(split, halves(chunk)))
        return True

    def _claim(
        self, message: ChunkMessage, mass_email: MassEmail, chunk: Chunk, prepared: Prepared
    ) -> Chunk | None:
        token = self.new_token()
        copy = token if mass_email.store_sent_emails and not message.is_test else ""
        if copy:
            self.ledger.store_copy(message.base, message.segment, copy, prepared.copies)
        now = self.clock.now()
        claimed = replace(
            chunk,
            state=f"C{token}",
            copy=copy,
            claimed_at=now,
            call_by=now + CALL_WITHIN,
            results={**chunk.results, **prepared.results},
        )
        try:
            self.ledger.advance(message.base, message.segment, chunk, claimed)
        except Overtaken:
            return None
        return claimed

    def _answer(
        self, message: ChunkMessage, claimed: Chunk, outcomes: Mapping[int, Outcome], max_attempts: int
    ) -> None:
        now = self.clock.now()
        finished = (
            finish_at_once(claimed, outcomes, at=now)
            if message.is_test
            else finish(claimed, outcomes, go=message.go, max_attempts=max_attempts, at=now)
        )
        if finished is None:
            return  # silence: the sweep finds out
        if self._close(message, claimed, finished):
            self._follow(message, finished)
            return
        # A late answer: the sweep has decided, but what SES took it took.
        sent = {place: each.message_id for place, each in outcomes.items() if each.effect is Effect.SENT}
        if sent:
            self.ledger.witness(message.base, message.segment, sent)

    def _close(self, message: ChunkMessage, before: Chunk, finished: Finish) -> bool:
        """Write it down and put what is left on the queue; answers False when somebody else was first."""
        try:
            self.ledger.advance(
                message.base, message.segment, before, finished.after, children=finished.children
            )
        except Overtaken:
            return False
        held = finished.stop is not None or finished.quota  # then the sweep brings the rest back, in time
        for chunk in () if held else finished.waiting:
            delay = ATTEMPT_DELAY if chunk.attempts > before.attempts else THROTTLE_DELAY
            again = message.again(chunk=chunk.name, go=chunk.go).to_json()
            self.outbox.chunks([again], delay=delay if before.is_claimed else 0)
        if message.last and message.plan_id:
            self.outbox.job(
                {"kind": "close", "massEmailId": message.mass_email_id, "planId": message.plan_id}
            )
        return True

    def _follow(self, message: ChunkMessage, finished: Finish) -> None:
        if finished.quota:
            self.account.hold("dailyQuota", "SES's daily quota is used up", self.clock.now())
        if finished.stop is not None:
            self._pause(message.mass_email_id, finished.stop.reason, finished.stop.message)
        if finished.refused_alone is None:
            return
        position, outcome = finished.refused_alone
        place = Place(message.base, message.segment, position)
        if self.ledger.refused_alone(message.mass_email_id, place, outcome.message):
            self._pause(message.mass_email_id, outcome.reason, outcome.message)

    def _pause(self, mass_email_id: str, code: str, text: str) -> None:
        reason = StatusReason(code=code, message=text or code, since=self.clock.now(), by="system")
        try:
            self.mass_emails.transition(mass_email_id, Act.PAUSE, at=self.clock.now(), reason=reason)
        except Conflict:
            return  # canceled, or paused already


def rate_of(state: AccountState) -> float:
    """SES's rate as last stored, in recipients a second."""
    return state.account.max_send_rate if state.account else CAUTIOUS_RATE


def _may_send(opened: Opened) -> bool:
    return (
        opened.mass_email is not None
        and opened.mass_email.deleted_at is None
        and opened.mass_email.status is MassEmailStatus.IN_PROCESS
        and opened.campaign_status is not CampaignStatus.INACTIVE
        and opened.account.hold is None
    )


def _batch(compiled: CompiledMessage, prepared: Prepared) -> Batch:
    return Batch(
        from_header=compiled.from_header,
        reply_to=compiled.reply_to,
        template=compiled.template,
        default_data=compiled.default_data,
        entries=tuple(prepared.entries.values()),
    )
