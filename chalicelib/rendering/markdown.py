"""CommonMark as pages show it: without raw HTML, without images, which would be fetched from others."""

from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererProtocol
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

LINK_SCHEMES = frozenset({"http", "https", "mailto"})


def to_html(markdown: str) -> str:
    """Paragraphs and the like; links to the web and mailto only."""
    return str(_markdown().render(markdown))


def line_to_html(markdown: str) -> str:
    """One line, without a paragraph around it."""
    return str(_markdown().renderInline(markdown))


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only Show Message and the API's page need it

    markdown = MarkdownIt("commonmark", {"html": False}).disable("image")
    markdown.validateLink = _is_link_for_readers  # type: ignore[method-assign]  # markdown-it's own way to narrow it
    markdown.add_render_rule("link_open", _link_open)
    return markdown


def _is_link_for_readers(url: str) -> bool:
    try:
        return urlsplit(url).scheme in LINK_SCHEMES
    except ValueError:
        return False


def _link_open(
    self: "RendererProtocol",
    tokens: "Sequence[Token]",
    index: int,
    options: "OptionsDict",
    env: "EnvType",
) -> str:
    tokens[index].attrSet("rel", "noopener nofollow")
    return str(self.renderToken(tokens, index, options, env))  # type: ignore[attr-defined]  # RendererHTML has it
