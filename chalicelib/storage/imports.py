"""An import's steps: some rows, the lists they join, those lists' counts and the job's own progress, in one transaction.

So a step happens once, however often the job is begun again and however many workers have it: who finds the progress moved on
has been overtaken. What a row goes by (who holds the address, the person, which lists the address left) is a condition of
the same transaction.
"""

import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.imports import Change, ImportOrder, Known, Standing, Step
from chalicelib.domain.imports_rows import BadRow
from chalicelib.domain.people import Ref, ref_of
from chalicelib.domain.ports import AnyTarget, Membership
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import Lead, TargetType
from chalicelib.storage import keys
from chalicelib.storage.addresses import flags_from_item
from chalicelib.storage.codec import Item
from chalicelib.storage.jobs import DynamoJobs
from chalicelib.storage.log import lead_created_row
from chalicelib.storage.membership_rows import Operation, counting, joining, standing_from_item
from chalicelib.storage.membership_rows import Standing as StoredStanding
from chalicelib.storage.table import TRANSACT_WRITE, Table, TransactionFailed
from chalicelib.storage.targets import (
    HOLDERS,
    as_read,
    holders_from_item,
    holding,
    target_from_item,
    target_item,
)

KEPT_FOR = timedelta(
    days=7
)  # refused rows hold what nobody could be asked about: no longer than it takes to mend them


class DynamoImports:
    """Fulfils :class:`chalicelib.domain.imports.ImportStore`."""

    def __init__(self, table: Table, jobs: DynamoJobs) -> None:
        self._table = table
        self._jobs = jobs

    def rows_per_step(self, order: ImportOrder) -> int:
        """How many changes fit one transaction, beside the job, the refused rows and the counts of the lists."""
        lists = len(order.target_list_ids)
        of_person = (
            3 if order.entity_type is TargetType.LEAD else 2
        )  # and who holds the address; a lead's line in the log
        of_lists = (
            1 + 2 * lists if lists else 0
        )  # that the address did not leave them; membership and reverse
        return (TRANSACT_WRITE - 2 - lists) // (of_person + of_lists)

    def known(
        self, target_type: TargetType, address_keys: Collection[str], list_ids: Sequence[str]
    ) -> Mapping[str, Known]:
        """What stands about each of these addresses: two requests, or one where nobody is there yet."""
        rows = self._by_key(
            [make(key) for key in address_keys for make in (keys.address_flags, keys.address_holders)]
        )
        holders = {
            key: holders_from_item(rows.get(_place(keys.address_holders(key)), {})) for key in address_keys
        }
        oldest = {key: _oldest(target_type, refs) for key, refs in holders.items()}
        people = self._by_key(
            [
                wanted
                for ref in oldest.values()
                if ref is not None
                for wanted in (keys.target(*ref), *(keys.reverse_membership(*ref, each) for each in list_ids))
            ]
        )
        return {
            key: Known(
                holders=tuple(holders[key]),
                flags=_flags(rows.get(_place(keys.address_flags(key)))),
                target=_target(people, oldest[key]),
                standings=_standings(people, oldest[key], list_ids),
            )
            for key in address_keys
        }

    def write(self, step: Step) -> bool:
        """Write a step; False when something that it goes by has changed.

        Raises:
            Overtaken: The job is not as ``step.before`` any more.
            Deferred: Other writers stayed in the way.
        """
        operations: list[Operation] = [{"Put": self._jobs.progress(step.before, step.after)}]
        if step.refused:
            operations.append({"Put": {"Item": _refused_item(step)}})
        operations += _counts(step.changes)
        for change in step.changes:
            operations += _person(change)
            operations += _memberships(change, step.at)
        try:
            self._table.transact(*operations)
        except TransactionFailed as failure:
            if 0 in failure.failed:
                raise Overtaken from failure
            return False
        return True

    def save(self, before: Job, after: Job) -> None:
        """Store the job's progress alone.

        Raises:
            Overtaken: The job is not as ``before`` any more.
        """
        self._jobs.advance(before, after)

    def refused(self, job_id: str) -> Iterator[BadRow]:
        """The refused rows so far, in the file's order."""
        items = self._table.query_all(
            KeyConditionExpression="PK = :job AND begins_with(SK, :refused)",
            ExpressionAttributeValues={
                ":job": {"S": keys.job_partition(job_id)},
                ":refused": {"S": "refused#"},
            },
        )
        for item in items:
            for number, line, cells, reason in json.loads(zlib.decompress(item["rows"]["B"])):
                yield BadRow(number, line, cells, reason)

    def _by_key(self, wanted: Sequence[keys.Key]) -> Mapping[tuple[str, str], Item]:
        return {_place(item): item for item in self._table.get_many(wanted)}


