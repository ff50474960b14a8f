"""The public pages: what they say, what they let in, what they ask for."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.rendering.markdown import to_html
from chalicelib.rendering.page_texts import LANGUAGES, TEXTS, language_of
from chalicelib.rendering.pages import Page, Pages, content_security_policy

EVIL = "<script>alert(1)</script>\" ' &"


def all_pages(language: str, sender: str | None = "Atelier Martin") -> list[Page]:
    """One of each."""
    pages = Pages(language, sender)
    return [
        pages.subscribed(leave="token"),
        pages.left(rejoin="token/undo"),
        pages.rejoined(leave="../token"),
        pages.gone(),
        pages.message("# Thank you\n\nSee [us](https://example.com/)."),
        pages.not_found(),
        pages.problem(),
    ]


class Outline(HTMLParser):
    """What a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def attributes(self, name: str) -> list[str | None]:
        """All values of an attribute."""
        return [attributes[name] for _, attributes in self.tags if name in attributes]

    def count(self, tag: str) -> int:
        """How many such tags."""
        return sum(each == tag for each, _ in self.tags)


def test_every_language_says_the_same_things() -> None:
    """No text is missing in one of them, and none is empty."""
    assert set(TEXTS) == set(LANGUAGES)
    assert len({frozenset(texts) for texts in TEXTS.values()}) == 1
    assert all(text.strip() for texts in TEXTS.values() for text in texts.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_whole_and_ask_nobody_else(language: str) -> None:
    """A language, a title, one heading, one main; no script, no image, nothing fetched from anywhere."""
    for page in all_pages(language):
        outline = Outline(page.html)
        assert outline.tags[0] == ("html", {"lang": language})
        assert (outline.count("title"), outline.count("main"), outline.count("h1")) == (1, 1, 1)
        assert not {"script", "img", "link", "iframe", "object"} & {tag for tag, _ in outline.tags}
        assert "width=device-width" in page.html
        assert "url(" not in page.html
        assert outline.attributes("src") == []
        assert page.headers["Content-Language"] == language


def test_only_our_style_sheet_is_let_in() -> None:
    """The policy forbids everything, and names the hash of exactly the style that is there."""
    html = Pages("en").gone().html
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = content_security_policy()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert 'style="' not in html


def test_buttons_post_where_they_are_told() -> None:
    """One form where there is something to do, none where there is not."""
    pages = Pages("en")
    for page, action in (
        (pages.subscribed(leave="token"), "token"),
        (pages.left(rejoin="token/undo"), "token/undo"),
        (pages.rejoined(leave="../token"), "../token"),
    ):
        [(_, form)] = [each for each in Outline(page.html).tags if each[0] == "form"]
        assert form == {"method": "post", "action": action}
    assert Outline(pages.gone().html).count("form") == 0


def test_what_others_wrote_runs_in_its_own_direction() -> None:
    """The sender's name beside our words, and a message: who writes Arabic is read from the right."""
    page = Pages("en", "بيت الورد (Rennes)").message("مرحبا (2026)")
    assert "<bdi>بيت الورد (Rennes)</bdi>" in page.html
    assert ("div", {"class": "message", "dir": "auto"}) in Outline(page.html).tags


def test_what_was_done_is_announced() -> None:
    """Screen readers hear the result."""
    assert "status" in Outline(Pages("en").left(rejoin="x").html).attributes("role")


def test_a_page_that_says_nothing() -> None:
    """Not even who we are."""
    assert "Atelier" not in Pages("en", "Atelier Martin").not_found().html
    assert "Atelier" in Pages("en", "Atelier Martin").gone().html


def test_our_name_is_text() -> None:
    """Whatever an administrator calls us cannot become markup."""
    for page in all_pages("fr", EVIL):
        assert "<script" not in page.html


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("**hi**", "<p><strong>hi</strong></p>\n"),
        ("<b>hi</b>", "<p>&lt;b&gt;hi&lt;/b&gt;</p>\n"),
        ("[x](https://e.example/)", '<p><a href="https://e.example/" rel="noopener nofollow">x</a></p>\n'),
        (
            "<https://e.example/>",
            '<p><a href="https://e.example/" rel="noopener nofollow">https://e.example/</a></p>\n',
        ),
        ("[x](mailto:a@b.example)", '<p><a href="mailto:a@b.example" rel="noopener nofollow">x</a></p>\n'),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("[x](data:text/html,hi)", "<p>[x](data:text/html,hi)</p>\n"),
        ("[x](/admin)", "<p>[x](/admin)</p>\n"),
        ("[x](//e.example)", "<p>[x](//e.example)</p>\n"),
    ],
)
def test_messages_are_commonmark_with_links_to_the_web(markdown: str, html: str) -> None:
    """No raw HTML, and no link but to the web and to mail."""
    assert to_html(markdown) == html


@pytest.mark.parametrize(
    "markdown",
    [
        "![x](https://e.example/pixel.gif)",
        '<img src="https://e.example/pixel.gif">',
        "[x]: javascript:alert(1)\n\n[x]",
    ],
)
def test_messages_fetch_and_run_nothing(markdown: str) -> None:
    """An image would tell somebody else who reads; a script would do worse."""
    outline = Outline(to_html(markdown))
    assert outline.count("img") == 0
    assert not [href for href in outline.attributes("href") if href and href.startswith("javascript")]


@given(st.text())
def test_any_message_is_shown(markdown: str) -> None:
    """Whatever an author writes makes a page, and no tag beyond CommonMark's."""
    allowed = {
        *("p", "br", "hr", "em", "strong", "a", "ul", "ol", "li", "blockquote", "pre", "code"),
        *(f"h{level}" for level in range(1, 7)),
    }
    assert {tag for tag, _ in Outline(to_html(markdown)).tags} <= allowed


@pytest.mark.parametrize(
    ("accept", "otherwise", "language"),
    [
        (None, "fr", "fr"),
        ("", "en", "en"),
        ("fr", "en", "fr"),
        ("fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", "en", "fr"),
        ("de, en;q=0.3, fr;q=0.4", "en", "fr"),
        ("de, ja", "fr", "fr"),
        ("fr;q=0, en", "fr", "en"),
        ("fr;q=0", "fr", "fr"),
        ("*", "fr", "fr"),
        ("EN-gb", "fr", "en"),
        ("fr;q=nonsense, en;q=0.1", "fr", "en"),
        ("de", "de", "en"),
    ],
)
def test_the_readers_language(accept: str | None, otherwise: str, language: str) -> None:
    """By the weights of ``Accept-Language`` among ours, else the setting, else English."""
    assert language_of(accept, otherwise) == language


@given(st.text())
def test_any_accept_language_has_an_answer(accept: str) -> None:
    """Headers are the caller's; none may break a page."""
    assert language_of(accept, "fr") in LANGUAGES
