"""How often tokens from one source failed: one item for each source and minute, under a keyed hash, soon gone."""

from datetime import datetime, timedelta

from chalicelib.storage import keys
from chalicelib.storage.table import Table

KEPT_FOR = timedelta(hours=1)


class DynamoFailures:
    """Fulfils :class:`chalicelib.flows.failed_tokens.FailureCounts`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, source_key: str, window: datetime) -> int:
        """Count one more."""
        stored = self._table.update(
            keys.failed_tokens(source_key, window),
            UpdateExpression="ADD failures :one SET expiresAt = :at",
            ExpressionAttributeValues={
                ":one": {"N": "1"},
                ":at": {"N": str(int((window + KEPT_FOR).timestamp()))},
            },
            ReturnValues="UPDATED_NEW",
        )
        return int(stored["failures"]["N"])
