"""API tokens: records like any other, and the day on which one was last used."""

from datetime import date

from chalicelib.domain.principals import ApiToken
from chalicelib.storage import keys
from chalicelib.storage.records import DynamoRecords
from chalicelib.storage.table import ConditionFailed, Table


class DynamoTokens(DynamoRecords[ApiToken]):
    """Implements :class:`chalicelib.flows.tokens.TokenStore`."""

    def __init__(self, table: Table) -> None:
        super().__init__(table, "Token", ApiToken)

    def used(self, token_id: str, day: date) -> None:
        """Note the day; at most one write a day, and no edit: ``rev`` stays."""
        try:
            self._table.update(
                keys.record("Token", token_id),
                UpdateExpression="SET lastUsedOn = :day",
                ConditionExpression="attribute_exists(PK) AND (attribute_not_exists(lastUsedOn) OR lastUsedOn < :day)",
                ExpressionAttributeValues={":day": {"S": day.isoformat()}},
            )
        except ConditionFailed:
            return
