"""How values are written: reference section 1.7, as the design changed it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.message import RenderError
from chalicelib.rendering.formatting import Formatting
from tests.rendering.making import html_of, reader, text_of


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (7, "7"),
        (1234567, "1234567"),
        (12.0, "12"),
        (3.5, "3.5"),
        (0.1, "0.1"),
        (1e21, "1000000000000000000000"),
        (1.5e-7, "0.00000015"),
        (Decimal("2.50"), "2.50"),
        (Decimal("3.00"), "3"),
        (True, "Yes"),
        (False, "No"),
        (["a", "b", 3], "a, b, 3"),
        ([], ""),
        ({"a": 1, "b": None}, "a: 1, b: "),
        ("Ünï 😀", "Ünï 😀"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02 03:04"),
        (date(2026, 1, 2), "2026-01-02"),
    ],
)
def test_a_value_is_written_for_readers(value: Any, written: str) -> None:
    """Numbers plainly, yes and no in words, lists with commas."""
    assert text_of("{{ attributes.x }}", reader(target={"attributes": {"x": value}})) == written


def test_yes_and_no_follow_the_language() -> None:
    """In French they are Oui and Non."""
    assert text_of("{{ attributes.vip }} {{ not attributes.vip }}", language="fr") == "Oui Non"


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("DD.MM.YYYY", "06.05.2026"),
        ("MM/DD/YYYY", "05/06/2026"),
        ("D/M/YY", "6/5/26"),
        ("YYYY-MM-DD", "2026-05-06"),
    ],
)
def test_dates_follow_the_setting(pattern: str, written: str) -> None:
    """The reference's tokens, in the organisation's time zone."""
    assert text_of("{today}", date_format=pattern) == written


def test_times_follow_the_time_zone() -> None:
    """Half past ten in the evening in UTC is the next day in Paris."""
    made = text_of("{today} {now} {currentYear}", time_zone="Europe/Paris")
    assert made == "2026-05-07 2026-05-07 00:30 2026"


def test_an_unknown_time_zone_is_utc() -> None:
    """A setting that the system does not know must not stop a mailing."""
    assert Formatting.of("YYYY", "Nowhere/At_All", "en").zone is UTC


def test_html_is_escaped_and_text_is_not() -> None:
    """What a reader is called is text, never markup."""
    assert html_of("{Contact.lastName}") == "O&#39;Neil &amp; &lt;Co&gt;"
    assert text_of("{Contact.lastName}") == "O'Neil & <Co>"


def test_markup_asked_for_stays_markup() -> None:
    """``safe`` is the author's decision."""
    assert html_of("{{ '<b>'|safe }}") == "<b>"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_breaks_of_values_become_html_ones(ending: str) -> None:
    """A text of several lines keeps them in HTML; in text it stays as it is."""
    to = reader(target={"attributes": {"x": f"a <{ending}b"}})
    assert html_of("{{ attributes.x }}", to) == "a &lt;<br>\nb"
    assert text_of("{{ attributes.x }}", to) == f"a <{ending}b"


def test_escaping_by_hand_is_harmless() -> None:
    """``|e`` escapes once in HTML, and not at all in a text."""
    assert html_of("{{ Contact.lastName|e }}") == "O&#39;Neil &amp; &lt;Co&gt;"
    assert text_of("{{ Contact.lastName|e }}{{ Contact.lastName|forceescape }}") == "O'Neil & <Co>" * 2


def test_data_is_reached_by_its_own_keys_first() -> None:
    """An attribute called items is a value; without one it is the method."""
    to = reader(target={"attributes": {"items": ["a"], "nested": {"k": "v"}}})
    assert text_of("{{ attributes.items }}", to) == "a"
    assert text_of("{% for k, v in attributes.nested.items() %}{{ k }}={{ v }}{% endfor %}", to) == "k=v"


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        ("attributes.orders|map(attribute='name')|join('/')", "Tea"),
        ("attributes.orders|sum(attribute='price')", "3.5"),
        ("attributes.orders|selectattr('price', 'gt', 3)|list|length", "1"),
        ("'%.2f'|format(attributes.points)", "1200.00"),
        ("'%05d' % attributes.points", "01200"),
        ("Contact.firstName|upper ~ '!'", "ZOË!"),
        ("Contact.lastName.split(' ')[0]", "O'Neil"),
        ("attributes.points // 1000", "1"),
        ("[3, 1, 2]|sort|first", "1"),
        ("range(3)|list", "0, 1, 2"),
        ("attributes|tojson|length > 10", "Yes"),
        ("'a b'|urlencode", "a%20b"),
        ("Contact.createdAt.year", ""),
        ("'abc'[1:]", "bc"),
        ("dict(a=1).a", "1"),
        ("cycler('x', 'y').next()", "x"),
        ("{'a': 1}|items|list|length", "1"),
        ("attributes.orders is iterable and 'x' is string and attributes.points is number", "Yes"),
        ("'ab'|batch(1)|list|length", "2"),
        ("'<b>t</b>'|striptags", "t"),
    ],
)
def test_jinja2_expressions_work(expression: str, printed: str) -> None:
    """What authors know from Jinja2's manual (row 50)."""
    assert text_of("{{ " + expression + " }}") == printed


@pytest.mark.parametrize(
    "piece",
    [
        "range",
        "dict",
        "trackingUrl",
        "attributes.items",
        "[range]",
        "'x'.upper",
        "namespace(a=1)",
        "cycler('a')",
    ],
)
def test_pieces_of_the_engine_are_not_printed(piece: str) -> None:
    """A function is no value; the line is told."""
    with pytest.raises(RenderError, match=r"^body, line 2: only values can be printed"):
        text_of("\n{{ " + piece + " }}")
