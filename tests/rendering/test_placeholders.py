"""Placeholders in single braces, and everything else that looks like one (rows 46 to 51)."""

import pytest

from chalicelib.domain.records import TargetType
from chalicelib.rendering.sandbox import sandbox
from chalicelib.rendering.shared import Kind
from chalicelib.rendering.source import literal, read, write
from tests.rendering.making import AT, RENDERER, URL_ID, html_of, message, reader, source, text_of

STYLE = """<style>@media screen and (max-width:600px){#main{width:100%}.a{color:red}}
{# a legacy comment } p{margin:0}{#id:hover{x:y}}</style>"""


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("{Contact.firstName}", "Zoë"),
        ("{Person.name}", "Zoë O'Neil & <Co>"),
        ("{Parent.emailAddress}", "zoe@example.net"),
        ("{Account.name}", "ACME & Sons"),
        ("{Contact.account.name}", "ACME & Sons"),
        ("{Parent.account.name}", "ACME & Sons"),
        ("{Contact.attributes.plan}", "gold"),
        ("{today}", "2026-05-06"),
        ("{now}", "2026-05-06 22:30"),
        ("{currentYear}", "2026"),
        ("{queueItemId}", "55f2c87b09a0000c7"),
        ("{{ attributes.orders[0].name }}", "Tea"),
        ("{{ campaign.name }}", "Spring"),
        ("{{ massEmail.name }}", "Spring 1"),
    ],
)
def test_a_name_prints_its_value(written: str, printed: str) -> None:
    """As the reference's placeholders do, in body and in subject alike."""
    made = message(source(subject=written, body=written, is_html=False))
    assert (made.subject, made.text) == (printed, printed)


@pytest.mark.parametrize(
    "text",
    [
        STYLE,
        "{Person.first name}",
        "{Somebody.name}",
        "{person.name}",
        "{Contact}",
        "{Contact.a.b.c}",
        "{ Contact.firstName }",
        "{unknown}",
        "{trackingUrl:}",
        "a { b } c {} {'json': {'x': 1}}",
        "{#id{color:red}",
        "100 % {",
        "}} %} ##}",
    ],
)
def test_other_braces_stay_as_they_are(text: str) -> None:
    """CSS, JSON and what is no placeholder pass through untouched."""
    assert html_of(text) == text
    assert text_of(text) == text


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("{{ '{Contact.firstName}' }}", "{Contact.firstName}"),
        ("{% set x = '{today}' %}{{ x }}", "{today}"),
        ("{% raw %}{Contact.firstName}{{ today }}{% endraw %}", "{Contact.firstName}{{ today }}"),
        ("a{## {Contact.firstName} {{ ##}b", "ab"),
        ("{{ '}}' }}{Contact.firstName}", "}}Zoë"),
    ],
)
def test_a_placeholder_means_nothing_within_jinja2(written: str, printed: str) -> None:
    """Expressions, statements, comments and raw text keep their braces."""
    assert text_of(written) == printed


def test_persons_are_not_companies() -> None:
    """For an account {Person.…} and {Contact.…} print nothing and are counted; {Account.…} and {Parent.…} are the account."""
    company = reader(target_type=TargetType.ACCOUNT, target={"name": "ACME"}, account=None)
    made = message(source(body="{Person.firstName}|{Contact.name}|{Account.name}|{Parent.name}"), company)
    assert made.html == "||ACME|ACME"
    assert set(made.empty_fields) == {"Person.firstName", "Contact.name"}


def test_a_lead_has_no_account() -> None:
    """{Account.…} of a lead or a user is empty and counted."""
    made = message(
        source(body="{Account.name}{Lead.firstName}"), reader(target_type=TargetType.LEAD, account=None)
    )
    assert made.html == "Zoë"
    assert made.empty_fields == ("Account.name",)


