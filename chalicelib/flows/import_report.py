"""What an import refused, as a CSV that can be mended and imported again: line and reason, then the row's own columns."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from chalicelib.domain.csv_cells import guarded
from chalicelib.domain.imports import ImportStore
from chalicelib.domain.imports_columns import REPORT_LINE, REPORT_REASON
from chalicelib.domain.ports_files import FileStore
from chalicelib.domain.ports_jobs import Job
from chalicelib.flows.importing import CONTENT_TYPE, Importing

ANSWERED = (
    2 * 1024 * 1024
)  # characters; more is downloaded from the bucket, for Lambda answers 6 MB with JSON's escapes:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
DOWNLOAD_WITHIN = 300  # seconds
FILENAME = "refused.csv"
_BOM = "\ufeff"  # by which Excel knows UTF-8


@dataclass(frozen=True)
class Report:
    """The CSV itself, or where it can be downloaded."""

    text: str = ""
    url: str | None = None


@dataclass(frozen=True)
class ImportReport:
    """Tells what was refused."""

    importing: Importing
    store: ImportStore
    files: FileStore

    def of(self, job_id: str) -> Report:
        """The refused rows so far.

        Raises:
            NotFound: There is no such import.
        """
        lines = self._lines(self.importing.get(job_id))
        held: list[str] = []
        length = 0
        for line in lines:
            held.append(line)
            length += len(line)
            if length > ANSWERED:
                return self._download(job_id, chain(held, lines))
        return Report("".join(held))

    def _download(self, job_id: str, lines: Iterable[str]) -> Report:
        key = f"imports/{job_id}/{FILENAME}"
        self.files.put(key, (line.encode() for line in lines), CONTENT_TYPE)
        return Report(url=self.files.signed_get(key, FILENAME, expires=DOWNLOAD_WITHIN))

    def _lines(self, job: Job) -> Iterator[str]:
        found: Any = job.result or {}
        delimiter = found.get("delimiter", ",")
        yield _BOM + _line([REPORT_LINE, REPORT_REASON, *found.get("columns", ())], delimiter)
        for row in self.store.refused(job.id):
            yield _line([str(row.line), row.reason, *row.cells], delimiter)


def _line(cells: Iterable[str], delimiter: str) -> str:
    """One record, its cells no formulas."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerow([guarded(cell) for cell in cells])
    return out.getvalue()
