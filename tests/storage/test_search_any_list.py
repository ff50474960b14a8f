"""Whether somebody is on any list, for people who were taken off very many of them: exact, and no page reads too much."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.ports import Membership
from chalicelib.domain.records import TargetList, TargetType
from chalicelib.domain.search import Search, Sort
from chalicelib.storage import keys
from chalicelib.storage.records import DynamoRecords
from chalicelib.storage.search import DynamoSearch
from chalicelib.storage.table import QueryPage, Table
from tests.fakes.people import key_of
from tests.storage.conftest import fresh_table
from tests.storage.people_stores import START, a_target
from tests.storage.search_people import Town, tree

CONTACT = TargetType.CONTACT
HOME = "e" * 17  # the list that some of them are still on
PEOPLE = 240
LEFT = (640, 0, 0, 1, 250, 99, 100, 101, 0, 0)  # off so many lists, the first thirty in turn
MANY_LISTS: list[dict[str, Any]] = [
    {"type": "linkedWith", "attribute": "targetLists", "value": [digit * 17]} for digit in "abcdf"
]


def linked(kind: str) -> dict[str, str]:
    """A question about any list."""
    return {"type": kind, "attribute": "targetLists"}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """Every third person is on one list; most had opted out of others before they were taken off them."""
    with fresh_table("memory") as table:
        made = Town(table)
        for place in range(PEOPLE):
            target = a_target(CONTACT, f"{place * 7:017x}")
            made.add(target)
            for number in range(LEFT[place % len(LEFT)] if place < 30 else 0):
                row = {
                    **keys.reverse_membership(CONTACT, target.id, f"{number:017x}"),
                    "optedOut": {"BOOL": True},
                }
                table.put(row)
            if place % 3 == 0:
                made.memberships.add(HOME, [Membership(HOME, CONTACT, target.id)])
                made.lists[CONTACT, target.id] = {HOME}
        yield made


@settings(max_examples=25)
@example(  # asks so much of each person that the first reads leave nothing for more rows of the very first one
    where=[{"type": "or", "value": [linked("isLinked"), *MANY_LISTS]}],
    sort=Sort.OLDEST,
    limit=200,
    max_read=220,
)
@given(
    where=st.sampled_from(
        [
            [linked("isLinked")],
            [linked("isNotLinked")],
            [
                linked("isLinked"),
                {"type": "linkedWith", "attribute": "targetLists", "value": [HOME, "d" * 17]},
            ],
            [{"type": "or", "value": [linked("isLinked"), *MANY_LISTS]}],
            [
                {
                    "type": "or",
                    "value": [
                        linked("isNotLinked"),
                        {"type": "equals", "attribute": "firstName", "value": "Nobody"},
                    ],
                }
            ],
        ]
    ),
    sort=st.sampled_from(Sort),
    limit=st.sampled_from([1, 4, 50, 200]),
    max_read=st.sampled_from([220, 300, 500, 2000]),
)
def test_pages_are_exact_and_bounded(town: Town, where: Any, sort: Sort, limit: int, max_read: int) -> None:
    """Whoever has more rows than a page may read is gone on with in the next; each page gets on, nobody comes twice."""
    search, asked = DynamoSearch(town.table, key_of, max_read=max_read), Search(CONTACT, tree(where), sort)
    found: list[str] = []
    start, pages = None, 0
    while True:
        page = search.page(asked, limit=limit, start=start)
        assert page.read <= max_read
        assert len(page.items) <= limit
        found += [each.id for each in page.items]
        pages += 1
        assert pages < 400, "it does not get on"
        if page.next_key is None:
            break
        assert page.next_key != start
        start = page.next_key
    assert len(found) == len(set(found))
    assert set(found) == town.plain(where)
    if not sort.is_by_name:
        assert found == sorted(found, reverse=not sort.is_ascending)


def test_a_walk_answers_for_everybody_at_once(town: Town) -> None:
    """A job reads whatever it must."""
    for kind in ("isLinked", "isNotLinked"):
        asked = Search(CONTACT, tree([linked(kind)]))
        walked = [
            each.ref[1] for stretch in DynamoSearch(town.table, key_of).walk(asked) for each in stretch.found
        ]
        assert set(walked) == town.plain([linked(kind)])
        assert len(walked) == len(set(walked))


def test_most_people_cost_one_row(town: Town) -> None:
    """Whose first row is of a list that they are on is read no further, and nobody who is not on the page at all."""
    with fresh_table("memory") as table:
        quiet = Town(table)
        for place in range(40):
            quiet.add(a_target(CONTACT, f"{place:017x}"))
            quiet.memberships.add(HOME, [Membership(HOME, CONTACT, f"{place:017x}")])
        page = DynamoSearch(table, key_of).page(Search(CONTACT, tree([linked("isLinked")])), limit=4)
        assert len(page.items) == 4
        assert page.read <= 8 * 4 + 5  # three or four of each partition, and a row for each of five


class CountedTable(Table):
    """Counts its queries."""

    queries = 0

    def query(self, **request: Any) -> QueryPage:
        """One more."""
        self.queries += 1
        return super().query(**request)


def a_town_with_lists(table: Table, lists: Sequence[str]) -> Town:
    """Of 200 people every third is on the first list, every fifth on the last and every seventh was taken off that one.

    The last list is deleted, and not empty yet.
    """
    town = Town(table)
    records = DynamoRecords(table, "TargetList", TargetList)
    for list_id in lists:
        made = TargetList(id=list_id, created_at=START, modified_at=START, name="Readers")
        records.add(replace(made, deleted_at=START if list_id == lists[-1] else None))
    for place in range(200):
        target = a_target(CONTACT, f"{place:017x}", f"reader{place}@example.com" if place % 2 else None)
        town.add(target)
        ref = (CONTACT, target.id)
        for list_id, step in ((lists[0], 3), (lists[-1], 5)):
            if place % step == 0:
                town.memberships.add(list_id, [Membership(list_id, *ref)])
                town.lists.setdefault(ref, set()).add(list_id)
        if place % 7 == 0:
            town.memberships.mark([lists[-1]], [ref], opted_out=True)
            town.memberships.remove(lists[-1], [ref])
            town.lists.get(ref, set()).discard(lists[-1])
    return town


REACHABLE = {"type": "isNotNull", "attribute": "emailAddress"}
QUESTIONS: list[list[dict[str, Any]]] = [
    [linked("isLinked")],
    [linked("isNotLinked")],
    [linked("isNotLinked"), REACHABLE],
    [{"type": "or", "value": [linked("isLinked"), REACHABLE]}],
]


@pytest.mark.parametrize("where", QUESTIONS, ids=str)
@pytest.mark.parametrize("count", [1, 2, 40])
def test_a_walk_finds_the_same_however_many_lists_there_are(where: list[dict[str, Any]], count: int) -> None:
    """Few lists are asked for all their members who lie there, many make it ask person by person."""
    with fresh_table("memory") as table:
        town = a_town_with_lists(table, [f"{number + 1:017x}" for number in range(count)])
        walked = [
            each.ref[1]
            for stretch in DynamoSearch(table, key_of).walk(Search(CONTACT, tree(where)))
            for each in stretch.found
        ]
        assert sorted(walked) == sorted(town.plain(where))
        assert 0 < len(walked) < 200


@pytest.mark.parametrize("kind", ["isLinked", "isNotLinked"])
def test_neighbours_cost_a_query_a_list(kind: str) -> None:
    """Two hundred people in eight partitions: the people, the lists, and each list's members, once for each partition."""
    with fresh_table("memory") as table:
        a_town_with_lists(table, ["a" * 17, "b" * 17])
        counted = CountedTable(table._client, table.name)
        for _ in DynamoSearch(counted, key_of).walk(Search(CONTACT, tree([linked(kind)]))):
            pass
        assert counted.queries == 8 * (1 + 1 + 2)
