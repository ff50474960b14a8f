"""What is refused on save, by field and line."""

from typing import Any

import pytest

from chalicelib.domain.records import TargetType
from chalicelib.errors import Invalid
from tests.rendering.making import RENDERER, URL_ID, source


def refusals(
    subject: str = "News", body: str = "x", body_plain: str | None = None, *, is_html: bool = True
) -> list[tuple[str, str]]:
    """What is wrong, as pairs."""
    try:
        RENDERER.check(subject, body, body_plain, is_html=is_html)
    except Invalid as refused:
        return [(error.field, error.message) for error in refused.errors]
    return []


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("{{ x", 1),
        ("\n{% if x %}", 2),
        ("a\nb\n{{ x y }}", 3),
        ("{% endfor %}", 1),
        ("\n\n{% for %}{% endfor %}", 3),
        ("{% unknown %}", 1),
        ("{{ x|nosuchfilter }}", 1),
        ("\n{{ x is nosuchtest }}", 2),
        ("\n{{ nosuchfunction() }}", 2),
        ("\n{% if x %}\n{{ x|nosuchfilter }}{% endif %}", 3),
        ("{## never closed", 1),
        ("\n{% raw %}x", 2),
        ("a {%- if 1 -%}\n\n\n b {% endif %}\n{{ x y }}", 5),
        ("a\n\n\n  {%- set x = 1 %}{{ x y }}", 4),
        ("{% block a %}{% endblock %}{% block a %}{% endblock %}", 1),
        ("{Person.firstName}\n{Contact.foo}", 2),
    ],
)
def test_a_mistake_is_told_with_its_line(body: str, line: int) -> None:
    """In the body, in the plain body and in a plain template alike."""
    for field, arguments in (
        ("body", {"body": body}),
        ("bodyPlain", {"body_plain": body}),
        ("body", {"body": body, "is_html": False}),
    ):
        found = refusals(**arguments)
        assert (found[0][0], found[0][1].split(":")[0]) == (field, f"line {line}")


@pytest.mark.parametrize(
    "name",
    [
        "Contact.foo",
        "Person.foo",
        "Parent.foo",
        "Account.foo",
        "Lead.foo",
        "User.foo",
        "Account.firstName",
        "Person.accountId",
        "Lead.account",
        "Contact.account.foo",
        "Contact.account.firstName",
        "Parent.account.foo",
        "User.status",
    ],
)
def test_an_unknown_field_of_a_known_type_is_refused(name: str) -> None:
    """In a placeholder, in Jinja2, and in a subject."""
    field = name.rpartition(".")[2]
    for body in (f"\n{{{name}}}", f"\n{{% if {name} %}}{{% endif %}}"):
        ((where, message),) = refusals(body=body)
        assert where == "body"
        assert message.startswith("line 2: ")
        assert message.endswith(f"has no field '{field}'")
    assert refusals(subject=f"{{{{ {name}|upper }}}}")[0][0] == "subject"


@pytest.mark.parametrize(
    "body",
    [
        "{Contact.attributes.whatever}{{ attributes.a.b.c }}{{ Contact.attributes['x y'] }}",
        "{Contact.account.name}{Contact.account.attributes.x}{Parent.accountId}",
        "{Lead.status}{Lead.source}{User.isActive}{Person.salutationName}{Account.emailAddress}",
        "{% set Contact = {'foo': 1} %}{{ Contact.foo }}",
        "{% for Lead in attributes.orders %}{{ Lead.name2 }}{% endfor %}",
        "{% macro m(Person) %}{{ Person.x }}{% endmacro %}{{ m(attributes) }}",
        "{{ campaign.anything }}{{ massEmail.anything }}{{ unknown.anything }}",
        "{% if caller is defined and loop is defined %}{% endif %}",
        "{% for x in [1, 2] %}{{ loop.index }}{{ loop.cycle('a', 'b') }}{{ loop.changed(x) }}{% endfor %}",
        "{% set ns = namespace(n=0) %}{% for x in [1] %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
        "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.current }}{% set j = joiner() %}{{ j() }}",
        "{{ attributes.get('x') }}{{ attributes.keys()|list }}{{ Contact.firstName.replace('a', 'b') }}",
        "{% macro m() %}{{ caller() }}{{ varargs }}{{ kwargs }}{% endmacro %}{% call m() %}x{% endcall %}",
        "{% for x in [[1]] recursive %}{% if x is iterable %}{{ loop(x) }}{% endif %}{% endfor %}",
        "{% autoescape false %}{{ Contact.firstName }}{% endautoescape %}",
        "{{ attributes.n / attributes.d }}{{ attributes.points > 3 }}{{ 'é' ~ 1 }}",
        f"{{trackingUrl:{URL_ID}}}{{optOutUrl}}{{optOutLink}}",
        "{% block a %}{{ super }}{% endblock %}",
        "",
    ],
)
def test_what_is_right_is_accepted(body: str) -> None:
    """Free attributes, one's own names, and all of Jinja2 that is no other template."""
    assert refusals(body=body) == []
    assert refusals(body=body, is_html=False) == []
    assert refusals(body_plain=body) == []


