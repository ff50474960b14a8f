"""The rate: one item whose counter numbers the calls that SES's rate allows, so every worker gets its own moment.

At ``rate`` recipients a second, ``m = ceil(rate / 50)`` calls of ``chunk_size_at(rate)`` recipients fit into a second. Call number
``k`` may be made at ``k / m`` seconds since 1970: in no clock second are there more than ``m``, and with a backlog no number is
left out. An idle counter has fallen behind the clock and is set forward first.
"""

from datetime import UTC, datetime
from math import ceil

from chalicelib.domain.ids import SEGMENT_CAPACITY
from chalicelib.storage import keys
from chalicelib.storage.table import ConditionFailed, Table


class DynamoTickets:
    """Fulfils :class:`chalicelib.domain.ports_account.Tickets`."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._last: int | None = None  # the number that this worker took last

    def take(self, rate: float, now: datetime) -> datetime:
        """The moment at which one call may be made; usually one request."""
        calls, seconds = calls_per_period(rate)
        floor = ceil(
            now.timestamp() * calls / seconds
        )  # not one that has begun: its call would fall into the next
        # One counter for each rate: after a change the new one starts from the clock.
        item = keys.account(f"rate#{calls}#{seconds}")
        behind = self._last is None or self._last < floor  # a guess that saves a request when it is right
        while True:
            number = self._forward(item, floor) if behind else self._next(item, floor)
            if number is not None:
                self._last = number
                return datetime.fromtimestamp(
                    number // calls * seconds + number % calls / calls * seconds, UTC
                )
            behind = not behind

    def _next(self, item: keys.Key, floor: int) -> int | None:
        """The next number, if the counter is not behind."""
        try:
            after = self._table.update(
                item,
                UpdateExpression="ADD calls :one",
                ConditionExpression="calls >= :floor",
                ExpressionAttributeValues={":one": {"N": "1"}, ":floor": {"N": str(floor)}},
                ReturnValues="UPDATED_NEW",
            )
        except ConditionFailed:
            return None
        return int(after["calls"]["N"]) - 1

    def _forward(self, item: keys.Key, floor: int) -> int | None:
        """The first number of this second, if the counter is behind."""
        try:
            self._table.update(
                item,
                UpdateExpression="SET calls = :after",
                ConditionExpression="attribute_not_exists(calls) OR calls < :floor",
                ExpressionAttributeValues={":after": {"N": str(floor + 1)}, ":floor": {"N": str(floor)}},
            )
        except ConditionFailed:
            return None
        return floor


def calls_per_period(rate: float) -> tuple[int, int]:
    """(calls, seconds): so many calls of a full chunk in so many seconds; a rate below one makes one call in several."""
    if rate < 1:
        return 1, ceil(1 / max(rate, 1e-3))
    return ceil(int(rate) / SEGMENT_CAPACITY), 1
