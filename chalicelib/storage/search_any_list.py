"""Whether somebody is on any list: their first row says it, but for what is left of opt-outs of members who were removed.

There may be thousands of those, so reading them can be broken off and gone on with in another request. Many people who lie
side by side are asked about from the lists' side: a query a list instead of one a person.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from chalicelib.domain.people import Ref
from chalicelib.storage import keys
from chalicelib.storage.search_budget import Boundless
from chalicelib.storage.table import Table

ROWS_AT_ONCE = 100
PEOPLE_PER_LIST = 10  # from so many on the lists' side costs less, even if everybody is on every list
_LISTS = "list#"
_AFTER_LISTS = "list#~"  # ids are hex digits, which sort before the tilde
_JUST_AFTER = "!"  # a longer text sorts after what it begins with, and this before all that may follow


class AnyList:
    """Asks for one person after the other; ``read`` counts the rows."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._begun: tuple[str, str] | None = None  # a person's id, and the row to go on from
        self.read = 0

    @property
    def where_it_stopped(self) -> str:
        """Who was not answered for, and where to go on; empty: there is nobody."""
        return ":".join(self._begun) if self._begun else ""

    def go_on(self, where_it_stopped: str) -> None:
        """Take up what another one left."""
        target_id, _, row = where_it_stopped.partition(":")
        self._begun = (target_id, row) if target_id else None

    def answer(self, ref: Ref, budget: Boundless) -> bool | None:
        """Whether they are on any list; None when ``budget`` has nothing left for the rows beyond the first."""
        begin = self._begun[1] if self._begun and self._begun[0] == ref[1] else _LISTS
        granted = 1
        while granted:
            page = self._table.query(**_request(ref, begin), Limit=granted)
            self.read += max(page.scanned, 1)
            budget.return_items(min(granted - page.scanned, granted - 1))
            if page.items or page.last_key is None:
                self._begun = None
                return bool(page.items)
            begin = page.last_key["SK"]["S"] + _JUST_AFTER
            granted = budget.more(ROWS_AT_ONCE)
        self._begun = (ref[1], begin)
        return None

    def of_neighbours(self, refs: Sequence[Ref]) -> Mapping[Ref, bool]:
        """Whether they are on any list, for people of one partition between whom there are few others.

        Empty where they are too few for so many lists: then each must be asked about with :meth:`answer`.
        """
        most = len(refs) // PEOPLE_PER_LIST
        lists = list(islice(self._lists(most + 1), most + 1)) if most else []
        if not 0 < len(lists) <= most:
            return {}
        members = {
            member for list_id in lists for member in self._members_between(list_id, min(refs), max(refs))
        }
        return {ref: ref[1] in members for ref in refs}

    def _lists(self, at_once: int) -> Iterator[str]:
        """Deleted ones, too, from which not everybody may have been taken yet."""
        rows = self._table.query_all(
            KeyConditionExpression="PK = :lists",
            ExpressionAttributeValues={":lists": {"S": "TargetList"}},
            ProjectionExpression="SK",
            ConsistentRead=True,
            Limit=at_once,
        )
        return (row["SK"]["S"] for row in rows)

    def _members_between(self, list_id: str, first: Ref, last: Ref) -> Iterator[str]:
        low, high = keys.membership(list_id, *first), keys.membership(list_id, *last)
        rows = self._table.query_all(
            KeyConditionExpression="PK = :partition AND SK BETWEEN :low AND :high",
            ExpressionAttributeValues={":partition": low["PK"], ":low": low["SK"], ":high": high["SK"]},
            ProjectionExpression="SK",
            ConsistentRead=True,
        )
        return (row["SK"]["S"].partition("#")[2] for row in rows)


def _request(ref: Ref, begin: str) -> dict[str, Any]:
    return {
        "KeyConditionExpression": "PK = :partition AND SK BETWEEN :begin AND :end",
        "FilterExpression": "attribute_exists(addedAt)",
        "ExpressionAttributeValues": {
            ":partition": {"S": keys.beside_target(*ref)},
            ":begin": {"S": begin},
            ":end": {"S": _AFTER_LISTS},
        },
        "ConsistentRead": True,
    }
