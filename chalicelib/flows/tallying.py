"""How many recipients are where: sums over the ledger, stored once nothing moves any more.

The end of the send is not the end of the counts: a Reject, a late answer or an open moves a recipient yet.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import base_of
from chalicelib.domain.ledger import RecipientStatus, states
from chalicelib.domain.ports_delivery import Ledger, Runs, StoredTally
from chalicelib.domain.records import MassEmail, MassEmailStatus
from chalicelib.domain.runs import Run, Spot, sizes

LIVE_SEGMENTS = 500  # up to so many are counted anew for every question: some fifteen requests
FRESH_FOR = timedelta(seconds=60)  # how old the counts of a larger mass email may be
FINAL_AFTER = timedelta(
    days=7
)  # after the end; SES tries to deliver for up to 14 hours, and events come late
_RESTING = frozenset({MassEmailStatus.COMPLETE, MassEmailStatus.FAILED, MassEmailStatus.CANCELED})


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
        """The counts: final ones as stored; others live, of a large mass email at most 60 s old."""
        stored = self.runs.tally(mass_email.id)
        if stored.at is not None and self._is_over(mass_email, stored.at) and not _unknown(stored):
            return _counted(stored)
        run, now = self.runs.get(mass_email.id), self.clock.now()
        is_fresh = stored.at is not None and now - stored.at < FRESH_FOR
        if run.segments > LIVE_SEGMENTS:
            return _counted(stored) if is_fresh else self._store(mass_email, run, stored)
        if self._is_over(mass_email, now) and not _unknown(stored):
            return self._store(mass_email, run, stored)
        return Counted(self._count(mass_email, run))

    def _is_over(self, mass_email: MassEmail, at: datetime) -> bool:
        """Whether what is counted at this time does not change any more, but for those that nobody knows the fate of."""
        return mass_email.status in _RESTING and at - mass_email.modified_at >= FINAL_AFTER

    def counted(self, mass_email: MassEmail) -> Counted:
        """Count anew, and store nothing."""
        return Counted(self._count(mass_email, self.runs.get(mass_email.id)))

    def store(self, mass_email: MassEmail, run: Run | None = None) -> Counted:
        """Count anew and store it; ``run`` as it is now, if known."""
        run = run or self.runs.get(mass_email.id)
        return self._store(mass_email, run, self.runs.tally(mass_email.id))

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


def _unknown(stored: StoredTally) -> bool:
    return bool(stored.counts.get(RecipientStatus.UNKNOWN))
