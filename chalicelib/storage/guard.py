"""What the guard knows: whom it watches, each one's last day; and the counting of the log's rows."""

import json
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.bounces import complaint_counts, hard_bounce_counts
from chalicelib.domain.guard import History, Slice, Tally
from chalicelib.domain.ids import TEST_SEGMENTS_FROM
from chalicelib.domain.log import Action, BounceType
from chalicelib.domain.ports_guard import Watch
from chalicelib.storage import keys
from chalicelib.storage.codec import Item
from chalicelib.storage.table import Table

PART = "guard"
KEPT_FOR = timedelta(days=3)
AT_ONCE = 8  # queries under way; boto3's connection pool holds ten


class DynamoGuard:
    """Fulfils :class:`chalicelib.domain.ports_guard.GuardStore`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def watch(self) -> Watch:
        """As stored; consistent."""
        item = self._table.get(keys.account(PART)) or {}
        return Watch(
            frozenset(item.get("ids", {}).get("SS", ())), tripped=item.get("tripped", {}).get("BOOL", False)
        )

    def add(self, mass_email_ids: Collection[str]) -> None:
        """Look at these from now on."""
        self._change_ids("ADD", mass_email_ids)

    def drop(self, mass_email_ids: Collection[str]) -> None:
        """Look at these no more."""
        self._change_ids("DELETE", mass_email_ids)

    def _change_ids(self, verb: str, mass_email_ids: Collection[str]) -> None:
        self._table.update(
            keys.account(PART),
            UpdateExpression=f"{verb} ids :ids",
            ExpressionAttributeValues={":ids": {"SS": sorted(mass_email_ids)}},
        )

    def trip(self, *, tripped: bool) -> None:
        """Note whether the account's hold is the guard's."""
        self._table.update(
            keys.account(PART),
            UpdateExpression="SET tripped = :tripped",
            ExpressionAttributeValues={":tripped": {"BOOL": tripped}},
        )

    def histories(self, mass_email_ids: Collection[str]) -> Mapping[str, History]:
        """Those that are stored."""
        items = self._table.get_many(keys.run(each, PART) for each in mass_email_ids)
        return {item["PK"]["S"].partition("#")[2]: _history(item) for item in items}

    def save(self, mass_email_id: str, history: History) -> None:
        """Store one; it expires by itself."""
        slices = [
            [_seconds(each.start), _seconds(each.end), *_numbers(each.tally)] for each in history.slices
        ]
        self._table.put(
            {
                **keys.run(mass_email_id, PART),
                "closedTo": {"S": history.closed_to.isoformat()},
                "slices": {"S": json.dumps(slices, separators=(",", ":"))},
                "tripped": {"BOOL": history.tripped},
                "expiresAt": {"N": str(_seconds(history.closed_to + KEPT_FOR))},
            }
        )

    def count(self, base: str, start: datetime, end: datetime) -> Tally:
        """What SES said between these moments; Send Test's recipients are left out where it matters."""
        if start >= end:
            return Tally()
        partitions = [
            (action, keys.log_index(base, action, shard))
            for action in (Action.DELIVERED, Action.BOUNCED, Action.COMPLAINED)
            for shard in range(keys.log_shards(action))
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            tallies = pool.map(lambda each: self._count(each[0], each[1], start, end), partitions)
            return sum(tallies, Tally())

    def _count(self, action: Action, partition: str, start: datetime, end: datetime) -> Tally:
        request: dict[str, Any] = {
            "IndexName": keys.BY_TIME,
            "KeyConditionExpression": "TPK = :partition AND TSK BETWEEN :start AND :end",
            "ExpressionAttributeValues": {
                ":partition": {"S": partition},
                ":start": {"S": keys.log_time(start, "")},
                ":end": {"S": keys.log_time(end, "")},
            },
        }
        if action is Action.DELIVERED:
            return Tally(delivered=self._rows(request))
        rows = self._table.query_all(**request)
        if action is Action.COMPLAINED:
            return Tally(complained=sum(1 for row in rows if not _is_test(row) and _is_new(row)))
        return Tally(bounced=sum(1 for row in rows if not _is_test(row) and _counts(row)))

    def _rows(self, request: Mapping[str, Any]) -> int:
        """How many there are, without fetching them; a test's few deliveries may be among them."""
        return sum(page for page in self._pages({**request, "Select": "COUNT"}))

    def _pages(self, request: Mapping[str, Any]) -> Iterator[int]:
        page = self._table.query(**request)
        yield page.scanned
        while page.last_key is not None:
            page = self._table.query(**request, start=page.last_key)
            yield page.scanned


def _is_test(row: Item) -> bool:
    return int(row["PK"]["S"].rpartition("#")[2], 16) >= TEST_SEGMENTS_FROM


def _counts(row: Item) -> bool:
    """Whether a bounce is in the rates: hard, and not one that SES invents for an address on a suppression list."""
    if _text(row, "bounceType") != BounceType.HARD:
        return False
    return hard_bounce_counts(_text(row, "bounceSubType"), _text(row, "diagnosticCode"))


def _text(row: Item, name: str) -> str | None:
    return row.get(name, {}).get("S")


def _is_new(row: Item) -> bool:
    """Whether a complaint is in the rates: not one that SES repeats for an address on its list."""
    return complaint_counts(_text(row, "complaintSubType"))


def _history(item: Item) -> History:
    return History(
        closed_to=datetime.fromisoformat(item["closedTo"]["S"]),
        slices=tuple(
            Slice(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC), Tally(*numbers))
            for start, end, *numbers in json.loads(item["slices"]["S"])
        ),
        tripped=item["tripped"]["BOOL"],
    )


def _numbers(tally: Tally) -> tuple[int, int, int]:
    return tally.delivered, tally.bounced, tally.complained


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
