"""HTML to plain text by markdownify (MIT, on Beautiful Soup's html.parser), with what Markdown would add taken away.

Imported only where a template's text is made: the two libraries take 50 ms.
"""

from bs4 import Tag
from markdownify import MarkdownConverter


class PlainWriter(MarkdownConverter):
    """The library calls ``convert_<tag>`` with the element and the text of its children."""

    def __init__(self) -> None:
        super().__init__(bullets="-", escape_asterisks=False, escape_underscores=False)

    def convert_a(self, element: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002  # the library's call
        """A link with its target behind it, unless that says the same or leads nowhere in a text."""
        label, target = text.strip(), str(element.get("href") or "").strip()
        is_needless = target.startswith("#") or target.removeprefix("mailto:") == label
        return text if not label or not target or is_needless else f"{text} ({target})"

    def convert_br(self, element: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002  # the library's call
        """A line break."""
        return "\n"

    def convert_img(self, element: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002  # the library's call
        """The text that stands for the picture."""
        return str(element.get("alt") or "")

    def convert_hN(self, n: int, element: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002, N802  # the library's call
        """A heading is a paragraph of its own."""
        return f"\n\n{text.strip()}\n\n"

    def convert_pre(self, element: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002  # the library's call
        """Preformatted text without a fence."""
        return f"\n\n{text}\n\n"

    def convert_b(self, element: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002  # the library's call
        """Text has no bold, italics or typewriter."""
        return text

    convert_strong = convert_em = convert_i = convert_u = convert_s = convert_del = convert_b
    convert_code = convert_kbd = convert_samp = convert_sub = convert_sup = convert_b
