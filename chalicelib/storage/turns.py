"""The turn of ``domain.ports_mass_emails.Turns``: one item that is moved on within the transactions it guards."""

from typing import Any

from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.records import Record
from chalicelib.storage import keys
from chalicelib.storage.records import DynamoRecords
from chalicelib.storage.table import Table, TransactionFailed


def turning(turn: int) -> dict[str, Any]:
    """Move the turn on from ``turn``: one operation of a transaction."""
    return {
        "Update": {
            "Key": keys.turn(),
            "UpdateExpression": "SET turn = :next",
            "ConditionExpression": "turn = :turn" if turn else "attribute_not_exists(PK)",
            "ExpressionAttributeValues": {":next": {"N": str(turn + 1)}}
            | ({":turn": {"N": str(turn)}} if turn else {}),
        }
    }


class DynamoTurns:
    """Implements :class:`chalicelib.domain.ports_mass_emails.Turns`. A kind is called as its class is."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def current(self) -> int:
        """The turn as of now; 0 before the first."""
        item = self._table.get(keys.turn())
        return int(item["turn"]["N"]) if item else 0

    def replace(self, after: Record, before: Record, *, turn: int) -> None:
        """Store the edited or deleted record with the next ``rev`` and move the turn on.

        Raises:
            Overtaken: The record is another version by now, or the turn has moved on.
        """
        records = DynamoRecords(self._table, type(after).__name__, type(after))
        update = records.update(after, expected_rev=before.rev, before=before)
        try:
            self._table.transact({"Update": update}, turning(turn))
        except TransactionFailed as failed:
            raise Overtaken from failed
