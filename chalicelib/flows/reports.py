"""Reports: saved searches, with the columns that one likes to see."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.clock import Clock
from chalicelib.domain.columns import USUAL, column_problems
from chalicelib.domain.etags import ANY_VERSION, IfMatch
from chalicelib.domain.ids import new_id
from chalicelib.domain.ports import Page, Records
from chalicelib.domain.ports_mass_emails import Turns
from chalicelib.domain.ports_search import Followers, PeopleSearch
from chalicelib.domain.records import Report
from chalicelib.domain.search import Search
from chalicelib.errors import Conflict, FieldError, Invalid
from chalicelib.flows.editing import Editor
from chalicelib.flows.references import refuse
from chalicelib.flows.searching import Searching, read_sort
from chalicelib.flows.tabulating import Tabulating, lookups

Row = list[Any]


@dataclass(frozen=True)
class Reports:
    """What callers do with reports. ``fields`` have snake_case names and hold what was sent, already read."""

    records: Records[Report]
    followers: Followers
    searching: Searching
    people: PeopleSearch
    tabulating: Tabulating
    turns: Turns
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def create(self, fields: Mapping[str, Any]) -> Report:
        """Store a new report.

        Raises:
            Invalid: Its search, order or columns cannot be meant.
        """
        now = self.clock.now()
        report = Report(id=self.make_id(now), created_at=now, modified_at=now, **fields)
        self._check(report)
        self.records.add(report)
        return report

    def edit(self, report_id: str, fields: Mapping[str, Any], *, if_match: IfMatch = ANY_VERSION) -> Report:
        """Change the fields that are given.

        Raises:
            NotFound, PreconditionFailed: See ``Editor``.
            Invalid: As for ``create``.
        """

        def change(before: Report) -> Report:
            after = replace(before, **fields)
            if after != before:
                self._check(after)
            return after

        return self._editor.edit(report_id, change, if_match=if_match)

    def delete(self, report_id: str, *, if_match: IfMatch = ANY_VERSION) -> None:
        """Delete a report that no list follows.

        Raises:
            NotFound, PreconditionFailed: See ``Editor``.
            Conflict: A list follows it.
        """

        def bury(before: Report) -> Report:
            following = next(iter(self.followers.of(report_id)), None)
            if following is not None:
                raise Conflict(f"the target list {following.id} follows this report")
            return replace(before, deleted_at=self.clock.now())

        self._editor.edit(report_id, bury, if_match=if_match)

    def page(self, report: Report, *, limit: int, start: str | None = None) -> Page[Row]:
        """Some rows of the report as it is now; they may be fewer than ``limit`` although more follow.

        Raises:
            Invalid: ``start`` is a place in an earlier version of the report.
        """
        position = _position(report, start) if start is not None else None
        columns = columns_of(report)
        beside = lookups(report.entity_type, columns)
        found = self.people.page(self.search(report), limit=limit, start=position, beside=beside)
        next_key = None if found.next_key is None else f"{report.rev}|{found.next_key}"
        read = found.read + beside * len(found.items)
        return Page(self.tabulating.rows(columns, found.items), next_key, read)

    def pages(self, report: Report, now: datetime, start: str | None) -> Iterator[Page[Row]]:
        """All rows of the report as it is at ``now``, some at a time; ``next_key`` of a page is a ``start``."""
        search = self.search(report, now)
        while True:
            found = self.people.page(search, limit=ROWS_AT_ONCE, start=start)
            yield Page(self.tabulating.rows(columns_of(report), found.items), found.next_key, found.read)
            start = found.next_key
            if start is None:
                return

    def search(self, report: Report, now: datetime | None = None) -> Search:
        """The search that the report is."""
        sort = read_sort(report.order_by, report.order)
        return self.searching.search(report.entity_type, list(report.where), sort, now=now)

    @property
    def _editor(self) -> Editor[Report]:
        return Editor(self.records, self.turns, self.clock)

    def _check(self, report: Report) -> None:
        problems: list[FieldError] = column_problems(report.entity_type, report.columns)
        for check in (
            lambda: self.searching.read(report.entity_type, list(report.where)),
            lambda: read_sort(report.order_by, report.order),
        ):
            try:
                check()
            except Invalid as invalid:
                problems += invalid.errors
        refuse(problems)


ROWS_AT_ONCE = 1_000  # of an export


def columns_of(report: Report) -> tuple[str, ...]:
    """The columns that it shows."""
    return report.columns or USUAL


def _position(report: Report, start: str) -> str:
    rev, _, position = start.partition("|")
    if rev != str(report.rev):
        raise Invalid.of("cursor", "is of another version of the report")
    return position
