"""People, lists and addresses in memory: what ``storage`` does, in plain dictionaries."""

# ruff: noqa: D102 - the ports say what each method does

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from chalicelib.domain.addresses import address_key
from chalicelib.domain.people import Grave, Ref, SentPointer, ref_of
from chalicelib.domain.ports import AnyTarget, ListCounts, Membership, Page
from chalicelib.domain.records import AddressFlags, TargetType
from chalicelib.errors import Conflict, NotFound, PreconditionFailed

ADDRESS_KEY = b"the tests' own key of addresses"
SPREAD = 8
T = TypeVar("T")


def key_of(address: str) -> str:
    """The keyed hash of an address, as the wiring makes it."""
    return address_key(address, ADDRESS_KEY)


@dataclass
class Row:
    """One address."""

    flags: AddressFlags
    opt_out: tuple[datetime, str] | None = None
    invalid: tuple[datetime, str] | None = None
    left_at: datetime | None = None
    valid_again_at: datetime | None = None
    bounces: set[tuple[datetime, str]] = field(default_factory=set)
    bounces_from: datetime | None = None

    def as_flags(self) -> AddressFlags:
        """What callers see."""
        reasons = [each for each in (self.opt_out, self.invalid) if each]
        since, reason = max(reasons, default=(None, None), key=lambda each: each[0])
        counted = self.counted()
        return replace(
            self.flags,
            opt_out=self.opt_out is not None,
            invalid=self.invalid is not None,
            reason=reason,
            since=since,
            soft_bounces=len(counted),
            last_soft_bounce_at=max(counted)[0] if counted else None,
        )

    def counted(self) -> set[tuple[datetime, str]]:
        """The soft bounces in a row."""
        return {each for each in self.bounces if self.bounces_from is None or each[0] > self.bounces_from}