@pytest.mark.parametrize(
    "subject",
    ["{optOutUrl}", "{optOutLink}", "{preferencesUrl}", f"{{trackingUrl:{URL_ID}}}", "{{ optOutUrl|upper }}"],
)
def test_links_are_refused_in_a_subject(subject: str) -> None:
    """A subject is copied about; a reader's own link in it would be too."""
    ((field, message),) = refusals(subject=subject)
    assert field == "subject"
    assert "has no place in a subject" in message


@pytest.mark.parametrize("character", ["\n", "\r", "\x00", "\x0b", "\x85", "\u2028", "\u2029", "\x7f"])
def test_a_subject_is_one_line(character: str) -> None:
    """Line breaks of every kind, and control characters."""
    assert refusals(subject=f"a{character}Bcc: x") == [
        ("subject", "holds a line break or another control character")
    ]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"subject": "x" * 999}, "subject"),
        ({"body": "é" * (128 * 1024 + 1)}, "body"),
        ({"body_plain": "x" * (96 * 1024 + 1)}, "bodyPlain"),
    ],
)
def test_what_is_too_long_is_refused_by_a_named_limit(arguments: dict[str, Any], field: str) -> None:
    """Before anything else is done with it."""
    ((found, message),) = refusals(**arguments)
    assert found == field
    assert "exceeds the limit MAX_" in message


@pytest.mark.parametrize("arguments", [{"body": "\ud800"}, {"body_plain": "x\udfff"}, {"subject": "\ud800"}])
def test_half_a_character_is_refused(arguments: dict[str, Any]) -> None:
    """No encoding can carry it."""
    assert "surrogate" in refusals(**arguments)[0][1]


def test_all_mistakes_of_a_text_are_told_at_once() -> None:
    """In order of their lines, each once."""
    found = refusals(subject="{Lead.x}", body="{Contact.foo}\n{{ nope() }}\n{Contact.foo}")
    assert [(field, message.split(":")[0]) for field, message in found] == [
        ("subject", "line 1"),
        ("body", "line 1"),
        ("body", "line 2"),
        ("body", "line 3"),
    ]


def test_compiling_refuses_the_same() -> None:
    """A template that came another way is no better."""
    with pytest.raises(Invalid, match="body: line 1: Contact has no field 'foo'"):
        RENDERER.compile(source(body="{Contact.foo}"))


def test_a_message_reads_only_the_fields_it_names() -> None:
    """By type: a name is made of its parts, a linked account needs its id."""
    compiled = RENDERER.compile(
        source(
            subject="{Person.name}",
            body="{Contact.account.name}{{ attributes.x }}{Lead.status}{Parent.emailAddress}",
        )
    )
    common = {"emailAddress", "attributes"}
    assert compiled.target_fields == {
        TargetType.ACCOUNT: common,
        TargetType.CONTACT: {"firstName", "lastName", "accountId"} | common,
        TargetType.LEAD: {"firstName", "lastName", "status"} | common,
        TargetType.USER: {"firstName", "lastName"} | common,
    }
    assert compiled.account_fields == {"name"}


def test_a_message_that_names_nobody_reads_nothing() -> None:
    """Nothing need be fetched for it."""
    compiled = RENDERER.compile(source(body="Hello {optOutUrl} {{ campaign.name }}"))
    assert not any(compiled.target_fields.values())
    assert compiled.account_fields == frozenset()


@pytest.mark.parametrize(
    "body", ["{% set c = Contact %}{{ c.firstName }}", "{{ Contact[attributes.which] }}", "{{ Parent }}"]
)
def test_a_record_used_as_a_whole_is_read_as_a_whole(body: str) -> None:
    """What is asked of it shows only when it is rendered."""
    compiled = RENDERER.compile(source(body=body))
    assert {"firstName", "lastName", "emailAddress", "attributes", "accountId"} <= compiled.target_fields[
        TargetType.CONTACT
    ]
    assert "name" in compiled.account_fields


def test_the_account_of_a_contact_is_read_for_account_placeholders() -> None:
    """Row 47."""
    compiled = RENDERER.compile(source(body="{Account.name}{Account.attributes.tier}"))
    assert compiled.account_fields == {"name", "attributes"}
    assert compiled.target_fields[TargetType.ACCOUNT] == {"name", "attributes"}
    assert compiled.target_fields[TargetType.CONTACT] == {"accountId"}
    assert compiled.target_fields[TargetType.LEAD] == frozenset()
