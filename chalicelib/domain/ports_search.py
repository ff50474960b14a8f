"""What searching, filling lists and exporting need of the outside, as Protocols."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from chalicelib.domain.people import Ref
from chalicelib.domain.ports import AnyTarget, Page
from chalicelib.domain.records import TargetList
from chalicelib.domain.search import Course, Found, Search, Stretch


class PeopleSearch(Protocol):
    """Finds accounts, contacts, leads and users."""

    def page(
        self, search: Search, *, limit: int, start: str | None = None, beside: int = 0
    ) -> Page[AnyTarget]:
        """In the search's order; looks at no more than ``domain.search.MAX_READ`` items and answers what it has then.

        ``beside`` items are what the caller reads for each of them, at most, before it answers: room is left for those among
        ``MAX_READ``, and the caller counts them.
        Nobody comes twice over the pages, and nobody is missing who was there from the first to the last, whoever else comes,
        goes or changes; in the order of names, as long as their name stays.
        """
        ...

    def walk(self, search: Search, *, start: str | None = None) -> Iterator[Stretch]:
        """All whom the search finds, in no order that callers know but the same at every walk; a little at a time."""
        ...

    def among(self, search: Search, refs: Collection[Ref]) -> Sequence[Found]:
        """Those of these whom the search finds."""
        ...

    def find(self, refs: Collection[Ref]) -> Sequence[Found]:
        """Those of these who exist."""
        ...


class ListFiller(Protocol):
    """Changes many members of a list in the course of a job. Members, counts and the job's progress change together.

    So a job that dies goes on where its progress says, and nothing is counted twice.
    """

    def add(self, list_id: str, stretch: Stretch, course: Course) -> Course:
        """Put those on the list who are not on it; the rules are those of ``Memberships.add``.

        Raises:
            Overtaken: Another worker goes on with this job.
        """
        ...

    def remove(self, list_id: str, stretch: Stretch, course: Course) -> Course:
        """Take those off the list who are on it; opt-outs are remembered.

        Raises:
            Overtaken: Another worker goes on with this job.
        """
        ...


class Followers(Protocol):
    """Lists that follow reports."""

    def of(self, report_id: str) -> Iterator[TargetList]:
        """Those that follow this report, whether they are synced by themselves or not."""
        ...

    def enabled(self) -> Iterator[TargetList]:
        """Those that are synced every day."""
        ...

    def note(self, list_id: str, last_sync: Mapping[str, object]) -> None:
        """Keep what became of the last sync; the list's version stays, and one that is gone stays so."""
        ...
