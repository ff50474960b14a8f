"""Tracked links: the table that only grows, and what ``trackLinks: all`` does to HTML."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.message import Link
from chalicelib.domain.public_tokens import PublicToken, TokenKind, verify
from chalicelib.domain.records import CampaignType, TrackLinks, UrlAction
from chalicelib.errors import Invalid
from tests.rendering.making import (
    BASE,
    PLACE,
    RENDERER,
    RING,
    SOURCE,
    URL_ID,
    html_of,
    message,
    reader,
    source,
)

EXPLICIT = SOURCE.links[0]


def tracked(body: str, **changes: Any) -> str:
    """The HTML with every constant link tracked, tokens replaced by their links' numbers."""
    made = source(body=body, track_links=TrackLinks.ALL, links=(), **changes)
    links = RENDERER.links_of(made, (), {URL_ID: EXPLICIT})
    return readable(html_of(body, track_links=TrackLinks.ALL, links=links, **changes))


def readable(html: str) -> str:
    """Click links as ``click:N``."""

    def number(match: re.Match[str]) -> str:
        token = verify(match[1], TokenKind.CLICK, RING)
        assert token is not None
        assert token.place == PLACE
        return f"click:{token.link}"

    return re.sub(re.escape(BASE) + r"/t/c/([A-Za-z0-9_-]+)", number, html)


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ('<a href="https://a.example/">x</a>', '<a href="click:0">x</a>'),
        (
            "<A class=b HREF='http://a.example/?x=1&amp;y=2' id=c>x</A>",
            "<A class=b HREF='click:0' id=c>x</A>",
        ),
        ("<a\n href = https://a.example/x >x</a>", "<a\n href = click:0 >x</a>"),
        ('<a href=" https://a.example/ ">x</a>', '<a href="click:0">x</a>'),
        (
            '<a href="https://a.example/">x</a><a href="https://b.example/">y</a><a href="https://a.example/">z</a>',
            '<a href="click:0">x</a><a href="click:1">y</a><a href="click:0">z</a>',
        ),
        (
            '{% for i in range(2) %}<a title="a > b" href="https://a.example/">{{ i }}</a>{% endfor %}',
            '<a title="a > b" href="click:0">0</a><a title="a > b" href="click:0">1</a>',
        ),
        (
            '{% raw %}<a href="https://a.example/">{{ x }}</a>{% endraw %}',
            '<a href="click:0">{{ x }}</a>',
        ),
        (
            '<a class="{{ attributes.plan }}" href="https://a.example/">x</a>',
            '<a class="gold" href="click:0">x</a>',
        ),
    ],
)
def test_a_constant_link_is_tracked_and_nothing_else_changes(body: str, made: str) -> None:
    """Only the URL is another; quotes, case and entities around it stay."""
    assert tracked(body) == made


@pytest.mark.parametrize(
    "body",
    [
        '<a data-track="off" href="https://a.example/">x</a>',
        '<a href="https://a.example/" data-track=off>x</a>',
        '<a href="mailto:a@example.org">x</a>',
        '<a href="tel:+123">x</a>',
        '<a href="#top">x</a>',
        '<a href="/relative">x</a>',
        '<a href="javascript:alert(1)">x</a>',
        '<a name="https://a.example/">x</a>',
        '<area href="https://a.example/">',
        '<link href="https://a.example/">',
        '<abbr href="https://a.example/">x</abbr>',
        '<img src="https://a.example/">',
        '<!-- <a href="https://a.example/">x</a> -->',
        '<!--[if mso]><a href="https://a.example/">x</a><![endif]-->',
        '<style>/* <a href="https://a.example/"> */</style>',
        '<script>"<a href=https://a.example/>"</script>',
        '<textarea><a href="https://a.example/"></textarea>',
        "text https://a.example/ text",
        '<a href="https://a.example/ b">x</a>',
        "<a>x</a><a href>y</a><a href=''>z</a>",
        '<a "',
        f'<a href="{BASE}/u/abc">x</a>',
    ],
)
def test_other_links_stay(body: str) -> None:
    """What is no http(s) link of an <a>, or asks not to be tracked, or is our own page."""
    assert tracked(body) == body


@pytest.mark.parametrize(
    ("href", "made"),
    [
        ("https://a.example/{{ attributes.plan }}", "https://a.example/gold"),
        ("{% if attributes.vip %}https://a.example/{% endif %}", "https://a.example/"),
        ("https://a.example/?n={Contact.firstName}", "https://a.example/?n=Zoë"),
    ],
)
def test_links_with_jinja2_stay(href: str, made: str) -> None:
    """They differ from reader to reader."""
    assert tracked(f'<a href="{href}">x</a>') == f'<a href="{made}">x</a>'


def test_an_explicit_tracking_url_is_tracked_in_every_spelling() -> None:
    """``{trackingUrl:ID}`` and ``{{ trackingUrl("ID") }}`` are the same link."""
    body = f'<a href="{{trackingUrl:{URL_ID}}}">x</a>{{{{ trackingUrl("{URL_ID}") }}}}'
    assert readable(html_of(body)) == '<a href="click:0">x</a>click:0'


