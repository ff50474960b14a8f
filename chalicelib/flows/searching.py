"""Searching for people, as callers ask for it: a ``where`` is read, its lists are looked up, its words for times get moments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.clock import Clock
from chalicelib.domain.ports import Page, Records, SettingsStore
from chalicelib.domain.ports_search import PeopleSearch
from chalicelib.domain.records import TargetList, TargetType
from chalicelib.domain.search import ORDERS, SORTED_BY, Search, Sort, sort_of
from chalicelib.domain.where import All
from chalicelib.domain.where_dates import with_moments
from chalicelib.domain.where_parsing import named_lists, parse
from chalicelib.errors import FieldError, Invalid
from chalicelib.flows.people import People, Seen
from chalicelib.flows.references import refuse


@dataclass(frozen=True)
class Searching:
    """Makes searches of what callers send, and finds people by them."""

    store: PeopleSearch
    people: People
    lists: Records[TargetList]
    settings: SettingsStore
    clock: Clock

    def page(
        self, target_type: TargetType, where: object, sort: Sort, *, limit: int, start: str | None = None
    ) -> Page[Seen]:
        """One page of those who fit; it may hold fewer than ``limit`` although more follow.

        Raises:
            Invalid: ``where`` cannot be meant; names each place.
        """
        self.read(target_type, where)
        search = self.search(target_type, where, sort)
        page = self.store.page(search, limit=limit, start=start, beside=1)
        address_rows = sum(target.email_address is not None for target in page.items)
        return Page(self.people.seen(page.items), page.next_key, page.read + address_rows)

    def read(self, target_type: TargetType, where: object, place: str = "where") -> All:
        """The tree of a ``where``.

        Raises:
            Invalid: It cannot be meant, or names a list that does not exist.
        """
        tree = parse(target_type, where, place)
        raw: Any = where
        refuse(self._missing_lists(raw, place))
        return tree

    def search(
        self,
        target_type: TargetType,
        where: object,
        sort: Sort = Sort.NEWEST,
        *,
        now: datetime | None = None,
    ) -> Search:
        """The search that is meant at ``now``; of a ``where`` that was once read, so a list in it may be gone since.

        Raises:
            Invalid: ``where`` cannot be meant.
        """
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - slow to import, and only a search needs it

        zone = ZoneInfo(self.settings.get().time_zone)
        tree = with_moments(parse(target_type, where), now or self.clock.now(), zone)
        return Search(target_type, tree, sort)

    def _missing_lists(self, where: Sequence[Any], place: str) -> list[FieldError]:
        named = list(named_lists(where, place))
        found = self.lists.find_many({list_id for list_id, _ in named})
        return [
            FieldError(at, "there is no target list with this id")
            for list_id, at in named
            if list_id not in found
        ]


def read_sort(order_by: str | None, order: str | None) -> Sort:
    """The order that a caller asks for.

    Raises:
        Invalid: People are not kept in such an order.
    """
    problems = []
    if order_by is not None and order_by not in SORTED_BY:
        problems.append(FieldError("orderBy", f"must be one of {', '.join(SORTED_BY)}"))
    if order is not None and order not in ORDERS:
        problems.append(FieldError("order", f"must be one of {', '.join(ORDERS)}"))
    refuse(problems)
    sort = sort_of(order_by, order)
    if sort is None:
        raise Invalid.of("orderBy", "is no order that people are kept in")
    return sort
