"""CSV files of every dialect come back as they were written, and a fault costs its own line."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.csv_cells import guarded, unguarded
from chalicelib.domain.csv_dialect import SAMPLE, Delimiter, Dialect, Encoding, dialect_of
from chalicelib.domain.csv_lines import MAX_RECORD, Record
from chalicelib.domain.csv_records import CHUNK, WrongEncoding, records
from chalicelib.errors import Refused

CODECS = {
    "utf-8": Encoding.UTF_8,
    "utf-8-sig": Encoding.UTF_8,
    "utf-16": Encoding.UTF_16,
    "utf-16-le": Encoding.UTF_16,
    "utf-16-be": Encoding.UTF_16,
    "cp1252": Encoding.WINDOWS_1252,
}
LATIN = "aäéßœ€ñ"
ANY_TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n\t\"',;|"), max_size=12
)


class Drip(io.BytesIO):
    """A file that gives a few bytes at a time, as a network does."""

    def __init__(self, content: bytes, pace: int) -> None:
        super().__init__(content)
        self._pace = pace

    def read(self, size: int | None = -1, /) -> bytes:
        """Never more than the pace."""
        return super().read(min(self._pace, size if size is not None and size >= 0 else self._pace))


def read(content: bytes, dialect: Dialect, pace: int = 100_000) -> list[Record]:
    """All records of a file."""
    return list(records(Drip(content[dialect.skip :], pace), dialect))


def cells(found: Sequence[Record]) -> list[list[str]]:
    return [list(record.cells) for record in found]


def written(rows: Sequence[Sequence[str]], delimiter: str, newline: str = "\r\n") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=newline).writerows(rows)
    return out.getvalue()


@given(
    rows=st.lists(st.lists(ANY_TEXT, min_size=2, max_size=4).filter(any), min_size=1, max_size=6),
    delimiter=st.sampled_from(Delimiter),
    codec=st.sampled_from(("utf-8", "utf-8-sig", "utf-16")),
    newline=st.sampled_from(("\n", "\r\n")),
    pace=st.integers(1, 9),
)
def test_what_was_written_is_read(
    rows: list[list[str]], delimiter: Delimiter, codec: str, newline: str, pace: int
) -> None:
    """Any cells, in any dialect that is told, however few bytes come at a time."""
    content = written(rows, delimiter, newline).encode(codec)
    dialect = dialect_of(content, CODECS[codec], delimiter)
    if not written(rows[:1], delimiter).startswith(("sep=", '"sep')):
        assert cells(read(content, dialect, pace)) == rows


@given(
    width=st.integers(2, 6),
    rows=st.lists(st.text(LATIN + " .@-", min_size=1, max_size=10), min_size=1, max_size=30),
    delimiter=st.sampled_from(Delimiter),
    codec=st.sampled_from(sorted(CODECS)),
)
def test_dialects_are_guessed(width: int, rows: list[str], delimiter: Delimiter, codec: str) -> None:
    """Of a file with a header and rows as wide, encoding and delimiter are found."""
    table = [[f"Column {number}" for number in range(width)], *([text] * width for text in rows)]
    content = written(table, delimiter).encode(codec)
    assume(codec != "cp1252" or content.isascii() or not _is_utf_8(content))  # nobody could tell
    dialect = dialect_of(content)
    assert dialect.delimiter is delimiter
    assert cells(read(content, dialect)) == table
    if not content.isascii() or codec.startswith("utf-16"):
        assert dialect.encoding is CODECS[codec]


def _is_utf_8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", ["Почта;Имя\r\na@пример.рф;Аня\r\n", "Почта;Имя\ra@пример.рф;Аня\r", "Почта;Имя"]
)
def test_utf_16_without_a_mark_is_known_by_its_line_ends(codec: str, text: str) -> None:
    """Or by any zero of a line that does not end."""
    assert dialect_of(text.encode(codec)).encoding is Encoding.UTF_16


def test_excel_names_its_delimiter() -> None:
    """``sep=;`` is no record; lines are counted with it all the same."""
    content = b"sep=;\r\na,b;c\r\n1,5;2\r\n"
    dialect = dialect_of(content)
    assert dialect.delimiter is Delimiter.SEMICOLON
    assert [(each.line, list(each.cells)) for each in read(content, dialect)] == [
        (2, ["a,b", "c"]),
        (3, ["1,5", "2"]),
    ]


def test_a_column_alone_needs_no_delimiter() -> None:
    """A list of addresses is a CSV too."""
    content = b"Email\na@example.com\n"
    assert cells(read(content, dialect_of(content))) == [["Email"], ["a@example.com"]]


def test_decimal_commas_do_not_mislead() -> None:
    """In a file with semicolons, cells may hold more commas than there are semicolons."""
    content = b"Nom;Montant;Note\nA;1,5;a, b, c, d\nB;2,25;e, f, g, h\n"
    assert dialect_of(content).delimiter is Delimiter.SEMICOLON


def test_lines_of_old_macs_end_in_carriage_returns() -> None:
    """A file without a line feed."""
    content = b"a,b\r1,2\r"
    assert cells(read(content, dialect_of(content))) == [["a", "b"], ["1", "2"]]


def test_carriage_returns_end_lines_although_cells_hold_line_feeds() -> None:
    """As Excel for Mac writes them; and the other way round."""
    for end, within in (("\r", "\n"), ("\n", "\r")):
        content = end.join(("a,b", f'1,"x{within}y ""z"""', f'2,"x{within}y"', "")).encode()
        found = cells(read(content, dialect_of(content)))
        assert found == [["a", "b"], ["1", f'x{within}y "z"'], ["2", f"x{within}y"]]


