"""The mandatory opt-out and the open pixel: where they stand, and when they do not (rows 49, 52, 53, 61)."""

import re

import pytest

from chalicelib.domain.public_tokens import TokenKind, verify
from chalicelib.domain.records import CampaignType, TargetType
from tests.rendering.making import BASE, PLACE, RENDERER, RING, html_of, message, reader, source

OPT_OUT = re.compile(re.escape(BASE) + r"/u/([A-Za-z0-9_-]+)")
PIXEL = re.compile(r'<img src="' + re.escape(BASE) + r'/t/o/([A-Za-z0-9_-]+)"')


def test_the_opt_out_is_added_in_front_of_the_body_end() -> None:
    """With label and postal address, in HTML and in text, with a token that unsubscribes this reader."""
    made = message(source(body="<html><body><p>Hi</p></BODY ></html>", mandatory_opt_out=True))
    assert made.html is not None
    before, _, after = made.html.partition("</BODY >")
    assert before.startswith("<html><body><p>Hi</p>")
    assert after == "</html>"
    assert "1 High Street<br>" in before
    assert ">Unsubscribe</a>" in before
    found = OPT_OUT.findall(made.html)
    token = verify(found[0], TokenKind.UNSUBSCRIBE, RING)
    assert len(found) == 1
    assert token is not None
    assert token.place == PLACE
    assert re.fullmatch(
        rf"Hi\n\n1 High Street\nLondon\n\nUnsubscribe: {re.escape(BASE)}/u/{found[0]}", made.text
    )


def test_the_label_follows_the_language() -> None:
    """French is French, spacing included."""
    made = message(source(mandatory_opt_out=True, language="fr"))
    assert made.html is not None
    assert ">Se désabonner</a>" in made.html
    assert 'lang="fr"' in made.html
    assert "Se désabonner\N{NO-BREAK SPACE}: https://" in made.text


def test_without_a_postal_address_the_opt_out_stands_alone() -> None:
    """No empty lines in its place."""
    made = message(source(mandatory_opt_out=True, sender_postal_address=None))
    assert made.text.startswith("Hello\n\nUnsubscribe: ")
    assert made.empty_fields == ()


@pytest.mark.parametrize(
    "body",
    [
        '<a href="{optOutUrl}">Leave</a>',
        "{optOutLink}",
        '<a href="{{ optOutUrl }}">Leave</a>',
        "{% if attributes.vip %}{{ optOutLink }}{% endif %}",
        "{% set url = optOutUrl %}{{ url }}",
        "{% macro foot(url) %}<a href='{{ url }}'>x</a>{% endmacro %}{{ foot(optOutUrl) }}",
        "{% for i in [1] %}{{ optOutUrl }}{% endfor %}",
    ],
)
def test_an_opt_out_of_ones_own_is_enough(body: str) -> None:
    """It is not added where the reader has one already, however it came there."""
    made = message(source(body=body, mandatory_opt_out=True))
    assert made.html is not None
    assert len(OPT_OUT.findall(made.html)) == 1
    assert len(OPT_OUT.findall(made.text)) == 1
    assert "High Street" not in made.html + made.text


@pytest.mark.parametrize(
    "body", ["x{% if attributes.vip %}{{ optOutLink }}{% endif %}y</body>z", "{% if optOutUrl %}x{% endif %}"]
)
def test_who_got_none_gets_one(body: str) -> None:
    """What counts is what this reader's message says."""
    made = message(source(body=body, mandatory_opt_out=True), reader(target={"attributes": {"vip": False}}))
    assert made.html is not None
    assert len(OPT_OUT.findall(made.html)) == 1
    assert "High Street" in made.html
    assert made.html.endswith("</body>z") == body.endswith("</body>z")


def test_each_part_has_its_own_opt_out() -> None:
    """An opt-out in the HTML does not excuse the text."""
    made = message(source(body="{optOutLink}", body_plain="Hello", mandatory_opt_out=True))
    assert made.html is not None
    assert "High Street" not in made.html
    assert "High Street" in made.text


