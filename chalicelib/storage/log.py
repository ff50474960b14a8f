"""The log's rows: each stands beside its segment under a key of its own, and in the one index by time.

Writing a row again changes nothing. An open or a click is one transaction of the row and the set that statistics are made
of, so neither is ever there without the other; rows of SES's events follow their mark, and the queue repeats both.
"""

from datetime import datetime
from typing import Any

from chalicelib.domain.ids import Place
from chalicelib.domain.log import Action, LogDetails
from chalicelib.domain.records import TargetType
from chalicelib.domain.touches import Touch
from chalicelib.storage import keys
from chalicelib.storage.activity import touching
from chalicelib.storage.codec import Item, to_item
from chalicelib.storage.table import ConditionFailed, Table, TransactionFailed

FIRST = "first"


class DynamoLogWriter:
    """``domain.ports_log.LogWriter`` on the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def touched(self, place: Place, touch: Touch, details: LogDetails) -> bool:
        """Note an open or a click with its rows; answers whether there was room for it.

        The open that a click implies has a row of its own, which is shown only if no other open came first.
        """
        actions: tuple[Action, ...] = (Action.CLICKED,) if touch.is_click else (Action.OPENED,)
        actions += (Action.OPENED,) if touch.implies_open else ()
        rows = (_touch_row(place, action, touch, details) for action in actions)
        try:
            self._table.transact(touching(place, touch), *({"Put": {"Item": row}} for row in rows))
        except TransactionFailed:
            return False
        return True

    def happened(
        self, place: Place, action: Action, at: datetime, details: LogDetails, *, renewed: bool = False
    ) -> None:
        """Add what happens once to a recipient; the earliest of several stays, in whatever order they come."""
        suffix = details.bounce_type or FIRST
        row = _row(place, action, at, at.strftime("%Y%m%d%H%M%S%f") if renewed else suffix, details)
        if renewed:
            self._table.put({**row, "renewed": {"BOOL": True}})
            return
        try:
            self._table.put(
                row,
                ConditionExpression="attribute_not_exists(PK) OR TSK > :tsk",
                ExpressionAttributeValues={":tsk": row["TSK"]},
            )
        except ConditionFailed:
            return

    def last_wish(self, place: Place) -> Action | None:
        """Whether the recipient's last line says Opted Out or Opted In; one query."""
        prefix = keys.at_place(place, f"{recipient_prefix(place)}Opted ")
        rows = self._table.query_all(
            KeyConditionExpression="PK = :segment AND begins_with(SK, :wishes)",
            ExpressionAttributeValues={":segment": prefix["PK"], ":wishes": prefix["SK"]},
            ConsistentRead=True,
        )
        wishes = [(row["TSK"]["S"].partition("#")[0], Action(row["action"]["S"])) for row in rows]
        # At the same moment, coming back is the later: there was something to come back from.
        return max(wishes, key=lambda wish: (wish[0], wish[1] is Action.OPTED_IN), default=("", None))[1]

    def lead_created(self, campaign_id: str, lead_id: str, at: datetime) -> None:
        """Add that a lead came of the campaign."""
        self._table.put(lead_created_row(campaign_id, lead_id, at))


def lead_created_row(campaign_id: str, lead_id: str, at: datetime) -> Item:
    """The row of a lead's creation: beside the lead, the same however often it is written."""
    return {
        **keys.key(keys.beside_target(TargetType.LEAD, lead_id), f"log#{campaign_id}"),
        "TPK": {"S": keys.log_index(campaign_id, Action.LEAD_CREATED, keys.spread_of(lead_id))},
        "TSK": {"S": keys.log_time(at, lead_id)},
        "action": {"S": Action.LEAD_CREATED.value},
        "at": keys.stamp(at),
    }


def row_sort(place: Place, action: Action, suffix: str) -> str:
    """The sort key of a recipient's row."""
    return f"{recipient_prefix(place)}{action}#{suffix}"


def recipient_prefix(place: Place) -> str:
    """What the sort keys of all rows of one recipient begin with."""
    return f"log#{place.position:02}#"


def _touch_row(place: Place, action: Action, touch: Touch, details: LogDetails) -> Item:
    suffix = f"{touch.word}{'m' * touch.machine}"
    own: dict[str, Any] = {"touch": {"S": touch.word}, "machine": {"BOOL": touch.machine}}
    return _row(place, action, touch.at, suffix, details) | own


def _row(place: Place, action: Action, at: datetime, suffix: str, details: LogDetails) -> Item:
    return {
        **keys.at_place(place, row_sort(place, action, suffix)),
        "TPK": {"S": keys.log_index(place.base, action, place.segment)},
        "TSK": {"S": keys.log_time(at, f"{place.recipient_id}#{action}#{suffix}")},
        "action": {"S": action.value},
        "at": keys.stamp(at),
        **to_item(details),
    }
