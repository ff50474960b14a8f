"""Recounting the numbers by which a mass email is released: recipients, those released, those left out.

A number that is too small leaves people out, one that is too large stops the release. Mending is safe while a send is under
way: every step of freeze, release and retry writes the run on condition of its ``rev``, and so does this. What is claimed and
sent depends on none of these numbers.
"""

from collections import Counter
from dataclasses import dataclass

from chalicelib.domain.ids import base_of
from chalicelib.domain.ports_delivery import Ledger, Overtaken, Runs
from chalicelib.domain.recounts import Recounted, RunCount, Verdict
from chalicelib.domain.runs import Run, Spot, sizes

WHAT = "recipients"
SEGMENTS = 1_000  # read at once: fifty thousand recipients
TRIES = 3  # of a run that moves on while it is counted


@dataclass(frozen=True)
class RunRecounting:
    """Counts runs."""

    runs: Runs
    ledger: Ledger

    def recount(self, mass_email_id: str, *, apply: bool) -> Recounted:
        """One run; ``apply`` mends its numbers unless somebody is missing from the ledger."""
        for _ in range(TRIES):
            run = self.runs.get(mass_email_id)
            count = self._count(run)
            stored, counted = count.told_by(run), count.counted(run)
            if stored == counted:
                return Recounted(WHAT, mass_email_id, stored, counted, Verdict.RIGHT)
            if self.runs.get(mass_email_id).rev != run.rev:
                continue
            mended = count.mended(run) if apply else None
            if mended is None:
                return Recounted(WHAT, mass_email_id, stored, counted, Verdict.WRONG)
            try:
                self.runs.save(mended)
            except Overtaken:
                continue
            return Recounted(WHAT, mass_email_id, stored, counted, Verdict.MENDED)
        return Recounted(WHAT, mass_email_id, {}, {}, Verdict.BUSY)

    def _count(self, run: Run) -> RunCount:
        numbers = [number for number, _ in sizes(run.stretches, Spot())]
        people: dict[int, int] = {}
        for start in range(0, len(numbers), SEGMENTS):
            some = self.ledger.members(base_of(run.mass_email_id), numbers[start : start + SEGMENTS])
            people |= {number: len(members) for number, members in some.items()}
        pages = (self.runs.left_out(run, page) for page in range(run.left_pages))
        return RunCount(people, Counter(entry.reason for page in pages for entry in page))
