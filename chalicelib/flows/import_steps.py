"""The steps of an import: rows are gathered, looked up, decided and written, some at a time, each some with the job's progress."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.clock import Clock
from chalicelib.domain.imports import (
    NOTHING_KNOWN,
    Change,
    ImportOrder,
    ImportStore,
    Known,
    Step,
    change_of,
    person_id,
)
from chalicelib.domain.imports_rows import BadRow, GoodRow, Row
from chalicelib.domain.ports import Addresses, Records, Targets
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import Campaign, TargetType
from chalicelib.errors import Deferred

REASON = "imported"  # kept with an address that the file says is opted out or invalid
ATTEMPTS = 10  # before giving way to those who keep being faster
MOST_ROWS = 1_000  # of one step; that many only if nearly all are refused
MOST_CHARACTERS = (
    32 * 1024
)  # of one step's rows but the last: all refused, and 4 bytes each, they fit one item of 400 KB


@dataclass
class _Gathered:
    """Rows of the next step."""

    good: list[GoodRow] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    characters: int = 0

    def add(self, row: Row) -> None:
        self.characters += sum(map(len, row.cells))
        if isinstance(row, GoodRow):
            self.good.append(row)
        else:
            self.bad.append(row)

    @property
    def rows(self) -> int:
        return len(self.good) + len(self.bad)

    def is_full(self, changes: int) -> bool:
        return len(self.good) >= changes or self.rows >= MOST_ROWS or self.characters >= MOST_CHARACTERS


@dataclass(frozen=True)
class ImportSteps:
    """Takes rows in."""

    store: ImportStore
    targets: Targets
    campaigns: Records[Campaign]
    addresses: Addresses
    clock: Clock

    def write_all(self, job: Job, order: ImportOrder, rows: Iterator[Row], until: datetime) -> Job:
        """Write the rows, until all are or the time is over; the job as it then stands.

        Raises:
            Overtaken: Another worker goes on with it.
            Deferred: Others stay in the way.
        """
        changes = self.store.rows_per_step(order)
        gathered = _Gathered()
        for row in rows:
            gathered.add(row)
            if gathered.is_full(changes):
                job, gathered = self._write(job, order, gathered), _Gathered()
                if self.clock.now() >= until:
                    return job
        return self._write(job, order, gathered) if gathered.rows else job

    def _write(self, job: Job, order: ImportOrder, gathered: _Gathered) -> Job:
        for attempt in range(ATTEMPTS):
            step = self._step(job, order, gathered, attempt)
            self._flag(step.changes)
            if self.store.write(step):
                return step.after
        raise Deferred("others change the same people")

    def _step(self, job: Job, order: ImportOrder, gathered: _Gathered, attempt: int) -> Step:
        """What these rows change as things stand now."""
        now = self.clock.now()
        known = self._known(order, gathered.good)
        decided = [
            change_of(
                row,
                known.get(row.address_key, NOTHING_KNOWN),
                order,
                new_id=person_id(job.id, row.number, attempt),
                at=now,
            )
            for row in gathered.good
        ]
        decided = self._with_links(decided)
        changes = [each for each in decided if isinstance(each, Change)]
        refused = [*gathered.bad, *(each for each in decided if isinstance(each, BadRow))]
        refused.sort(key=lambda row: row.number)
        after = replace(
            job,
            done=job.done + gathered.rows,
            cursor=str(job.done + gathered.rows),
            modified_at=now,
            result=_counted(job, changes, refused),
        )
        return Step(job, after, changes, refused, now)

    def _known(self, order: ImportOrder, rows: Sequence[GoodRow]) -> Mapping[str, Known]:
        if not rows:
            return {}
        return self.store.known(order.entity_type, [row.address_key for row in rows], order.target_list_ids)

    def _with_links(self, decided: Sequence[Change | BadRow]) -> list[Change | BadRow]:
        """The same, with those refused that name an account or a campaign that is not there."""
        linked = {
            place: link
            for place, each in enumerate(decided)
            if isinstance(each, Change) and (link := _new_link(each))
        }
        accounts = {link for name, link in linked.values() if name == "accountId"}
        campaigns = {link for name, link in linked.values() if name == "campaignId"}
        there: Collection[str] = {
            *(ref[1] for ref in self.targets.find_many([(TargetType.ACCOUNT, each) for each in accounts])),
            *self.campaigns.find_many(campaigns),
        }
        return [
            _unlinked(each, *linked[place])
            if isinstance(each, Change) and place in linked and linked[place][1] not in there
            else each
            for place, each in enumerate(decided)
        ]

    def _flag(self, changes: Sequence[Change]) -> None:
        """Tell the address rows what the file says of the addresses; it never says that one may be mailed again."""
        for change in changes:
            key, flags, now = change.row.address_key, change.known.flags, self.clock.now()
            if change.row.opts_out and not (flags and flags.opt_out):
                self.addresses.opt_out(key, "", everything=True, list_ids=(), reason=REASON, at=now)
            if change.row.is_invalid and not (flags and flags.invalid):
                self.addresses.mark_invalid(key, "", reason=REASON, at=now)


def _new_link(change: Change) -> tuple[str, str] | None:
    """The field and id of a record that this row links to; one that it was linked to before may be gone."""
    for name, attribute in (("accountId", "account_id"), ("campaignId", "campaign_id")):
        link = getattr(change.after, attribute, None)
        if link and link != getattr(change.known.target, attribute, None):
            return name, str(link)
    return None


def _unlinked(change: Change, name: str, link: str) -> BadRow:
    row, kind = change.row, name.removesuffix("Id")
    return BadRow(row.number, row.line, row.cells, f"{name}: there is no {kind} with the id {link}")


def _counted(job: Job, changes: Sequence[Change], refused: Sequence[BadRow]) -> Mapping[str, object]:
    """The job's result with these rows counted too."""
    result: Any = job.result
    created = sum(change.is_new for change in changes)
    updated = sum(change.is_update for change in changes)
    more = {
        "created": created,
        "updated": updated,
        "unchanged": len(changes) - created - updated,
        "refused": len(refused),
    }
    return {**result, **{name: result[name] + count for name, count in more.items()}}
