"""A target list of those to whom something happened in a campaign (section 2.9 of the reference, row 95).

Everybody joins who has one of the including actions, and then whoever has an excluding one leaves again. Tests are left out, and
so are opens and clicks of machines, which the reference cannot tell from people's.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import new_id
from chalicelib.domain.log import Action, LogRecord
from chalicelib.domain.people import Ref
from chalicelib.domain.ports import Page, Records
from chalicelib.domain.ports_jobs import Job, Jobs, Outbox
from chalicelib.domain.ports_search import ListFiller, PeopleSearch
from chalicelib.domain.records import Campaign, TargetList
from chalicelib.domain.search import Course, Found, Stretch
from chalicelib.errors import NotFound, Refused
from chalicelib.flows.filling import check_list
from chalicelib.flows.log import Log, LogSearch
from chalicelib.flows.slices import Slices, ended

JOB_KIND = "listFromLog"
LINES_AT_ONCE = 500  # of the log
DONE_AT_ONCE = 1_000  # people that the request itself looks at; with more a job goes on
PAGES_AT_ONCE = 4  # of the log in the request itself: its lines may all be of machines
IF_IT_DIES = 60  # seconds after which somebody else looks whether the request came to its end
CAMPAIGN_GONE = "campaignMissing"


@dataclass(frozen=True)
class LogLists:
    """Makes such lists."""

    log: Log
    people: PeopleSearch
    filler: ListFiller
    campaigns: Records[Campaign]
    lists: Records[TargetList]
    jobs: Jobs
    outbox: Outbox
    slices: Slices
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def create(
        self,
        campaign_id: str,
        *,
        name: str,
        description: str | None,
        including: Sequence[Action],
        excluding: Sequence[Action],
    ) -> tuple[TargetList, Job | None]:
        """A new list; the job that goes on to fill it, if there are many.

        Raises:
            NotFound: There is no such campaign.
        """
        self.campaigns.get(campaign_id)
        now = self.clock.now()
        made = TargetList(
            id=self.make_id(now), created_at=now, modified_at=now, name=name, description=description
        )
        job = Job.new(
            JOB_KIND,
            {
                "campaignId": campaign_id,
                "targetListId": made.id,
                "including": list(dict.fromkeys(map(str, including))),
                "excluding": list(dict.fromkeys(map(str, excluding))),
            },
            at=now,
            make_id=self.make_id,
        )
        self.jobs.save(job)
        self.outbox.job(
            {"kind": "job", "jobId": job.id}, delay=IF_IT_DIES
        )  # first: no list stays without somebody
        self.lists.add(made)
        for pages, stored in enumerate(self._steps(job), start=1):
            job = stored
            if job.done > DONE_AT_ONCE or pages >= PAGES_AT_ONCE:
                self.outbox.job({"kind": "job", "jobId": job.id})
                return made, job
        self.jobs.save(ended(job, self.clock.now()))
        return made, None

    def run(self, job: Job) -> Job:
        """Go on with such a job.

        Raises:
            Refused: The campaign or the list was deleted.
            Overtaken: Another worker goes on with it.
        """
        return self.slices.go_on(job, self._steps)

    def _steps(self, job: Job) -> Iterator[Job]:
        """Each action is a phase of its own, the including ones first."""
        arguments: Any = job.arguments
        phases = [(Action(each), self.filler.add) for each in arguments["including"]]
        phases += [(Action(each), self.filler.remove) for each in arguments["excluding"]]
        begun, start, passed = _read(job.cursor)
        for number, (action, change) in enumerate(phases):
            if number < begun:
                continue
            pages = self._pages(arguments["campaignId"], action, start if number == begun else None)
            for began, page in pages:
                check_list(self.lists, arguments["targetListId"])
                skip = passed if (number, began) == (begun, start) else 0
                place = partial(_written, number)
                stretch = self._stretch(page, began, skip)
                course = change(arguments["targetListId"], stretch, Course(job, place))
                job = course.job
                yield job

    def _pages(
        self, campaign_id: str, action: Action, start: str | None
    ) -> Iterator[tuple[str | None, Page[LogRecord]]]:
        """The log's pages of one action, each with where it begins."""
        while True:
            search = LogSearch(action=action, limit=LINES_AT_ONCE, start=start)
            try:
                page = self.log.of_campaign(campaign_id, search)
            except NotFound as error:
                raise Refused(CAMPAIGN_GONE, "the campaign was deleted") from error
            yield start, page
            start = page.next_key
            if start is None:
                return

    def _stretch(self, page: Page[LogRecord], began: str | None, skip: int) -> Stretch:
        """The people of a page who still exist, in its order."""
        places: dict[Ref, int] = {}
        for place, record in enumerate(page.items[skip:], start=skip + 1):
            if record.target_type and record.target_id and not record.is_test and not record.is_machine:
                places.setdefault((record.target_type, record.target_id), place)
        found = sorted(self.people.find(places), key=lambda each: places[each.ref])
        people = [
            Found(each.ref, each.rev, each.email_address, _place(began, places[each.ref])) for each in found
        ]
        end = _place(began, len(page.items)) if page.next_key is None else _place(page.next_key, 0)
        return Stretch(people, end)


def _place(began: str | None, passed: int) -> str:
    """After so many lines of the page that begins there."""
    return f"{began or ''}@{passed}"


def _written(phase: int, place: str) -> str:
    return f"{phase}|{place}"


def _read(cursor: str | None) -> tuple[int, str | None, int]:
    """The phase, where its page begins, and how many of its lines are done."""
    if cursor is None:
        return 0, None, 0
    number, _, place = cursor.partition("|")
    began, _, passed = place.rpartition("@")
    return int(number), began or None, int(passed)
