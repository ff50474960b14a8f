"""Searching the table: what DynamoDB leaves out and what is asked afterwards give the plain answer; pages are exact."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.ports import AnyTarget, Membership
from chalicelib.domain.records import Account, Contact, TargetType
from chalicelib.domain.search import MAX_READ, Search, Sort, as_few
from chalicelib.domain.where_values import fold, fold_character
from chalicelib.storage import search_text
from chalicelib.storage.search import DynamoSearch
from chalicelib.storage.search_filter import filter_of
from chalicelib.storage.search_members import narrowed
from tests.domain.where_cases import FREE, TEXTS, TIMES
from tests.fakes.people import key_of
from tests.storage.conftest import EVERY_STORE, fresh_table
from tests.storage.people_stores import START, a_target
from tests.storage.search_people import LISTS, Town, tree

CONTACT, LEAD = TargetType.CONTACT, TargetType.LEAD
Where = list[dict[str, Any]]


@pytest.fixture(scope="module", params=EVERY_STORE)
def town(request: pytest.FixtureRequest) -> Iterator[Town]:
    """People in each store; nobody changes them."""
    with fresh_table(request.param) as table:
        yield Town(table).settle()


@pytest.fixture(scope="module")
def quick_town() -> Iterator[Town]:
    """The same in memory alone."""
    with fresh_table("memory") as table:
        yield Town(table).settle()


def pages(
    town: Town,
    where: object,
    target_type: TargetType = CONTACT,
    *,
    sort: Sort = Sort.NEWEST,
    limit: int = 50,
    max_read: int = MAX_READ,
) -> list[str]:
    """The ids of all pages in a row; no page reads more than it may, or holds more than was asked for."""
    search = DynamoSearch(town.table, key_of, max_read=max_read)
    asked = Search(target_type, tree(where, target_type), sort)
    found: list[str] = []
    start = None
    while True:
        page = search.page(asked, limit=limit, start=start)
        assert page.read <= max_read
        assert len(page.items) <= limit
        found += [target.id for target in page.items]
        if page.next_key is None:
            return found
        assert page.next_key != start
        start = page.next_key


ON_FIELDS = [
    *product(["lastName", "attributes.shade", "account.name"], TEXTS),
    *product(["attributes.shade", r"account.attributes.a\.b.c"], FREE),
    *product(["createdAt"], TIMES),
]


def test_every_case_of_every_operator_holds_in_the_table(town: Town) -> None:
    """Who is found is who fits by the definition, and nobody twice."""
    for attribute, case in (
        *product(["lastName"], TEXTS),
        *product(["attributes.shade"], FREE),
        *product(["createdAt"], TIMES),
    ):
        where = [case.item(attribute)]
        found = pages(town, where, limit=200)
        assert sorted(found) == sorted(town.plain(where)), (attribute, str(case))


LINKS: list[tuple[TargetType, Where]] = [
    (CONTACT, [{"type": "linkedWith", "attribute": "targetLists", "value": [LISTS[0]]}]),
    (CONTACT, [{"type": "linkedWith", "attribute": "targetLists", "value": list(LISTS)}]),
    (CONTACT, [{"type": "notLinkedWith", "attribute": "targetLists", "value": list(LISTS)}]),
    (LEAD, [{"type": "linkedWithAll", "attribute": "targetLists", "value": list(LISTS)}]),
    (LEAD, [{"type": "isLinked", "attribute": "targetLists"}]),
    (TargetType.ACCOUNT, [{"type": "isNotLinked", "attribute": "targetLists"}]),
    (CONTACT, [{"type": "isTrue", "attribute": "emailAddressIsOptedOut"}]),
    (LEAD, [{"type": "isFalse", "attribute": "emailAddressIsInvalid"}]),
    (LEAD, [{"type": "equals", "attribute": "campaign.name", "value": "spring"}]),
    (LEAD, [{"type": "isNull", "attribute": "campaign.status"}]),
    (TargetType.USER, [{"type": "isFalse", "attribute": "isActive"}]),
    (TargetType.ACCOUNT, [{"type": "equals", "attribute": "name", "value": "FJORD AS"}]),
    (CONTACT, [{"type": "like", "attribute": "name", "value": "kari %"}]),
    (CONTACT, [{"type": "greaterThan", "attribute": r"attributes.deep.a\.b", "value": 20}]),
]


@pytest.mark.parametrize(("target_type", "where"), LINKS, ids=lambda each: str(each)[:60])
def test_links_hold_in_the_table(town: Town, target_type: TargetType, where: Where) -> None:
    """Lists, flags and linked records; both some and not all are found."""
    expected = town.plain(where, target_type)
    assert 0 < len(expected) < sum(ref[0] is target_type for ref in town.people)
    assert sorted(pages(town, where, target_type)) == sorted(expected)


OF_CONTACTS = [where for target_type, where in LINKS if target_type is CONTACT]
ITEMS = st.one_of(
    st.sampled_from(ON_FIELDS).map(lambda each: each[1].item(each[0])),
    st.sampled_from([where[0] for where in OF_CONTACTS]),
)
TREES = st.recursive(
    ITEMS,
    lambda inner: st.fixed_dictionaries(
        {"type": st.sampled_from(["and", "or", "not"]), "value": st.lists(inner, min_size=1, max_size=3)}
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    where=st.lists(TREES, max_size=3),
    limit=st.integers(1, 60),
    max_read=st.sampled_from([200, 500, 2000]),
    sort=st.sampled_from(Sort),
)
def test_any_search_finds_who_fits(
    quick_town: Town, where: Where, limit: int, max_read: int, sort: Sort
) -> None:
    """Push-down and asking give the plain answer, whatever the pages are and however little one may read."""
    found = pages(quick_town, where, limit=limit, max_read=max_read, sort=sort)
    assert sorted(found) == sorted(quick_town.plain(where))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.lists(TREES, max_size=3))
def test_any_search_finds_who_fits_in_every_store(town: Town, where: Where) -> None:
    """A few on the slower ones too."""
    assert sorted(pages(town, where, limit=200)) == sorted(town.plain(where))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.lists(TREES, max_size=3))
def test_a_walk_and_a_look_find_the_same(quick_town: Town, where: Where) -> None:
    """What fills lists, from any place on; and who of given people fits."""
    search = DynamoSearch(quick_town.table, key_of)
    asked = Search(CONTACT, tree(where))
    walked = [found.ref[1] for stretch in search.walk(asked) for found in stretch.found]
    expected = quick_town.plain(where)
    assert sorted(walked) == sorted(expected)
    ordered = sorted(walked, key=lambda each: (int(each[-1], 16) % 8, each))
    assert walked == ordered
    for start in ordered[::25]:
        rest = [found.ref[1] for stretch in search.walk(asked, start=start) for found in stretch.found]
        assert rest == ordered[ordered.index(start) + 1 :]
    everybody = [ref for ref in quick_town.people if ref[0] is CONTACT]
    assert {found.ref[1] for found in search.among(asked, everybody)} == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wheres=st.lists(st.lists(TREES, max_size=2), max_size=4))
def test_few_searches_find_together_whom_many_find(quick_town: Town, wheres: list[Where]) -> None:
    """Whatever each of them asks; leads are no contacts."""
    search = DynamoSearch(quick_town.table, key_of)
    asked = [Search(CONTACT, tree(where)) for where in wheres] + [Search(LEAD, tree([], LEAD))]
    found = [each.ref for one in as_few(asked) for each in search.among(one, quick_town.people)]
    leads = {ref[1] for ref in quick_town.people if ref[0] is LEAD}
    contacts = {each for where in wheres for each in quick_town.plain(where)}
    assert {target_id for _, target_id in found} == contacts | leads


def test_orders(town: Town) -> None:
    """By time and by name, both ways: case and accents do not count, and equals stand by age."""

    def name_of(target_id: str) -> tuple[str, str, str]:
        target = town.people[CONTACT, target_id]
        assert isinstance(target, Contact)
        return ((target.last_name or "").casefold(), (target.first_name or "").casefold(), target_id)

    newest = pages(town, [], limit=7)
    assert newest == sorted(newest, reverse=True)
    assert pages(town, [], limit=7, sort=Sort.OLDEST) == newest[::-1]
    named = pages(town, [], limit=7, sort=Sort.NAME)
    assert pages(town, [], limit=11, sort=Sort.NAME_BACKWARDS) == named[::-1]
    plain = [each for each in named if all(part.isascii() for part in name_of(each))]
    assert plain == sorted(plain, key=lambda each: tuple(part + "\t" for part in name_of(each)))
    assert sorted(named) == sorted(newest)


def test_names_sort_as_in_an_address_book() -> None:
    """Companies by their name; Ann before Ann Lee before Anna; Å with A; nobody's name first, the last character last."""
    with fresh_table("memory") as table:
        town = Town(table)
        names = ["", "Ann", "Ann Lee", "Anna", "Åse", "Bo", "bob", "Zoë" * 400, "\U0010ffff" * 255]
        for place, name in enumerate(names):
            made = a_target(TargetType.ACCOUNT, f"{place:016x}{place:x}")
            assert isinstance(made, Account)
            town.add(replace(made, name=name))
        found = pages(town, [], TargetType.ACCOUNT, sort=Sort.NAME)
        ordered = [town.people[TargetType.ACCOUNT, each] for each in found]
        assert [each.name for each in ordered] == names
        assert pages(town, [], TargetType.ACCOUNT, sort=Sort.NAME_BACKWARDS, limit=3) == found[::-1]


