"""Lists that follow reports, and what became of their last sync."""

from collections.abc import Iterator, Mapping

from chalicelib.domain.records import TargetList
from chalicelib.storage import keys
from chalicelib.storage.codec import to_value
from chalicelib.storage.records import DynamoRecords
from chalicelib.storage.table import ConditionFailed, Table

KIND = "TargetList"
AT_ONCE = 200  # lists of one request


class DynamoFollowers:
    """``domain.ports_search.Followers`` on the table: a company has some hundred lists, so all are looked at."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._lists: DynamoRecords[TargetList] = DynamoRecords(table, KIND, TargetList)

    def of(self, report_id: str) -> Iterator[TargetList]:
        """Those that follow this report."""
        return (each for each in self._all({}) if report_id in each.report_ids)

    def enabled(self) -> Iterator[TargetList]:
        """Those that are synced every day."""
        return self._all({"syncEnabled": True})

    def note(self, list_id: str, last_sync: Mapping[str, object]) -> None:
        """Keep what became of the last sync; the list's version stays."""
        try:
            self._table.update(
                keys.record(KIND, list_id),
                UpdateExpression="SET lastSync = :sync",
                ConditionExpression="attribute_exists(PK)",
                ExpressionAttributeValues={":sync": to_value(last_sync)},
            )
        except ConditionFailed:
            return

    def _all(self, equals: Mapping[str, object]) -> Iterator[TargetList]:
        start = None
        while True:
            page = self._lists.page(limit=AT_ONCE, start=start, equals=equals)
            yield from page.items
            start = page.next_key
            if start is None:
                return
