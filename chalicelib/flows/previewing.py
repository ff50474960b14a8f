"""Preview and Send Test: what the recipients will get, by the very code that sends it to them."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.addresses import address_problem
from chalicelib.domain.clock import Clock
from chalicelib.domain.finishing import done
from chalicelib.domain.ids import Place, base_of
from chalicelib.domain.ledger import (
    Chunk,
    Member,
    RecipientState,
    RecipientStatus,
    Result,
    first_chunk,
    states,
)
from chalicelib.domain.message import CompiledMessage, FullMessage, Renderer, RenderError
from chalicelib.domain.ports import Targets
from chalicelib.domain.ports_delivery import Ledger, MassEmails, Opened, Runs
from chalicelib.domain.ports_reading import People
from chalicelib.domain.previews import Chosen
from chalicelib.domain.queue import ChunkMessage
from chalicelib.domain.records import MassEmail, TargetType
from chalicelib.domain.runs import chunk_size_at
from chalicelib.errors import Conflict, Deferred, Invalid, NotFound
from chalicelib.flows.deliver import Deliver, rate_of
from chalicelib.flows.messages import CannotStart, Messages
from chalicelib.flows.preparing import reader_of

LONGEST_TEST = timedelta(seconds=20)  # API Gateway gives up after 29 s (its quota "Integration timeout")
NO_ROOM = "noRoom"  # SES's rate had no room for this one before the caller had to be answered
NOBODY = "nobody@example.com"  # stands for the address in a preview of somebody who has none


@dataclass(frozen=True)
class TestResult:
    """What became of one test message."""

    chosen: Chosen
    email_address: str | None
    recipient_id: str
    state: RecipientState


class AtOnce:
    """The outbox of a test: the caller waits for the answer, so what follows is done next."""

    def __init__(self) -> None:
        self.messages: deque[Mapping[str, Any]] = deque()

    def chunks(
        self,
        messages: Sequence[Mapping[str, object]],
        *,
        delay: int = 0,  # noqa: ARG002 - the port's; nobody waits here
    ) -> None:
        """Keep them for the loop that sends the test."""
        self.messages.extend(messages)

    def job(self, message: Mapping[str, object], *, delay: int = 0) -> None:
        """No plan follows a test."""

    def backlog(self) -> Mapping[str, int]:
        """Nothing lies here."""
        return {}


@dataclass(frozen=True)
class Previewing:
    """Shows messages before they go out."""

    clock: Clock
    mass_emails: MassEmails
    runs: Runs
    ledger: Ledger
    messages: Messages
    renderer: Renderer
    people: People
    targets: Targets
    deliver: Deliver
    key_of: Callable[[str], str]

    def preview(self, mass_email_id: str, target_type: TargetType, target_id: str) -> FullMessage:
        """The whole message for this target; its links are inert.

        Raises:
            NotFound: No such mass email.
            Invalid: No such target, or the template fails on it.
            Conflict: The message cannot be put together: its template, sender or site URL is missing.
        """
        mass_email = self.mass_emails.get(mass_email_id)
        member = self._member(Chosen(target_type, target_id), "targetId", NOBODY)
        try:
            compiled = self.renderer.compile(self.messages.source(mass_email, self.runs.links(mass_email_id)))
        except (CannotStart, Invalid) as refusal:
            raise Conflict(f"the message cannot be put together: {refusal.message}") from refusal
        read = self.people.read([member], compiled.target_fields, compiled.account_fields, {})
        if member.target_id not in read.targets:
            raise Invalid.of("targetId", f"there is no such {target_type.lower()}")
        try:
            return compiled.whole(compiled.personal(reader_of(member, read, None), at=self.clock.now()))
        except RenderError as error:
            raise Invalid.of("emailTemplateId", f"the template fails on this target: {error}") from error

    def send_test(self, mass_email_id: str, chosen: Sequence[Chosen]) -> Sequence[TestResult]:
        """Send it now to these only: real links, in no statistic, no portion.

        Raises:
            NotFound: No such mass email.
            Invalid: Somebody chosen does not exist or has no address.
            Conflict: The message cannot be put together.
            Deferred: Nothing may be sent at the moment, or SES's rate leaves no room.
        """
        mass_email = self.mass_emails.get(mass_email_id)
        members = [self._member(each, f"targets.{place}", None) for place, each in enumerate(chosen)]
        try:
            compiled = self.messages.fresh(mass_email)
        except (CannotStart, Invalid) as refusal:
            raise Conflict(f"the message cannot be put together: {refusal.message}") from refusal
        until = self.clock.now() + LONGEST_TEST
        size, slot = self._room(until)
        base = base_of(mass_email_id)
        number = self.ledger.add_test(base, members)
        chunks = [first_chunk(at, min(at + size, len(members))) for at in range(0, len(members), size)]
        messages = [_message(mass_email, number, chunk) for chunk in chunks]
        self._send(compiled, [replace(messages[0], slot=slot), *messages[1:]], until)
        (segment,) = self.ledger.read(base, [number])
        after = states(segment, mass_email.status)
        return [
            TestResult(each, member.email_address, Place(base, number, place).recipient_id, after[place])
            for place, (each, member) in enumerate(zip(chosen, members, strict=True))
        ]

    def _room(self, until: datetime) -> tuple[int, datetime]:
        """How many go in one call, and when the first may be made; nothing is written yet."""
        state = self.deliver.account.state()
        if state.hold is not None:
            raise Deferred(f"nothing is sent at the moment: {state.hold_message}", retry_after=60)
        rate = rate_of(state)
        slot = self.deliver.tickets.take(rate, self.clock.now())
        if slot > until:
            raise Deferred("SES's rate leaves no room for a test at the moment", retry_after=60)
        return chunk_size_at(rate), slot

    def _send(self, compiled: CompiledMessage, messages: Sequence[ChunkMessage], until: datetime) -> None:
        """Call by call, at SES's rate; what has no room until the caller must be answered is given up."""
        queue = AtOnce()
        queue.chunks([message.to_json() for message in messages])
        deliver = replace(self.deliver, outbox=queue)
        while queue.messages:
            message = ChunkMessage.of(queue.messages.popleft())
            opened = self.ledger.open(message.mass_email_id, message.campaign_id, message.segment)
            slot = deliver.slot(message, rate_of(opened.account))
            if slot > until:
                self._give_up(message, opened)
                continue
            self.clock.sleep((slot - self.clock.now()).total_seconds())
            deliver.send(message, opened, compiled)

    def _give_up(self, message: ChunkMessage, opened: Opened) -> None:
        chunk = opened.segment.chunk(message.chunk)
        assert chunk is not None  # noqa: S101 - it was put on the queue by its name
        failed = dict.fromkeys(chunk.open_positions, Result(RecipientStatus.FAILED, NO_ROOM))
        self.ledger.advance(message.base, message.segment, chunk, done(chunk, failed, self.clock.now()))

    def _member(self, chosen: Chosen, field: str, otherwise: str | None) -> Member:
        try:
            target = self.targets.get(chosen.target_type, chosen.target_id)
        except NotFound as error:
            place = f"{field}.id" if chosen.email_address is None else f"{field}.as.id"
            raise Invalid.of(
                place if otherwise is None else field, f"there is no such {chosen.target_type.lower()}"
            ) from error
        address = chosen.email_address or target.email_address or otherwise
        problem = "has no email address" if address is None else address_problem(address)
        if address is None or problem is not None:
            raise Invalid.of(f"{field}.emailAddress", str(problem))
        account_id = getattr(target, "account_id", None)
        return Member(chosen.target_type, chosen.target_id, address, self.key_of(address), (), account_id)


def _message(mass_email: MassEmail, number: int, chunk: Chunk) -> ChunkMessage:
    return ChunkMessage(mass_email.id, mass_email.campaign_id, number, chunk.name)