def test_the_table_of_links_only_grows() -> None:
    """Links that are known keep their index; the new ones follow in the order of the text."""
    body = f'<a href="https://b.example/">x</a><a href="https://a.example/">y</a>{{trackingUrl:{URL_ID}}}'
    known = (Link(UrlAction.REDIRECT, "https://a.example/"),)
    made = source(body=body, track_links=TrackLinks.ALL)
    links = RENDERER.links_of(made, known, {URL_ID: EXPLICIT})
    assert links == (*known, EXPLICIT, Link(UrlAction.REDIRECT, "https://b.example/"))
    assert RENDERER.links_of(made, links, {URL_ID: EXPLICIT}) == links


def test_an_edited_tracking_url_is_a_new_link() -> None:
    """Messages that are out keep their old destination, new ones get the new."""
    edited = Link(UrlAction.REDIRECT, "https://new.example/", tracking_url_id=URL_ID)
    body = f"{{trackingUrl:{URL_ID}}}"
    links = RENDERER.links_of(source(body=body), (EXPLICIT,), {URL_ID: edited})
    assert links == (EXPLICIT, edited)
    assert readable(html_of(body, links=links)) == "click:1"


def test_an_unknown_tracking_url_does_not_compile() -> None:
    """A link that leads nowhere is not sent; the line is told."""
    with pytest.raises(Invalid, match="body: line 2: there is no tracking URL 'abc'"):
        RENDERER.compile(source(body="\n{trackingUrl:abc}"))


def test_explicit_tracks_only_what_the_author_named() -> None:
    """The default: a link that is no tracking URL leads where it says."""
    body = f'<a href="{{trackingUrl:{URL_ID}}}">x</a><a href="https://a.example/">y</a>'
    made = source(body=body, track_links=TrackLinks.EXPLICIT)
    assert RENDERER.links_of(made, (), {URL_ID: EXPLICIT}) == (EXPLICIT,)
    assert readable(html_of(body)) == '<a href="click:0">x</a><a href="https://a.example/">y</a>'


@pytest.mark.parametrize("campaign_type", [None, CampaignType.INFORMATIONAL])
def test_without_tracking_links_lead_straight_to_their_place(campaign_type: CampaignType | None) -> None:
    """Without a campaign, and in an informational one, nothing is counted (row 9)."""
    body = f'<a href="{{trackingUrl:{URL_ID}}}">x</a><a href="https://a.example/">y</a>'
    made = source(body=body, track_links=TrackLinks.ALL, campaign_type=campaign_type)
    assert RENDERER.links_of(made, (), {URL_ID: EXPLICIT}) == (EXPLICIT,)
    html = html_of(body, track_links=TrackLinks.ALL, campaign_type=campaign_type)
    assert html == ('<a href="https://shop.example.org/?a=1&amp;b=2">x</a><a href="https://a.example/">y</a>')


def test_a_message_to_show_needs_our_page_even_without_tracking() -> None:
    """It has no other place."""
    links = (Link(UrlAction.SHOW_MESSAGE, None, "Thanks", URL_ID),)
    assert readable(html_of(f"{{trackingUrl:{URL_ID}}}", links=links, campaign_type=None)) == "click:0"


def test_links_of_a_preview_record_nothing() -> None:
    """No token is made for nobody."""
    body = f"{{trackingUrl:{URL_ID}}} {{optOutUrl}} {{preferencesUrl}}"
    made = message(source(body=body, open_tracking=True, mandatory_opt_out=True), reader(place=None))
    assert made.html is not None
    for page in ("/t/", "/u/", "/p/"):
        assert page not in made.html + made.text + str(made.headers)
    assert 'src="data:image/gif' in made.html


def test_too_many_links_are_refused() -> None:
    """A token has two bytes for the link."""
    known = [Link(UrlAction.REDIRECT, f"https://a.example/{n}") for n in range(1 << 16)]
    with pytest.raises(Invalid, match="limit of 65,536"):
        RENDERER.links_of(source(body=f"{{trackingUrl:{URL_ID}}}"), known, {URL_ID: EXPLICIT})


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            (
                *(
                    "<a href=",
                    '"',
                    "'",
                    "https://a.example/",
                    ">",
                    "<",
                    "</a>",
                    "<!--",
                    "-->",
                    " ",
                    "\n",
                    "href",
                    "=",
                    "&amp;",
                ),
                *("<style>", "</style>", "x", "é", "{{ 1 }}", "<A ", "data-track=off", "<a>", "/"),
            )
        ),
        max_size=25,
    ).map("".join)
)
def test_tracking_touches_no_other_byte(body: str) -> None:
    """However broken the HTML: with each tracked link put back, it is what it was."""
    made = source(body=body, track_links=TrackLinks.ALL, links=())
    links = RENDERER.links_of(made, (), {})
    plain = html_of(body)
    with_links = readable(html_of(body, track_links=TrackLinks.ALL, links=links))
    undone = re.sub(r"click:(\d+)", lambda match: str(links[int(match[1])].url), with_links)
    assert undone.replace("&", "&amp;").replace("&amp;amp;", "&amp;") == plain or undone == plain


def test_the_token_names_recipient_and_link() -> None:
    """A click needs no look-up to find who clicked what."""
    html = html_of(f"{{trackingUrl:{URL_ID}}}")
    assert verify(html.rpartition("/")[2], TokenKind.CLICK, RING) == PublicToken(TokenKind.CLICK, PLACE, 0)
