"""The text part, made from the HTML once per template (row 44)."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.records import TrackLinks
from tests.rendering.making import BASE, RENDERER, message, reader, source


def text_from(html: str, **changes: object) -> str:
    """The text part of an HTML body for the usual reader."""
    return message(source(body=html, **changes)).text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Title</h1><p>One <b>two</b> <em>three</em>.</p><p>Four</p>", "Title\n\nOne two three.\n\nFour"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>One</li><li>Two</li></ul>", "- One\n- Two"),
        ("<ol><li>One</li><li>Two</li></ol>", "1. One\n2. Two"),
        ('<a href="https://a.example/">Shop</a>', "Shop (https://a.example/)"),
        ('<a href="https://a.example/">https://a.example/</a>', "https://a.example/"),
        ('<a href="mailto:a@b.example">a@b.example</a>', "a@b.example"),
        ('<a href="#top">Up</a>', "Up"),
        ('<a href="https://a.example/"><img src="x.png" alt="Shop"></a>', "Shop (https://a.example/)"),
        ('<img src="x.png">', ""),
        ("&lt;b&gt; &amp; &eacute;&nbsp;x", "<b> & é x"),
        ("<p>2 * 3 * 4 _x_ # [y] \\ `z`</p>", "2 * 3 * 4 _x_ # [y] \\ `z`"),
        ("<style>p{x:y}</style><script>x()</script><!-- c --><p>a</p>", "a"),
        ("<!DOCTYPE html><html><head><title>T</title><style>a</style></head><body>b</body></html>", "b"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"),
        ("<table><tr><td><p>One</p><p>Two</p></td></tr></table>", "One\n\nTwo"),
        ("<!--[if mso]><p>Outlook</p><![endif]--><p>a</p>", "a"),
        ("<p>a</p>\n\n\n<div><div><div>b</div></div></div>\n", "a\n\nb"),
        ("Hello {Person.firstName}", "Hello Zoë"),
        ("<p>{Contact.lastName}</p>", "O'Neil & <Co>"),
        ('<a href="{{ attributes.plan }}">{Person.firstName}</a>', "Zoë (gold)"),
        ('<img alt="{Person.firstName}" src="x">', "Zoë"),
        ("{% if attributes.vip %}<p>a</p>{% else %}<p>b</p>{% endif %}<p>c</p>", "a\n\nc"),
        ("<ul>{% for i in [1, 2] %}<li>n {{ i }}</li>{% endfor %}</ul>", "- n 1\n- n 2\n"),
        ("<table>{% for i in [1, 2] %}<tr><td>n {{ i }}</td></tr>{% endfor %}</table>", "n 1\n\nn 2\n\n"),
        ('<p {% if attributes.vip %}class="x"{% endif %} style="{{ attributes.plan }}">a</p>', "a"),
        ("<head>{% set x = 'y' %}<title>{{ x }}</title></head>{{ x }}", "y"),
        ("<style>{% if attributes.vip %}a{% endif %}</style>b", "b"),
        ('<a href="{% if attributes.vip %}v{% else %}w{% endif %}">x</a>', "x (v)"),
        ("&#123;&#123; attributes.plan }} {% raw %}{% x %}{% endraw %}", "{{ attributes.plan }} {% x %}"),
        ("&#123;{ 1 }}&#123;{{ 2 }}", "{{ 1 }}{2"),
        (
            "{% macro b(u) %}<a href='{{ u }}'>go</a>{% endmacro %}{{ b('https://a.example/') }}",
            "go (https://a.example/)",
        ),
        ("&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;a", "a"),
        ("{% set x %}<b>y</b>{% endset %}{{ x }}", "y"),
        ("<pre>a\n  b</pre>", "a\nb"),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    """Paragraphs, lists, links with their targets; Jinja2 does in the text what it does in the HTML."""
    assert text_from(html) == text


def test_a_text_of_ones_own_is_taken_as_it_is() -> None:
    """BodyPlain is a template of its own."""
    assert text_from("<p>a</p>", body_plain=" Hi  {Person.firstName}\n\n\n") == " Hi  Zoë\n\n\n"


def test_tracked_links_are_tracked_in_the_text_too() -> None:
    """The text leads through the same link."""
    made = source(body='<a href="https://a.example/">x</a>', track_links=TrackLinks.ALL)
    links = RENDERER.links_of(made, (), {})
    assert text_from(made.body, track_links=TrackLinks.ALL, links=links).startswith(f"x ({BASE}/t/c/")


@pytest.mark.parametrize(
    "html",
    [
        '{% if attributes.vip %}<a href="https://v.example/">{% else %}<a href="https://n.example/">{% endif %}x</a>',
        "<table><tr>{% if attributes.vip %}<td>{% endif %}x</td></tr></table>",
        '<a href="{% if 1 %}u{% endif %}">{% if 2 %}x{% endif %}</a>',
        "<{% if attributes.vip %}b{% else %}i{% endif %}>x</{% if attributes.vip %}b{% else %}i{% endif %}>",
        "<b {% if 1 %}>x{% endif %}</b>",
        "<div>" * 3000 + "x" + "</div>" * 3000,
    ],
)
def test_conditions_that_cut_through_tags_still_make_a_text(html: str) -> None:
    """What is said arrives; where a tag cannot be told from text, the tags go."""
    assert "x" in text_from(html)


TAGS = [
    "p",
    "b",
    "div",
    "td",
    "tr",
    "table",
    "ul",
    "li",
    "a href='https://a.example/'",
    "h1",
    "span",
    "pre",
    "blockquote",
]
HTML = st.recursive(
    st.one_of(
        st.text(st.sampled_from("ab <>&{}#%\n"), max_size=5).map(
            lambda text: text.replace("{{", "").replace("{%", "").replace("{#", "").rstrip("{")
        ),
        st.sampled_from(
            [
                "{{ attributes.plan }}",
                "{Person.firstName}",
                "<br>",
                "<img alt='{{ 1 }}'>",
                "<hr>",
                "<!-- x -->",
            ]
        ),
    ),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(TAGS), st.lists(inner, max_size=4).map("".join)).map(
            lambda p: f"<{p[0]}>{p[1]}</{p[0].split()[0]}>"
        ),
        st.lists(inner, max_size=3).map(lambda p: "{% if attributes.vip %}" + "".join(p) + "{% endif %}"),
        st.lists(inner, max_size=3).map(
            lambda p: "{% for i in [1, 2] %}" + "".join(p) + "[{{ i }}]{% endfor %}"
        ),
        st.lists(inner, max_size=3).map(lambda p: "{% set v %}" + "".join(p) + "{% endset %}{{ v }}"),
    ),
    max_leaves=15,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HTML)
def test_any_html_makes_a_text_with_its_statements_whole(html: str) -> None:
    """It compiles, renders, and every loop turns as often as it does in the HTML."""
    made = message(source(body=html), reader())
    assert made.html is not None
    assert made.text.count("[1]") == made.html.count("[1]")
    assert made.text.count("[2]") == made.html.count("[2]")


@pytest.mark.parametrize(
    "html",
    [
        "<" * 200_000,
        '<a "' * 50_000,
        "<!--" * 50_000,
        "<a '\"" * 40_000,
        " " * 200_000 + "x",
        " \n" * 100_000 + "x",
        "<div>" * 40_000,
        "}" * 200_000,
        "{ " * 100_000,
        "&" * 200_000,
        "</body" * 30_000,
        "\u200b " * 40_000,
    ],
)
def test_no_html_takes_long(html: str) -> None:
    """However it is made: the time grows with the length, not with its square."""
    began = time.process_time()
    made = source(body=html, track_links=TrackLinks.ALL, mandatory_opt_out=True)
    RENDERER.links_of(made, (), {})
    message(made)
    assert time.process_time() - began < 10
