"""The recipients of a mass email as callers see them: listed, looked at, settled by a person."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.ids import TEST_SEGMENTS_FROM, Place, base_of, is_id
from chalicelib.domain.ledger import Chunk, Member, RecipientState, RecipientStatus, Segment, states
from chalicelib.domain.message import FullMessage, Personal
from chalicelib.domain.ports import Page, Targets
from chalicelib.domain.ports_delivery import Ledger, LeftOutEntry, MassEmails, Runs
from chalicelib.domain.records import MassEmail, TargetType
from chalicelib.domain.runs import Run, Spot, sizes
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.flows.messages import Messages

READ_AT_MOST = 100  # segments in one request: five thousand recipients; past that the answer has a cursor
SEGMENTS_AT_ONCE = 33


@dataclass(frozen=True)
class Recipient:
    """One recipient, or one who was left out (``id`` is None, the status Skipped, the address what it is now)."""

    id: str | None
    mass_email_id: str
    status: RecipientStatus
    reason: str
    target_type: TargetType
    target_id: str
    email_address: str | None
    list_ids: Sequence[str]
    state: RecipientState | None
    is_test: bool


@dataclass(frozen=True)
class Search:
    """What a caller wants to see; None is anything. ``is_test`` None and False leave tests out."""

    status: RecipientStatus | None = None
    reason: str | None = None
    is_test: bool = False


@dataclass(frozen=True)
class Recipients:
    """Reads the ledger for callers."""

    mass_emails: MassEmails
    runs: Runs
    ledger: Ledger
    messages: Messages
    targets: Targets

    def page(self, mass_email_id: str, search: Search, *, limit: int, start: str | None) -> Page[Recipient]:
        """Newest first: the last segments first; at the end those who were left out of the last freeze.

        Raises:
            NotFound: No such mass email.
        """
        mass_email = self.mass_emails.get(mass_email_id)
        run = self.runs.get(mass_email_id)
        found: list[Recipient] = []
        key = start
        segments_read = 0
        for key, recipient in self._all(mass_email, run, search, start):
            if recipient is None:
                segments_read += 1
                if segments_read >= READ_AT_MOST:
                    return Page(self._addressed(found), key, segments_read)
                continue
            found.append(recipient)
            if len(found) == limit:
                return Page(self._addressed(found), key, segments_read)
        return Page(self._addressed(found), None, segments_read)

    def _addressed(self, found: Sequence[Recipient]) -> Sequence[Recipient]:
        """With the addresses of those who were left out: nothing but who it was is kept of them."""
        refs = {(each.target_type, each.target_id) for each in found if each.id is None}
        targets = self.targets.find_many(refs) if refs else {}
        return [
            replace(each, email_address=targets[ref].email_address)
            if each.id is None and (ref := (each.target_type, each.target_id)) in targets
            else each
            for each in found
        ]

    def message(self, mass_email_id: str, recipient_id: str) -> FullMessage:
        """The message that this recipient got, from what was kept (``storeSentEmails``).

        Raises:
            NotFound: No such recipient, or its message was not kept.
        """
        self.mass_emails.get(mass_email_id)
        place = self._place(mass_email_id, recipient_id)
        (segment,) = self.ledger.read(place.base, [place.segment])
        chunk = _that_sent(segment, place.position)
        copy = self.ledger.copy_of(place, chunk.copy) if chunk and chunk.copy else None
        if chunk is None or copy is None:
            raise NotFound("the message of this recipient was not kept")
        compiled = self.messages.compiled(mass_email_id, chunk.version)
        return compiled.whole(Personal(_strings(copy["data"]), _strings(copy["headers"])))

    def settle(self, mass_email_id: str, recipient_ids: Sequence[str] | None, *, sent: bool) -> int:
        """A person decides what became of Unknown recipients; None for all of them. Answers how many it was.

        Raises:
            NotFound: No such mass email.
            Invalid: An id is none of its recipients.
            Conflict: A recipient is not Unknown.
        """
        mass_email = self.mass_emails.get(mass_email_id)
        run = self.runs.get(mass_email_id)
        wanted = self._by_segment(run, recipient_ids) if recipient_ids is not None else None
        unknown = self._unknown(mass_email, wanted.keys() if wanted is not None else range(run.segments))
        if wanted is not None:
            for number, positions in wanted.items():
                if not positions <= unknown.get(number, frozenset()):
                    raise Conflict("only recipients that are Unknown can be settled")
            unknown = wanted
        for number, positions in unknown.items():
            self.ledger.settle(base_of(mass_email_id), number, positions, sent=sent)
        if unknown:
            self.runs.disturb_tally(mass_email_id)
        return sum(map(len, unknown.values()))

    def unknown(self, mass_email_id: str) -> int:
        """How many a person would have to decide about.

        Raises:
            NotFound: No such mass email.
        """
        mass_email = self.mass_emails.get(mass_email_id)
        found = self._unknown(mass_email, range(self.runs.get(mass_email_id).segments))
        return sum(map(len, found.values()))

    def _unknown(self, mass_email: MassEmail, numbers: Iterable[int]) -> dict[int, frozenset[int]]:
        found = {}
        for segment in self.ledger.read(base_of(mass_email.id), list(numbers)):
            positions = frozenset(
                position
                for position, state in enumerate(states(segment, mass_email.status))
                if state.status is RecipientStatus.UNKNOWN
            )
            if positions:
                found[segment.number] = positions
        return found

    def _by_segment(self, run: Run, recipient_ids: Sequence[str]) -> dict[int, frozenset[int]]:
        size_of = dict(sizes(run.stretches, Spot()))
        wanted: dict[int, frozenset[int]] = {}
        for index, recipient_id in enumerate(recipient_ids):
            place = Place.of(recipient_id) if is_id(recipient_id) else None
            ours = place is not None and place.base == base_of(run.mass_email_id)
            if place is None or not ours or place.position >= size_of.get(place.segment, 0):
                raise Invalid.of(f"ids.{index}", "is no recipient of this mass email")
            wanted[place.segment] = wanted.get(place.segment, frozenset()) | {place.position}
        return wanted

    def _place(self, mass_email_id: str, recipient_id: str) -> Place:
        place = Place.of(recipient_id) if is_id(recipient_id) else None
        if place is None or place.base != base_of(mass_email_id):
            raise NotFound("no such recipient")
        return place

    def _all(
        self, mass_email: MassEmail, run: Run, search: Search, start: str | None
    ) -> Iterator[tuple[str, Recipient | None]]:
        """(key to go on after it, recipient), and (key, None) after each segment that was read."""
        part, _, place = start.partition("|") if start else ("seg", "", "")
        if part == "seg":
            first, _, below = place.partition(".")
            top = self._top(mass_email, run, search)
            yield from self._of_segments(
                mass_email, search, int(first) if place else top, int(below) if place else 1 << 30
            )
        if not search.is_test and search.status in (None, RecipientStatus.SKIPPED):
            page, _, skip = place.partition(".") if part == "left" else ("0", "", "0")
            yield from self._of_left_out(mass_email, run, search, int(page), int(skip))

    def _of_left_out(
        self, mass_email: MassEmail, run: Run, search: Search, first: int, skip: int
    ) -> Iterator[tuple[str, Recipient | None]]:
        for page in range(first, run.left_pages):
            for index, entry in enumerate(self.runs.left_out(run, page)):
                passed = page == first and index < skip
                if not passed and search.reason in (None, entry.reason):
                    yield f"left|{page}.{index + 1}", _left_out(mass_email, entry)
            yield f"left|{page + 1}.0", None

    def _top(self, mass_email: MassEmail, run: Run, search: Search) -> int:
        if not search.is_test:
            return run.segments - 1
        return self.ledger.last_test(base_of(mass_email.id))

    def _of_segments(
        self, mass_email: MassEmail, search: Search, top: int, below: int
    ) -> Iterator[tuple[str, Recipient | None]]:
        lowest = TEST_SEGMENTS_FROM + 1 if search.is_test else 0
        base = base_of(mass_email.id)
        for high in range(top, lowest - 1, -SEGMENTS_AT_ONCE):
            numbers = range(max(lowest, high - SEGMENTS_AT_ONCE + 1), high + 1)
            for segment in reversed(list(self.ledger.read(base, numbers))):
                after = states(segment, mass_email.status)
                for position in range(len(segment.members) - 1, -1, -1):
                    if segment.number == top and position >= below:
                        continue
                    state = after[position]
                    if search.status not in (None, state.status) or search.reason not in (None, state.reason):
                        continue
                    place = Place(base, segment.number, position)
                    yield (
                        f"seg|{segment.number}.{position}",
                        _recipient(mass_email, segment.members[position], place, state),
                    )
                yield f"seg|{segment.number - 1}.{1 << 30}", None


def _that_sent(segment: Segment, position: int) -> Chunk | None:
    """The chunk whose call sent this recipient's message; without an answer, the last one of those that may have."""
    tried = [chunk for chunk in segment.chunks.values() if position in chunk.positions]
    answered = [
        chunk
        for chunk in tried
        if position in chunk.results and chunk.results[position].status is RecipientStatus.SENT
    ]
    silent = [chunk for chunk in tried if chunk.copy] if position in segment.activity.accepted else []
    candidates = [chunk for chunk in answered if chunk.copy] or silent
    return max(candidates, key=lambda chunk: (chunk.wave, len(chunk.name)), default=None)


def _recipient(mass_email: MassEmail, member: Member, place: Place, state: RecipientState) -> Recipient:
    return Recipient(
        place.recipient_id,
        mass_email.id,
        state.status,
        state.reason,
        member.target_type,
        member.target_id,
        member.email_address,
        _list_ids(mass_email, member.lists),
        state,
        place.is_test,
    )


def _left_out(mass_email: MassEmail, entry: LeftOutEntry) -> Recipient:
    return Recipient(
        None,
        mass_email.id,
        RecipientStatus.SKIPPED,
        entry.reason,
        entry.target_type,
        entry.target_id,
        None,
        _list_ids(mass_email, (entry.list_index,)),
        None,
        is_test=False,
    )


def _list_ids(mass_email: MassEmail, indexes: Sequence[int]) -> Sequence[str]:
    lists = mass_email.frozen_list_ids
    return [lists[index] for index in indexes if index < len(lists)]


def _strings(values: object) -> Mapping[str, str]:
    return values if isinstance(values, dict) else {}