def test_missing_null_and_blank_values_are_counted_by_name() -> None:
    """What prints as nothing is told to the author of a preview."""
    to = reader(target={"firstName": None, "lastName": "", "attributes": {}})
    made = message(
        source(
            subject="{Person.salutationName}",
            body="{Contact.firstName}{Contact.lastName}{{ attributes.a.b }}",
        ),
        to,
    )
    assert made.html == ""
    assert set(made.empty_fields) == {
        "Person.salutationName",
        "Contact.firstName",
        "Contact.lastName",
        "attributes.a.b",
    }


def test_what_is_not_printed_is_not_counted() -> None:
    """A test for emptiness, or a default, is the author's answer to it."""
    body = "{% if Lead.firstName %}x{% endif %}{{ Contact.salutationName|default('Dear') }}"
    made = message(source(body=body))
    assert (made.html, made.empty_fields) == ("Dear", ())


def test_a_constant_that_is_empty_is_counted_too() -> None:
    """No postal address is worth knowing before sending."""
    made = message(source(body="{{ senderPostalAddress }}", sender_postal_address=None))
    assert (made.html, made.empty_fields) == ("", ("senderPostalAddress",))


@pytest.mark.parametrize(
    "expression",
    [
        "attributes.nothing + 'x'",
        "'x' + attributes.nothing",
        "attributes.nothing * 3",
        "3 - attributes.nothing",
        "attributes.nothing > 3",
        "attributes.nothing.more[0].still",
        "attributes.nothing|int + 1",
        "attributes.nothing|upper",
        "'a' in attributes.nothing",
        "attributes.nothing|join(',')",
        "attributes.nothing|tojson",
        "attributes.nothing|round|abs",
        "unknown.thing",
        "'%s'|format(attributes.nothing)",
        "[attributes.nothing]|sum",
        "attributes.nothing|sort|first",
        "Contact.salutationName ~ Contact.salutationName",
    ],
)
def test_an_empty_value_never_fails_a_message(expression: str) -> None:
    """One person without a field must not lose the mail: every operation with nothing goes through."""
    assert html_of("a{{ " + expression + " }}b").startswith("a")


def test_emptiness_equals_emptiness() -> None:
    """Null, missing and blank are one to a template."""
    body = "{% if Contact.salutationName is none and Contact.salutationName == '' and not attributes.x %}yes{% endif %}"
    assert text_of(body) == "yes"


@pytest.mark.parametrize(
    "text",
    [
        "a\n\n {%- if 1 -%} \n\n b {%- endif %}\nc {{ Contact.firstName -}} \n {Person.name}",
        "x { {%- if 1 %}y{% endif %}",
        "\r\na\r\n{% raw -%} \n{{ x }} {%- endraw %}\n",
        "{% raw %}{%{% endraw %}{{ 1 }}",
    ],
)
def test_reading_and_writing_a_source_changes_nothing_it_prints(text: str) -> None:
    """What is read in pieces and written again prints the same, without placeholders in it."""
    environment = sandbox(Kind.TEXT)
    again = write(read(text, environment))
    assert write(read(again, environment)) == again
    without = text.replace("{Person.name}", "{{ Person.name }}")
    assert text_of(again) == text_of(without)


@pytest.mark.parametrize("text", ["{{ x }}", "{% if %}", "{## c", "{", "a{", "{{{{", "{%{%", "{#", "plain"])
def test_literal_text_is_printed_as_it_is(text: str) -> None:
    """Whatever Jinja2 would make of it."""
    assert text_of(literal(text) + "{{ 1 }}") == text + "1"


def test_tracking_urls_are_named_in_either_spelling() -> None:
    """The ids stand in body and plain body; comments and text that looks like one do not count."""
    body = f"{{trackingUrl:{URL_ID}}} {{## {{trackingUrl:commented}} ##}} {{{{ trackingUrl('other') }}}} {{{{ trackingUrl(3) }}}}"
    assert RENDERER.tracking_url_ids(body, "{trackingUrl:third}") == {URL_ID, "other", "third"}


def test_the_same_reader_at_the_same_time_gets_the_same_message() -> None:
    """Nothing in a rendering is left to chance."""
    compiled = RENDERER.compile(source(body="{{ now }}{optOutUrl}{{ attributes }}"))
    assert compiled.personal(reader(), at=AT) == compiled.personal(reader(), at=AT)
