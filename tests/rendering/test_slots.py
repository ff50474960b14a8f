"""What SES puts together equals the full Jinja2 rendering, character for character."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.rendering.engine import compile_nodes
from chalicelib.rendering.printing import ReaderContext
from chalicelib.rendering.sandbox import sandbox
from chalicelib.rendering.scope import Scope
from chalicelib.rendering.shared import Kind, Shared
from chalicelib.rendering.source import read, write
from tests.rendering.making import AT, RENDERER, RING, as_ses_does, html_of, reader, source

TEXT = st.text(
    st.one_of(
        st.sampled_from(list("{}%#\\ \n<>&'\"ab")),
        st.characters(exclude_characters="\x00\r", exclude_categories=["Cs"]),
    ),
    max_size=12,
).map(lambda text: re.sub(r"\{(?=[{%#]|\Z)", "{ ", text))
NAMES = st.sampled_from(
    [
        "Contact.firstName",
        "Contact.lastName",
        "Person.name",
        "Parent.salutationName",
        "Lead.firstName",
        "Account.name",
        "Contact.account.name",
        "attributes.plan",
        "attributes.orders",
        "attributes.nothing",
        "campaign.name",
        "senderPostalAddress",
        "optOutUrl",
        "optOutLink",
        "today",
        "currentYear",
        "queueItemId",
        'trackingUrl("55f2c87b09a220a78")',
    ]
)
PRINTS = st.one_of(
    NAMES.map(lambda name: f"{{{{ {name} }}}}"),
    NAMES.map(lambda name: f"{{{{ {name}|upper }}}}"),
    NAMES.map(lambda name: f"{{{{ {name} ~ '{{' }}}}"),
    st.sampled_from(
        [
            "{Person.firstName}",
            "{Contact.account.name}",
            "{optOutUrl}",
            "{now}",
            "{{ '{' }}",
            "{{ '{{b0}}' }}",
            "{{ 12.50 }}",
            "{{ 'a\nb' }}",
            "{{ x }}",
            "{{ hello(Contact.firstName) }}",
            "{% raw %}{{ a }}{% endraw %}",
            "{## gone ##}",
            "{% set x = 'now set' %}",
            "{{ '<b>'|safe }}",
        ]
    ),
)


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    many = st.lists(inner, max_size=4).map("".join)
    return st.one_of(
        st.tuples(NAMES, many, many).map(lambda p: f"{{% if {p[0]} %}}{p[1]}{{% else %}}{p[2]}{{% endif %}}"),
        many.map(
            lambda body: f"{{% for o in [1, 'zwei', attributes] -%}} {body}{{{{ loop.index }}}}{{% endfor %}}"
        ),
        many.map(lambda body: f"{{% set x %}}{body}{{% endset %}}"),
        many.map(lambda body: f"{{% with x = 3 %}}{body}{{% endwith %}}"),
        many.map(lambda body: f"{{%- filter upper %}}{body}{{% endfilter -%}}"),
        many.map(lambda body: f"{{% call wrapped() %}}{body}{{% endcall %}}"),
    )


PIECES = st.recursive(st.one_of(TEXT, PRINTS), _nested, max_leaves=12)
TEMPLATES = st.lists(PIECES, max_size=10).map(
    lambda pieces: (
        "{% macro hello(who) %}Hi {{ who }}!{% endmacro %}{% macro wrapped() %}({{ caller() }}){% endmacro %}"
        + "".join(pieces)
    )
)


def in_full(body: str, kind: Kind, **changes: Any) -> str:
    """Jinja2 over the whole template at once: nothing split, nothing looked up besides, nothing in SES's hands."""
    environment = sandbox(kind)
    shared = Shared.of(source(**changes), "Unsubscribe")
    scope = Scope(shared, shared.constants, reader(), AT, RING)
    scope.kind = kind
    template = compile_nodes(kind, "body", environment.parse(write(read(body, environment))))
    context = ReaderContext(environment, dict(environment.globals), None, template.blocks)
    context.scope = scope
    return "".join(template.root_render_func(context))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEMPLATES, st.booleans())
