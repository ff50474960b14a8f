"""A CSV file's records, one at a time, from a stream of bytes: memory does not grow with the file."""

import codecs
from collections.abc import Iterator

from chalicelib.domain.csv_dialect import NOT_CSV, Dialect
from chalicelib.domain.csv_lines import MAX_RECORD, Record, records_of
from chalicelib.domain.ports_files import ByteStream
from chalicelib.errors import Refused

CHUNK = 64 * 1024  # bytes that are read at a time


class WrongEncoding(ValueError):
    """A byte does not fit the encoding."""


def records(stream: ByteStream, dialect: Dialect) -> Iterator[Record]:
    """The records of a file that is opened after :attr:`Dialect.skip` bytes.

    Raises:
        WrongEncoding: The file is not in this encoding.
        Refused: A line does not end within :data:`MAX_RECORD` characters: no CSV.
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
            yield line + "\n"
        count += len(whole)
        if len(rest) > MAX_RECORD:
            raise Refused(
                NOT_CSV, f"the file is no CSV: line {count + 1} is longer than {MAX_RECORD} characters"
            )
    if rest.strip("\x1a"):  # by which programs of old end a file
        yield rest


def _decoded(decoder: codecs.IncrementalDecoder, raw: bytes, dialect: Dialect, lines: int) -> str:
    try:
        return decoder.decode(raw, final=not raw)
    except UnicodeDecodeError as error:
        where = f"a byte after line {lines + 1} does not fit"
        raise WrongEncoding(f"the file is not in {dialect.encoding}: {where}") from error
