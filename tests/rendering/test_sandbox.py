"""Templates reach data, and nothing else: not Python, not hours of work, not gigabytes."""

import time

import pytest

from chalicelib.domain.message import RenderError
from chalicelib.errors import Invalid
from chalicelib.rendering.budget import weight
from chalicelib.rendering.limits import RENDER_WORK
from tests.rendering.making import RENDERER, html_of, reader, text_of

ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ ''['__class__'] }}",
    "{{ Contact.__class__ }}",
    "{{ Contact['_data'] }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ range.__globals__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ namespace.__class__ }}",
    "{{ trackingUrl.__self__._ring }}",
    "{{ trackingUrl.__func__.__globals__ }}",
    "{{ [''] | map(attribute='__class__') | list }}",
    "{{ [''] | map(attribute='x.__class__') | list }}",
    "{{ [''] | selectattr('__class__') | list }}",
    "{{ [''] | groupby('__class__') }}",
    "{{ ''|attr('__class__') }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '{0.__class__}'.format_map({'a': 1}) }}",
    "{{ ''.join.__self__ }}",
    "{{ loop.__class__ }}",
    "{% for x in [1] %}{{ loop.__class__ }}{% endfor %}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{{ m() }}",
    "{{ (1).__class__ }}",
    "{{ Contact.firstName.encode('utf-8') }}",
    "{{ lipsum(5) }}",
    "{{ get_flashed_messages() }}",
    "{{ attributes|random }}",
    "{{ attributes|pprint }}",
    "{{ attributes|xmlattr }}",
    "{% include 'message/opt_out.txt.j2' %}",
    "{% extends 'layout' %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% if attributes.x %}{{ ''.__class__ }}{% endif %}",
    "{% if false %}{{ ''|attr('x') }}{% endif %}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_an_escape_is_refused_on_save(template: str) -> None:
    """Where it can be seen, with its line."""
    with pytest.raises(Invalid) as refused:
        RENDERER.check("News", f"a\n{template}", None, is_html=True)
    first = refused.value.errors[0]
    assert (first.field, first.message[:7]) == ("body", "line 2:")


@pytest.mark.parametrize(
    "expression",
    [
        "''['__cla' ~ 'ss__']",
        "''['_' ~ '_class__']['_' ~ '_mro__']",
        "Contact['_' ~ 'data']['firstName']",
        "trackingUrl['__se' ~ 'lf__']",
        "['']|map(attribute='__cla' ~ 'ss__')|list",
        "[Contact]|map(attribute='_' ~ 'account')|list",
        "range['__glo' ~ 'bals__']",
        "''['for' ~ 'mat']",
        "('%' ~ 's')|format(range)",
        "namespace(x=range).x",
        "range|string",
        "[range, dict]|join",
        "range|list",
        "range ~ dict",
        "namespace(x=range)|upper",
        "''.format",
        "trackingUrl|tojson",
        "dict['from' ~ 'keys']",
    ],
)
@pytest.mark.parametrize("guard", ["{{ %s }}", "{%% if attributes.vip %%}{{ %s }}{%% endif %%}"])
def test_a_hidden_escape_never_renders_anything(expression: str, guard: str) -> None:
    """What cannot be seen on save prints nothing of Python."""
    try:
        printed = text_of(guard % expression)
    except (RenderError, Invalid):
        return
    assert not any(word in printed for word in ("class", "object", "function", "builtin", "Zoë"))


BOMBS = [
    "{{ 9**(9**9) }}",
    "{{ 9**9999 * 9**9999 }}",
    "{{ 'x' * 10**9 }}",
    "{{ ['x'] * 10**9 }}",
    "{{ 10**9 * 'x' }}",
    "{{ range(10**9) }}",
    "{{ range(0, 10**18, 3)|list }}",
    "{{ range(10**30)|length }}",
    "{{ 'x'|center(10**9) }}",
    "{{ 'x'|center(1000000000) }}",
    "{{ 'x'|indent(10**9, true) }}",
    "{{ 'a a'|wordwrap(1, wrapstring='x' * 10000)|replace('x', 'y' * 10000) }}",
    "{{ 'x'|truncate(10**12) }}",
    "{{ [1]|batch(10**9, 'x')|list }}",
    "{{ [1]|slice(10**9)|list }}",
    "{{ [1]|tojson(indent=10**9) }}",
    "{{ 1|round(10**9, 'ceil') }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%*d' % (1000000000, 1) }}",
    "{{ '%.1000000000f'|format(1.5) }}",
    "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in range(9999) %}{% for b in range(9999) if a > b %}{% endfor %}{% endfor %}",
    "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "{% set ns = namespace(x='xx') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x='xx') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=['x']) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=7) %}{% for i in range(60) %}{% set ns.x = ns.x * ns.x %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x='xx') %}{% for i in range(60) %}{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}{% endfor %}",
    "{% set ns = namespace(x='xx') %}{% for i in range(60) %}{% set ns.x = ns.x|replace('x', ns.x) %}{% endfor %}",
    "{% set ns = namespace(x='xx') %}{% for i in range(60) %}{% set ns.x = ns.x.replace('x', ns.x) %}{% endfor %}",
    "{% set ns = namespace(x='xx') %}{% for i in range(60) %}{% set ns.x = ns.x.join([ns.x, ns.x, ns.x]) %}{% endfor %}",
    "{% set ns = namespace(x='xx') %}{% for i in range(60) %}{% set ns.x = '%s%s' % (ns.x, ns.x) %}{% endfor %}",
    "{% set ns = namespace(x={'a': 1}) %}{% for i in range(60) %}{% set ns.x = dict(a=ns.x, b=ns.x) %}{% endfor %}{{ ns.x == ns.x|string }}",
    "{% set x = range(9999)|list %}{% for i in range(9999) %}{% if 'y' in x %}{% endif %}{% endfor %}",
    "{% set x = range(9999)|list %}{% for i in range(9999) %}{% set y = x[::-1] %}{% endfor %}",
    "{% set x = range(9999)|list %}{% for i in range(9999) %}{% if x is eq(x) %}{% endif %}{% endfor %}",
    "{% set x = range(9999)|list %}{{ x|map('string')|map('center', 9999)|join }}",
    "{% for x in [1] recursive %}{{ loop([x, x]) }}{% endfor %}",
    "{% block a %}{{ self.a() }}{{ self.a() }}{% endblock %}",
    "{% for i in range(9999) %}" + "long text " * 500 + "{% endfor %}",
    "{% filter upper %}{% for i in range(9999) %}" + "long text " * 500 + "{% endfor %}{% endfilter %}",
    "{% macro m() %}"
    + "long text " * 500
    + "{{ caller() }}{% endmacro %}{% for i in range(9999) %}{% call m() %}x{% endcall %}{% endfor %}",
    "{% set x %}{% for i in range(5000) %}0123456789{% endfor %}{% endset %}{% for i in range(5000) %}{{ x }}{% endfor %}",
    "{{ [[1], [2]]|sum(start=[]) }}",
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_template_that_would_run_for_hours_is_refused_on_save(bomb: str) -> None:
    """Quickly, with its line, and by a named limit wherever it is one."""
    began = time.process_time()
    with pytest.raises(Invalid) as refused:
        RENDERER.check("News", bomb, None, is_html=True)
    assert time.process_time() - began < 10
    assert refused.value.errors[0].field == "body"


