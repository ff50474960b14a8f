"""A CSV file's records, one at a time, from a stream of bytes: memory does not grow with the file."""

import codecs
from collections.abc import Iterator

from chalicelib.domain.csv_dialect import NOT_CSV, Dialect
from chalicelib.domain.csv_lines import MAX_RECORD, Record, records_of
from chalicelib.domain.ports_files import ByteStream
from chalicelib.errors import Refused

CHUNK = 64 * 1024  # bytes that are read at a time
MAX_LINE = 2 * MAX_RECORD  # characters; a line that is too long for a record costs itself, until here


class WrongEncoding(ValueError):
    """A byte does not fit the encoding."""


def records(stream: ByteStream, dialect: Dialect) -> Iterator[Record]:
    """The records of a file that is opened after :attr:`Dialect.skip` bytes.

    Raises:
        WrongEncoding: The file is not in this encoding.
        Refused: A line does not end within :data:`MAX_LINE` characters, or the last one, which nothing ends, within
            :data:`MAX_RECORD`: no CSV.
    """
    return records_of(_lines(stream, dialect), dialect.delimiter.value, before=dialect.skipped_lines)


def _lines(stream: ByteStream, dialect: Dialect) -> Iterator[str]:
    """Lines with their ends; csv wants to see them, since they may stand within a cell."""
    decoder = codecs.getincrementaldecoder(dialect.codec)()
    rest, count, is_over = "", dialect.skipped_lines, False
    while not is_over:
        raw = stream.read(CHUNK)
        is_over = not raw
        *whole, rest = (rest + _decoded(decoder, raw, dialect, count)).split(dialect.newline)
        for line in whole:
            count += 1
            yield _bounded(line, count, MAX_LINE) + "\n"
        _bounded(rest, count + 1, MAX_RECORD if is_over else MAX_LINE)
    if rest.strip("\x1a"):  # by which programs of old end a file
        yield rest


def _bounded(line: str, number: int, most: int) -> str:
    if len(line) > most:
        raise Refused(NOT_CSV, f"the file is no CSV: line {number} is longer than {most} characters")
    return line


def _decoded(decoder: codecs.IncrementalDecoder, raw: bytes, dialect: Dialect, lines: int) -> str:
    try:
        return decoder.decode(raw, final=not raw)
    except UnicodeDecodeError as error:
        where = f"a byte after line {lines + 1} does not fit"
        raise WrongEncoding(f"the file is not in {dialect.encoding}: {where}") from error