def test_a_change_of_name_moves_in_the_order(town: Town) -> None:
    """Editing and deleting keep the index."""
    with fresh_table("memory") as table:
        mine = Town(table)
        first, second = (a_target(CONTACT, f"{place:017x}") for place in (1, 2))
        assert isinstance(first, Contact)
        assert isinstance(second, Contact)
        mine.add(replace(first, last_name="A"))
        mine.add(replace(second, last_name="B"))
        mine.targets.replace(replace(first, last_name="C"), replace(first, last_name="A"))
        assert pages(mine, [], sort=Sort.NAME) == [second.id, first.id]
        mine.targets.bury(replace(second, last_name="B"), at=START, erased=False)
        assert pages(mine, [], sort=Sort.NAME) == [first.id]


def paged(search: DynamoSearch, asked: Search, meanwhile: Callable[[], None]) -> list[str]:
    """The ids of all pages, while others do something between any two of them."""
    page = search.page(asked, limit=4)
    seen = [target.id for target in page.items]
    while page.next_key is not None:
        meanwhile()
        page = search.page(asked, limit=4, start=page.next_key)
        seen += [target.id for target in page.items]
    return seen


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.OLDEST])
def test_pages_are_exact_while_others_write(sort: Sort) -> None:
    """Nobody comes twice, and nobody is missing who was there all along; newcomers and leavers may be or not."""
    with fresh_table("memory") as table:
        town = Town(table)
        stay = [a_target(CONTACT, f"{place * 16 + place % 16:017x}") for place in range(1, 90)]
        leave = [a_target(CONTACT, f"{place * 16 + 5 + place % 3:017x}") for place in range(100, 130)]
        for target in (*stay, *leave):
            town.add(target)
        newcomers = iter(range(10_000))

        def meanwhile() -> None:
            if leave:
                town.targets.bury(leave.pop(), at=START, erased=False)
            if (number := next(newcomers)) < 40:
                town.add(a_target(CONTACT, f"{number * 64 + 11:017x}"))

        seen = paged(DynamoSearch(table, key_of, max_read=40), Search(CONTACT, tree([]), sort), meanwhile)
        assert len(seen) == len(set(seen))
        assert {target.id for target in stay} <= set(seen)


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.OLDEST])
def test_pages_of_members_are_exact_while_lists_change(sort: Sort) -> None:
    """The same for those on any of two lists, whom others put on and take off meanwhile; who is on both comes once."""
    with fresh_table("memory") as table:
        town = Town(table)
        everybody = [a_target(CONTACT, f"{place * 16 + place % 16:017x}") for place in range(1, 120)]
        for target in everybody:
            town.add(target)
        one, other = LISTS[:2]

        def put(list_id: str, targets: Sequence[AnyTarget]) -> None:
            town.memberships.add(list_id, [Membership(list_id, CONTACT, each.id) for each in targets])

        stay, leave, come = everybody[:80], everybody[80:100], everybody[100:]
        put(one, stay[:50])
        put(other, [*stay[30:], *leave])

        def meanwhile() -> None:
            if leave:
                town.memberships.remove(other, [(CONTACT, leave.pop().id)])
            if come:
                put(one, [come.pop()])
            put(other, stay[:2])  # who is on a list already joins another
            town.memberships.remove(one, [(CONTACT, each.id) for each in stay[30:34]])  # and stays on one

        asked = Search(CONTACT, tree([linked("linkedWith", one, other)]), sort)
        seen = paged(DynamoSearch(table, key_of, max_read=90), asked, meanwhile)
        assert len(seen) == len(set(seen))
        assert {target.id for target in stay} <= set(seen)