def _person(change: Change) -> list[Operation]:
    """The person and what goes with them; of whom only joins lists, that they are as read."""
    after, before = change.after, change.known.target
    if before is not None:
        if change.is_update:
            return [{"Put": {"Item": target_item(after), **as_read(before)}}]
        return [_still(before)] if change.joins else []
    operations: list[Operation] = [
        {"Put": {"Item": target_item(after), "ConditionExpression": "attribute_not_exists(PK)"}},
        _taking(change),
    ]
    if isinstance(after, Lead) and after.campaign_id:
        row = lead_created_row(after.campaign_id, after.id, after.created_at)
        operations.append({"Put": {"Item": row}})
    return operations


def _still(target: AnyTarget) -> Operation:
    return {"ConditionCheck": {"Key": keys.target(*ref_of(target)), **as_read(target)}}


def _taking(change: Change) -> Operation:
    """Note the new holder, as long as nobody else has taken the address since."""
    key, ref = change.row.address_key, ref_of(change.after)
    if not change.known.holders:
        return holding(key, ref, f"attribute_not_exists({HOLDERS})", {})
    read = {"SS": ["#".join(each) for each in change.known.holders]}
    return holding(key, ref, f"{HOLDERS} = :read", {":read": read})


def _memberships(change: Change, at: datetime) -> list[Operation]:
    if not change.joins:
        return []
    target_type, target_id = ref_of(change.after)
    operations = [_left_as_read(change)]
    for list_id, opted_out in change.joins.items():
        standing = change.known.standings.get(list_id)
        rows = joining(
            Membership(list_id, target_type, target_id, opted_out=opted_out),
            target_rev=change.after.rev,
            before=None
            if standing is None
            else StoredStanding(list_id, (target_type, target_id), is_member=False, opted_out=True),
            at=at,
        )
        operations += rows[1:]  # the person stands in the same transaction already
    return operations


def _left_as_read(change: Change) -> Operation:
    """That the address has left just those of the joined lists that it had; where there is no row it has left none."""
    left = change.known.flags.lists_left if change.known.flags else frozenset()
    lists = list(change.joins)
    says = [
        f"{'' if each in left else 'NOT '}contains(lists, :list{place})" for place, each in enumerate(lists)
    ]
    return {
        "ConditionCheck": {
            "Key": keys.address_flags(change.row.address_key),
            "ConditionExpression": " AND ".join(says),
            "ExpressionAttributeValues": {f":list{place}": {"S": each} for place, each in enumerate(lists)},
        }
    }


def _counts(changes: Sequence[Change]) -> list[Operation]:
    entries: dict[str, int] = {}
    opted_out: dict[str, int] = {}
    for change in changes:
        for list_id, is_out in change.joins.items():
            entries[list_id] = entries.get(list_id, 0) + 1
            opted_out[list_id] = opted_out.get(list_id, 0) + is_out
    return [counting(each, entries=entries[each], opted_out=opted_out[each]) for each in entries]


def _refused_item(step: Step) -> Item:
    rows = [(row.number, row.line, list(row.cells), row.reason) for row in step.refused]
    packed = zlib.compress(json.dumps(rows, ensure_ascii=False).encode())
    expires = int((step.at + KEPT_FOR).timestamp())
    return {
        **keys.refused_rows(step.before.id, step.refused[0].number),
        "rows": {"B": packed},
        "expiresAt": {"N": str(expires)},
    }


def _oldest(target_type: TargetType, refs: Sequence[Ref]) -> Ref | None:
    return min((ref for ref in refs if ref[0] is target_type), default=None)


def _flags(item: Item | None) -> Any:
    return flags_from_item(item) if item else None


def _target(people: Mapping[tuple[str, str], Item], ref: Ref | None) -> AnyTarget | None:
    item = people.get(_place(keys.target(*ref))) if ref else None
    return target_from_item(item) if item else None


def _standings(
    people: Mapping[tuple[str, str], Item], ref: Ref | None, list_ids: Sequence[str]
) -> Mapping[str, Standing]:
    if ref is None:
        return {}
    rows = {each: people.get(_place(keys.reverse_membership(*ref, each))) for each in list_ids}
    found = {each: standing_from_item(item) for each, item in rows.items() if item}
    return {each: Standing(stored.is_member, stored.opted_out) for each, stored in found.items()}


def _place(item: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    return item["PK"]["S"], item["SK"]["S"]
