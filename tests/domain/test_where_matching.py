"""What the operators of a search mean: the cases of ``where_cases.py``, and how they are joined."""

import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.records import TargetType
from chalicelib.domain.search import MAX_READ
from chalicelib.domain.where import All, Either, Hop, Node, Not, OnAnyList, OnLists, needs
from chalicelib.domain.where_dates import with_moments
from chalicelib.domain.where_limits import MAX_ITEMS
from chalicelib.domain.where_matching import Around, judged, matches
from chalicelib.domain.where_operators import OPERATORS
from chalicelib.domain.where_parsing import LINKS, parse
from tests.domain.where_cases import FREE, NOW, NULL, TEXTS, TIMES, ZONE, Case

PEOPLE = 200  # a tenth of what one request looks at
MAX_READ_SECONDS = (
    5.0  # of CPU for a whole request; API Gateway waits for 29 s on a function that has less of one
)
LIST, OTHER = "1" * 17, "2" * 17
ON_FIELDS = [("lastName", case) for case in TEXTS]
ON_FIELDS += [("attributes.shade", case) for case in (*TEXTS, *FREE)]
ON_FIELDS += [("createdAt", case) for case in TIMES]
ON_FIELDS += [("account.attributes.a\\.b.c", case) for case in FREE]


def tree(where: object, target_type: TargetType = TargetType.CONTACT) -> Node:
    return with_moments(parse(target_type, where), NOW, ZoneInfo(ZONE))


def around_of(attribute: str, value: Any) -> tuple[dict[str, Any], Around]:
    """A person, and what stands beside, with this value in this field; null both ways where that is possible."""
    if attribute.startswith("account."):
        inner = {} if value is NULL else {"a.b": {"c": value}}
        return {}, Around({Hop.ACCOUNT: {"attributes": inner}})
    if attribute.startswith("attributes."):
        return {"attributes": {"shade": None if value is NULL else value}}, Around()
    return ({} if value is NULL else {attribute: value}), Around()


@pytest.mark.parametrize(("attribute", "case"), ON_FIELDS, ids=str)
def test_cases(attribute: str, case: Case) -> None:
    """Each value fits or does not, as the definition says."""
    asked = tree([case.item(attribute)])
    for value in case.fits:
        assert matches(asked, *around_of(attribute, value)), f"{value!r} is to fit"
    for value in case.fits_not:
        assert not matches(asked, *around_of(attribute, value)), f"{value!r} is not to fit"


def test_every_operator_has_cases() -> None:
    """Both ways: what it finds and what it leaves out."""
    told = {case.operator for case in (*TEXTS, *FREE, *TIMES) if case.fits and case.fits_not}
    assert told == set(OPERATORS)


@pytest.mark.parametrize(
    ("where", "lists", "fits"),
    [
        ({"type": "linkedWith", "value": [LIST, OTHER]}, {OTHER}, True),
        ({"type": "linkedWith", "value": [LIST]}, set(), False),
        ({"type": "notLinkedWith", "value": [LIST, OTHER]}, {OTHER}, False),
        ({"type": "notLinkedWith", "value": LIST}, set(), True),
        ({"type": "linkedWithAll", "value": [LIST, OTHER]}, {OTHER}, False),
        ({"type": "linkedWithAll", "value": [LIST, OTHER]}, {OTHER, LIST}, True),
        ({"type": "isLinked"}, {LIST}, True),
        ({"type": "isLinked"}, set(), False),
        ({"type": "isNotLinked"}, {LIST}, False),
        ({"type": "isNotLinked"}, set(), True),
    ],
)
def test_links_to_lists(where: dict[str, object], lists: set[str], *, fits: bool) -> None:
    """Of which of the lists in question the person is a member."""
    asked = tree([{**where, "attribute": "targetLists"}])
    assert matches(asked, {}, Around(lists=frozenset(lists), on_any_list=bool(lists))) is fits


@pytest.mark.parametrize(
    ("where", "account", "fits"),
    [
        ({"type": "linkedWith", "value": [LIST, OTHER]}, OTHER, True),
        ({"type": "linkedWith", "value": [LIST]}, OTHER, False),
        ({"type": "linkedWithAll", "value": [LIST]}, LIST, True),
        ({"type": "linkedWithAll", "value": [LIST, OTHER]}, LIST, False),
        ({"type": "notLinkedWith", "value": [LIST]}, None, True),
        ({"type": "notLinkedWith", "value": [LIST]}, LIST, False),
        ({"type": "isLinked"}, LIST, True),
        ({"type": "isLinked"}, None, False),
        ({"type": "isNotLinked"}, None, True),
        ({"type": "isNotLinked"}, LIST, False),
    ],
)
def test_links_to_one(where: dict[str, object], account: str | None, *, fits: bool) -> None:
    """By the id that the person bears; nothing need be read."""
    asked = tree([{**where, "attribute": "account"}])
    person = {"accountId": account} if account else {}
    assert judged(asked, person) is fits


