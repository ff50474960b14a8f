"""Preview and Send Test: what the recipients will get, by the very code that sends it to them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.addresses import address_problem
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import Place, base_of
from chalicelib.domain.ledger import Chunk, Member, RecipientState, first_chunk, states
from chalicelib.domain.message import CompiledMessage, FullMessage, Renderer, RenderError
from chalicelib.domain.ports import Targets
from chalicelib.domain.ports_delivery import Ledger, MassEmails, People, Runs
from chalicelib.domain.queue import ChunkMessage
from chalicelib.domain.records import MassEmail, TargetType
from chalicelib.domain.runs import chunk_size_at
from chalicelib.errors import Conflict, Deferred, Invalid, NotFound
from chalicelib.flows.deliver import CAUTIOUS_RATE, Deliver
from chalicelib.flows.messages import CannotStart, Messages
from chalicelib.flows.preparing import reader_of

MOST_TARGETS = 20  # of one Send Test
NOBODY = "nobody@example.com"  # stands for the address in a preview of somebody who has none


@dataclass(frozen=True)
class Chosen:
    """Whom a test goes to, and as whom it is rendered; ``email_address`` is one's own address, else the target's."""

    target_type: TargetType
    target_id: str
    email_address: str | None = None


@dataclass(frozen=True)
class TestResult:
    """What became of one test message."""

    chosen: Chosen
    email_address: str | None
    recipient_id: str
    state: RecipientState


class NothingWaits:
    """The outbox of a test: the caller waits for the answer, so nothing can be put off to a queue."""

    def chunks(self, messages: Sequence[Mapping[str, object]], *, delay: int = 0) -> None:
        """Refuse.

        Raises:
            Deferred: Always.
        """
        raise Deferred("SES's rate leaves no room for a test at the moment", retry_after=max(delay, 5))

    def job(self, message: Mapping[str, object], *, delay: int = 0) -> None:
        """Nothing follows a test."""

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
        except CannotStart as refusal:
            raise Conflict(f"the message cannot be put together: {refusal.message}") from refusal
        read = self.people.read([member], compiled.target_fields, compiled.account_fields)
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
        except CannotStart as refusal:
            raise Conflict(f"the message cannot be put together: {refusal.message}") from refusal
        base = base_of(mass_email_id)
        number = self.ledger.add_test(base, members)
        for chunk in self._chunks(mass_email, number, len(members)):
            self._send(mass_email, number, chunk, compiled)
        (segment,) = self.ledger.read(base, [number])
        after = states(segment, mass_email.status)
        return [
            TestResult(each, member.email_address, Place(base, number, place).recipient_id, after[place])
            for place, (each, member) in enumerate(zip(chosen, members, strict=True))
        ]

    def _chunks(self, mass_email: MassEmail, number: int, count: int) -> Sequence[Chunk]:
        account = self.ledger.open(mass_email.id, mass_email.campaign_id, number).account
        if account.hold is not None:
            raise Deferred(f"nothing is sent at the moment: {account.hold_message}", retry_after=60)
        size = chunk_size_at(account.account.max_send_rate if account.account else CAUTIOUS_RATE)
        return [first_chunk(start, min(start + size, count)) for start in range(0, count, size)]

    def _send(self, mass_email: MassEmail, number: int, chunk: Chunk, compiled: CompiledMessage) -> None:
        opened = self.ledger.open(mass_email.id, mass_email.campaign_id, number)
        message = ChunkMessage(mass_email.id, mass_email.campaign_id, number, chunk.name)
        replace(self.deliver, outbox=NothingWaits()).send(message, opened, chunk, compiled)

    def _member(self, chosen: Chosen, field: str, otherwise: str | None) -> Member:
        try:
            target = self.targets.get(chosen.target_type, chosen.target_id)
        except NotFound as error:
            raise Invalid.of(
                f"{field}.id" if otherwise is None else field,
                f"there is no such {chosen.target_type.lower()}",
            ) from error
        address = chosen.email_address or target.email_address or otherwise
        problem = "has no email address" if address is None else address_problem(address)
        if address is None or problem is not None:
            raise Invalid.of(f"{field}.emailAddress", str(problem))
        account_id = getattr(target, "account_id", None)
        return Member(chosen.target_type, chosen.target_id, address, self.key_of(address), (), account_id)
