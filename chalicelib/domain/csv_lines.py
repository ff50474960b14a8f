"""Lines of CSV into records, by RFC 4180 section 2: a cell in quotation marks may hold delimiters, line breaks and doubled marks.

A line that breaks these rules is told as such, and the reading goes on with the next one: a stray quotation mark costs one
line, not all that it seems to enclose.
"""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAX_RECORD = 64 * 1024  # characters; four such bytes each still fit an item of DynamoDB
_FAULTS = (
    ("unexpected end of data", "a quotation mark is opened and never closed"),
    ("expected after", "text follows a closing quotation mark"),
    ("new-line character", "a line break of another kind stands within the line"),
)


@dataclass(frozen=True, slots=True)
class Record:
    """One record; ``line`` is where it begins, 1 being the file's first.

    With a ``problem`` it is a line whose cells cannot be told: they are then the line itself, or its beginning.
    """

    line: int
    cells: Sequence[str]
    problem: str | None = None


class _TooLong(Exception):
    """A record does not end."""


def records_of(lines: Iterator[str], delimiter: str, *, before: int = 0) -> Iterator[Record]:
    """The records of these lines, which bear their ends; blank ones are passed over. ``before`` lines precede them."""
    taken = _Lines(lines, before)
    reader = csv.reader(taken, delimiter=delimiter, strict=True)
    while True:
        line = taken.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(line, [taken.give_back()], _sentence(str(error)))
        except _TooLong:
            yield Record(line, [taken.give_back()[:MAX_RECORD]], f"is longer than {MAX_RECORD} characters")
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


def _sentence(fault: str) -> str:
    return next((says for part, says in _FAULTS if part in fault), "its quotation marks do not fit")
