"""Reads the log: newest first over many index partitions, or all of a few recipients."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from heapq import merge
from typing import Any, TypeVar

from chalicelib.domain.ids import Place
from chalicelib.domain.log import Action, LogDetails, LogEntry
from chalicelib.domain.records import TargetType
from chalicelib.domain.touches import read_word
from chalicelib.storage import keys
from chalicelib.storage.codec import Item, from_item
from chalicelib.storage.ledger_codec import positions_of
from chalicelib.storage.log import FIRST, recipient_prefix, row_sort
from chalicelib.storage.table import QueryPage, Table

AT_ONCE = 8  # queries under way; boto3's connection pool holds ten
READ_MARGIN = 3  # rows beyond a partition's even share, for the shares differ
LARGEST_READ = 500  # rows of one query
SENT_PREFIX = "log#sent#"

A = TypeVar("A")
B = TypeVar("B")


class DynamoLogReader:
    """``domain.ports_log.LogReader`` on the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def newest(
        self, scopes: Iterable[tuple[str, Action]], *, before: str | None, expected: int
    ) -> Iterator[LogEntry]:
        """All entries of these scopes and actions, newest first; the first page of each partition is read at once."""
        partitions = [
            keys.log_index(scope, action, shard)
            for scope, action in scopes
            for shard in range(keys.log_shards(action))
        ]
        size = min(LARGEST_READ, expected // max(1, len(partitions)) + READ_MARGIN)
        first_pages = _at_once(lambda partition: self._page(partition, before, size), partitions)
        streams = [
            self._stream(partition, before, size, page)
            for partition, page in zip(partitions, first_pages, strict=True)
        ]
        return merge(*streams, key=lambda entry: entry.order, reverse=True)

    def _stream(self, partition: str, before: str | None, size: int, page: QueryPage) -> Iterator[LogEntry]:
        while True:
            for item in page.items:
                yield from (entry for entry in entries_of(item) if before is None or entry.order < before)
            if page.last_key is None:
                return
            size = min(2 * size, LARGEST_READ)
            page = self._page(partition, before, size, page.last_key)

    def _page(self, partition: str, before: str | None, size: int, start: Item | None = None) -> QueryPage:
        condition, values = "TPK = :partition", {":partition": {"S": partition}}
        if before is not None:
            # An entry's order begins with its row's sort key, so no row above ``before`` holds an entry below it.
            condition, values = condition + " AND TSK < :before", values | {":before": {"S": before}}
        return self._table.query(
            IndexName=keys.BY_TIME,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ScanIndexForward=False,
            Limit=size,
            start=start,
        )

    def of_places(self, places: Collection[Place]) -> Sequence[LogEntry]:
        """All entries of these recipients, in no order."""
        found = _at_once(self._of_place, sorted(places))
        return [entry for entries in found for entry in entries]

    def _of_place(self, place: Place) -> list[LogEntry]:
        partition = keys.segment_partition(place.base, place.segment)
        own = [
            entry
            for item in self._beginning(partition, recipient_prefix(place))
            for entry in entries_of(item)
        ]
        sent = (entry for item in self._beginning(partition, SENT_PREFIX) for entry in entries_of(item))
        return own + [entry for entry in sent if entry.place == place]

    def of_lead(self, lead_id: str) -> Sequence[tuple[str, LogEntry]]:
        """(campaign id, entry) of a lead's creation."""
        rows = self._beginning(keys.beside_target(TargetType.LEAD, lead_id), "log#")
        return [(row["SK"]["S"].removeprefix("log#"), entry) for row in rows for entry in entries_of(row)]

    def places_of(self, target_type: TargetType, target_id: str) -> Sequence[Place]:
        """Of which mass emails this person is a recipient."""
        rows = self._beginning(keys.beside_target(target_type, target_id), "sent#")
        return [Place.of(row["recipientId"]["S"]) for row in rows]

    def last_delivery(self, places: Collection[Place]) -> datetime | None:
        """When the last of these messages was delivered."""
        rows = self._table.get_many(
            keys.at_place(place, row_sort(place, Action.DELIVERED, FIRST)) for place in places
        )
        return max((datetime.fromisoformat(row["at"]["S"]) for row in rows), default=None)

    def leads_created(self, campaign_id: str) -> int:
        """How many leads came of the campaign."""
        return sum(
            self._count(keys.log_index(campaign_id, Action.LEAD_CREATED, shard))
            for shard in range(keys.log_shards(Action.LEAD_CREATED))
        )

    def _count(self, partition: str) -> int:
        request: dict[str, Any] = {
            "IndexName": keys.BY_TIME,
            "KeyConditionExpression": "TPK = :partition",
            "ExpressionAttributeValues": {":partition": {"S": partition}},
            "Select": "COUNT",
        }
        page = self._table.query(**request)
        count = page.scanned  # nothing is filtered, so what was looked at is what there is
        while page.last_key is not None:
            page = self._table.query(**request, start=page.last_key)
            count += page.scanned
        return count

    def _beginning(self, partition: str, prefix: str) -> Iterator[Item]:
        return self._table.query_all(
            KeyConditionExpression="PK = :partition AND begins_with(SK, :prefix)",
            ExpressionAttributeValues={":partition": {"S": partition}, ":prefix": {"S": prefix}},
        )


def entries_of(item: Item) -> list[LogEntry]:
    """What a row says, newest first: one entry, or one for each recipient of a chunk that was sent."""
    partition, sort = item["PK"]["S"], item["SK"]["S"]
    if not partition.startswith("seg#"):
        return [_entry(item, None, partition.partition("#")[2])]
    _, base, segment = partition.split("#")
    if sort.startswith(SENT_PREFIX):
        positions = positions_of(item["positions"]["S"])
    else:
        positions = (int(sort.split("#")[1]),)
    return [
        _entry(item, Place(base, int(segment, 16), position)) for position in sorted(positions, reverse=True)
    ]


def _entry(item: Item, place: Place | None, lead_id: str | None = None) -> LogEntry:
    word = item.get("touch", {}).get("S")
    return LogEntry(
        order=f"{item['TSK']['S']}#{place.recipient_id if place else lead_id}",
        action=Action(item["action"]["S"]),
        at=datetime.fromisoformat(item["at"]["S"]),
        place=place,
        lead_id=lead_id,
        chunk=sort.removeprefix(SENT_PREFIX) if (sort := item["SK"]["S"]).startswith(SENT_PREFIX) else None,
        touch=read_word(word, machine=item["machine"]["BOOL"]) if word else None,
        is_renewed="renewed" in item,
        details=from_item(LogDetails, item),
    )


def _at_once(call: Callable[[A], B], arguments: Sequence[A]) -> list[B]:
    """The answers in order, several calls under way; boto3's clients may be shared by threads.

    https://docs.aws.amazon.com/boto3/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients
    """
    if len(arguments) <= 1:
        return [call(argument) for argument in arguments]
    with ThreadPoolExecutor(min(AT_ONCE, len(arguments))) as pool:
        return list(pool.map(call, arguments))
