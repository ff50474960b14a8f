"""Freezing: target lists become recipients, step by step, each step written together with its cursor.

Only one freezer's steps count: every step is conditional on the run it read, so of two at once one is overtaken. Who was seen
is read back from the ledger, so a crash costs nothing but that reading; pointers are rewritten where it is not certain that
they were written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.domain.clock import Clock
from chalicelib.domain.freezing import (
    Candidate,
    LeftOut,
    Seen,
    address_number,
    reason_left_out,
    target_number,
)
from chalicelib.domain.ids import TEST_SEGMENTS_FROM, base_of
from chalicelib.domain.ledger import Member
from chalicelib.domain.ports import Membership, Memberships
from chalicelib.domain.ports_delivery import Ledger, LeftOutEntry, Runs
from chalicelib.domain.records import MassEmail
from chalicelib.domain.runs import Phase, Run, Spot, Stretch, sizes
from chalicelib.errors import Conflict
from chalicelib.flows.candidates import Candidates

STEP_MEMBERS = 1_000  # memberships that are looked up together
STEP_SEGMENTS = 30  # written in one transaction, of at most 100 items and 4 MB
STEP_LEFT_OUT = 3_000  # entries of the one item that lists them, of at most 400 KB


@dataclass(frozen=True)
class Decision:
    """What became of one membership; ``reason`` is None for a recipient, ``cursor`` is where to go on after it."""

    candidate: Candidate
    list_index: int
    cursor: str
    reason: LeftOut | None


@dataclass
class _Step:
    """What one step has gathered so far."""

    members: list[Member] = field(default_factory=list)
    left_out: list[LeftOutEntry] = field(default_factory=list)
    taken: int = 0

    def is_full(self, segment_size: int) -> bool:
        """Whether it must be written: segments are full, or many were left out."""
        return len(self.members) >= STEP_SEGMENTS * segment_size or len(self.left_out) >= STEP_LEFT_OUT


@dataclass(frozen=True)
class Freeze:
    """Turns lists into recipients."""

    clock: Clock
    runs: Runs
    ledger: Ledger
    memberships: Memberships
    candidates: Candidates

    def begin(self, mass_email: MassEmail, segment_size: int, known: Run | None = None) -> Run:
        """Open the freeze that the mass email's start asked for; the run as it is when it is open already.

        What an interrupted freeze wrote is given up: nothing of it was released, and the lists may be others by now.
        ``known`` is the run as read just now, if it was.

        Raises:
            Overtaken: Somebody else wrote the run first.
        """
        run = known or self.runs.get(mass_email.id)
        if run.freeze >= mass_email.freezes:
            return run
        if run.phase is Phase.FREEZING:
            run = _without_interrupted(run)
        stretch = Stretch(run.segments, 0, segment_size, segment_size)
        return self.runs.save(
            replace(
                run,
                phase=Phase.FREEZING,
                freeze=mass_email.freezes,
                freeze_from=run.segments,
                cursor=None,
                memberships=0,
                left_out={},
                left_pages=0,
                touched_at=self.clock.now(),
                stretches=(*run.stretches, stretch),
            )
        )

    def go_on(self, mass_email: MassEmail, run: Run, *, informational: bool, until: datetime) -> Run:
        """Freeze on until it is whole or the time is over.

        Raises:
            Overtaken: Another freezer is at work.
        """
        if run.phase is Phase.FROZEN:
            return run
        run = self._mend(run)
        step = _Step()
        cursor = run.cursor
        for decisions in self._decided(mass_email, cursor, self._seen(run), informational=informational):
            for decision in decisions:
                _gather(step, decision)
                cursor = decision.cursor
                if step.is_full(run.stretches[-1].size):
                    run, step = self._write(mass_email, run, step, cursor), _Step()
            if self.clock.now() >= until:
                return self._write(mass_email, run, step, cursor)
        run = self._write(mass_email, run, step, cursor)
        # A write of its own: whoever finds the freeze whole need not ask whether the last pointers are there.
        return self.runs.save(replace(run, phase=Phase.FROZEN, pointers_to=run.segments))

    def foreseen(self, mass_email: MassEmail, *, informational: bool) -> Iterator[Sequence[Decision]]:
        """What a freeze that began now would decide, by the thousand; nothing is written."""
        run = self.runs.get(mass_email.id)
        if run.phase is Phase.FREEZING:
            run = _without_interrupted(run)
        seen = self._seen(replace(run, freeze_from=run.segments))
        started = replace(mass_email, frozen_list_ids=mass_email.mailing_list_ids)
        yield from self._decided(started, None, seen, informational=informational)

    def _decided(
        self, mass_email: MassEmail, cursor: str | None, seen: tuple[Seen, Seen], *, informational: bool
    ) -> Iterator[Sequence[Decision]]:
        """Who becomes a recipient and who does not, from right after the cursor; who does is noted in ``seen``."""
        excluded = self._excluded(mass_email)
        earlier, current = seen
        for batch in self.candidates.in_batches(self._walk(mass_email, cursor), STEP_MEMBERS):
            decisions = []
            for candidate, index, key in batch:
                reason = reason_left_out(
                    candidate,
                    excluded=excluded,
                    earlier=earlier,
                    current=current,
                    informational=informational,
                )
                if reason is None:
                    member = candidate.membership
                    assert candidate.address_key is not None  # noqa: S101 - else there is a reason
                    current.add(member.target_type, member.target_id, candidate.address_key)
                decisions.append(Decision(candidate, index, f"{index}|{key}", reason))
            yield decisions

    def _write(self, mass_email: MassEmail, run: Run, step: _Step, cursor: str | None) -> Run:
        """One transaction; then the pointers of what it wrote."""
        stretch = run.stretches[-1]
        segments = {
            run.segments + place: step.members[start : start + stretch.size]
            for place, start in enumerate(range(0, len(step.members), stretch.size))
        }
        if run.segments + len(segments) > TEST_SEGMENTS_FROM:
            raise Conflict(f"a mass email has at most {TEST_SEGMENTS_FROM} segments of recipients")
        last = len(segments[max(segments)]) if segments else stretch.last
        stretches = (*run.stretches[:-1], replace(stretch, count=stretch.count + len(segments), last=last))
        if last < stretch.size:  # all segments of a stretch but its last are full
            next_first = run.segments + len(segments)
            stretches = (*stretches, Stretch(next_first, 0, stretch.size, stretch.size))
        after = replace(
            run,
            cursor=cursor,
            stretches=stretches,
            segments=run.segments + len(segments),
            recipients=run.recipients + len(step.members),
            memberships=run.memberships + step.taken,
            left_out=_counted(run.left_out, step.left_out),
            left_pages=run.left_pages + bool(step.left_out),
            pointers_to=run.segments,
            touched_at=self.clock.now(),
        )
        after = self.runs.write_step(after, segments, step.left_out)
        self.runs.write_pointers(mass_email.id, segments)
        return after

    def _mend(self, run: Run) -> Run:
        """What whoever was here before may have left undone: the last step's pointers, an interrupted freeze's remains."""
        base = base_of(run.mass_email_id)
        for segment in self.ledger.read(base, range(run.pointers_to, run.segments)):
            self.runs.write_pointers(run.mass_email_id, {segment.number: segment.members})
        for segment in self.ledger.read(base, range(run.discard_from, run.discard_to)):
            self.runs.take_back(run.mass_email_id, segment.number, segment.members)
        return replace(run, discard_from=0, discard_to=0)  # stored with the first step

    def _seen(self, run: Run) -> tuple[Seen, Seen]:
        """Who is in the ledger: from earlier freezes, and from this one."""
        earlier, current = Seen(), Seen()
        numbers = [number for number, _ in sizes(run.stretches, Spot())]
        for segment in self.ledger.read(base_of(run.mass_email_id), numbers):
            seen = current if segment.number >= run.freeze_from else earlier
            for member in segment.members:
                seen.add(member.target_type, member.target_id, member.address_key)
        return earlier, current

    def _excluded(self, mass_email: MassEmail) -> Seen:
        """Every member of every excluding list, opted out or not (reference 2.2, step 3), and their addresses."""
        excluded = Seen()
        lists = ((index, list_id) for index, list_id in enumerate(mass_email.excluding_target_list_ids))
        walk = (
            (index, member, key) for index, list_id in lists for member, key in self.memberships.walk(list_id)
        )
        for batch in self.candidates.in_batches(walk, STEP_MEMBERS):
            for candidate, _, _ in batch:
                member = candidate.membership
                excluded.targets.add(target_number(member.target_type, member.target_id))
                if candidate.address_key is not None:
                    excluded.addresses.add(address_number(candidate.address_key))
        return excluded

    def _walk(self, mass_email: MassEmail, cursor: str | None) -> Iterator[tuple[int, Membership, str]]:
        """Lists in order, each in the order of types, from right after the cursor; with indexes into ``frozen_list_ids``."""
        at, _, start = cursor.partition("|") if cursor else ("", "", "")
        lists = list(mass_email.target_list_ids)
        here = mass_email.frozen_list_ids[int(at)] if at else None
        for list_id in lists[lists.index(here) :] if here else lists:
            index = mass_email.frozen_list_ids.index(list_id)
            for member, key in self.memberships.walk(list_id, start=start if list_id == here else None):
                yield index, member, key


def _without_interrupted(run: Run) -> Run:
    """The run without the segments of its last freeze; their numbers stay unused, so that a late writer harms nobody."""
    kept = tuple(stretch for stretch in run.stretches if stretch.first < run.freeze_from)
    return replace(
        run,
        stretches=kept,
        recipients=sum(size for _, size in sizes(kept, Spot())),
        discard_from=run.discard_from if run.discard_to else run.freeze_from,
        discard_to=run.segments,
        pointers_to=run.segments,
    )


def _gather(step: _Step, decision: Decision) -> None:
    step.taken += 1
    candidate, index = decision.candidate, decision.list_index
    membership = candidate.membership
    if decision.reason is not None:
        step.left_out.append(
            LeftOutEntry(membership.target_type, membership.target_id, index, decision.reason)
        )
        return
    target, address_key = candidate.target, candidate.address_key
    assert target is not None  # noqa: S101 - reason_left_out names both cases
    assert address_key is not None  # noqa: S101
    step.members.append(
        Member(
            membership.target_type,
            membership.target_id,
            target.email_address,
            address_key,
            (index,),
            getattr(target, "account_id", None),
        )
    )


def _counted(before: Mapping[str, int], entries: list[LeftOutEntry]) -> Mapping[str, int]:
    counted = dict(before)
    for entry in entries:
        counted[entry.reason] = counted.get(entry.reason, 0) + 1
    return counted
