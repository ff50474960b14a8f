"""Target lists: made, edited and deleted, and answered with their counts (row 89); who is on them is another page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.campaigns import check_unused
from chalicelib.domain.clock import Clock
from chalicelib.domain.etags import ANY_VERSION, IfMatch
from chalicelib.domain.ids import new_id
from chalicelib.domain.ports import ListCounts, Memberships, Page, Records
from chalicelib.domain.ports_mass_emails import MassEmails, Turns
from chalicelib.domain.records import TargetList
from chalicelib.flows.editing import Editor
from chalicelib.flows.in_use import open_mass_emails


@dataclass(frozen=True)
class CountedList:
    """A list and how many are on it; ``entries`` counts the opted-out too."""

    target_list: TargetList
    counts: ListCounts


@dataclass(frozen=True)
class TargetLists:
    """What callers do with lists. ``fields`` have snake_case names and hold what the caller sent, already read.

    ``empty_soon`` is told of a list that is about to be deleted.
    """

    records: Records[TargetList]
    memberships: Memberships
    mass_emails: MassEmails
    turns: Turns
    clock: Clock
    empty_soon: Callable[[str], None]
    make_id: Callable[[datetime], str] = new_id

    def get(self, list_id: str) -> CountedList:
        """The list.

        Raises:
            NotFound: There is none, or it was deleted.
        """
        return self._counted([self.records.get(list_id)])[0]

    def page(self, *, limit: int, start: str | None = None) -> Page[CountedList]:
        """Newest first."""
        page = self.records.page(limit=limit, start=start)
        return Page(self._counted(page.items), page.next_key, page.read)

    def create(self, fields: Mapping[str, Any]) -> CountedList:
        """Store a new, empty list."""
        now = self.clock.now()
        made = TargetList(id=self.make_id(now), created_at=now, modified_at=now, **fields)
        self.records.add(made)
        return CountedList(made, ListCounts())

    def edit(
        self, list_id: str, fields: Mapping[str, Any], *, if_match: IfMatch = ANY_VERSION
    ) -> CountedList:
        """Change the fields that are given.

        Raises:
            NotFound, PreconditionFailed: See ``Editor``.
        """
        edited = self._editor.edit(list_id, lambda before: replace(before, **fields), if_match=if_match)
        return self._counted([edited])[0]

    def delete(self, list_id: str, *, if_match: IfMatch = ANY_VERSION) -> None:
        """Hide the list from callers, and take everybody off it in the background; opt-outs of it stay.

        Raises:
            NotFound, PreconditionFailed: See ``Editor``.
            Conflict: A mass email that is under way sends to it, or leaves out who is on it.
        """

        def bury(before: TargetList) -> TargetList:
            check_unused(list_id, open_mass_emails(self.mass_emails))
            self.empty_soon(
                list_id
            )  # before: whoever dies in between leaves a job that looks, not a list that is full
            return replace(before, deleted_at=self.clock.now())

        self._editor.edit_in_turn(list_id, bury, if_match=if_match)

    @property
    def _editor(self) -> Editor[TargetList]:
        return Editor(self.records, self.turns, self.clock)

    def _counted(self, lists: Sequence[TargetList]) -> list[CountedList]:
        counts = self.memberships.counts([each.id for each in lists])
        return [CountedList(each, counts.get(each.id, ListCounts())) for each in lists]