def test_a_sample_that_ends_within_a_cell_tells_how_lines_end() -> None:
    """What follows the last quotation mark is of that cell."""
    content = b'a,b\r1,"' + b"x\n" * SAMPLE + b'"\r'
    assert dialect_of(content[:SAMPLE]).newline == "\r"


def test_lines_are_counted_through_cells_that_hold_some() -> None:
    """A record tells the line that it begins on; blank lines count and are passed over."""
    content = b'a,b\n"x\ny\nz",1\n\n,\n2,3\n'
    assert [(each.line, list(each.cells)) for each in read(content, dialect_of(content))] == [
        (1, ["a", "b"]),
        (2, ["x\ny\nz", "1"]),
        (7, ["2", "3"]),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('"never closed,1', "a quotation mark is opened and never closed"),
        ('"a"b,1', "text follows a closing quotation mark"),
        ("a\rb,1", "a line break of another kind stands within the line"),
    ],
)
def test_a_fault_costs_its_own_line(line: str, problem: str) -> None:
    """Whatever a stray quotation mark seems to enclose is read as it stands."""
    content = f"h,i\n1,2\n{line}\n3,4\n5,6\n".encode()
    found = read(content, dialect_of(content))
    assert [(each.line, list(each.cells), each.problem) for each in found] == [
        (1, ["h", "i"], None),
        (2, ["1", "2"], None),
        (3, [line], problem),
        (4, ["3", "4"], None),
        (5, ["5", "6"], None),
    ]


