"""Many members of a list at once, in the course of a job: members, counts and progress in one transaction.

What a step goes by is a condition of it: the person is as found, how they stood to the list, whether their address left it,
and how far the job was. So whoever does a step again does nothing, and of two workers with one job the later is overtaken.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from chalicelib.domain.clock import Clock, rfc3339
from chalicelib.domain.people import Ref
from chalicelib.domain.ports import Membership
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.search import Course, Found, Stretch
from chalicelib.errors import Deferred
from chalicelib.storage import keys
from chalicelib.storage.codec import Item, to_value
from chalicelib.storage.membership_rows import (
    Operation,
    Standing,
    counting,
    joining,
    leaving,
    standing_from_item,
)
from chalicelib.storage.search_rows import found_from_item, projecting
from chalicelib.storage.table import BATCH_GET, TRANSACT_WRITE, Table, TransactionFailed

T = TypeVar("T")
LOOKED_UP = BATCH_GET // 2  # people of one request: how each stands to the list, and the row of the address
JOINING = (TRANSACT_WRITE - 2) // 4  # people of one transaction: three rows and the address row each
LEAVING = (TRANSACT_WRITE - 2) // 2  # people of one transaction: two rows each
ATTEMPTS = 10  # before giving way to those who keep being faster
ADDED, REMOVED = "added", "removed"


@dataclass(frozen=True)
class _Known:
    """How people stand to a list, and who of them has an address that left it."""

    standings: Mapping[Ref, Standing]
    left: Collection[Ref]


@dataclass(frozen=True)
class _Step:
    """What one transaction does: people who change, how many were gone through with it, and where it ends."""

    people: Sequence[Found]
    done: int
    place: str


class DynamoListFiller:
    """``domain.ports_search.ListFiller`` on the table; ``key_of`` is the keyed hash of an address."""

    def __init__(self, table: Table, key_of: Callable[[str], str], clock: Clock) -> None:
        self._table = table
        self._key_of = key_of
        self._clock = clock

    def add(self, list_id: str, stretch: Stretch, course: Course) -> Course:
        """Put those on the list who are not on it.

        Raises:
            Overtaken: Another worker goes on with this job.
            Deferred: Other writers stayed in the way.
        """
        return self._change(_Adding(list_id, self._key_of), stretch, course)

    def remove(self, list_id: str, stretch: Stretch, course: Course) -> Course:
        """Take those off the list who are on it; opt-outs are remembered.

        Raises:
            Overtaken, Deferred: As for ``add``.
        """
        return self._change(_Removing(list_id, self._key_of), stretch, course)

    def _change(self, change: "_Change", stretch: Stretch, course: Course) -> Course:
        for people in _portions(stretch.found, LOOKED_UP):
            known = self._known(change.list_id, people, consistent=False)
            for step in _steps(
                people, [each for each in people if change.concerns(each, known)], change.size
            ):
                course = self._write(change, step, known, course)
        if course.cursor(stretch.end) == course.job.cursor:
            return course
        return self._write(change, _Step((), 0, stretch.end), _Known({}, ()), course)

    def _write(self, change: "_Change", step: _Step, known: _Known, course: Course) -> Course:
        """One step; what has changed since it was read is read again."""
        people = step.people
        for _ in range(ATTEMPTS):
            at = self._clock.now()
            after = course.advanced(
                step.place, done=step.done, changed=len(people), counter=change.counter, at=at
            )
            operations = [_progress(course.job, after.job)]
            if people:
                operations += change.operations(people, known, at)
            try:
                self._table.transact(*operations)
            except TransactionFailed as failure:
                if 0 in failure.failed:
                    raise Overtaken from failure
                people = self._found_again(people)
                known = self._known(change.list_id, people, consistent=True)
                people = [each for each in people if change.concerns(each, known)]
            else:
                return after
        raise Deferred("the list is busy")

    def _known(self, list_id: str, people: Sequence[Found], *, consistent: bool) -> _Known:
        """At first not consistent, at half the price: what is stale does not fit its condition."""
        keys_of = {each.ref: self._key_of(each.email_address) for each in people if each.email_address}
        wanted = [keys.reverse_membership(*each.ref, list_id) for each in people]
        wanted += [keys.address_flags(key) for key in set(keys_of.values())]
        items = self._table.get_many(wanted, consistent=consistent)
        rows = [item for item in items if item["SK"]["S"].startswith("list#")]
        leaving_keys = {
            _address_key(item) for item in items if list_id in item.get("lists", {}).get("SS", ())
        }
        standings = map(standing_from_item, rows)
        return _Known(
            {each.ref: each for each in standings},
            {ref for ref, key in keys_of.items() if key in leaving_keys},
        )

    def _found_again(self, people: Sequence[Found]) -> list[Found]:
        wanted = (keys.target(*each.ref) for each in people)
        items = self._table.get_many(wanted, **projecting(["PK", "SK", "rev", "emailAddress"]))
        return [found_from_item(item) for item in items]


class _Change:
    """A way to change a list."""

    counter: str
    size: int

    def __init__(self, list_id: str, key_of: Callable[[str], str]) -> None:
        self.list_id = list_id
        self.key_of = key_of

    def concerns(self, person: Found, known: _Known) -> bool:
        """Whether there is anything to change."""
        raise NotImplementedError

    def operations(self, people: Sequence[Found], known: _Known, at: Any) -> Sequence[Operation]:
        """The change of all these people, counts included."""
        raise NotImplementedError


class _Adding(_Change):
    """People join."""

    counter = ADDED
    size = JOINING

    def concerns(self, person: Found, known: _Known) -> bool:
        standing = known.standings.get(person.ref)
        return standing is None or not standing.is_member

    def operations(self, people: Sequence[Found], known: _Known, at: Any) -> Sequence[Operation]:
        operations: list[Operation] = []
        opted_out = 0
        addresses: dict[str, bool] = {}  # two people may share one, and a transaction takes each item once
        for person in people:
            before, left = known.standings.get(person.ref), person.ref in known.left
            is_out = left or before is not None  # what stands of somebody who is no member is an opt-out
            opted_out += is_out
            member = Membership(self.list_id, *person.ref, opted_out=is_out)
            operations += joining(member, target_rev=person.rev, before=before, at=at)
            if person.email_address:
                addresses[self.key_of(person.email_address)] = left
        operations += [_address_stands(key, self.list_id, left=left) for key, left in addresses.items()]
        return [counting(self.list_id, entries=len(people), opted_out=opted_out), *operations]


class _Removing(_Change):
    """People leave; what the address says of the list is another matter."""

    counter = REMOVED
    size = LEAVING

    def concerns(self, person: Found, known: _Known) -> bool:
        standing = known.standings.get(person.ref)
        return standing is not None and standing.is_member

    def operations(self, people: Sequence[Found], known: _Known, at: Any) -> Sequence[Operation]:  # noqa: ARG002 - as of all changes
        members = [known.standings[person.ref] for person in people]
        opted_out = sum(member.opted_out for member in members)
        operations = [operation for member in members for operation in leaving(member)]
        return [counting(self.list_id, entries=-len(members), opted_out=-opted_out), *operations]


def _steps(people: Sequence[Found], changing: Sequence[Found], size: int) -> Iterator[_Step]:
    """Portions of those who change; each ends with the last person before the next one begins."""
    places = {each.ref: place for place, each in enumerate(people)}
    begin = 0
    for portion in _portions(changing, size):
        end = places[portion[-1].ref] + 1
        yield _Step(portion, end - begin, people[end - 1].place)
        begin = end
    if begin < len(people):
        yield _Step((), len(people) - begin, people[-1].place)


def _progress(before: Job, after: Job) -> Operation:
    """Note how far the job is, if it is where it was."""
    stood = {":before": {"S": before.cursor}} if before.cursor is not None else {}
    at_place = "#cursor = :before" if stood else "attribute_not_exists(#cursor)"
    named = {"cursor": after.cursor, "done": after.done, "result": after.result, "status": after.status}
    changed: Item = {f":{name}": to_value(value) for name, value in named.items()}
    return {
        "Update": {
            "Key": keys.job(before.id),
            "UpdateExpression": "SET #cursor = :cursor, #done = :done, #result = :result, #status = :status, modifiedAt = :at",
            "ConditionExpression": f"#status = :was AND {at_place}",
            "ExpressionAttributeNames": {f"#{name}": name for name in named},
            "ExpressionAttributeValues": {
                **changed,
                **stood,
                ":was": {"S": before.status},
                ":at": {"S": rfc3339(after.modified_at)} if after.modified_at else {"NULL": True},
            },
        }
    }


def _address_stands(address_key: str, list_id: str, *, left: bool) -> Operation:
    """The condition that the address has left the list, or has not; where there is no row it has left none."""
    return {
        "ConditionCheck": {
            "Key": keys.address_flags(address_key),
            "ConditionExpression": "contains(lists, :list)" if left else "NOT contains(lists, :list)",
            "ExpressionAttributeValues": {":list": {"S": list_id}},
        }
    }


def _address_key(item: Item) -> str:
    key: str = item["PK"]["S"].removeprefix("addr#")
    return key


def _portions(everything: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (everything[start : start + size] for start in range(0, len(everything), size))