def test_a_selective_search_stops_at_its_limit() -> None:
    """It says how much it read, answers what it has, and goes on there."""
    with fresh_table("memory") as table:
        town = Town(table)
        for place in range(400):
            town.add(a_target(CONTACT, f"{place * 16 + place % 16:017x}"))
        rare = a_target(CONTACT, f"{7:017x}", "rare@example.com")
        town.add(rare)
        where = [{"type": "equals", "attribute": "emailAddress", "value": "RARE@example.com"}]
        search = DynamoSearch(table, key_of, max_read=100)
        asked, start, reads = Search(CONTACT, tree(where)), None, []
        while True:
            page = search.page(asked, limit=50, start=start)
            reads.append(page.read)
            start = page.next_key
            if start is None:
                break
            assert list(page.items) == []
        assert [target.id for target in page.items] == [rare.id]
        assert max(reads) <= 100
        assert sum(reads) >= 401


def linked(kind: str, *lists: str) -> dict[str, Any]:
    return {"type": kind, "attribute": "targetLists", "value": list(lists)}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ([linked("linkedWith", LISTS[0])], (LISTS[0],)),
        ([linked("linkedWith", *LISTS)], LISTS),
        ([linked("linkedWithAll", *LISTS)], (LISTS[0],)),
        ([linked("linkedWith", *LISTS), linked("linkedWith", LISTS[1])], (LISTS[1],)),
        ([{"type": "and", "value": [linked("linkedWith", LISTS[1])]}], (LISTS[1],)),
        ([linked("notLinkedWith", LISTS[0])], None),
        ([{"type": "or", "value": [linked("linkedWith", LISTS[0])] * 2}], None),
        ([{"type": "not", "value": [linked("linkedWith", LISTS[0])]}], None),
        ([{"type": "isLinked", "attribute": "targetLists"}], None),
        ([], None),
    ],
    ids=str,
)
def test_whoever_fits_is_on_these_lists(where: Where, expected: tuple[str, ...] | None) -> None:
    """The fewest that it is certain of; nothing is certain of what only may hold."""
    found = narrowed(tree(where))
    assert (found.list_ids if found else None) == expected


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.OLDEST])
def test_a_search_for_members_reads_members_alone(sort: Sort) -> None:
    """However many others there are; over all pages, and in a walk. Who is on two of the lists comes once."""
    with fresh_table("memory") as table:
        town = Town(table)
        for place in range(300):
            town.add(a_target(CONTACT, f"{place * 16 + place % 16:017x}"))
        everybody = list(town.people)
        for list_id, refs in ((LISTS[0], everybody[:20]), (LISTS[1], everybody[10:30])):
            town.memberships.add(list_id, [Membership(list_id, *ref) for ref in refs])
        search = DynamoSearch(table, key_of)
        asked = Search(CONTACT, tree([linked("linkedWith", *LISTS)]), sort)
        ids, read, start = list[str](), 0, None
        while True:
            page = search.page(asked, limit=30, start=start)
            ids += [target.id for target in page.items]
            read += page.read
            start = page.next_key
            if start is None:
                break
        members = sorted(ref[1] for ref in everybody[:30])
        assert ids == (members if sort is Sort.OLDEST else members[::-1])
        assert read == 40 + 40  # each membership, and its person
        assert sorted(each.ref[1] for stretch in search.walk(asked) for each in stretch.found) == members