class FakeAddresses:
    """``domain.ports.Addresses``."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def _row(self, key: str) -> Row:
        return self.rows.setdefault(key, Row(AddressFlags(key=key)))

    def flags(self, keys: Collection[str], *, consistent: bool = True) -> Mapping[str, AddressFlags]:
        return {key: self.rows[key].as_flags() for key in keys if key in self.rows}

    def opt_out(
        self,
        key: str,
        address: str,
        *,
        everything: bool,
        list_ids: Collection[str],
        reason: str,
        at: datetime,
    ) -> None:
        if not everything and not list_ids:
            return
        row = self._row(key)
        row.flags = replace(row.flags, lists_left=row.flags.lists_left | frozenset(list_ids))
        if everything and not row.flags.erased:
            row.opt_out = min(row.opt_out or (at, reason), (at, reason))
        row.left_at = max(at, row.left_at or at)

    def cancel_opt_out(self, key: str, *, everything: bool, list_ids: Collection[str], at: datetime) -> None:
        row = self.rows.get(key)
        if row is None or row.flags.erased or (row.left_at and row.left_at > at):
            return
        row.flags = replace(row.flags, lists_left=row.flags.lists_left - frozenset(list_ids))
        row.opt_out = None if everything else row.opt_out

    def mark_invalid(self, key: str, address: str, *, reason: str, at: datetime) -> None:
        known = self.rows.get(key)
        if known and known.valid_again_at and known.valid_again_at > at:
            return
        row = self._row(key)
        row.invalid = min(row.invalid or (at, reason), (at, reason))

    def clear_invalid(self, key: str, *, at: datetime) -> None:
        if key in self.rows:
            row = self.rows[key]
            row.invalid, row.bounces, row.bounces_from, row.valid_again_at = None, set(), at, at

    def admit(self, key: str, *, at: datetime) -> None:
        if key in self.rows:
            row = self.rows[key]
            row.flags, row.opt_out = replace(row.flags, erased=False), None

    def soft_bounce(self, key: str, address: str, *, at: datetime, event_id: str) -> Sequence[datetime]:
        row = self._row(key)
        row.bounces.add((at, event_id))
        row.bounces = row.counted()
        return sorted(bounced_at for bounced_at, _ in row.bounces)

    def delivered(self, key: str, *, at: datetime) -> None:
        row = self.rows.get(key)
        if row and row.bounces:
            row.bounces_from = max(at, row.bounces_from or at)

    def erase(self, key: str, at: datetime) -> None:
        row = self._row(key)
        row.flags, row.opt_out = replace(row.flags, erased=True), (at, "erased")


class FakeTargets:
    """``domain.ports.Targets`` with graves."""

    def __init__(self, addresses: FakeAddresses) -> None:
        self.addresses = addresses
        self.living: dict[Ref, AnyTarget] = {}
        self.graves: dict[Ref, Grave] = {}
        self.pointers: dict[Ref, list[SentPointer]] = {}

    def get(self, target_type: TargetType, target_id: str) -> AnyTarget:
        if (target_type, target_id) not in self.living:
            raise NotFound(f"no such {target_type.lower()}")
        return self.living[target_type, target_id]

    def find_many(self, refs: Collection[Ref]) -> Mapping[Ref, AnyTarget]:
        return {ref: self.living[ref] for ref in refs if ref in self.living}

    def add(self, target: AnyTarget) -> None:
        if ref_of(target) in self.living:
            raise Conflict("the id is taken")
        self.living[ref_of(target)] = target

    def replace(self, target: AnyTarget, before: AnyTarget) -> AnyTarget:
        self._same(before)
        after = replace(target, rev=before.rev + 1)
        self.living[ref_of(target)] = after
        return after

    def page(self, target_type: TargetType, *, limit: int, start: str | None = None) -> Page[AnyTarget]:
        ids = sorted((ref[1] for ref in self.living if ref[0] is target_type), reverse=True)
        rest = [each for each in ids if start is None or each < start]
        found = [self.living[target_type, each] for each in rest[:limit]]
        return Page(found, rest[limit - 1] if len(rest) > limit else None, len(rest))

    def holders(self, address_key: str) -> Sequence[Ref]:
        return sorted(
            ref
            for ref, target in self.living.items()
            if target.email_address and key_of(target.email_address) == address_key
        )

    def bury(self, target: AnyTarget, *, at: datetime, erased: bool) -> Grave:
        self._same(target)
        ref = ref_of(target)
        key = key_of(target.email_address) if target.email_address else None
        del self.living[ref]
        self.graves[ref] = Grave(*ref, at, key, at if erased else None)
        if erased and key:
            self.addresses.erase(key, at)
        return self.graves[ref]

    def grave(self, target_type: TargetType, target_id: str) -> Grave | None:
        return self.graves.get((target_type, target_id))

    def erase_grave(self, grave: Grave, *, at: datetime) -> None:
        if grave.erased_at is None:
            self.graves[grave.target_type, grave.target_id] = replace(grave, erased_at=at)
            if grave.address_key:
                self.addresses.erase(grave.address_key, at)

    def sent_pointers(self, target_type: TargetType, target_id: str, *, limit: int) -> Sequence[SentPointer]:
        return self.pointers.get((target_type, target_id), [])[:limit]

    def remove_pointers(
        self, target_type: TargetType, target_id: str, pointers: Collection[SentPointer]
    ) -> None:
        kept = [each for each in self.pointers.get((target_type, target_id), []) if each not in pointers]
        self.pointers[target_type, target_id] = kept

    def _same(self, before: AnyTarget) -> None:
        stored = self.living.get(ref_of(before))
        if stored is None or stored.rev != before.rev:
            raise PreconditionFailed("somebody changed it meanwhile")


class FakeMemberships:
    """``domain.ports.Memberships``; ``removed`` remembers who was opted out when they were removed."""

    def __init__(self, targets: FakeTargets, addresses: FakeAddresses) -> None:
        self._targets = targets
        self._addresses = addresses
        self.members: dict[tuple[str, Ref], bool] = {}
        self.removed: set[tuple[str, Ref]] = set()

    def add(self, list_id: str, members: Sequence[Membership]) -> int:
        new = 0
        for member in members:
            ref = (member.target_type, member.target_id)
            if ref not in self._targets.living:
                continue
            left = self._left(list_id, ref)
            if (list_id, ref) in self.members:  # nobody new; but the address row is the truth
                self.members[list_id, ref] |= left
                continue
            out = member.opted_out or (list_id, ref) in self.removed or left
            self.members[list_id, ref] = out
            self.removed.discard((list_id, ref))
            new += 1
        return new

    def _left(self, list_id: str, ref: Ref) -> bool:
        address = self._targets.living[ref].email_address
        row = self._addresses.rows.get(key_of(address)) if address else None
        return row is not None and list_id in row.flags.lists_left

    def remove(self, list_id: str, members: Collection[Ref]) -> int:
        there = [ref for ref in set(members) if (list_id, ref) in self.members]
        for ref in there:
            if self.members.pop((list_id, ref)):
                self.removed.add((list_id, ref))
        return len(there)

    def mark(
        self,
        list_ids: Collection[str],
        refs: Collection[Ref],
        *,
        opted_out: bool,
        address_key: str | None = None,
    ) -> Sequence[Membership]:
        changed = []
        row = self._addresses.rows.get(address_key) if address_key else None
        for place in [(list_id, ref) for list_id in sorted(set(list_ids)) for ref in sorted(set(refs))]:
            left = row is not None and place[0] in row.flags.lists_left
            if address_key and left is not opted_out:
                continue
            if not opted_out:
                self.removed.discard(place)
            if self.members.get(place, opted_out) is not opted_out:
                self.members[place] = opted_out
                changed.append(Membership(place[0], *place[1], opted_out=opted_out))
        return changed

    def forget(self, target_type: TargetType, target_id: str) -> None:
        ref = (target_type, target_id)
        self.members = {place: out for place, out in self.members.items() if place[1] != ref}
        self.removed = {place for place in self.removed if place[1] != ref}

    def find(
        self, list_ids: Collection[str], target_type: TargetType, target_id: str
    ) -> Sequence[Membership]:
        return [each for each in self.lists_of(target_type, target_id) if each.list_id in list_ids]

    def lists_of(self, target_type: TargetType, target_id: str) -> Sequence[Membership]:
        ref = (target_type, target_id)
        return [self._seen(*place) for place in sorted(self.members) if place[1] == ref]

    def page(
        self,
        list_id: str,
        *,
        limit: int,
        start: str | None = None,
        target_type: TargetType | None = None,
        opted_out: bool | None = None,
    ) -> Page[Membership]:
        found = [
            self._seen(*place)
            for place in self.members
            if place[0] == list_id
            and target_type in (None, place[1][0])
            and opted_out in (None, self.members[place])
        ]
        found.sort(key=_position, reverse=True)
        rest = [each for each in found if start is None or _position(each) < start]
        return Page(rest[:limit], _position(rest[limit - 1]) if len(rest) > limit else None, len(rest))

    def walk(self, list_id: str, *, start: str | None = None) -> Iterator[tuple[Membership, str]]:
        order = sorted((ref for place, ref in self.members if place == list_id), key=_walk_order)
        for ref in order:
            if start is None or _walk_order(ref) > _walk_order(_read(start)):
                yield self._seen(list_id, ref), "#".join(ref)

    def counts(self, list_ids: Collection[str]) -> Mapping[str, ListCounts]:
        marks = {one: [out for (place, _), out in self.members.items() if place == one] for one in list_ids}
        return {list_id: ListCounts(len(outs), sum(outs)) for list_id, outs in marks.items()}

    def _seen(self, list_id: str, ref: Ref) -> Membership:
        return Membership(list_id, *ref, opted_out=self.members[list_id, ref])


def _position(member: Membership) -> str:
    return f"{member.target_id}{member.target_type}#"


def _walk_order(ref: Ref) -> tuple[int, int, str]:
    return list(TargetType).index(ref[0]), int(ref[1][-1], 16) % SPREAD, ref[1]


def _read(key: str) -> Ref:
    target_type, _, target_id = key.partition("#")
    return TargetType(target_type), target_id