def test_a_record_that_does_not_end_costs_its_own_line() -> None:
    """A quotation mark that is closed far below."""
    filler = "".join(f"{number},{'x' * 60}\n" for number in range(2 * MAX_RECORD // 60))
    content = f'h,i\n"open,1\n{filler}z,"2\n'.encode()
    found = read(content, dialect_of(content))
    assert found[1] == Record(2, ['"open,1'], f"is longer than {MAX_RECORD} characters")
    assert len(found) == 2 + 2 * MAX_RECORD // 60 + 1


@pytest.mark.parametrize("before", range(0, CHUNK + 9_000, 9_000))
@pytest.mark.parametrize("pace", [CHUNK, 5_000])
def test_a_line_that_is_too_long_costs_itself_wherever_it_stands(before: int, pace: int) -> None:
    """It is the same line whatever is read at a time; its beginning is told."""
    cell = "x" * 100_000
    content = f"h,i\n1,{'y' * before}\n2,{cell}\n3,4\n".encode()
    found = read(content, dialect_of(content[:SAMPLE]), pace)[-2:]
    assert found == [
        Record(3, [f"2,{cell}"[:MAX_RECORD]], f"is longer than {MAX_RECORD} characters"),
        Record(4, ["3", "4"]),
    ]


def test_a_line_that_does_not_end_is_no_csv() -> None:
    """Memory stays bounded."""
    content = b"a,b\n" + b"x" * (3 * MAX_RECORD)
    with pytest.raises(Refused, match="line 2 is longer than"):
        read(content, dialect_of(content))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04\x14\x00", "an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an Excel workbook"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "bytes that are no text"),
        (bytes(range(1, 32)) * 10, "bytes that are no text"),
        (b"Email,Name\na@example.com,A\x00nn\n", "bytes that are no text"),
        (b"Email,Name\ra@example.com,A\x00nn\r", "bytes that are no text"),
    ],
)
def test_other_files_are_told_apart(content: bytes, says: str) -> None:
    """What is no CSV is refused with what it is, as far as that can be told."""
    with pytest.raises(Refused, match=says) as refusal:
        dialect_of(content)
    assert refusal.value.reason == "notCsv"


def test_what_a_sample_did_not_show_is_found_later() -> None:
    """A file that is ASCII for long and Windows-1252 then is not taken for UTF-8 to its end."""
    content = b"Name,Email\n" + b"Ann,a@example.com\n" * 10_000 + "Zoé,z@example.com\n".encode("cp1252")
    dialect = dialect_of(content[:SAMPLE])
    assert dialect.encoding is Encoding.UTF_8
    with pytest.raises(WrongEncoding, match="UTF-8: a byte after line"):
        read(content, dialect)
    other = dialect_of(content[:SAMPLE], Encoding.WINDOWS_1252)
    assert read(content, other)[-1].cells[0] == "Zoé"


def test_a_character_that_the_sample_cuts_is_none_of_windows_1252() -> None:
    """The sample may end within a character."""
    text = "é" * SAMPLE
    assert dialect_of(("x" + text).encode()[:SAMPLE]).encoding is Encoding.UTF_8


@settings(max_examples=25)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Nothing else is ever raised, but that the guessed encoding was wrong."""
    with suppress(Refused, WrongEncoding):
        dialect = dialect_of(content)
        assert all(record.line >= 1 for record in records(io.BytesIO(content[dialect.skip :]), dialect))


def test_memory_does_not_grow_with_the_file() -> None:
    """A stream is read as it is needed, chunk by chunk."""

    class Endless:
        def read(self, size: int, /) -> bytes:
            return b"a,b\n" * (size // 4)

        def close(self) -> None:
            return

    found: Iterator[Record] = records(Endless(), dialect_of(b"a,b\na,b\n"))
    assert [next(found).line for _ in range(50_000)][-1] == 50_000


@given(
    st.text(max_size=20)
    | st.text("'=+-@\t\r\n\0;,x\uff1d\uff0b\uff0d\uff20", max_size=12)
    | st.from_regex(r"'*[=+\-@\t\r].*", fullmatch=True)
)
@example("x;=cmd|' /C calc'!A0;")
@example("\t=1")
@example("\0=1")
@example("x;\uff1d1")
def test_no_cell_is_a_formula_and_none_is_changed(cell: str) -> None:
    """Nor what Excel makes a cell of where it cuts at semicolons; what is written is read back as it was."""
    written = guarded(cell)
    signs = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    assert not written.startswith((*signs, "\t", "\r", "\n", "\0"))
    assert not any(part.startswith(signs) for part in re.split("[;\t\r\n]", written))
    assert unguarded(written) == cell


@pytest.mark.parametrize("cell", ["'t Hooft", "'", "", "a=b", "O'Neil", "a;b\r\nc", "48.1,-1.6", "x; -y"])
def test_ordinary_cells_stay_as_they_are(cell: str) -> None:
    """An apostrophe alone is one."""
    assert guarded(cell) == unguarded(cell) == cell
