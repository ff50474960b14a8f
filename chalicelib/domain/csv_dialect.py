"""How a CSV file is written: its encoding, its delimiter and how its lines end; told by a caller or guessed from its beginning.

RFC 4180 leaves all three open, and every program that exports chooses for itself: Excel writes UTF-16 as "Unicode text",
the code page of its country as "CSV", and a semicolon where the comma is the decimal sign.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from chalicelib.domain.csv_lines import records_of
from chalicelib.errors import Refused

SAMPLE = 64 * 1024  # bytes that a guess is made from
NOT_CSV = "notCsv"  # the reason of a file that cannot be read at all
_GUESSED_FROM = 50  # records that a delimiter is guessed from
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_OTHER_FILES = (
    (b"PK\x03\x04", "an Excel workbook or another archive: save it as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook: save it as CSV UTF-8"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "compressed: unpack it first"),
)
_QUOTED = re.compile(r'"[^"]*(?:"|\Z)')
_NOT_IN_TEXT = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1a\x1b")  # 0x1A ends files of old programs


class Encoding(StrEnum):
    """The encodings that are read; the values are the API's."""

    UTF_8 = "UTF-8"
    UTF_16 = "UTF-16"
    WINDOWS_1252 = "Windows-1252"


class Delimiter(StrEnum):
    """What stands between two cells, the likelier first."""

    COMMA = ","
    SEMICOLON = ";"
    TAB = "\t"
    BAR = "|"


@dataclass(frozen=True)
class Dialect:
    """``codec`` is Python's name; ``skip`` are the bytes before the header, with ``skipped_lines``; ``newline`` ends a line."""

    encoding: Encoding
    codec: str
    skip: int
    skipped_lines: int
    newline: str
    delimiter: Delimiter


def dialect_of(
    sample: bytes, encoding: Encoding | None = None, delimiter: Delimiter | None = None
) -> Dialect:
    """How a file is written that begins with ``sample``; what is given is not guessed.

    Text that is UTF-8 as far as the sample goes is taken for UTF-8: whoever reads on and finds that it is not asks again for
    Windows-1252.

    Raises:
        Refused: It is no text.
    """
    for magic, what in _OTHER_FILES:
        if sample.startswith(magic):
            raise Refused(NOT_CSV, f"the file is no CSV but {what}")
    chosen, codec, bom = _encoding(sample, encoding)
    text = sample[bom:].decode(codec, errors="ignore")  # the sample may end within a character
    if any(ord(character) in _NOT_IN_TEXT for character in text):
        raise Refused(NOT_CSV, "the file is no CSV: it holds bytes that are no text")
    newline = _newline(text)
    first, _, rest = text.partition(newline)
    named = _named_delimiter(first)
    skip = bom + (len((first + newline).encode(codec)) if named else 0)
    found = delimiter or named or _guessed_delimiter((rest if named else text).split(newline))
    return Dialect(chosen, codec, skip, 1 if named else 0, newline, found)


def _encoding(sample: bytes, wanted: Encoding | None) -> tuple[Encoding, str, int]:
    """Encoding, codec and the length of the byte order mark; one that contradicts what is wanted is not looked for."""
    for bom, codec in _BOMS:
        marked = Encoding.UTF_8 if codec == "utf-8" else Encoding.UTF_16
        if sample.startswith(bom) and wanted in (None, marked):
            return marked, codec, len(bom)
    if wanted is Encoding.UTF_16 or (wanted is None and _has_zeros_at_line_ends(sample)):
        return Encoding.UTF_16, _utf_16_of(sample), 0
    if wanted is Encoding.UTF_8 or (wanted is None and _is_utf_8(sample)):
        return Encoding.UTF_8, "utf-8", 0
    return Encoding.WINDOWS_1252, "cp1252", 0


def _has_zeros_at_line_ends(sample: bytes) -> bool:
    """As UTF-16 has, or anywhere if there is no line end: a zero within a cell makes no other encoding of a file."""
    end = b"\n" if b"\n" in sample else b"\r" if b"\r" in sample else b""
    return end + b"\x00" in sample or b"\x00" + end in sample


def _utf_16_of(sample: bytes) -> str:
    """Which half of the characters is zero: a header's are nearly all ASCII."""
    return "utf-16-be" if sample[0::2].count(0) > sample[1::2].count(0) else "utf-16-le"


def _is_utf_8(sample: bytes) -> bool:
    """Whether it is, but for a character that the end of the sample may cut (four bytes at most)."""
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(sample) >= SAMPLE and error.start >= len(sample) - 3
    return True


def _newline(text: str) -> str:
    """What ends its lines: Excel for Mac ends them with carriage returns, and breaks lines within a cell with line feeds."""
    outside = _QUOTED.sub("", text)
    return "\r" if "\r" in outside and "\n" not in outside else "\n"


def _named_delimiter(first: str) -> Delimiter | None:
    """Excel writes and reads ``sep=;`` as a first line."""
    name, _, sign = first.strip('\r" ').partition("=")
    return Delimiter(sign) if name.lower() == "sep" and sign in set(Delimiter) else None


def _guessed_delimiter(lines: Sequence[str]) -> Delimiter:
    """The one by which most records have as many cells as the header, and the header most cells."""
    return max(Delimiter, key=lambda delimiter: _fit(lines, delimiter))


def _fit(lines: Sequence[str], delimiter: Delimiter) -> tuple[float, int]:
    """The last line may be cut: it counts only where it is the only one."""
    whole = lines[:-1] if len(lines) > 1 else lines
    found = list(islice(records_of((f"{line}\n" for line in whole), delimiter.value), _GUESSED_FROM))
    width = len(found[0].cells) if found else 0
    if width < 2:  # noqa: PLR2004 - a delimiter delimits two cells at least
        return 0.0, 0
    return sum(len(each.cells) == width for each in found) / len(found), width
