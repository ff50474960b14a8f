"""What a reader's preferences page has begun to change: a row beside their segment for as long as it is not ended."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.ids import Place
from chalicelib.storage import keys
from chalicelib.storage.table import ConditionFailed, Table

KEPT_FOR = timedelta(days=7)  # nobody tries again after that


class DynamoPlanNotes:
    """``domain.ports_log.PlanNotes`` on the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begun(self, place: Place) -> Mapping[str, Any] | None:
        """What is not ended, as it was noted."""
        item = self._table.get(keys.plan_note(place))
        if item is None:
            return None
        noted: Mapping[str, Any] = json.loads(item["note"]["S"])
        return noted

    def begin(self, place: Place, note: Mapping[str, Any], at: datetime) -> None:
        """Note what is about to be done, in place of what was noted."""
        expires_at = {"N": str(int((at + KEPT_FOR).timestamp()))}
        self._table.put({**keys.plan_note(place), "note": _written(note), "expiresAt": expires_at})

    def done(self, place: Place, note: Mapping[str, Any]) -> None:
        """It is ended: forget this note, and no other."""
        try:
            self._table.delete(
                keys.plan_note(place),
                ConditionExpression="note = :note",
                ExpressionAttributeValues={":note": _written(note)},
            )
        except ConditionFailed:
            return


def _written(note: Mapping[str, Any]) -> dict[str, str]:
    return {"S": json.dumps(note, sort_keys=True)}
