"""Memberships with what decides about them: the target and its address row, looked up a hundred at a time."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from chalicelib.domain.freezing import Candidate
from chalicelib.domain.ports import Addresses, AnyTarget, Membership
from chalicelib.domain.records import TargetType


class LateTargets(Protocol):
    """Targets, as they were a moment ago."""

    def find_lately(
        self, refs: Collection[tuple[TargetType, str]]
    ) -> Mapping[tuple[TargetType, str], AnyTarget]:
        """Those that exist."""
        ...


@dataclass(frozen=True)
class Candidates:
    """Looks up candidates; ``key_of`` makes an address's keyed hash."""

    targets: LateTargets
    addresses: Addresses
    key_of: Callable[[str], str]

    def in_batches(
        self, walk: Iterable[tuple[int, Membership, str]], size: int
    ) -> Iterator[list[tuple[Candidate, int, str]]]:
        """Candidates with their list's index and their cursor key, in the walk's order."""
        rest = iter(walk)
        while batch := list(islice(rest, size)):
            yield self._looked_up(batch)

    def _looked_up(self, batch: list[tuple[int, Membership, str]]) -> list[tuple[Candidate, int, str]]:
        refs = {(member.target_type, member.target_id) for _, member, _ in batch}
        targets = self.targets.find_lately(refs)
        keys = {
            ref: self.key_of(target.email_address)
            for ref, target in targets.items()
            if target.email_address and target.erased_at is None
        }
        # What is stale by a moment here is seen again before the call: half the price of a consistent read.
        flags = self.addresses.flags(set(keys.values()), consistent=False)
        found = []
        for index, member, key in batch:
            ref = (member.target_type, member.target_id)
            address_key = keys.get(ref)
            row = flags.get(address_key) if address_key else None
            found.append((Candidate(member, targets.get(ref), address_key, row), index, key))
        return found
