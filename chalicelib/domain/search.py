"""A search for people, and what it finds, as values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.people import Ref
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import TargetType
from chalicelib.domain.where import EVERYBODY, Either, Node, needs

MAX_READ = 2_000  # items that are looked at for one page, what is answered with each person included; then it answers what it has


class Sort(StrEnum):
    """The orders in which people can be listed, in which order the table keeps them too."""

    NEWEST = "createdAt desc"
    OLDEST = "createdAt asc"
    NAME = "name asc"
    NAME_BACKWARDS = "name desc"

    @property
    def is_by_name(self) -> bool:
        """By last name, then first name; companies by their name."""
        return self in (Sort.NAME, Sort.NAME_BACKWARDS)

    @property
    def is_ascending(self) -> bool:
        """Small before large."""
        return self in (Sort.OLDEST, Sort.NAME)


def sort_of(order_by: str | None, order: str | None) -> Sort | None:
    """What a caller asks for; newest first without a word, and None if there is no such order."""
    by = order_by or "createdAt"
    usual = "desc" if by == "createdAt" else "asc"
    try:
        return Sort(f"{by} {order or usual}")
    except ValueError:
        return None


SORTED_BY = ("createdAt", "name")
ORDERS = ("asc", "desc")


@dataclass(frozen=True)
class Search:
    """Whom to look for; the tree has no words for times any more."""

    target_type: TargetType
    where: Node = EVERYBODY
    sort: Sort = Sort.NEWEST


def as_few(searches: Sequence[Search]) -> Sequence[Search]:
    """Searches that find the same people together: all that a person's own item answers are one, and come first.

    So somebody is read once for hundreds of them. Those that read beside the person stay as they are: who is found by one
    need not be asked about by the next.
    """
    plain: dict[TargetType, list[Node]] = {}
    others = []
    for search in searches:
        if needs(search.where).lookups:
            others.append(search)
        else:
            plain.setdefault(search.target_type, []).append(search.where)
    return [*(Search(kind, Either(tuple(nodes))) for kind, nodes in plain.items()), *others]


@dataclass(frozen=True, slots=True)
class Found:
    """A person who was found: as much as joining a list needs to know; ``place`` is where a walk goes on after them."""

    ref: Ref
    rev: int
    email_address: str | None
    place: str


@dataclass(frozen=True)
class Stretch:
    """A part of a walk over all whom a search finds; ``end`` is where the walk goes on, after everybody in it."""

    found: Sequence[Found]
    end: str


@dataclass(frozen=True)
class Course:
    """How a job's cursor is written at a place of its current phase, and by whom it is noted."""

    job: Job
    cursor: Callable[[str], str]

    def advanced(self, place: str, *, done: int, changed: int, counter: str, at: datetime) -> "Course":
        """So much further: ``done`` people were gone through, ``counter`` of the result grows by ``changed``."""
        result = dict(self.job.result or {})
        result[counter] = int(str(result.get(counter, 0))) + changed
        job = replace(
            self.job,
            status="Running",
            done=self.job.done + done,
            cursor=self.cursor(place),
            result=result,
            modified_at=at,
        )
        return replace(self, job=job)
