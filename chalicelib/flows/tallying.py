"""How many recipients are where: sums over the ledger, stored once nothing moves any more."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import base_of
from chalicelib.domain.ledger import RecipientStatus, states
from chalicelib.domain.ports_delivery import Ledger, Runs, StoredTally
from chalicelib.domain.records import MassEmail, MassEmailStatus
from chalicelib.domain.runs import Run, Spot, sizes

LIVE_SEGMENTS = 500  # up to so many are counted anew for every question: some eight requests
FRESH_FOR = timedelta(seconds=60)  # how old the counts of a larger mass email may be
_RESTING = frozenset({MassEmailStatus.COMPLETE, MassEmailStatus.FAILED})


@dataclass(frozen=True)
class Counted:
    """Recipients by status; the left-out are Skipped."""

    counts: Mapping[RecipientStatus, int]


@dataclass(frozen=True)
class Tallying:
    """Counts recipients."""

    clock: Clock
    runs: Runs
    ledger: Ledger

    def of(self, mass_email: MassEmail) -> Counted:
        """The counts; stored ones of a mass email at rest, live ones of one that moves (at most 60 s old if it is large)."""
        if not mass_email.freezes:
            return Counted(dict.fromkeys(RecipientStatus, 0))
        stored = self.runs.tally(mass_email.id)
        if stored.at is not None and mass_email.status in _RESTING:
            return _counted(stored)
        run = self.runs.get(mass_email.id)
        if (
            stored.at is not None
            and run.segments > LIVE_SEGMENTS
            and self.clock.now() - stored.at < FRESH_FOR
        ):
            return _counted(stored)
        if mass_email.status in _RESTING or run.segments > LIVE_SEGMENTS:
            return self._store(mass_email, run, stored)
        return Counted(self._count(mass_email, run))

    def store(self, mass_email: MassEmail) -> Counted:
        """Count anew and store it."""
        return self._store(mass_email, self.runs.get(mass_email.id), self.runs.tally(mass_email.id))

    def _store(self, mass_email: MassEmail, run: Run, stored: StoredTally) -> Counted:
        counts = self._count(mass_email, run)
        plain = {str(status): count for status, count in counts.items()}
        self.runs.store_tally(mass_email.id, replace(stored, counts=plain, at=self.clock.now()))
        return Counted(counts)

    def _count(self, mass_email: MassEmail, run: Run) -> Mapping[RecipientStatus, int]:
        size_of = dict(sizes(run.stretches, Spot()))
        counts: Counter[RecipientStatus] = Counter()
        for segment in self.ledger.progress(base_of(mass_email.id), size_of.keys()):
            size = size_of[segment.number]
            counts.update(state.status for state in states(segment, mass_email.status, size=size))
        counts[RecipientStatus.SKIPPED] += sum(run.left_out.values())
        return {status: counts[status] for status in RecipientStatus}


def _counted(stored: StoredTally) -> Counted:
    return Counted({status: stored.counts.get(status, 0) for status in RecipientStatus})