def test_what_can_be_told_is_told_to_dynamodb() -> None:
    """Samples of the expressions."""

    def told(item: dict[str, Any]) -> Any:
        made = filter_of(tree([item], LEAD), LEAD)
        return made.get("FilterExpression"), sorted(
            str(*value.values()) for value in made.get("ExpressionAttributeValues", {}).values()
        )

    assert told({"type": "equals", "attribute": "status", "value": "1a"}) == (
        "#w0 IN (:w0,:w1)",
        ["1A", "1a"],
    )
    assert told({"type": "notEquals", "attribute": "attributes.n", "value": 5}) == (
        "(attribute_exists(#w0.#w1) AND NOT (attribute_type(#w0.#w1,:w0))) AND (NOT (attribute_type(#w0.#w1,:w1) AND #w0.#w1 IN (:w2)))",
        ["5", "N", "NULL"],
    )
    assert told({"type": "contains", "attribute": "emailAddress", "value": "@7.no"})[1] == [
        "@7.NO",
        "@7.No",
        "@7.nO",
        "@7.no",
    ]
    assert told({"type": "isNull", "attribute": "status"})[0] == "NOT (attribute_exists(#w0))"
    assert told({"type": "isLinked", "attribute": "targetLists"}) == (None, [])
    assert told({"type": "like", "attribute": "status", "value": "%"}) == ("attribute_exists(#w0)", [])


