"""Sums of large mass emails, kept so that not every question reads the whole ledger."""

from dataclasses import asdict
from datetime import datetime

from chalicelib.domain.clock import parse_rfc3339
from chalicelib.domain.stats import Numbers
from chalicelib.storage import keys
from chalicelib.storage.codec import from_value, to_value
from chalicelib.storage.table import Table

PART = "stats"


class DynamoNumbers:
    """``domain.ports_log.NumbersCache`` on the table: ``run#<id>``, ``stats``."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, mass_email_id: str) -> tuple[Numbers, datetime] | None:
        """The sums and when they were made."""
        item = self._table.get(keys.run(mass_email_id, PART), consistent=False)
        if item is None:
            return None
        return Numbers(**from_value(item["numbers"])), parse_rfc3339(item["at"]["S"])

    def put(self, mass_email_id: str, numbers: Numbers, at: datetime) -> None:
        """Keep them."""
        values = {"numbers": to_value(asdict(numbers)), "at": keys.stamp(at)}
        self._table.put({**keys.run(mass_email_id, PART), **values})
