"""The counts of a list, held against its members."""

from typing import Any

from chalicelib.domain.ports import ListCounts
from chalicelib.storage import keys
from chalicelib.storage.memberships import DynamoMemberships
from chalicelib.storage.table import ConditionFailed, Table


class DynamoListCounting:
    """Fulfils :class:`chalicelib.domain.ports_admin.ListCounting`."""

    def __init__(self, table: Table, memberships: DynamoMemberships) -> None:
        self._table = table
        self._memberships = memberships

    def stored(self, list_id: str) -> ListCounts:
        """As stored."""
        return self._memberships.counts([list_id])[list_id]

    def counted(self, list_id: str) -> ListCounts:
        """Member by member; consistent reads, but no snapshot: whoever joins meanwhile may be counted or not."""
        entries = opted_out = 0
        for membership, _ in self._memberships.walk(list_id):
            entries += 1
            opted_out += membership.opted_out
        return ListCounts(entries, opted_out)

    def mend(self, list_id: str, *, before: ListCounts, after: ListCounts) -> bool:
        """Add the difference, on condition that nobody has counted since."""
        key = keys.list_counts(list_id)
        known = self._table.get(key) is not None
        condition = (
            "entryCount = :entriesBefore AND optedOutCount = :optedOutBefore"
            if known
            else "attribute_not_exists(PK)"
        )
        values: dict[str, Any] = {":entries": after.entries, ":optedOut": after.opted_out}
        if known:
            values |= {":entriesBefore": before.entries, ":optedOutBefore": before.opted_out}
        try:
            self._table.update(
                key,
                UpdateExpression="SET entryCount = :entries, optedOutCount = :optedOut",
                ConditionExpression=condition,
                ExpressionAttributeValues={name: {"N": str(value)} for name, value in values.items()},
            )
        except ConditionFailed:
            return False
        return True