@pytest.mark.parametrize(
    "bomb", ["{{ 9**(9**9) }}", "{% for a in range(10**9) %}{% endfor %}", "{{ 'x' * 10**9 }}"]
)
def test_the_limit_is_named(bomb: str) -> None:
    """Its name, its value and its unit."""
    with pytest.raises(Invalid, match=r"body: line 1: exceeds the limit [A-Z_]+ of [0-9,]+ "):
        RENDERER.check("News", bomb, None, is_html=True)


def test_a_bomb_hidden_behind_data_fails_one_reader() -> None:
    """Saved unseen, it is stopped by the same limit when it goes off."""
    body = "ok{% if Contact.firstName == 'Zoë' %}{{ range(9999 * 9)|list }}{% endif %}"
    RENDERER.check("News", body, None, is_html=True)
    assert html_of(body, reader(target={"firstName": "Ada"})) == "ok"
    with pytest.raises(RenderError, match=r"^body, line 1: exceeds the limit MAX_ARGUMENT"):
        html_of(body)


def test_an_error_never_repeats_the_data() -> None:
    """It names the line and the kind of error."""
    with pytest.raises(RenderError) as failed:
        text_of("a\n{{ attributes.plan|sum }}")
    assert "gold" not in str(failed.value)
    assert str(failed.value).startswith("body, line 2: ")


def test_what_fails_every_reader_is_refused_on_save() -> None:
    """An error that does not depend on anybody's data."""
    with pytest.raises(Invalid, match="body: line 2: ZeroDivisionError"):
        RENDERER.check("News", "\n{{ 1 / 0 }}", None, is_html=True)


def test_ordinary_loops_are_far_from_the_limit() -> None:
    """Ninety rows of a kilobyte each, from two nested loops."""
    row = "<tr>" + "<td>cell</td>" * 100 + "</tr>"
    body = "{% for i in range(30) %}{% for j in range(3) %}" + row + "{{ i * j }}{% endfor %}{% endfor %}"
    RENDERER.check("News", body, None, is_html=True)
    assert html_of(body).count("<tr>") == 90


@pytest.mark.parametrize(
    ("value", "expected"),
    [("abc", 4), (7, 1), ([], 1), (["ab", "cd"], 9), ({"a": "bc"}, 7), (2**64, 3)],
)
def test_a_value_weighs_what_printing_it_would_cost(value: object, expected: int) -> None:
    """Characters, digits and elements at any depth."""
    assert weight(value, most=1000) == expected


def test_weighing_stops_where_the_budget_ends() -> None:
    """A value that refers to itself again and again is not walked to its end."""
    value: list[object] = ["x"]
    for _ in range(80):
        value = [value, value]
    assert RENDER_WORK < weight(value, most=RENDER_WORK) < RENDER_WORK + 100


@pytest.mark.parametrize(
    "deep",
    [
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{% if 1 %}" * 500 + "{% endif %}" * 500,
        "{% for x in [1] %}" * 60 + "{% endfor %}" * 60,
        "{{ " + "-" * 20000 + "1 }}",
        "{{ " + "not " * 20000 + "1 }}",
        "{{ " + "9" * 5000 + " }}",
        "{{ " + "[" * 3000 + "]" * 3000 + " }}",
        "{{ x" + ".a" * 50000 + " }}",
        "{{ 1" + " + 1" * 20000 + " }}",
        "{{ x" * 6000,
        "{{ x }}" * 6000,
        "{{ '\\ud800' }}",
    ],
)
def test_what_python_cannot_compile_is_refused_with_its_field(deep: str) -> None:
    """Too deep, too many, or no number: told as the author's mistake, not as ours."""
    with pytest.raises(Invalid) as refused:
        RENDERER.check("News", deep, None, is_html=True)
    assert refused.value.errors[0].field == "body"
