"""What a search refuses: each fault under its place, all at once, and nothing without end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import where, where_limits
from chalicelib.domain.records import TargetType
from chalicelib.domain.where_operators import OPERATORS
from chalicelib.domain.where_parsing import LINKS, parse
from chalicelib.errors import Invalid

CONTACT = TargetType.CONTACT
ID = "1" * 17
GOOD = {"type": "equals", "attribute": "lastName", "value": "x"}


def faults(raw: object, target_type: TargetType = CONTACT) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        parse(target_type, raw)
    return [(error.field, error.message) for error in refused.value.errors]


def fields(raw: object, target_type: TargetType = CONTACT) -> list[str]:
    return [field for field, _ in faults(raw, target_type)]


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ("x", "where.0"),
        ({}, "where.0.type"),
        ({"type": 5}, "where.0.type"),
        ({"type": "resembles", "attribute": "lastName"}, "where.0.type"),
        ({"type": "expression", "attribute": "1=1"}, "where.0.type"),
        ({"type": "subQueryIn", "value": []}, "where.0.type"),
        ({**GOOD, "field": "x"}, "where.0.field"),
        ({**GOOD, "attribute": "surname"}, "where.0.attribute"),
        ({**GOOD, "attribute": None}, "where.0.attribute"),
        ({**GOOD, "attribute": ["lastName"]}, "where.0.attribute"),
        ({**GOOD, "attribute": "attributes"}, "where.0.attribute"),
        ({**GOOD, "attribute": "attributes."}, "where.0.attribute"),
        ({**GOOD, "attribute": "attributes.a..b"}, "where.0.attribute"),
        ({**GOOD, "attribute": "attributes" + ".a" * 6}, "where.0.attribute"),
        ({**GOOD, "attribute": "account.owner.name"}, "where.0.attribute"),
        ({**GOOD, "attribute": "account.emailAddressIsInvalid"}, "where.0.attribute"),
        ({**GOOD, "attribute": "status"}, "where.0.attribute"),
        ({**GOOD, "attribute": "targetLists"}, "where.0.attribute"),
        ({**GOOD, "value": None}, "where.0.value"),
        ({**GOOD, "value": 5}, "where.0.value"),
        ({**GOOD, "value": ["x"]}, "where.0.value"),
        ({**GOOD, "value": {"a": 1}}, "where.0.value"),
        ({**GOOD, "value": "x" * 501}, "where.0.value"),
        ({**GOOD, "timeZone": "Mars/Olympus"}, "where.0.timeZone"),
        ({**GOOD, "timeZone": "../etc/passwd"}, "where.0.timeZone"),
        ({**GOOD, "timeZone": "Europe"}, "where.0.timeZone"),
        ({**GOOD, "timeZone": 2}, "where.0.timeZone"),
        ({**GOOD, "dateTime": "yes"}, "where.0.dateTime"),
        ({**GOOD, "dateTime": 1}, "where.0.dateTime"),
        ({"type": "isNull", "attribute": "lastName", "value": "x"}, "where.0.value"),
        ({"type": "contains", "attribute": "lastName", "value": ""}, "where.0.value"),
        ({"type": "contains", "attribute": "createdAt", "value": "x"}, "where.0.type"),
        ({"type": "like", "attribute": "lastName", "value": ["%"]}, "where.0.value"),
        ({"type": "today", "attribute": "lastName"}, "where.0.type"),
        ({"type": "isTrue", "attribute": "lastName"}, "where.0.type"),
        ({"type": "arrayAnyOf", "attribute": "lastName", "value": ["x"]}, "where.0.type"),
        ({"type": "in", "attribute": "lastName", "value": []}, "where.0.value"),
        ({"type": "in", "attribute": "lastName", "value": ["x", 5]}, "where.0.value.1"),
        ({"type": "in", "attribute": "lastName", "value": ["x"] * 201}, "where.0.value"),
        ({"type": "in", "attribute": "attributes.a", "value": ["x", {}]}, "where.0.value.1"),
        ({"type": "in", "attribute": "attributes.a", "value": [1e300]}, "where.0.value.0"),
        ({"type": "equals", "attribute": "attributes.a", "value": 10**38}, "where.0.value"),
        ({"type": "equals", "attribute": "emailAddressIsInvalid", "value": "yes"}, "where.0.value"),
        ({"type": "greaterThan", "attribute": "attributes.a", "value": True}, "where.0.value"),
        ({"type": "between", "attribute": "lastName", "value": "x"}, "where.0.value"),
        ({"type": "between", "attribute": "lastName", "value": ["x"]}, "where.0.value"),
        ({"type": "between", "attribute": "attributes.a", "value": [1, "x"]}, "where.0.value"),
        ({"type": "between", "attribute": "createdAt", "value": ["2026-01-01", "x"]}, "where.0.value.1"),
        ({"type": "on", "attribute": "createdAt", "value": "01.03.2026"}, "where.0.value"),
        ({"type": "on", "attribute": "createdAt", "value": "2026-02-30"}, "where.0.value"),
        ({"type": "on", "attribute": "createdAt", "value": "1899-12-31"}, "where.0.value"),
        ({"type": "on", "attribute": "createdAt", "value": "3000-01-01T00:00:00Z"}, "where.0.value"),
        ({"type": "on", "attribute": "createdAt"}, "where.0.value"),
        ({"type": "lastXDays", "attribute": "createdAt", "value": -1}, "where.0.value"),
        ({"type": "lastXDays", "attribute": "createdAt", "value": True}, "where.0.value"),
        ({"type": "lastXDays", "attribute": "createdAt", "value": "x"}, "where.0.value"),
        ({"type": "lastXDays", "attribute": "createdAt", "value": 36_501}, "where.0.value"),
        ({"type": "lastXDays", "attribute": "createdAt", "value": "9" * 5000}, "where.0.value"),
        ({"type": "linkedWith", "attribute": "lists", "value": [ID]}, "where.0.attribute"),
        ({"type": "linkedWith", "attribute": "campaign", "value": [ID]}, "where.0.attribute"),
        ({"type": "linkedWith", "attribute": "targetLists", "value": [ID, "x"]}, "where.0.value.1"),
        ({"type": "linkedWith", "attribute": "targetLists", "value": []}, "where.0.value"),
        ({"type": "linkedWith", "attribute": "targetLists"}, "where.0.value"),
        ({"type": "isLinked", "attribute": "targetLists", "value": [ID]}, "where.0.value"),
        ({"type": "and"}, "where.0.value"),
        ({"type": "or", "value": []}, "where.0.value"),
        ({"type": "or", "value": GOOD}, "where.0.value"),
        ({"type": "not", "value": "x"}, "where.0.value"),
        ({"type": "any", "value": 1}, "where.0.value"),
    ],
)
def test_a_fault_is_told_under_its_place(item: object, field: str) -> None:
    """And it is the only one."""
    assert fields([item]) == [field]


@pytest.mark.parametrize("raw", [None, "x", 5, {"type": "any"}, True])
def test_a_where_is_a_list(raw: object) -> None:
    """Nothing else, not even one item alone."""
    assert fields(raw) == ["where"]


def test_all_faults_are_told_at_once() -> None:
    """Also those deep inside."""
    inner = {
        "type": "or",
        "value": [GOOD, {**GOOD, "attribute": "nothing"}, {"type": "not", "value": {"type": "x"}}],
    }
    raw = [{**GOOD, "value": 1}, inner]
    assert fields(raw) == ["where.0.value", "where.1.value.1.attribute", "where.1.value.2.value.type"]


def nested(depth: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = [GOOD]
    for _ in range(depth - 1):
        items = [{"type": "not", "value": items}]
    return items


def test_nesting_has_an_end() -> None:
    """At the named depth."""
    assert parse(CONTACT, nested(where_limits.MAX_DEPTH))
    assert faults(nested(where_limits.MAX_DEPTH + 1)) == [
        ("where" + ".0.value" * 8, "is nested deeper than 8 levels")
    ]


def test_sizes_have_an_end() -> None:
    """Of items over all levels, of bytes, of lists that are asked about."""
    assert parse(CONTACT, [GOOD] * where_limits.MAX_ITEMS)
    assert faults([GOOD] * 60 + [{"type": "or", "value": [GOOD] * 40}]) == [
        ("where.60.value", "has more than 100 items")
    ]
    long = [{"type": "in", "attribute": "lastName", "value": ["x" * 500] * 70}]
    assert faults(long) == [("where", "is larger than 32768 bytes")]
    lists = [f"{number:017x}" for number in range(where_limits.MAX_LISTS + 1)]
    item = {"type": "notLinkedWith", "attribute": "targetLists"}
    assert parse(CONTACT, [{**item, "value": lists[1:]}, {**item, "value": lists[2:]}])
    assert faults([{**item, "value": lists}]) == [("where", "asks about more than 20 target lists")]


@pytest.mark.parametrize(
    ("target_type", "attribute"),
    [
        (TargetType.ACCOUNT, "name"),
        (TargetType.CONTACT, "accountId"),
        (TargetType.CONTACT, "account.name"),
        (TargetType.CONTACT, "account.attributes.size"),
        (TargetType.LEAD, "status"),
        (TargetType.LEAD, "campaign.status"),
        (TargetType.USER, "salutationName"),
        (TargetType.USER, "attributes.a.b.c.d.e"),
    ],
)
def test_attributes_by_type(target_type: TargetType, attribute: str) -> None:
    """What one type has another may not have."""
    assert parse(target_type, [{**GOOD, "attribute": attribute}])


def test_a_dot_can_belong_to_a_name() -> None:
    """With a backslash before it."""
    (test,) = parse(CONTACT, [{**GOOD, "attribute": r"attributes.first\.name.x"}]).parts
    assert isinstance(test, where.Test)
    assert test.field.path == ("attributes", "first.name", "x")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.just(ID),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
ITEMS = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted({*OPERATORS, *LINKS, "and", "or", "not", "any", "none"}))},
    optional={
        "attribute": st.sampled_from(
            ["lastName", "createdAt", "attributes.a", "emailAddressIsInvalid", "targetLists", "account", "x"]
        ),
        "value": JSON,
        "timeZone": st.sampled_from(["UTC", "Europe/Oslo", "x"]),
    },
)


@given(st.lists(ITEMS, max_size=3) | JSON)
def test_whatever_is_sent_is_read_or_refused(raw: object) -> None:
    """Nothing else is ever raised, and every fault lies under ``where``."""
    assert all(field.split(".")[0] == "where" for field in faults_or_none(raw))


def faults_or_none(raw: object) -> list[str]:
    try:
        parse(CONTACT, raw)
    except Invalid as refused:
        return [error.field for error in refused.errors]
    return []
