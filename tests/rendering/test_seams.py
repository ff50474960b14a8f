"""Between the text and the footer stands one blank line, whatever the text's last conditions print."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.rendering.seams import loosened
from chalicelib.rendering.splitting import Blank, Code, Lookup, Static
from tests.rendering.making import BASE, message, reader, source

SEAM = re.compile(r"(?s)(.*?)(\n*)1 High Street\nLondon\n\nUnsubscribe: " + re.escape(BASE) + r"/u/[\w-]+\Z")
WORDS = st.sampled_from(["<p>Hello</p>", "<p>One<br>two</p>", "<h2>News</h2>", "word", "<ul><li>a</li></ul>"])
PRINTS = st.sampled_from(["{Person.firstName}", "<p>{Person.salutationName}</p>", "{{ attributes.nothing }}"])


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, max_size=3).map("".join),
        st.tuples(inner, inner).map(
            lambda p: f"{{% if attributes.vip %}}{p[0]}{{% else %}}{p[1]}{{% endif %}}"
        ),
        inner.map(lambda p: f"\n{{% if attributes.vip %}}\n{p}\n{{% endif %}}\n"),
        inner.map(lambda p: f"{{% for o in attributes.orders %}}{p}{{% endfor %}}"),
    )


BODIES = st.lists(st.recursive(st.one_of(WORDS, PRINTS), _nested, max_leaves=6), min_size=1, max_size=5).map(
    "".join
)


@settings(max_examples=150, deadline=None)
@given(BODIES, st.booleans(), st.booleans())
@example("<p>Hi</p>{% if attributes.vip %}<p>Bye</p>{% endif %}", True, True)
@example("<p>Hi</p>{% if attributes.vip %}<p>Bye</p>{% endif %}", False, True)
@example("<p>Hi</p>{% if attributes.vip %}<p>a</p>{% endif %}<p>{Person.salutationName}</p>", False, True)
@example("Hi\n\n\n\n{Person.firstName}\n\n\n", False, False)
def test_one_blank_line_stands_before_the_footer(body: str, vip: bool, is_html: bool) -> None:
    """Whether the text is made of HTML or written as it is: the words end, one line is blank, the footer begins."""
    target = {"firstName": "Zoë", "attributes": {"vip": vip, "orders": [1, 2] if vip else []}}
    made = message(source(body=body, is_html=is_html, mandatory_opt_out=True), reader(target=target))
    seam = SEAM.match(made.text)
    assert seam is not None, made.text
    assert seam[2] == "\n\n"
    assert seam[1] == seam[1].rstrip()


@settings(max_examples=60, deadline=None)
@given(BODIES)
def test_without_a_footer_the_text_is_as_it_is_written(body: str) -> None:
    """What a reader's own opt-out makes needless changes nothing else."""
    own = body + "{% if attributes.vip %}{{ optOutUrl }}{% endif %}"
    for vip in (True, False):
        to = reader(target={"firstName": "Zoë", "attributes": {"vip": vip, "orders": [1]}})
        with_setting = message(source(body=own, is_html=False, mandatory_opt_out=True), to).text
        without = message(source(body=own, is_html=False, mandatory_opt_out=False), to).text
        assert with_setting.startswith(without if vip else without.rstrip())
        assert (with_setting == without) == vip


def test_only_blanks_behind_the_last_words_become_slots() -> None:
    """What everybody gets stays in the common part."""
    hello, name, code = Static("Hello\n\n"), Lookup(("Person", "name")), Code(0)
    assert loosened([name, hello, code]) == (name, Static("Hello"), Blank("\n\n", 1), code)
    assert loosened([hello, name, Static(" "), code, Static("!")]) == (
        hello,
        name,
        Static(" "),
        code,
        Static("!"),
    )
    assert loosened([Static("\n"), code]) == (Blank("\n", 0), code)
    assert loosened([]) == ()