def test_an_expression_never_outgrows_dynamodb(quick_town: Town) -> None:
    """What does not fit is left to us, and the answer is the same."""
    long = [{"type": "contains", "attribute": "lastName", "value": f"{place}abcdefgh"} for place in range(40)]
    where: Where = [{"type": "or", "value": long}, *({**each, "type": "notContains"} for each in long)]
    many = [{"type": "in", "attribute": "lastName", "value": [f"n{place}" for place in range(200)]}]
    for each in (where, [{"type": "and", "value": long}], many):
        assert len(filter_of(tree(each), CONTACT).get("FilterExpression", "")) <= 4096
        assert sorted(pages(quick_town, each)) == sorted(quick_town.plain(each))


def test_all_ways_of_writing_a_text_are_known() -> None:
    """Over all of Unicode: no other character folds to one whose ways are known."""
    for code in range(sys.maxunicode + 1):
        folded = fold_character(chr(code))
        if folded != chr(code):
            known = search_text.ways(folded)
            assert not known or chr(code) in known
    for code in range(128):
        assert all(
            fold_character(each) == fold_character(chr(code))
            for each in search_text.ways(fold_character(chr(code)))
        )


@given(st.text("kKsaé9\u017f-\u212a", max_size=12))
def test_parts_of_a_text_are_in_it_however_it_is_written(text: str) -> None:
    """What is looked for is there; few ways, and as long as it can be."""
    folded = fold(text)
    for written, where in (
        (search_text.whole(folded), lambda each: each == text),
        (search_text.beginning(folded), text.startswith),
        (search_text.part(folded), text.__contains__),
    ):
        assert not written or any(map(where, written))
        assert len(written) <= search_text.MAX_WHOLE
