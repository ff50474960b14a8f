"""Finds the constant links of an HTML body and turns them into tracked ones, touching no other byte."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chalicelib.rendering.source import Piece, PieceKind

_CODE = "\ufdd0"  # a noncharacter stands for each piece of Jinja2, so that offsets are easy to map back

# Comments and elements whose inside is no markup are matched so that they can be passed over.
_TOKEN = re.compile(
    r"""<!--.*?(?:-->|\Z)
      | <(?P<opaque>script|style|textarea|title)\b.*?(?:</(?P=opaque)\s*>|\Z)
      | <a(?P<attributes>(?:[\s/](?:[^<>"']|"[^"]*"|'[^']*')*)?)>""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x20<>\"]+\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Href:
    """A constant link: where its value stands in the joined pieces, and its URL with entities resolved."""

    start: int
    end: int
    url: str


def constant_links(pieces: Sequence[Piece], own_url: str) -> Iterator[Href]:
    """The links of ``<a>`` elements to track: http(s), without Jinja2, not marked ``data-track="off"``.

    Links to our own public pages (``own_url`` is their base) are left as they are: an opt-out is no click.
    """
    own = tuple(f"{own_url}/{page}/" for page in ("u", "p", "t"))
    for tag in _TOKEN.finditer(_joined(pieces)):
        if tag["attributes"]:
            found = _href(tag["attributes"], tag.start("attributes"))
            if found is not None and not found.url.startswith(own):
                yield found


def tracked(
    pieces: Sequence[Piece], own_url: str, index_of: Callable[[str], int | None]
) -> tuple[Piece, ...]:
    """The pieces with each constant link replaced by its place in the table of links; unknown ones stay."""
    found = [
        (href.start, href.end, f"{{{{ trackingUrl({index}) }}}}")
        for href in constant_links(pieces, own_url)
        if (index := index_of(href.url)) is not None
    ]
    return tuple(_replaced(pieces, found))


def _joined(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text if _is_text(piece) else _CODE for piece in pieces)


def _is_text(piece: Piece) -> bool:
    return piece.kind in {PieceKind.TEXT, PieceKind.RAW}


def _href(attributes: str, offset: int) -> Href | None:
    found: Href | None = None
    for match in _ATTRIBUTE.finditer(attributes):
        name, group = match[1].lower(), match.lastindex or 1
        if name == "data-track" and group > 1 and match[group].strip().lower() == "off":
            return None
        if name == "href" and group > 1 and found is None:
            url = html.unescape(match[group]).strip()
            found = Href(offset + match.start(group), offset + match.end(group), url)
    if found is None or _CODE in found.url or not _WEB_ADDRESS.match(found.url):
        return None
    return found


def _replaced(pieces: Sequence[Piece], found: Sequence[tuple[int, int, str]]) -> Iterator[Piece]:
    """A link without Jinja2 lies within one piece: cut that one."""
    rest, offset = list(reversed(found)), 0
    for piece in pieces:
        if not _is_text(piece):
            offset += len(_CODE)
            yield piece
            continue
        start, line, end_of_piece = 0, piece.line, offset + len(piece.text)
        while rest and rest[-1][0] < end_of_piece:
            begin, end, code = rest.pop()
            text = piece.text[start : begin - offset]
            yield Piece(piece.kind, text, line)
            line += text.count("\n")
            yield Piece(PieceKind.EXPRESSION, code, line)
            start = end - offset
        yield Piece(piece.kind, piece.text[start:], line)
        offset = end_of_piece