def test_slots_equal_the_full_rendering(body: str, is_html: bool) -> None:
    """Common part and personal values, put together in one pass, are what plain Jinja2 makes of the template."""
    compiled = RENDERER.compile(source(body=body, is_html=is_html))
    personal = compiled.personal(reader(), at=AT)
    data = {**compiled.default_data, **personal.data}
    made = compiled.template.html if is_html else compiled.template.text
    assert made is not None
    full = in_full(body, Kind.HTML if is_html else Kind.TEXT)
    assert as_ses_does(made, data) == full
    whole = compiled.whole(personal)
    assert (whole.html if is_html else whole.text) == full


@settings(max_examples=100, deadline=None)
@given(
    TEXT.filter(lambda text: "\n" not in text),
    NAMES.filter(lambda name: "Url" not in name and "Link" not in name),
)
def test_a_subject_has_no_line_break_whatever_its_values(text: str, name: str) -> None:
    """Line breaks of values become blanks; nothing else of them is lost."""
    made = source(
        subject="".join(c for c in text if c.isprintable()) + " {{ " + name + " }}{{ 'a\\r\\nb\\u2028c' }}"
    )
    compiled = RENDERER.compile(made)
    subject = compiled.whole(compiled.personal(reader(), at=AT)).subject
    assert subject.splitlines() == [subject]
    assert subject.endswith("a b c")


@pytest.mark.parametrize("braces", ["{{", "}}", "{{b0}}", "{{{", "}}}", "\\", "{", "}", "{{h0}}", "\\\\{{"])
def test_braces_beside_a_slot_stay_what_they_are(braces: str) -> None:
    """SES sees no braces but those of its slots."""
    body = f"{{% raw %}}{braces}{{% endraw %}}{{{{ Contact.firstName }}}}{{% raw %}}{braces}{{% endraw %}}"
    compiled = RENDERER.compile(source(body=body))
    assert html_of(body) == f"{braces}Zoë{braces}"
    assert compiled.template.html is not None
    assert "{{{" not in compiled.template.html
    assert "\\{{" not in compiled.template.html
    assert "}}}" not in compiled.template.html


def test_values_that_look_like_slots_are_not_read_again() -> None:
    """A person called {{h1}} is called {{h1}}."""
    to = reader(target={"firstName": "{{h1}}", "lastName": "{{b0}}"})
    assert html_of("{Contact.firstName} {Contact.lastName}", to) == "{{h1}} {{b0}}"


def test_one_value_used_twice_is_one_slot() -> None:
    """The same name in the same text is sent once."""
    compiled = RENDERER.compile(
        source(body="{Contact.firstName} {Contact.firstName} {{ Contact.firstName }}")
    )
    personal = compiled.personal(reader(), at=AT)
    assert [name for name in personal.data if name.startswith("h")] == ["h0"]


def test_what_is_the_same_for_everybody_is_no_slot() -> None:
    """Campaign, mass email and sender stand in the common part."""
    compiled = RENDERER.compile(
        source(body="{{ campaign.name }} {{ massEmail.name }} {{ senderPostalAddress }}")
    )
    assert compiled.personal(reader(), at=AT).data == {}
    assert compiled.template.html == "Spring Spring 1 1 High Street<br>\nLondon"


def test_names_of_slots_are_those_ses_takes() -> None:
    """Letters, digits, underscore and hyphen."""
    compiled = RENDERER.compile(
        source(body="{{ '{{' }}{Contact.firstName}{{ 1 + 1 }}{% raw %}{{{% endraw %}")
    )
    names = {*compiled.default_data, *compiled.personal(reader(), at=AT).data}
    assert names
    assert all(name.isalnum() for name in names)


def test_a_template_with_blocks_is_one_message_all_the_same() -> None:
    """A block prints where it stands, and again where it is asked for."""
    assert html_of("a{% block b %}[{{ Contact.firstName }}]{% endblock %}c{{ self.b() }}") == "a[Zoë]c[Zoë]"
