"""One order over several partitions that each keep it: an exact merge that reads a bounded number of items.

The position of a page is the sort key of the last item that was given out or passed over. What others add before it is not
seen and what they add after it is; nothing is given out twice. An item whose own sort key changes meanwhile (a name in the
order of names) may come twice or not at all, as in every list that is sorted by what changes.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.storage import keys
from chalicelib.storage.codec import Item
from chalicelib.storage.search_budget import Budget
from chalicelib.storage.search_links import Candidate
from chalicelib.storage.search_members import ids_between
from chalicelib.storage.table import Table

LARGEST_READ = 500  # items of one query
GROWTH = 4  # times as many as in the query before: a selective search soon asks for much at once
FIRST_READ_MARGIN = 3  # items beyond a partition's even share: the shares differ a little
_LOWEST = "\t"  # below every sort key in use
# Above every sort key: a name may begin with the last character that there is. 1,024 bytes, the most that one may have:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys
_HIGHEST = "\U0010ffff" * 256


@dataclass(frozen=True)
class Stretched:
    """The partitions to merge, and how they are read."""

    partitions: Sequence[str]
    is_ascending: bool
    by_name: bool
    request: dict[str, Any]  # FilterExpression with names and values
    prefix: str = ""  # before the id in a sort key that is not the person's own

    @property
    def edge(self) -> str:
        """The position before everybody."""
        return _LOWEST if self.is_ascending else _HIGHEST

    @property
    def names(self) -> tuple[str, str]:
        """The attributes of partition and sort key."""
        return ("TPK", "TSK") if self.by_name else ("PK", "SK")


@dataclass(frozen=True)
class Merged:
    """Chosen items in order; ``position`` is where the next page goes on, None at the end."""

    items: Sequence[Item]
    position: str | None
    read: int


@dataclass(frozen=True)
class Choice:
    """How items become people who are wanted: ``candidates`` of what a query found, each ``settled`` when their turn comes."""

    candidates: Callable[[Sequence[Item]], list[Candidate]]
    settled: Callable[[Candidate, Budget], bool | None]  # None: the budget does not suffice


def merged(
    table: Table, stretched: Stretched, choice: Choice, *, limit: int, start: str | None, budget: Budget
) -> Merged:
    """At most ``limit`` items that ``choice`` leaves, in order; fewer when the budget is used up."""
    share = limit // len(stretched.partitions) + FIRST_READ_MARGIN
    sizes = _Sizes(share, max(share, min(LARGEST_READ, budget.left // (2 * len(stretched.partitions)))))
    readers = [
        _Reader(table, stretched, each, start, sizes, choice.candidates) for each in stretched.partitions
    ]
    found: list[tuple[str, Item]] = []
    passed = start if start is not None else stretched.edge
    while len(found) <= limit:
        alive = [reader for reader in readers if not reader.is_over]
        if not alive:
            return Merged([item for _, item in found], None, budget.read)
        first = (min if stretched.is_ascending else max)(alive, key=lambda reader: reader.position)
        if first.buffer:
            place, candidate = first.buffer[0]
            is_wanted = place != passed and choice.settled(candidate, budget)  # one may stand in several
            if is_wanted is None:
                return Merged([item for _, item in found], passed, budget.read)
            first.buffer.popleft()
            passed = place
            if is_wanted:
                found.append((place, candidate.item))
            continue
        waiting = sum(not reader.is_begun for reader in readers) - (not first.is_begun)
        if not first.fill(budget, waiting):  # everything before this position has been looked at
            return Merged([item for _, item in found], first.position, budget.read)
    return Merged([item for _, item in found[:limit]], found[limit - 1][0], budget.read)


@dataclass(frozen=True)
class _Sizes:
    """How many items the first query of a partition asks for, and the largest.

    With at least two queries of each partition to a budget all get about as far: what one read beyond the others when the
    budget ends is read again for the next page.
    """

    first: int
    largest: int


class _Reader:
    """One partition, with what was chosen of it and not yet given out."""

    def __init__(
        self,
        table: Table,
        stretched: Stretched,
        partition: str,
        start: str | None,
        sizes: _Sizes,
        candidates: Callable[[Sequence[Item]], list[Candidate]],
    ) -> None:
        self._table = table
        self._stretched = stretched
        self._partition = partition
        self._begin = start if start is not None else stretched.edge
        self._size, self._largest = sizes.first, sizes.largest
        self._candidates = candidates
        self._last_key: Item | None = None
        self._read_to = self._begin
        self._at_end = False
        self.is_begun = False
        self.buffer: deque[tuple[str, Candidate]] = deque()

    @property
    def position(self) -> str:
        """Nothing that is still to come of this partition lies before it."""
        return self.buffer[0][0] if self.buffer else self._read_to

    @property
    def is_over(self) -> bool:
        """Nothing is still to come."""
        return self._at_end and not self.buffer

    def fill(self, budget: Budget, waiting: int) -> bool:
        """Read on; answers whether there was anything left to spend."""
        granted = budget.take(self._size, waiting)
        if not granted:
            return False
        page = self._table.query(**self._request(granted))
        budget.give_back(granted - page.scanned)
        self._size = min(GROWTH * self._size, self._largest)
        self.is_begun = True
        self.buffer.extend((self._sort_of(each.item), each) for each in self._candidates(page.items))
        self._last_key = page.last_key
        self._at_end = page.last_key is None
        if page.last_key is not None:
            self._read_to = self._sort_of(page.last_key)
        budget.read += page.scanned
        return True

    def _request(self, limit: int) -> dict[str, Any]:
        partition, sort = self._stretched.names
        request = self._stretched.request
        names = {**request.get("ExpressionAttributeNames", {}), "#partition": partition, "#sort": sort}
        condition, bounds = self._still_to_come()
        values = {
            **request.get("ExpressionAttributeValues", {}),
            ":partition": {"S": self._partition},
            **bounds,
        }
        made: dict[str, Any] = {
            **request,
            "KeyConditionExpression": f"#partition = :partition AND #sort {condition}",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": self._stretched.is_ascending,
            "Limit": limit,
            "start": self._last_key,
        }
        # An index cannot be read consistently: a new name shows up there some milliseconds late.
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html
        return (
            {**made, "IndexName": keys.BY_TIME}
            if self._stretched.by_name
            else {**made, "ConsistentRead": True}
        )

    def _still_to_come(self) -> tuple[str, Item]:
        """The condition on the sort key, and its bounds."""
        is_ascending, prefix = self._stretched.is_ascending, self._stretched.prefix
        if prefix:
            begin = None if self._begin == self._stretched.edge else self._begin
            after, before = (begin, None) if is_ascending else (None, begin)
            return "BETWEEN :low AND :high", ids_between(prefix, after, before)
        return f"{'>' if is_ascending else '<'} :begin", {":begin": {"S": self._begin}}

    def _sort_of(self, item: Item) -> str:
        """Where an item of the partition, or the person of a membership, stands in the order."""
        text: str = item[self._stretched.names[1]]["S"]
        return text.removeprefix(self._stretched.prefix)
