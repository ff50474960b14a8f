"""What stands between a chunk and its call: who may still be mailed, and what each of them gets."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from chalicelib.domain.activity import Activity, Mark
from chalicelib.domain.addresses import mailable, normalised
from chalicelib.domain.clock import Clock
from chalicelib.domain.events import TAG_ATTEMPT, TAG_MASS_EMAIL, TAG_RECIPIENT
from chalicelib.domain.ids import TEST_SEGMENTS_FROM, Place, base_of
from chalicelib.domain.ledger import REJECTED, RENDER_ERROR, Chunk, Member, RecipientStatus, Result
from chalicelib.domain.message import CompiledMessage, Reader, RenderError
from chalicelib.domain.ports import Memberships
from chalicelib.domain.ports_delivery import Opened
from chalicelib.domain.ports_reading import People, ReadPeople
from chalicelib.domain.records import AddressFlags, MassEmail
from chalicelib.domain.sending import Entry

FEEDBACK_ID_A = (
    "ses:feedback-id-a"  # https://docs.aws.amazon.com/ses/latest/dg/event-publishing-send-email.html
)
FEEDBACK_ID_B = "ses:feedback-id-b"


@dataclass(frozen=True)
class Prepared:
    """A chunk, ready for its call: entries by position, results of those who get none, what to keep of each message."""

    entries: Mapping[int, Entry]
    results: Mapping[int, Result]
    copies: Mapping[int, Mapping[str, object]]
    is_test: bool = False


@dataclass(frozen=True)
class Preparing:
    """Re-checks and renders."""

    clock: Clock
    people: People
    memberships: Memberships

    def prepare(self, opened: Opened, chunk: Chunk, compiled: CompiledMessage) -> Prepared:
        """Read the chunk's people once more, leave out who must not be mailed any more, render for the others."""
        assert opened.mass_email is not None  # noqa: S101 - nothing is sent for none
        segment = opened.segment
        members = {position: segment.members[position] for position in chunk.open_positions}
        results = _known_by_now(segment.activity, members)
        wanted = {position: member for position, member in members.items() if position not in results}
        read = self.people.read(
            list(wanted.values()), compiled.target_fields, compiled.account_fields, opened.flags
        )
        is_test = segment.number >= TEST_SEGMENTS_FROM
        informational = opened.informational
        entries: dict[int, Entry] = {}
        copies: dict[int, Mapping[str, object]] = {}
        for position, member in wanted.items():
            reason = self._why_not(
                member, read, opened.mass_email, informational=informational, is_test=is_test
            )
            if reason is not None:
                results[position] = Result(RecipientStatus.SKIPPED, reason)
                continue
            place = Place(base_of(opened.mass_email.id), segment.number, position)
            try:
                entries[position], copies[position] = self._entry(
                    place, member, read, opened.mass_email, chunk.attempts + 1, compiled
                )
            except RenderError:
                results[position] = Result(RecipientStatus.FAILED, RENDER_ERROR)
        return Prepared(entries, results, copies, is_test=is_test)

    def _entry(
        self,
        place: Place,
        member: Member,
        read: ReadPeople,
        mass_email: MassEmail,
        attempt: int,
        compiled: CompiledMessage,
    ) -> tuple[Entry, Mapping[str, object]]:
        reader = reader_of(member, read, place)
        personal = compiled.personal(reader, at=self.clock.now())
        tags = {
            TAG_MASS_EMAIL: mass_email.id,
            TAG_RECIPIENT: place.recipient_id,
            TAG_ATTEMPT: str(attempt),
            FEEDBACK_ID_B: mass_email.id,
        }
        if mass_email.campaign_id:
            tags[FEEDBACK_ID_A] = mass_email.campaign_id
        entry = Entry(mailable(reader.email_address), personal.data, personal.headers, tags)
        return entry, {"data": personal.data, "headers": personal.headers}

    def _why_not(
        self, member: Member, read: ReadPeople, mass_email: MassEmail, *, informational: bool, is_test: bool
    ) -> str | None:
        """Why this recipient is not mailed after all; None when they are."""
        target = read.targets.get(member.target_id)
        if member.email_address is None or target is None or target.get("erasedAt"):
            return "targetDeleted"
        address = target.get("emailAddress")
        # A test may go to one's own address; the address of a recipient is fixed at the freeze.
        if not is_test and not _same_address(address, member.email_address):
            return "addressChanged"
        if target.get("isActive") is False:
            return "inactiveUser"
        return self._flagged(
            member, read.flags.get(member.address_key), mass_email, informational=informational
        )

    def _flagged(
        self, member: Member, flags: AddressFlags | None, mass_email: MassEmail, *, informational: bool
    ) -> str | None:
        if flags is None:
            return None
        if flags.erased:
            return "erased"
        if not informational:
            if flags.opt_out:
                return "optedOut"
            if flags.lists_left and self._left_every_list(member, flags, mass_email):
                return "optedOutOfList"
        return "invalid" if flags.invalid else None

    def _left_every_list(self, member: Member, flags: AddressFlags, mass_email: MassEmail) -> bool:
        """Whether they left every list through which they came; the first is in the ledger, others are asked for."""
        lists = mass_email.frozen_list_ids
        came_through = {lists[index] for index in member.lists}
        if not came_through or not came_through <= flags.lists_left:
            return False
        others = [each for each in mass_email.target_list_ids if each not in flags.lists_left]
        on = self.memberships.find(others, member.target_type, member.target_id) if others else ()
        return all(membership.opted_out for membership in on)


def _known_by_now(activity: Activity, positions: Collection[int]) -> dict[int, Result]:
    """What became of an earlier call of this chunk, as events told since: nobody gets a second message."""
    rejected, accepted = activity.having(Mark.REJECTED), activity.accepted
    return {
        position: Result(RecipientStatus.FAILED, REJECTED)
        if position in rejected
        else Result(RecipientStatus.SENT, message_id=activity.message_ids.get(position))
        for position in positions
        if position in rejected or position in accepted
    }


def _same_address(now: object, frozen: str) -> bool:
    return now == frozen or (isinstance(now, str) and normalised(now) == normalised(frozen))


def reader_of(member: Member, read: ReadPeople, place: Place | None) -> Reader:
    """The recipient as rendering sees them."""
    target = read.targets[member.target_id]
    account_id = target.get("accountId")
    return Reader(
        target_type=member.target_type,
        target=target,
        account=read.accounts.get(account_id) if isinstance(account_id, str) else None,
        email_address=member.email_address or "",
        place=place,
    )