def test_a_personal_body_end_is_found_in_each_readers_html() -> None:
    """A body that is chosen by a condition ends where that choice ends."""
    body = "{% if attributes.vip %}<b>v</b></body></html>{% else %}<i>n</i></body></html>{% endif %}"
    for vip, end in ((True, "<b>v</b>"), (False, "<i>n</i>")):
        html = html_of(
            body, reader(target={"attributes": {"vip": vip}}), mandatory_opt_out=True, open_tracking=True
        )
        assert html.startswith(end)
        assert html.endswith("</body></html>")
        assert html.index("/u/") < html.index("/t/o/")


def test_the_last_body_end_counts() -> None:
    """Words about </body> in front of it do not."""
    html = html_of("<!-- </body> -->{Contact.firstName}</body>", mandatory_opt_out=True)
    assert html.startswith("<!-- </body> -->Zoë")
    assert html.endswith("</body>")


def test_switched_off_there_is_neither_link_nor_header() -> None:
    """The setting disables both; an opt-out of the author's own still works (row 53)."""
    made = message(source(body="{optOutUrl}", mandatory_opt_out=False))
    assert made.html is not None
    assert OPT_OUT.search(made.html)
    assert "List-Unsubscribe" not in made.headers


@pytest.mark.parametrize("name", ["optOutUrl", "optOutLink", "preferencesUrl"])
def test_nobody_leaves_an_informational_campaign(name: str) -> None:
    """Its placeholders print nothing, and the author is told."""
    made = message(
        source(
            body=f"a{{{name}}}b",
            campaign_type=CampaignType.INFORMATIONAL,
            mandatory_opt_out=True,
            open_tracking=True,
        )
    )
    assert (made.html, made.text) == ("ab", "ab")
    assert made.empty_fields == (name,)
    assert "List-Unsubscribe" not in made.headers


def test_the_pixel_comes_last() -> None:
    """Behind the footer, in front of the body's end, with a token that counts an open."""
    html = html_of("<p>x</p></body>", mandatory_opt_out=True, open_tracking=True)
    found = PIXEL.search(html)
    assert found is not None
    assert found.start() > html.index("/u/")
    assert html.endswith("></body>")
    token = verify(found[1], TokenKind.OPEN, RING)
    assert token is not None
    assert token.place == PLACE


@pytest.mark.parametrize(
    "changes",
    [
        {"open_tracking": False},
        {"campaign_type": None},
        {"campaign_type": CampaignType.INFORMATIONAL},
        {"is_html": False},
    ],
)
def test_there_is_no_pixel_without_tracking(changes: dict[str, object]) -> None:
    """Setting, campaign, and HTML are needed (row 61)."""
    made = message(source(**{"open_tracking": True, **changes}))
    assert "/t/o/" not in (made.html or "") + made.text


def test_without_a_campaign_the_opt_out_stays() -> None:
    """Only the counting goes (row 9)."""
    made = message(source(campaign_type=None, mandatory_opt_out=True))
    assert made.html is not None
    assert OPT_OUT.search(made.html)
    assert made.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_plain_template_sends_text_only() -> None:
    """With its opt-out behind a blank line (row 44)."""
    made = message(source(body="Hello {Person.firstName}", is_html=False, mandatory_opt_out=True))
    assert made.html is None
    assert made.text.startswith("Hello Zoë\n\n1 High Street")


def test_ends_are_the_same_for_all_types_of_readers() -> None:
    """Companies leave too."""
    company = reader(target_type=TargetType.ACCOUNT, target={"name": "ACME"}, account=None)
    assert OPT_OUT.search(html_of("x", company, mandatory_opt_out=True))


def test_the_common_part_holds_the_footer_once() -> None:
    """Only its URL differs from reader to reader, and it is the same slot as the author's."""
    compiled = RENDERER.compile(source(body="x</body>", mandatory_opt_out=True))
    assert compiled.template.html is not None
    assert "1 High Street" in compiled.template.html
