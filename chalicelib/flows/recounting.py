"""Recounting: what is stored as a number, held against what it counts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from chalicelib.domain.ports_admin import ListCounting, Paged
from chalicelib.domain.ports_delivery import Runs
from chalicelib.domain.records import MassEmail, MassEmailStatus, TargetList
from chalicelib.domain.recounts import Recounted, Verdict
from chalicelib.flows.recounting_runs import RunRecounting
from chalicelib.flows.tallying import FINAL_AFTER, Tallying

R = TypeVar("R")
PAGE = 200  # records at once
TRIES = 3  # of a list whose counts move while it is counted
_RESTING = frozenset({MassEmailStatus.COMPLETE, MassEmailStatus.FAILED, MassEmailStatus.CANCELED})


@dataclass(frozen=True)
class Recounting:
    """Counts everything anew; ``apply`` mends what is wrong, where it can be."""

    mass_emails: Paged[MassEmail]
    lists: Paged[TargetList]
    runs: Runs
    run_recounting: RunRecounting
    tallying: Tallying
    list_counting: ListCounting

    def run(self, *, apply: bool) -> Iterator[Recounted]:
        """Mass emails, then lists, newest first; what has no stored number is passed over."""
        for mass_email in _all(self.mass_emails):
            yield self.run_recounting.recount(mass_email.id, apply=apply)
            tally = self.tally(mass_email, apply=apply)
            if tally is not None:
                yield tally
        for target_list in _all(self.lists):
            yield self.list_counts(target_list.id, apply=apply)

    def tally(self, mass_email: MassEmail, *, apply: bool) -> Recounted | None:
        """Recipients by status, as callers are shown them; None where they are counted anew for each question."""
        stored = self.runs.tally(mass_email.id)
        if stored.at is None:
            return None
        counts = self.tallying.counted(mass_email).counts
        counted = {str(status): count for status, count in counts.items()}
        before = {status: stored.counts.get(status, 0) for status in counted}
        verdict = _verdict(before, counted)
        if verdict is Verdict.WRONG and not _rests(mass_email, stored.at):
            verdict = Verdict.BEHIND
        if verdict is not Verdict.RIGHT and apply:
            self.tallying.store(mass_email)
            verdict = Verdict.MENDED
        return Recounted("tally", mass_email.id, before, counted, verdict)

    def list_counts(self, list_id: str, *, apply: bool) -> Recounted:
        """Members and opted-out members of a list."""
        for _ in range(TRIES):
            stored = self.list_counting.stored(list_id)
            counted = self.list_counting.counted(list_id)
            if stored != counted and self.list_counting.stored(list_id) != stored:
                continue
            before = {"entryCount": stored.entries, "optedOutCount": stored.opted_out}
            after = {"entryCount": counted.entries, "optedOutCount": counted.opted_out}
            verdict = _verdict(before, after)
            if verdict is Verdict.WRONG and apply:
                if not self.list_counting.mend(list_id, before=stored, after=counted):
                    continue
                verdict = Verdict.MENDED
            return Recounted("list", list_id, before, after, verdict)
        return Recounted("list", list_id, {}, {}, Verdict.BUSY)


def _all(records: Paged[R]) -> Iterator[R]:
    start: str | None = None
    while True:
        page = records.page(limit=PAGE, start=start)
        yield from page.items
        start = page.next_key
        if start is None:
            return


def _verdict(stored: Mapping[str, int], counted: Mapping[str, int]) -> Verdict:
    return Verdict.RIGHT if stored == counted else Verdict.WRONG


def _rests(mass_email: MassEmail, at: datetime) -> bool:
    """Whether what was counted then is shown for good (``Tallying``)."""
    return mass_email.status in _RESTING and at - mass_email.modified_at >= FINAL_AFTER
