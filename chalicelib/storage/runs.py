"""Runs, plans, frozen messages: everything under ``run#<mass email>``."""

import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.domain.ids import base_of
from chalicelib.domain.ledger import Member
from chalicelib.domain.message import Link, MessageSource
from chalicelib.domain.ports_delivery import LeftOutEntry, Overtaken, StoredTally
from chalicelib.domain.records import TargetType
from chalicelib.domain.runs import Plan, Run
from chalicelib.errors import NotFound
from chalicelib.storage import keys
from chalicelib.storage.codec import Item, from_item, from_value, to_item, to_value
from chalicelib.storage.ledger_codec import dumps
from chalicelib.storage.ledger_items import people_item
from chalicelib.storage.table import ConditionFailed, Table, TransactionFailed

PLACES_PER_PAGE = 20_000  # numbers in one item of places to retry: 400 KB hold them


class DynamoRuns:
    """Fulfils :class:`chalicelib.domain.ports_delivery.Runs`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, mass_email_id: str) -> Run:
        """The run; a new one where nothing is stored."""
        item = self._table.get(keys.run(mass_email_id))
        return from_item(Run, item) if item else Run(mass_email_id)

    def get_many(self, mass_email_ids: Collection[str]) -> Mapping[str, Run]:
        """The runs of these mass emails; new ones where nothing is stored."""
        items = self._table.get_many(map(keys.run, mass_email_ids))
        found = {run.mass_email_id: run for run in (from_item(Run, item) for item in items)}
        return {each: found.get(each) or Run(each) for each in mass_email_ids}

    def with_plan(self, mass_email_id: str, plan_id: str) -> tuple[Run, Plan | None]:
        """The run and one of its plans, in one request."""
        plan = f"plan#{plan_id}"
        items = self._table.get_many((keys.run(mass_email_id), keys.run(mass_email_id, plan)))
        by_sort = {item["SK"]["S"]: item for item in items}
        run = by_sort.get("run")
        return (
            from_item(Run, run) if run else Run(mass_email_id),
            from_item(Plan, _unpacked_retries(by_sort[plan])) if plan in by_sort else None,
        )

    def save(self, run: Run) -> Run:
        """Store on condition of ``run.rev``; answers it with the next ``rev``."""
        after = replace(run, rev=run.rev + 1)
        put = run_put(run)
        try:
            self._table.put(put.pop("Item"), **put)
        except ConditionFailed as error:
            raise Overtaken from error
        return after

    def write_step(
        self, run: Run, segments: Mapping[int, Sequence[Member]], left_out: Sequence[LeftOutEntry]
    ) -> Run:
        """Segments, left-out entries and the run itself in one transaction."""
        base = base_of(run.mass_email_id)
        operations: list[Mapping[str, Any]] = [{"Put": run_put(run)}]
        for number, members in segments.items():
            operations.append({"Put": {"Item": people_item(base, number, members)}})
        if left_out:
            operations.append({"Put": {"Item": _left_item(run, left_out)}})
        try:
            self._table.transact(*operations)
        except TransactionFailed as error:
            raise Overtaken from error
        return replace(run, rev=run.rev + 1)

    def write_pointers(self, mass_email_id: str, segments: Mapping[int, Sequence[Member]]) -> None:
        """What was this person sent: one row per recipient, always the same for the same segment."""
        base = base_of(mass_email_id)
        self._table.write_many(
            {
                **keys.sent_pointer(member.target_type, member.target_id, mass_email_id),
                "recipientId": {"S": keys.recipient_id(base, number, position)},
            }
            for number, members in segments.items()
            for position, member in enumerate(members)
        )

    def take_back(self, mass_email_id: str, number: int, members: Sequence[Member]) -> None:
        """Remove a segment that was never released, pointers first; again changes nothing."""
        self._table.write_many(
            deletes=[keys.sent_pointer(each.target_type, each.target_id, mass_email_id) for each in members]
        )
        self._table.delete(keys.segment(base_of(mass_email_id), number, "people"))

    def left_out(self, run: Run, page: int) -> Sequence[LeftOutEntry]:
        """Who was left out of the last freeze, in its order; the pages are numbered from 0 to ``run.left_pages - 1``."""
        item = self._table.get(keys.run(run.mass_email_id, f"left#{run.freeze}#{page:06}"))
        return [
            LeftOutEntry(TargetType(target_type), target_id, list_index, reason)
            for target_type, target_id, list_index, reason in (json.loads(_unpack(item)) if item else ())
        ]

    def put_message(self, mass_email_id: str, version: int, source: MessageSource) -> None:
        """Store a frozen message, which never changes afterwards.

        Raises:
            Overtaken: There is one of this version.
        """
        item = {**keys.run(mass_email_id, f"frozen#{version}"), "z": _packed(_plain(source))}
        try:
            self._table.put(item, ConditionExpression="attribute_not_exists(PK)")
        except ConditionFailed as error:
            raise Overtaken from error

    def message(self, mass_email_id: str, version: int) -> MessageSource:
        """A frozen message."""
        item = self._table.get(keys.run(mass_email_id, f"frozen#{version}"))
        if item is None:
            raise NotFound("no frozen message")
        values = json.loads(_unpack(item))
        return from_item(
            MessageSource, {name: to_value(value) for name, value in values.items() if value is not None}
        )

    def links(self, mass_email_id: str) -> Sequence[Link]:
        """The table of links."""
        item = self._table.get(keys.run(mass_email_id, "links"))
        return [from_item(Link, entry["M"]) for entry in item["links"]["L"]] if item else []

    def append_links(self, mass_email_id: str, known: int, links: Sequence[Link]) -> None:
        """Store the table on condition that it had ``known`` links before."""
        item: Item = {
            **keys.run(mass_email_id, "links"),
            "links": {"L": [{"M": to_item(link)} for link in links]},
        }
        try:
            self._table.put(
                item,
                ConditionExpression="size(#links) = :known" if known else "attribute_not_exists(PK)",
                **_link_condition(known),
            )
        except ConditionFailed as error:
            raise Overtaken from error

    def plans(self, mass_email_id: str, plan_ids: Collection[str]) -> Sequence[Plan]:
        """These plans, oldest first."""
        items = self._table.get_many(keys.run(mass_email_id, f"plan#{plan_id}") for plan_id in plan_ids)
        return sorted((from_item(Plan, _unpacked_retries(item)) for item in items), key=lambda plan: plan.id)

    def save_plan(self, plan: Plan) -> None:
        """Store a plan's progress."""
        self._table.put(plan_item(plan))

    def tally(self, mass_email_id: str) -> StoredTally:
        """As stored."""
        return from_item(StoredTally, self._table.get(keys.run(mass_email_id, "tally")) or {})

    def store_tally(self, mass_email_id: str, tally: StoredTally) -> None:
        """Store, unless the version has moved on: then what was counted is stale already."""
        try:
            self._table.put(
                {**keys.run(mass_email_id, "tally"), **to_item(tally)},
                ConditionExpression="attribute_not_exists(PK) OR version = :version",
                ExpressionAttributeValues={":version": {"N": str(tally.version)}},
            )
        except ConditionFailed:
            return

    def disturb_tally(self, mass_email_id: str) -> None:
        """What was counted does not hold any more."""
        self._table.update(
            keys.run(mass_email_id, "tally"),
            UpdateExpression="ADD version :one REMOVE #at",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    def put_retries(self, run: Run, retries: Sequence[tuple[int, ...]]) -> int:
        """Store the places that a retry sends again; answers over how many pages."""
        items = list(retry_items(run, retries))
        for item in items:
            self._table.put(item)
        return len(items)

    def retries(self, run: Run) -> Sequence[tuple[int, ...]]:
        """The places that wait for a retry's portion."""
        found: list[tuple[int, ...]] = []
        for page in range(run.retry_pages):
            item = self._table.get(keys.run(run.mass_email_id, f"retry#{run.retry_wave}#{page:04}"))
            found += map(tuple, json.loads(_unpack(item))) if item else ()
        return found


def run_put(run: Run) -> dict[str, Any]:
    """The conditional write of a run: ``run.rev`` is what must be stored, the next one is written."""
    put: dict[str, Any] = {
        "Item": {**keys.run(run.mass_email_id), **to_item(replace(run, rev=run.rev + 1))},
        "ConditionExpression": "attribute_not_exists(PK)",
    }
    if run.rev:
        put["ConditionExpression"] = "#rev = :rev"
        put["ExpressionAttributeNames"] = {"#rev": "rev"}
        put["ExpressionAttributeValues"] = {":rev": {"N": str(run.rev)}}
    return put


def plan_item(plan: Plan) -> Item:
    """A plan as an item; a retry's places are packed."""
    item = {**keys.run(plan.mass_email_id, f"plan#{plan.id}"), **to_item(plan)}
    item["retries"] = _packed(plan.retries)
    return item


def retry_items(run: Run, retries: Sequence[tuple[int, ...]]) -> Iterator[Item]:
    """The items that hold these places; pages that have become empty are written as such."""
    pages = list(_paged(retries))
    pages += [[]] * (run.retry_pages - len(pages))
    for page, some in enumerate(pages):
        yield {**keys.run(run.mass_email_id, f"retry#{run.retry_wave}#{page:04}"), "z": _packed(some)}


def _paged(retries: Sequence[tuple[int, ...]]) -> Iterator[list[tuple[int, ...]]]:
    page: list[tuple[int, ...]] = []
    size = 0
    for places in retries:
        if size + len(places) > PLACES_PER_PAGE and page:
            yield page
            page, size = [], 0
        page.append(places)
        size += len(places)
    if page:
        yield page


def _unpacked_retries(item: Item) -> Item:
    return {**item, "retries": to_value(json.loads(_unpack(item, "retries")))}


def _left_item(run: Run, entries: Iterable[LeftOutEntry]) -> Item:
    rows = [(entry.target_type, entry.target_id, entry.list_index, entry.reason) for entry in entries]
    return {**keys.run(run.mass_email_id, f"left#{run.freeze}#{run.left_pages - 1:06}"), "z": _packed(rows)}


def _link_condition(known: int) -> dict[str, Any]:
    if not known:
        return {}
    return {
        "ExpressionAttributeNames": {"#links": "links"},
        "ExpressionAttributeValues": {":known": {"N": str(known)}},
    }


def _plain(source: MessageSource) -> Mapping[str, Any]:
    return {name: from_value(value) for name, value in to_item(source).items()}


def _packed(value: object) -> dict[str, bytes]:
    return {"B": zlib.compress(dumps(value).encode())}


def _unpack(item: Item, name: str = "z") -> bytes:
    return zlib.decompress(bytes(item[name]["B"]))