def test_every_link_operator_has_cases() -> None:
    """The two tables above name each."""
    assert set(LINKS) == {"linkedWith", "notLinkedWith", "linkedWithAll", "isLinked", "isNotLinked"}


NEW = {"type": "equals", "attribute": "lastName", "value": "New"}
OLD = {"type": "equals", "attribute": "lastName", "value": "Old"}


@pytest.mark.parametrize(
    ("where", "fitting"),
    [
        ([], {"New", "Old", None}),
        ([NEW, OLD], set()),
        ([{"type": "and", "value": [NEW]}], {"New"}),
        ([{"type": "or", "value": [NEW, OLD]}], {"New", "Old"}),
        ([{"type": "not", "value": [NEW]}], {"Old", None}),
        ([{"type": "not", "value": NEW}], {"Old", None}),
        ([{"type": "not", "value": [NEW, OLD]}], {"New", "Old", None}),
        ([{"type": "not", "value": [{"type": "not", "value": [NEW]}]}], {"New"}),
        ([{"type": "any"}], {"New", "Old", None}),
        ([{"type": "none"}], set()),
    ],
)
def test_joins(where: object, fitting: set[str | None]) -> None:
    """``not`` turns "all of these hold", nulls and all."""
    asked = tree(where)
    names = ("New", "Old", None)
    found = {name for name in names if matches(asked, {"lastName": name} if name else {}, Around())}
    assert found == fitting


def test_a_name_is_made_of_two_fields() -> None:
    """Of persons; a company has one. Without both there is none."""
    asked = tree([{"type": "equals", "attribute": "name", "value": "kari nordmann"}])
    missing = tree([{"type": "isNull", "attribute": "name"}])
    assert matches(asked, {"firstName": "Kari", "lastName": "Nordmann"}, Around())
    assert matches(
        tree([{"type": "equals", "attribute": "name", "value": "Kari"}]), {"firstName": "Kari"}, Around()
    )
    assert matches(asked, {"name": "Kari Nordmann"}, Around())
    assert matches(missing, {}, Around())


def test_flags_of_the_address() -> None:
    """What the address row says; asked only once it was read."""
    asked = tree([{"type": "isTrue", "attribute": "emailAddressIsOptedOut"}])
    assert judged(asked, {}) is None
    assert judged(asked, {}, Around({Hop.ADDRESS: {"optOut": True, "invalid": False}})) is True
    assert judged(asked, {}, Around({Hop.ADDRESS: {"optOut": False, "invalid": True}})) is False
    assert needs(asked).hops == {Hop.ADDRESS}


LEAVES: list[Node] = [OnLists((LIST,)), OnLists((OTHER,)), OnAnyList()]
TREES = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: Either(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=12,
)


@given(TREES, st.sampled_from([None, frozenset[str](), frozenset({LIST}), frozenset({LIST, OTHER})]))
def test_what_is_said_before_all_was_read_holds(asked: Node, lists: frozenset[str] | None) -> None:
    """A yes or no that came without the rest is the answer whatever the rest may be."""
    early = judged(asked, {}, Around(lists=lists))
    for on_any_list in (True, False):
        for later in (
            [lists] if lists is not None else [frozenset[str](), frozenset({LIST}), frozenset({OTHER})]
        ):
            answer = judged(asked, {}, Around(lists=later, on_any_list=on_any_list))
            assert answer is not None
            assert early in (None, answer)


@pytest.mark.parametrize("letters", ["réunion très agréable ", "große Straße ", "plain old notes "])
@pytest.mark.parametrize("kind", ["contains", "endsWith", "equals", "like"])
def test_as_many_questions_as_there_may_be_are_asked_at_once(kind: str, letters: str) -> None:
    """Each of nearly MAX_ITEMS about a thousand letters, in whatever alphabet; whom DynamoDB could not leave out."""
    value = "%é%words{}%" if kind == "like" else "é words {}"
    asked = tree(
        [
            {
                "type": "or",
                "value": [
                    {"type": kind, "attribute": "attributes.notes", "value": value.format(number)}
                    for number in range(MAX_ITEMS - 1)
                ],
            }
        ]
    )
    begun = time.process_time()
    for number in range(PEOPLE):
        assert judged(asked, {"attributes": {"notes": letters * 50 + str(number)}}) is False
    assert time.process_time() - begun < MAX_READ_SECONDS * PEOPLE / MAX_READ
