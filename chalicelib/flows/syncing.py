"""Lists that follow reports: whom the reports find joins; with ``syncUnlink`` whom none of them finds any more leaves.

Only people of the types that the reports are about leave: others were put on the list by hand, and no report speaks of them.
The reference's own rule is in its closed part; see ``docs/decisions/lists-follow-reports.md``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from chalicelib.domain.clock import Clock, rfc3339
from chalicelib.domain.ids import new_id
from chalicelib.domain.people import Ref
from chalicelib.domain.ports import Memberships, Records
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.ports_jobs import Job, Jobs
from chalicelib.domain.ports_search import Followers, ListFiller, PeopleSearch
from chalicelib.domain.records import MAX_REPORTS, Report, TargetList, TargetType
from chalicelib.domain.search import Course, Found, Search, Stretch, as_few
from chalicelib.errors import Conflict, EnvoiError, FieldError, Refused
from chalicelib.flows.filling import check_list
from chalicelib.flows.references import refuse
from chalicelib.flows.reports import Reports
from chalicelib.flows.slices import Slices

JOB_KIND = "syncList"
MEMBERS_AT_ONCE = 500  # that are asked whether they still fit
REPORT_GONE = "reportMissing"


@dataclass(frozen=True)
class Syncing:
    """Starts syncs and works them off; ``report`` is told of what went wrong."""

    reports: Reports
    people: PeopleSearch
    filler: ListFiller
    memberships: Memberships
    lists: Records[TargetList]
    followers: Followers
    jobs: Jobs
    slices: Slices
    clock: Clock
    report: Callable[..., None]
    make_id: Callable[[datetime], str] = new_id

    def check(self, report_ids: Sequence[str]) -> None:
        """Whether a list can follow these.

        Raises:
            Invalid: There are too many, or one does not exist.
        """
        if len(report_ids) > MAX_REPORTS:
            refuse([FieldError("reportIds", f"must have at most {MAX_REPORTS} entries")])
        found = self.reports.records.find_many(report_ids)
        refuse(
            [
                FieldError(f"reportIds.{place}", "there is no report with this id")
                for place, report_id in enumerate(report_ids)
                if report_id not in found
            ]
        )

    def start(self, list_id: str) -> Job:
        """Sync a list now.

        Raises:
            NotFound: There is no such list.
            Conflict: It follows no report.
        """
        target_list = self.lists.get(list_id)
        if not target_list.report_ids:
            raise Conflict("the target list follows no report")
        now = self.clock.now()
        job = Job.new(
            JOB_KIND,
            {
                "targetListId": list_id,
                "reportIds": list(target_list.report_ids),
                "unlink": target_list.sync_unlink,
            },
            at=now,
            make_id=self.make_id,
        )
        self.jobs.start(job)
        return job

    def start_all(self) -> int:
        """Sync every list that wants it; answers how many were begun. One that cannot be does not stop the others."""
        begun = 0
        for target_list in self.followers.enabled():
            if not target_list.report_ids:
                continue
            try:
                self.start(target_list.id)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next list is another matter
                self.report("syncNotBegun", error, targetListId=target_list.id)
                self._note(target_list.id, {}, "it could not be begun")
            else:
                begun += 1
        return begun

    def run(self, job: Job) -> Job:
        """Go on with a sync; the list keeps what became of it.

        Raises:
            Refused: The list or a report is gone.
            Overtaken: Another worker goes on with it.
        """
        list_id = str(job.arguments["targetListId"])
        try:
            return self.slices.go_on(job, self._steps, at_the_end=self._note_end)
        except Overtaken:
            raise
        except EnvoiError as refusal:
            self._note(list_id, self.jobs.get(job.id).result or {}, refusal.message)
            raise
        except Exception as error:
            self.report("syncFailed", error, targetListId=list_id)
            self._note(list_id, self.jobs.get(job.id).result or {}, "something went wrong; it is tried again")
            raise

    def _note_end(self, job: Job) -> None:
        self._note(str(job.arguments["targetListId"]), job.result or {}, None)

    def _steps(self, job: Job) -> Iterator[Job]:
        """Each report is a phase of its own, and so is looking who is to leave."""
        arguments: Any = job.arguments
        list_id: str = arguments["targetListId"]
        searches = self._searches(arguments["reportIds"], job.created_at)
        phases: list[Callable[[Course, str | None], Iterator[Course]]] = [
            _Joining(self, list_id, search).steps for search in searches
        ]
        if arguments["unlink"]:
            phases.append(_Leaving(self, list_id, as_few(searches)).steps)
        begun, start = _read(job.cursor)
        for number, steps in enumerate(phases):
            if number < begun:
                continue
            course = Course(job, partial(_written, number))
            for after in steps(course, start if number == begun else None):
                check_list(self.lists, list_id)
                job = after.job
                yield job

    def _searches(self, report_ids: Sequence[str], now: datetime | None) -> list[Search]:
        found = self.reports.records.find_many(report_ids)
        if len(found) < len(set(report_ids)):
            raise Refused(REPORT_GONE, "a report that the list follows was deleted")
        return [self._search(found[report_id], now) for report_id in report_ids]

    def _search(self, report: Report, now: datetime | None) -> Search:
        return self.reports.search(report, now)

    def _note(self, list_id: str, result: Mapping[str, object], error: str | None) -> None:
        done = {"added": result.get("added", 0), "removed": result.get("removed", 0)}
        self.followers.note(list_id, {"at": rfc3339(self.clock.now()), **done, "error": error})


@dataclass(frozen=True)
class _Joining:
    """Whom a report finds joins."""

    syncing: Syncing
    list_id: str
    search: Search

    def steps(self, course: Course, start: str | None) -> Iterator[Course]:
        for stretch in self.syncing.people.walk(self.search, start=start):
            course = self.syncing.filler.add(self.list_id, stretch, course)
            yield course


@dataclass(frozen=True)
class _Leaving:
    """Whom no report finds any more leaves."""

    syncing: Syncing
    list_id: str
    searches: Sequence[Search]

    def steps(self, course: Course, start: str | None) -> Iterator[Course]:
        walk = self.syncing.memberships.walk(self.list_id, start=start)
        while batch := list(islice(walk, MEMBERS_AT_ONCE)):
            places: dict[Ref, str] = {
                (member.target_type, member.target_id): place for member, place in batch
            }
            going = [Found(ref, 0, None, places[ref]) for ref in places if self._is_theirs(ref[0])]
            staying = self._fitting([each.ref for each in going])
            gone = [each for each in going if each.ref not in staying]
            course = self.syncing.filler.remove(self.list_id, Stretch(gone, batch[-1][1]), course)
            yield course

    def _is_theirs(self, target_type: TargetType) -> bool:
        return any(search.target_type is target_type for search in self.searches)

    def _fitting(self, refs: Sequence[Ref]) -> set[Ref]:
        found: set[Ref] = set()
        for search in self.searches:
            others = [ref for ref in refs if ref not in found]  # whom one finds no other is asked about
            found |= {each.ref for each in self.syncing.people.among(search, others)}
        return found


def _written(phase: int, place: str) -> str:
    return f"{phase}|{place}"


def _read(cursor: str | None) -> tuple[int, str | None]:
    """The phase, and where in it."""
    if cursor is None:
        return 0, None
    number, _, place = cursor.partition("|")
    return int(number), place
