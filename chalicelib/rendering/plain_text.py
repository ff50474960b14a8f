"""Makes the text part's template out of the HTML one, once per template and never per reader.

Jinja2 is shielded by marks that no library touches, the HTML becomes text, and the Jinja2 is put back.
"""

import html
import re
from collections.abc import Sequence

from chalicelib.rendering.source import Piece, PieceKind, literal

# Noncharacters (https://www.unicode.org/faq/private_use.html#nonchar4): no author writes them, no parser minds them.
_MARK = re.compile("\ufdd0([0-9]+)\ufdd1")
_NONCHARACTERS = re.compile("[\ufdd0\ufdd1]")

_TOKEN = re.compile(
    r"""<!--.*?(?:-->|\Z) | <!\w[^>]*>
      | <(?P<opaque>head|script|style|title)(?=[\s>]).*?(?:</(?P=opaque)\s*>|\Z)
      | <(?P<name>/?[a-z][a-z0-9:-]*)(?P<attributes>(?:[\s/](?:[^<>"']|"[^"]*"|'[^']*')*)?)>""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_KEPT = {"a": "href", "img": "alt"}
_ATTRIBUTE = r"""(?:^|[\s/"']){}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"""
# Tables in mail are layout: a row is a block, a cell stands in its row.
_BLOCKS = frozenset(
    [
        "table",
        "tbody",
        "thead",
        "tfoot",
        "tr",
        "center",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "aside",
        "nav",
        "form",
    ]
)
_CELLS = frozenset({"td", "th"})

_LONG_BLANK = re.compile(r"\s{100,}")  # the library's time grows with the square of it
_FILLER = re.compile(
    "(?:[\u00ad\u034f\u200b-\u200d\u2007\ufeff][ \u00a0]*){3,}"
)  # preheaders are padded with these
_BLANKS = re.compile(r"[ \t\u00a0]+")
_LINE_END = re.compile(r" *\n *")
_MANY_LINES = re.compile(r"\n{3,}")


def text_source(pieces: Sequence[Piece]) -> str:
    """Jinja2 source of the text part, from the pieces of the HTML body.

    Where conditions and loops cut through tags in a way that does not survive, tags are simply left out.
    """
    from chalicelib.rendering.plain_writer import PlainWriter  # noqa: PLC0415  # heavy: see there

    statements = [str(n) for n, piece in enumerate(pieces) if piece.kind is PieceKind.STATEMENT]
    shielded = "".join(_shielded(number, piece) for number, piece in enumerate(pieces))
    simple = _TOKEN.sub(lambda token: _simplified(token, set(statements)), _LONG_BLANK.sub("\n", shielded))
    try:
        text = PlainWriter().convert(f"<div>{simple}</div>")  # bare text would be taken for a file's name
        is_whole = [mark for mark in _MARK.findall(text) if mark in set(statements)] == statements
    except RecursionError:  # tags nested a thousand deep
        is_whole = False
    if not is_whole:
        text = html.unescape(_TOKEN.sub("\n", simple))
    return _restored(_tidied(text, set(statements)), pieces)


def _shielded(number: int, piece: Piece) -> str:
    if piece.kind is PieceKind.COMMENT:
        return ""
    if piece.kind in {PieceKind.TEXT, PieceKind.RAW}:
        return _NONCHARACTERS.sub("", piece.text)
    return f"\ufdd0{number}\ufdd1"


def _simplified(token: re.Match[str], statements: set[str]) -> str:
    """A tag with what text needs of it; the statements that stood in what is left out come right behind it."""
    whole, name = token[0], (token["name"] or "").lower()
    kept = _kept(name, token["attributes"] or "")
    rest = _MARK.findall(whole.replace(kept, "", 1) if kept else whole)
    behind = "".join(f"\ufdd0{mark}\ufdd1" for mark in rest if mark in statements)
    if not name:
        return behind
    slash, bare = ("/", name[1:]) if name.startswith("/") else ("", name)
    if bare in _CELLS:
        return f"{behind} "
    if bare in _BLOCKS:
        return f"<{slash}div>{behind}"
    attribute = f' {_KEPT[name]}="{kept}"' if kept else ""
    return f"<{slash}{bare}{attribute}>{behind}"


def _kept(name: str, attributes: str) -> str:
    if name not in _KEPT:
        return ""
    match = re.search(_ATTRIBUTE.format(_KEPT[name]), attributes, re.IGNORECASE)
    return match[match.lastindex].replace('"', "&quot;") if match and match.lastindex else ""


def _tidied(text: str, statements: set[str]) -> str:
    text = _BLANKS.sub(" ", _FILLER.sub("", text))
    text = _MANY_LINES.sub("\n\n", _LINE_END.sub("\n", text))
    # A line of nothing but statements would leave an empty line in every message.
    only = re.compile(rf"^((?:\ufdd0(?:{'|'.join(statements) or 'none'})\ufdd1 ?)+)\n+", re.MULTILINE)
    return only.sub(r"\1", text).strip()


def _restored(text: str, pieces: Sequence[Piece]) -> str:
    """Odd parts of the split are marks."""
    parts = _MARK.split(text)
    return "".join(pieces[int(part)].text if odd % 2 else literal(part) for odd, part in enumerate(parts))
