"""Who is on a target list: added, removed and listed by callers; opted out of it, and copied to another."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import new_id
from chalicelib.domain.people import Ref
from chalicelib.domain.ports import AnyTarget, Membership, Page, Records, Targets
from chalicelib.domain.ports_jobs import Job, Jobs
from chalicelib.domain.ports_people import MembershipStore
from chalicelib.domain.records import TargetList, TargetType
from chalicelib.errors import FieldError, Invalid
from chalicelib.flows.filling import check_list
from chalicelib.flows.opt_out import OptOut
from chalicelib.flows.references import refuse
from chalicelib.flows.slices import Slices

JOB_KIND = "copyMembers"
MANUAL = "manual"  # the reason of an opt-out that a colleague enters
COPIED_AT_ONCE = 1_000  # members that a request copies itself; more are a job's
COPY_BATCH = 320  # members between two notes of a job's progress


@dataclass(frozen=True)
class Member:
    """A membership, and the target if it still exists."""

    membership: Membership
    target: AnyTarget | None


@dataclass(frozen=True)
class Members:
    """What callers do with the members of lists."""

    lists: Records[TargetList]
    targets: Targets
    memberships: MembershipStore
    opting_out: OptOut
    jobs: Jobs
    slices: Slices
    key_of: Callable[[str], str]
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def page(
        self,
        list_id: str,
        *,
        limit: int,
        start: str | None = None,
        target_type: TargetType | None = None,
        opted_out: bool | None = None,
    ) -> Page[Member]:
        """Newest target first.

        Raises:
            NotFound: There is no such list.
        """
        self.lists.get(list_id)
        page = self.memberships.page(
            list_id, limit=limit, start=start, target_type=target_type, opted_out=opted_out
        )
        targets = self.targets.find_many([_ref(each) for each in page.items])
        members = [Member(each, targets.get(_ref(each))) for each in page.items]
        return Page(members, page.next_key, page.read)

    def add(self, list_id: str, target_type: TargetType, ids: Sequence[str]) -> int:
        """Put them on the list; answers how many were new.

        Raises:
            NotFound: There is no such list.
            Invalid: One of the ids is of no such target; nobody was added.
        """
        refs = self._existing(list_id, target_type, ids)
        return self.memberships.add(list_id, [Membership(list_id, *ref) for ref in refs])

    def remove(self, list_id: str, target_type: TargetType, ids: Sequence[str]) -> int:
        """Take them off the list; answers how many were on it. Their opt-outs are remembered.

        Raises:
            NotFound, Invalid: As for ``add``.
        """
        return self.memberships.remove(list_id, self._existing(list_id, target_type, ids))

    def opt_out(self, list_id: str, target_type: TargetType, target_id: str) -> None:
        """Opt the target out of the list, for all records with its address; who was no member becomes an opted-out one.

        Raises:
            NotFound: There is no such list.
            Invalid: There is no such target.
        """
        target = self._one(list_id, target_type, target_id)
        if target.email_address:
            address_key = self.key_of(target.email_address)
            self.opting_out.leave(
                address_key, everything=False, list_ids=[list_id], reason=MANUAL, at=self.clock.now()
            )
        self.memberships.add(list_id, [Membership(list_id, target_type, target_id, opted_out=True)])
        self.memberships.mark([list_id], [(target_type, target_id)], opted_out=True)

    def cancel_opt_out(self, list_id: str, target_type: TargetType, target_id: str) -> None:
        """The reverse, for the same records; nobody becomes a member by it.

        Raises:
            NotFound, Invalid: As for ``opt_out``.
        """
        target = self._one(list_id, target_type, target_id)
        address_key = self.key_of(target.email_address) if target.email_address else None
        if address_key:
            self.opting_out.rejoin(address_key, everything=False, list_ids=[list_id], at=self.clock.now())
        refs = [(target_type, target_id)]
        self.memberships.mark([list_id], refs, opted_out=False, address_key=address_key)

    def duplicate(self, list_id: str) -> tuple[TargetList, Job | None]:
        """A new list with the members that are not opted out (row 94); the job that copies them, if they are many.

        It follows no reports: who duplicates a list wants these people, not a second list that is filled by itself.

        Raises:
            NotFound: There is no such list.
        """
        now = self.clock.now()
        copy = replace(
            self.lists.get(list_id),
            id=self.make_id(now),
            created_at=now,
            modified_at=now,
            rev=1,
            report_ids=(),
            sync_enabled=False,
            sync_unlink=False,
            last_sync=None,
        )
        self.lists.add(copy)
        members = self.memberships.counts([list_id])[list_id].entries
        job = Job.new(
            JOB_KIND,
            {"from": list_id, "to": copy.id},
            at=now,
            make_id=self.make_id,
            total=members,
            result={"targetListId": copy.id},
        )
        if members > COPIED_AT_ONCE:
            self.jobs.start(job)
            return copy, job
        for _ in self._copied(job):
            pass
        return copy, None

    def copy_members(self, job: Job) -> Job:
        """Go on with a job of ``duplicate``; one that died goes on after its last batch, which may be done twice.

        Raises:
            Refused: The copy was deleted.
            Overtaken: Another worker goes on with it.
        """
        return self.slices.go_on(job, self._copying)

    def _copying(self, job: Job) -> Iterator[Job]:
        stored = job
        for copied in self._copied(job):
            check_list(self.lists, str(job.arguments["to"]))
            after = replace(copied, status="Running", modified_at=self.clock.now())
            stored = self.jobs.advance(stored, after)
            yield stored

    def _copied(self, job: Job) -> Iterator[Job]:
        """Copy batch by batch; each time the job as it stands then."""
        arguments: Any = job.arguments
        walk = self.memberships.walk(arguments["from"], start=job.cursor)
        while batch := list(islice(walk, COPY_BATCH)):
            new = [replace(each, list_id=arguments["to"]) for each, _ in batch if not each.opted_out]
            self.memberships.add(arguments["to"], new)
            job = replace(job, done=job.done + len(batch), cursor=batch[-1][1])
            yield job

    def _existing(self, list_id: str, target_type: TargetType, ids: Sequence[str]) -> list[Ref]:
        self.lists.get(list_id)
        refs = [(target_type, target_id) for target_id in ids]
        found: Mapping[Ref, AnyTarget] = self.targets.find_many(refs)
        refuse(
            [
                FieldError(f"ids.{place}", f"there is no {target_type.lower()} with this id")
                for place, ref in enumerate(refs)
                if ref not in found
            ]
        )
        return refs

    def _one(self, list_id: str, target_type: TargetType, target_id: str) -> AnyTarget:
        self.lists.get(list_id)
        found = self.targets.find_many([(target_type, target_id)])
        if not found:
            raise Invalid.of("id", f"there is no {target_type.lower()} with this id")
        return found[target_type, target_id]


def _ref(membership: Membership) -> Ref:
    return membership.target_type, membership.target_id
