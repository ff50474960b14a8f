"""What is refused inside a target, and how free attributes merge."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import people
from chalicelib.domain.people import (
    attributes_problem,
    is_unchanged,
    line_problem,
    merged,
    target_problems,
)
from chalicelib.domain.records import Account, Contact

AT = datetime(2026, 3, 1, tzinfo=UTC)
SCALARS = st.none() | st.booleans() | st.integers(-(10**37), 10**37) | st.floats(-1e100, 1e100) | st.text()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=5)


def contact(**fields: object) -> Contact:
    return Contact(id="0" * 17, created_at=AT, modified_at=AT, **fields)  # type: ignore[arg-type]


def test_all_faults_are_found_at_once() -> None:
    """Each under its name in the API."""
    account = Account(
        id="0" * 17, created_at=AT, modified_at=AT, name=" ", email_address="x", attributes={"": 1}
    )
    assert [fault.field for fault in target_problems(account)] == ["name", "emailAddress", "attributes"]
    assert target_problems(contact(first_name="Åse", email_address="a@bücher.example")) == []


@pytest.mark.parametrize(
    "text", ["a\nb", "a\rb", "a\x00b", "a\u2028b", "a\u2029b", "a\x85b", "a\ud800b", "x" * 256]
)
def test_what_would_break_a_line_is_refused(text: str) -> None:
    """Names stand in headers and subjects."""
    assert line_problem(text) is not None
    assert [fault.field for fault in target_problems(contact(last_name=text))] == ["lastName"]


@pytest.mark.parametrize(
    "text", ["", "Åse Østby", "名前", "O\u2019Brien", "\U0001f469\u200d\U0001f467", "x" * 255, "a\u200fb"]
)
def test_any_writing_is_a_name(text: str) -> None:
    """Joiners and direction marks too: names need them."""
    assert line_problem(text) is None


@pytest.mark.parametrize(
    ("attributes", "limit"),
    [
        ({"a": {"b": {"c": {"d": {}}}}}, {"a": {"b": {"c": {"d": {"e": {}}}}}}),
        ({"a": [[[[]]]]}, {"a": [[[[[]]]]]}),
        ({str(n): n for n in range(200)}, {str(n): n for n in range(201)}),
        ({"x" * 100: 1}, {"x" * 101: 1}),
        ({"n": 1e125}, {"n": 1e126}),
        ({"n": -1e-125}, {"n": -1e-126}),
        ({"n": 10**38 - 1}, {"n": 10**38}),
        ({"n": 0.0}, {"n": float("nan")}),
        ({"n": 0}, {"n": float("-inf")}),
        ({"t": "é" * 16_000}, {"t": "é" * 16_400}),
        ({"t": "\n"}, {"t": "\udc00"}),
        ({"a b.c": 1}, {"a\nb": 1}),
    ],
)
def test_limits_of_attributes(attributes: Mapping[str, object], limit: Mapping[str, object]) -> None:
    """The last that is taken and the first that is not."""
    assert attributes_problem(attributes) is None
    assert attributes_problem(limit) is not None


@given(OBJECTS)
def test_attributes_are_taken_or_refused_but_never_raise(attributes: dict[str, object]) -> None:
    """What is taken is within the limits that are named."""
    if attributes_problem(attributes) is None:
        text = json.dumps(attributes, ensure_ascii=False, separators=(",", ":"))
        assert len(text.encode()) <= people.MAX_ATTRIBUTES_BYTES


@given(OBJECTS, OBJECTS)
def test_a_merge_patch_says_how_its_names_end(before: dict[str, object], patch: dict[str, object]) -> None:
    """RFC 7396: what is null is gone, what is not named stays, what is no object is replaced."""
    after = merged(before, patch)
    assert {name for name in after if name not in patch} == set(before) - set(patch)
    for name, value in patch.items():
        if value is None:
            assert name not in after
        elif not isinstance(value, dict):
            assert after[name] == value
    assert merged(after, {}) == after


@given(OBJECTS, OBJECTS)
def test_a_merge_patch_again_changes_nothing(before: dict[str, object], patch: dict[str, object]) -> None:
    """So a repeated PATCH is harmless."""
    assert merged(merged(before, patch), patch) == merged(before, patch)


def test_the_examples_of_the_rfc() -> None:
    """RFC 7396 appendix A, as far as both are objects."""
    assert merged({"a": "b"}, {"a": "c"}) == {"a": "c"}
    assert merged({"a": "b"}, {"b": "c"}) == {"a": "b", "b": "c"}
    assert merged({"a": "b"}, {"a": None}) == {}
    assert merged({"a": ["b"]}, {"a": "c"}) == {"a": "c"}
    assert merged({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}) == {"a": {"b": "d"}}
    assert merged({"a": [{"b": "c"}]}, {"a": [1]}) == {"a": [1]}
    assert merged({}, {"a": {"bb": {"ccc": None}}}) == {"a": {"bb": {}}}


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (1e23, 10**23, True),
        (10**50, 1e50, True),
        (1.0, 1, True),
        (-0.0, 0, True),
        (0.1, 0.1, True),
        (1e23, 10**23 - 1, False),
        (1, True, False),
        (False, 0.0, False),
        (True, True, True),
        (1, "1", False),
        (1.0, "1.0", False),
        (None, 0.0, False),
        ([1, 1e23], [1, 10**23], True),
        ([1], [True], False),
        ([1], [1, 1], False),
        ({"a": 1e23}, {"a": 10**23}, True),
        ({"a": 0}, {"a": False}, False),
        ({"a": None}, {}, False),
    ],
)
def test_attributes_are_compared_as_json(one: object, other: object, is_same: bool) -> None:
    """A number is its digits, whatever type has read them; true is no number."""
    for before, after in ((one, other), (other, one)):
        assert is_unchanged(contact(attributes={"n": after}), contact(attributes={"n": before})) is is_same


@given(OBJECTS)
def test_a_target_is_unchanged_as_long_as_all_fields_are(attributes: dict[str, object]) -> None:
    """The other fields count, too."""
    before = contact(attributes=attributes, first_name="Åse")
    assert is_unchanged(contact(attributes=json.loads(json.dumps(attributes)), first_name="Åse"), before)
    assert not is_unchanged(contact(attributes=attributes, first_name="Ase"), before)
    assert not is_unchanged(contact(attributes={**attributes, "one more": {}}, first_name="Åse"), before) or (
        attributes.get("one more") == {}
    )
