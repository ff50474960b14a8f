"""A template's source in pieces: text, and what Jinja2 executes; placeholders become Jinja2 here."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from jinja2 import Environment

_TYPES = "Person|Parent|Account|Contact|Lead|User"
_WORD = r"[^\W\d]\w*"
PLACEHOLDER = re.compile(
    rf"\{{(?:(?P<path>(?:{_TYPES})\.{_WORD}(?:\.{_WORD})?)"
    r"|(?P<name>optOutUrl|optOutLink|preferencesUrl|queueItemId|today|now|currentYear)"
    r"|trackingUrl:(?P<link>[A-Za-z0-9_-]{1,64}))\}"
)


class PieceKind(Enum):
    """What a piece is to Jinja2."""

    TEXT = "text"
    RAW = "raw"  # the inside of {% raw %}: text that may look like Jinja2
    EXPRESSION = "expression"
    STATEMENT = "statement"
    COMMENT = "comment"


_ENDS = {
    "variable_end": PieceKind.EXPRESSION,
    "block_end": PieceKind.STATEMENT,
    "comment_end": PieceKind.COMMENT,
}
_CODE = frozenset({PieceKind.EXPRESSION, PieceKind.STATEMENT, PieceKind.COMMENT})


@dataclass(frozen=True)
class Piece:
    """A stretch of the source; ``line`` counts from 1."""

    kind: PieceKind
    text: str
    line: int


def read(source: str, environment: Environment) -> tuple[Piece, ...]:
    """Cut the source where Jinja2 would, and translate its placeholders.

    Raises:
        TemplateSyntaxError: Jinja2 cannot read it; ``lineno`` is the line.
    """
    return tuple(_translated(_pieces(source, environment)))


def write(pieces: Sequence[Piece]) -> str:
    """The pieces as Jinja2 source, each on its own line."""
    out: list[str] = []
    line = 1
    for piece in pieces:
        is_code = piece.kind in _CODE
        if is_code and out and out[-1].endswith("{"):  # "{ {%- if" lost its blank: not to become "{{%- if"
            out[-1] = literal(out[-1])
        if is_code and piece.line > line and piece.text[2:3] == "-":
            # Whitespace that {%- ate has gone with its line breaks; put back, {%- eats them again.
            out.append("\n" * (piece.line - line))
        out.append(f"{{% raw %}}{piece.text}{{% endraw %}}" if piece.kind is PieceKind.RAW else piece.text)
        line = max(line, piece.line) + piece.text.count("\n")
    return "".join(out)


def literal(text: str) -> str:
    """Text as Jinja2 source that prints exactly this text, whatever braces it holds or ends in."""
    return re.sub(r"\{(?=[{%#]|\Z)", "{{ '{' }}", text)


def _pieces(source: str, environment: Environment) -> Iterator[Piece]:
    parts: list[str] = []
    start, is_raw = 1, False
    for line, name, value in environment.lex(source.replace("\x00", "")):
        if name == "data":
            yield Piece(PieceKind.RAW if is_raw else PieceKind.TEXT, value, line)
        elif name in {"raw_begin", "raw_end"}:
            is_raw = name == "raw_begin"
        else:
            start = start if parts else line
            parts.append(value)
            if name in _ENDS:
                yield Piece(_ENDS[name], "".join(parts), start)
                parts.clear()
    if parts:
        yield Piece(PieceKind.STATEMENT, "".join(parts), start)  # never closed: the parser will say so


def _translated(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        if piece.kind is not PieceKind.TEXT:
            yield piece
            continue
        line, start = piece.line, 0
        for match in PLACEHOLDER.finditer(piece.text):
            text = piece.text[start : match.start()]
            if text:
                yield Piece(PieceKind.TEXT, text, line)
            line += text.count("\n")
            yield Piece(PieceKind.EXPRESSION, _jinja(match), line)
            start = match.end()
        if piece.text[start:]:
            yield Piece(PieceKind.TEXT, piece.text[start:], line)


def _jinja(match: re.Match[str]) -> str:
    if match["link"]:
        return f'{{{{ trackingUrl("{match["link"]}") }}}}'
    return f"{{{{ {match['path'] or match['name']} }}}}"
