"""Filling a list from a search, and emptying it by one, in the background (section 4 of the reference: select all results)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import new_id
from chalicelib.domain.ports import Records
from chalicelib.domain.ports_jobs import Job, Jobs
from chalicelib.domain.ports_search import ListFiller, PeopleSearch
from chalicelib.domain.records import TargetList, TargetType
from chalicelib.domain.search import Course
from chalicelib.errors import Refused
from chalicelib.flows.searching import Searching
from chalicelib.flows.slices import Slices

ADD_KIND, REMOVE_KIND = "addMembers", "removeMembers"
LIST_GONE = "targetListMissing"


@dataclass(frozen=True)
class Filling:
    """Starts the jobs and works them off."""

    searching: Searching
    people: PeopleSearch
    filler: ListFiller
    lists: Records[TargetList]
    jobs: Jobs
    slices: Slices
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def add(self, list_id: str, target_type: TargetType, where: object) -> Job:
        """Put all on the list whom the search finds.

        Raises:
            NotFound: There is no such list.
            Invalid: ``where`` cannot be meant.
        """
        return self._start(ADD_KIND, list_id, target_type, where)

    def remove(self, list_id: str, target_type: TargetType, where: object) -> Job:
        """Take all off the list whom the search finds; their opt-outs are remembered.

        Raises:
            NotFound, Invalid: As for ``add``.
        """
        return self._start(REMOVE_KIND, list_id, target_type, where)

    def _start(self, kind: str, list_id: str, target_type: TargetType, where: object) -> Job:
        self.lists.get(list_id)
        self.searching.read(target_type, where)
        now = self.clock.now()
        job = Job.new(
            kind,
            {"targetListId": list_id, "type": str(target_type), "where": where},
            at=now,
            make_id=self.make_id,
        )
        self.jobs.start(job)
        return job

    def run(self, job: Job) -> Job:
        """Go on with such a job; ``done`` counts those who were found, the result those who joined or left.

        Raises:
            Refused: The list was deleted.
            Overtaken: Another worker goes on with it.
        """
        return self.slices.go_on(job, self._steps)

    def _steps(self, job: Job) -> Iterator[Job]:
        arguments: Any = job.arguments
        list_id: str = arguments["targetListId"]
        # The moment of the request, however often the job is begun again: "today" is one day.
        search = self.searching.search(TargetType(arguments["type"]), arguments["where"], now=job.created_at)
        change = self.filler.add if job.kind == ADD_KIND else self.filler.remove
        course = Course(job, cursor=str)
        for stretch in self.people.walk(search, start=job.cursor):
            check_list(self.lists, list_id)
            course = change(list_id, stretch, course)
            yield course.job


def check_list(lists: Records[TargetList], list_id: str) -> None:
    """Whether the list is still there.

    Raises:
        Refused: It was deleted.
    """
    if lists.find(list_id) is None:
        raise Refused(LIST_GONE, "the target list was deleted")
