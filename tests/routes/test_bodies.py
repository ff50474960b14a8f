"""JSON bodies into the types of a request."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Invalid, TooLarge
from chalicelib.routes.bodies import MAX_BODY, MAX_DEPTH, parsed
from chalicelib.routes.reading import read, read_patch
from tests.routes.probe import WidgetFields


def faults(values: object) -> dict[str, str]:
    """What is wrong with a body, by field."""
    with pytest.raises(Invalid) as caught:
        read(WidgetFields, values)
    return {error.field: error.message for error in caught.value.errors}


def test_every_fault_is_told_at_once() -> None:
    """A form can mark all its fields."""
    found = faults(
        {
            "colour": "Green",
            "count": "7",
            "listIds": ["55f2c87b09a220a78", "x", 5],
            "parts": [{"weight": 1}, {"label": 3}, {"weight": 101}, 4],
            "nmae": "typo",
        }
    )
    assert found == {
        "name": "is required",
        "nmae": "unknown field",
        "colour": "expected one of: Red, Dark Blue",
        "count": "expected an integer, got a string",
        "listIds.1": "expected an id: 17 lower-case hex digits",
        "listIds.2": "expected a string, got an integer",
        "parts.1.weight": "is required",
        "parts.1.label": "expected a string, got an integer",
        "parts.2.label": "is required above 100",
        "parts.3": "expected an object",
    }


ID = "55f2c87b09a220a78"
REFUSED: dict[str, list[object]] = {
    "name": ["", " ", "\u3000", "a\nb", "a\r", "a\n", "\t", "a\x00", "a\u2028b", "a\x85", "x" * 256, None, 5, ["a"]],
    "line": ["a\nb", "a\n", "\x7f", "x" * 256, 5],
    "text": ["\x00", "\x1b[31m", "x" * 10_001],
    "colour": ["red", "", None, 1, "Red\n"],
    "count": [0, -1, 1.5, 1.0, True, "1", []],
    "dueAt": ["2026-03-01", "2026-03-01T09:00:00", "2026-02-30T09:00:00Z", "now", "", 1772355600, "2026-03-01T09:00:00Z\n",
        "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-03-01T25:00:00Z"],
    "day": ["2026-3-1", "2026-02-30", "2026-03-01T00:00:00Z", 5],
    "ownerId": ["", "x", ID.upper(), ID[:-1], ID + "\n", 5],
    "listIds": [ID, {}, [None], [ID] * 1001],
    "emailAddress": ["", "ann", "ann@", "ann@example", "é@example.com", "ann@example.com\n", " ann@example.com", "a@b@c.de"],
    "url": ["", "javascript:alert(1)", "ftp://example.com", "//example.com", "example.com", "https://", "https://exa mple.com",
        "java\nscript:alert(1)", "https://example.com/\n", "https://user:pw@example.com/", "data:text/html,x"],
    "isNew": ["true", 1, None],
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in REFUSED.items() for value in values]
)
def test_what_is_refused(field: str, value: object) -> None:
    """Exactly the field at fault is named."""
    found = faults({"name": "x", field: value})
    assert [name.partition(".")[0] for name in found] == [field] * len(found)
    assert all(found.values())


def test_what_is_taken() -> None:
    """Values are kept as they were sent; times are told in UTC."""
    body = read(
        WidgetFields,
        {
            "name": " Zoë 👩‍👩‍👧 ",
            "line": "",
            "text": "a\n\tb\r\n",
            "colour": "Dark Blue",
            "count": None,
            "dueAt": "2026-03-01t09:00:00.5+02:00",
            "day": "2026-03-01",
            "listIds": ["55f2c87b09a220a78"],
            "emailAddress": "Ann+x@Exämple.com",
            "url": "https://example.com/ü?a=b#c",
        },
    )
    assert body.name == " Zoë 👩‍👩‍👧 "
    assert body.due_at is not None
    assert body.due_at.isoformat() == "2026-03-01T07:00:00.500000+00:00"
    assert body.list_ids == ("55f2c87b09a220a78",)
    assert (body.line, body.text, body.count, body.email_address) == (
        "",
        "a\n\tb\r\n",
        None,
        "Ann+x@Exämple.com",
    )


@pytest.mark.parametrize("values", [[], "x", 5, None, True])
def test_a_body_is_an_object(values: object) -> None:
    """Nothing else, whole or as a patch."""
    assert faults(values) == {"body": "expected an object"}
    with pytest.raises(Invalid, match="body: expected an object"):
        read_patch(WidgetFields, values)


def test_a_patch_holds_only_what_was_sent() -> None:
    """An empty patch changes nothing, though a field is required."""
    assert read_patch(WidgetFields, {}).changes == {}
    assert read_patch(WidgetFields, {"isNew": True, "count": 5}).changes == {"is_new": True, "count": 5}


def test_a_patch_is_checked_like_a_whole_body() -> None:
    """Unknown fields, wrong types."""
    with pytest.raises(Invalid) as caught:
        read_patch(WidgetFields, {"nmae": 1, "colour": "Green", "parts": [{}]})
    assert {error.field for error in caught.value.errors} == {"nmae", "colour", "parts.0.weight"}


@pytest.mark.parametrize(
    "raw",
    [
        b"{", b"{]", b'{"a": }', b"{'a': 1}", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b"\xff", b'{"a": "\xff"}',
        b'{"a": "\\ud800"}', b'{"\\uDEAD": 1}', b'{"a": 1, "a": 2}', b'{"b": {"a": 1, "a": 1}}', b"[" * 100_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
        b'{"a": ' + b"1" * 5000 + b"}", b"\xef\xbb\xbf{}", b'{"a": "\x01"}',
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    """Malformed, not UTF-8, a key twice, half a character, nested too deep."""
    with pytest.raises(Invalid):
        parsed(raw)


def test_a_body_has_a_limit() -> None:
    """The limit is named, and reached before anything is parsed."""
    assert parsed(b'"' + b"x" * (MAX_BODY - 2) + b'"') == "x" * (MAX_BODY - 2)
    with pytest.raises(TooLarge, match=str(MAX_BODY)):
        parsed(b"x" * (MAX_BODY + 1))


@pytest.mark.parametrize("raw", [b"", b" \n"])
def test_no_body_is_an_empty_object(raw: bytes) -> None:
    """An action without fields needs no body."""
    assert parsed(raw) == {}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_json_is_read_as_it_was_written(value: Any) -> None:
    """Escaped or not."""
    assert parsed(json.dumps(value).encode()) == value
    assert parsed(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.dictionaries(st.sampled_from([*WidgetFields.__struct_encode_fields__, "other"]), json_values))
def test_whatever_is_sent_is_read_or_refused_by_field(values: dict[str, Any]) -> None:
    """Nothing that JSON can hold makes a body raise anything but Invalid, nor names a field that was not there."""
    try:
        read(WidgetFields, values)
    except Invalid as invalid:
        named = {error.field.partition(".")[0] for error in invalid.errors}
        assert named <= {*values, "name"}
