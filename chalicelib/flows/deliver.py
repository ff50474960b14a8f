"""One message of the send queue: one chunk, one claim, one ``SendBulkEmail`` call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from chalicelib.domain.clock import Clock
from chalicelib.domain.finishing import Finish, back, done, finish
from chalicelib.domain.ledger import Chunk
from chalicelib.domain.mass_emails import Act
from chalicelib.domain.message import CompiledMessage
from chalicelib.domain.ports import Outbox, SettingsStore
from chalicelib.domain.ports_delivery import Account, Ledger, MassEmails, Opened, Overtaken, Tickets
from chalicelib.domain.queue import ChunkMessage
from chalicelib.domain.records import CampaignStatus, MassEmail, MassEmailStatus, StatusReason
from chalicelib.domain.sending import Batch, Effect, Outcome, Sender
from chalicelib.errors import Conflict
from chalicelib.flows.preparing import Prepared, Preparing

CALL_WITHIN = timedelta(
    seconds=10
)  # of the claim; a worker that was paused for longer must not call any more
LONGEST_WAIT = 30.0  # seconds to sit out for the rate; longer waits go back on the queue
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

    def handle(self, raw: Mapping[str, object]) -> None:
        """Send what this message of the queue points to, if it still waits for it.

        Raises:
            UnreadableMessage: Not a message of ours; it belongs in the dead-letter queue.
        """
        message = ChunkMessage.of(raw)
        opened = self.ledger.open(message.mass_email_id, message.campaign_id, message.segment)
        chunk = opened.segment.chunk(message.chunk)
        if chunk is None or not chunk.waits or chunk.go != message.go or not _may_send(opened):
            return  # the sweep, not the queue, owns what is left waiting
        assert opened.mass_email is not None  # noqa: S101 - _may_send said so
        version = opened.mass_email.message_version
        self.send(
            message,
            opened,
            replace(chunk, version=version),
            self.messages.compiled(message.mass_email_id, version),
        )

    def send(self, message: ChunkMessage, opened: Opened, chunk: Chunk, compiled: CompiledMessage) -> None:
        """Prepare, wait for the rate, claim, call, and write down what came of it."""
        assert opened.mass_email is not None  # noqa: S101 - the caller has looked
        prepared = self.preparing.prepare(opened, chunk, compiled)
        if not prepared.entries:
            self._close(message, chunk, Finish(done(chunk, prepared.results, self.clock.now())))
            return
        if not self._wait_for_rate(message, opened):
            return
        claimed = self._claim(message, opened.mass_email, chunk, prepared)
        if claimed is None:
            return
        if self.clock.now() > (claimed.call_by or self.clock.now()):
            self._close(message, claimed, Finish(back(claimed, go=message.go)))
            return
        outcomes = dict(zip(prepared.entries, self.sender.send(_batch(compiled, prepared)), strict=True))
        self._answer(message, claimed, outcomes)

    def _wait_for_rate(self, message: ChunkMessage, opened: Opened) -> bool:
        """Whether the slot came; a wait that is too long goes back on the queue as a new message."""
        now = self.clock.now()
        slot = message.slot
        if slot is None or now - slot > SLOT_TOLERANCE:
            rate = opened.account.account.max_send_rate if opened.account.account else CAUTIOUS_RATE
            slot = self.tickets.take(rate, now)
        wait = (slot - now).total_seconds()
        if wait > LONGEST_WAIT:
            # Early by half the longest wait: a delayed message may come late, and its slot would be lost.
            delay = min(LONGEST_DELAY, int(wait - LONGEST_WAIT / 2))
            self.outbox.chunks([replace(message, slot=slot).to_json()], delay=delay)
            return False
        self.clock.sleep(wait)
        return True

    def _claim(
        self, message: ChunkMessage, mass_email: MassEmail, chunk: Chunk, prepared: Prepared
    ) -> Chunk | None:
        if mass_email.store_sent_emails and not prepared.is_test:
            self.ledger.store_copy(message.base, message.segment, chunk, prepared.copies)
        now = self.clock.now()
        claimed = replace(
            chunk,
            state=f"C{self.new_token()}",
            claimed_at=now,
            call_by=now + CALL_WITHIN,
            results={**chunk.results, **prepared.results},
        )
        try:
            self.ledger.advance(message.base, message.segment, chunk, claimed)
        except Overtaken:
            return None
        return claimed

    def _answer(self, message: ChunkMessage, claimed: Chunk, outcomes: Mapping[int, Outcome]) -> None:
        max_attempts = self.settings.get().mass_email_max_attempt_count
        finished = finish(claimed, outcomes, go=message.go, max_attempts=max_attempts, at=self.clock.now())
        if finished is None:
            return
        try:
            self._close(message, claimed, finished)
        except Overtaken:
            self._witness(message, outcomes)
            return
        self._follow(message, finished)

    def _witness(self, message: ChunkMessage, outcomes: Mapping[int, Outcome]) -> None:
        """A late answer: the sweep has decided, but what SES took it took."""
        sent = {place: each.message_id for place, each in outcomes.items() if each.effect is Effect.SENT}
        if sent:
            self.ledger.witness(message.base, message.segment, sent)

    def _close(self, message: ChunkMessage, before: Chunk, finished: Finish) -> None:
        self.ledger.advance(message.base, message.segment, before, finished.after, children=finished.children)
        if not finished.stop and not finished.quota:
            for chunk in finished.waiting:
                delay = ATTEMPT_DELAY if chunk.attempts > before.attempts else THROTTLE_DELAY
                self.outbox.chunks(
                    [message.again(chunk=chunk.name, go=chunk.go).to_json()],
                    delay=delay if before.is_claimed else 0,
                )
        if message.last and message.plan_id:
            self.outbox.job(
                {"kind": "close", "massEmailId": message.mass_email_id, "planId": message.plan_id}
            )

    def _follow(self, message: ChunkMessage, finished: Finish) -> None:
        if finished.quota:
            self.account.hold("dailyQuota", "SES's daily quota is used up", self.clock.now())
        if finished.stop is not None:
            self._pause(message.mass_email_id, finished.stop.reason, finished.stop.message)
        alone = finished.refused_alone
        if alone is not None and self.ledger.refused_alone(message.mass_email_id, alone.message):
            self._pause(message.mass_email_id, alone.reason, alone.message)

    def _pause(self, mass_email_id: str, code: str, text: str) -> None:
        reason = StatusReason(code=code, message=text or code, since=self.clock.now(), by="system")
        try:
            self.mass_emails.transition(mass_email_id, Act.PAUSE, at=self.clock.now(), reason=reason)
        except Conflict:
            return  # canceled, or paused already


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
