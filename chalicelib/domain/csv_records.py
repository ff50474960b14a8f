"""A CSV file's records, one at a time, each with the line that it begins on: memory does not grow with the file.

The rules are those of RFC 4180 section 2: a cell in quotation marks may hold delimiters, line breaks and doubled quotation
marks. A line that breaks them is told as such, and the reading goes on with the next one: a stray quotation mark costs one
line, not all that it seems to enclose.
"""

import codecs
import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chalicelib.domain.csv_dialect import NOT_CSV, Dialect
from chalicelib.domain.ports_files import ByteStream
from chalicelib.errors import Refused

CHUNK = 64 * 1024  # bytes that are read at a time
MAX_RECORD = 64 * 1024  # characters; four such bytes each still fit an item of DynamoDB
_FAULTS = (
    ("unexpected end of data", "a quotation mark is opened and never closed"),
    ("expected after", "text follows a closing quotation mark"),
    ("new-line character", "a line break of another kind stands within the line"),
)


@dataclass(frozen=True, slots=True)
class Record:
    """One record; ``line`` is where it begins, 1 being the file's first.

    With a ``problem`` it is a line whose cells cannot be told: they are then the line itself.
    """

    line: int
    cells: Sequence[str]
    problem: str | None = None


class WrongEncoding(Refused):
    """A byte does not fit the encoding."""


class _TooLong(Exception):
    """A record does not end."""


def records(stream: ByteStream, dialect: Dialect) -> Iterator[Record]:
    """The records of a file that is opened after :attr:`Dialect.skip` bytes; blank lines are passed over.

    Raises:
        WrongEncoding: The file is not in this encoding.
        Refused: A line does not end within :data:`MAX_RECORD` characters: no CSV.
    """
    lines = _Lines(_text_lines(stream, dialect), 1 if dialect.skip > len("\ufeff".encode()) else 0)
    reader = csv.reader(lines, delimiter=str(dialect.delimiter), strict=True)
    while True:
        line = lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(line, [lines.give_back()], _sentence(str(error)))
        except _TooLong:
            yield Record(line, [lines.give_back()], f"is longer than {MAX_RECORD} characters")
        else:
            if any(cells):
                yield Record(line, cells)


class _Lines:
    """Lines for ``csv.reader``, counted: it takes as many as make a record, and can be given back those that do not."""

    def __init__(self, lines: Iterator[str], before: int) -> None:
        self._lines = lines
        self._before = before
        self._record: list[str] = []
        self._length = 0
        self._back: deque[str] = deque()

    def begin(self) -> int:
        """A record begins: on which line."""
        self._before += len(self._record)
        self._record, self._length = [], 0
        return self._before + 1

    def give_back(self) -> str:
        """The record is none: its first line, after which the reading goes on."""
        first, *others = self._record
        self._back.extendleft(reversed(others))
        self._record = [first]
        return first.rstrip("\r\n")

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._lines)
        self._record.append(line)
        self._length += len(line)
        if self._length > MAX_RECORD:
            raise _TooLong
        return line


def _text_lines(stream: ByteStream, dialect: Dialect) -> Iterator[str]:
    """Lines with their ends; csv wants to see them, since they may stand within a cell."""
    decoder = codecs.getincrementaldecoder(dialect.codec)()
    rest, count, is_over = "", 0, False
    while not is_over:
        raw = stream.read(CHUNK)
        is_over = not raw
        *whole, rest = (rest + _decoded(decoder, raw, dialect, count)).split(dialect.newline)
        for line in whole:
            yield line + "\n"
        count += len(whole)
        if len(rest) > MAX_RECORD:
            raise Refused(
                NOT_CSV, f"the file is no CSV: line {count + 1} is longer than {MAX_RECORD} characters"
            )
    if rest.strip("\x1a"):
        yield rest


def _decoded(decoder: codecs.IncrementalDecoder, raw: bytes, dialect: Dialect, lines: int) -> str:
    try:
        return decoder.decode(raw, final=not raw)
    except UnicodeDecodeError as error:
        where = f"a byte after line {lines + 1} does not fit"
        raise WrongEncoding(NOT_CSV, f"the file is not in {dialect.encoding}: {where}") from error


def _sentence(fault: str) -> str:
    return next((says for part, says in _FAULTS if part in fault), "its quotation marks do not fit")
