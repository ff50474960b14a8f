"""Exports: a report, a list or a campaign's log as a CSV file in the bucket, made in the background.

RFC 4180 in UTF-8 with the mark by which Excel knows it; no cell is a formula. The file is written as it is read, so the memory
that it takes does not grow with it, and a job that died writes it anew: it is there whole or not at all.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.clock import Clock, rfc3339
from chalicelib.domain.csv_cells import guarded
from chalicelib.domain.ids import new_id
from chalicelib.domain.ports_files import FileStore
from chalicelib.domain.ports_jobs import Job, Jobs
from chalicelib.errors import NotFound, Refused

CONTENT_TYPE = "text/csv; charset=utf-8"
FILENAME = "export.csv"
MARK = "\ufeff"
NOTED_EVERY = 5_000  # rows
SUBJECT_GONE = "subjectMissing"

Batches = Iterator[list[list[Any]]]
Source = Callable[[str, datetime], tuple[list[str], Batches]]
"""Of a subject's id and the moment of the request: the header, and the rows, some at a time."""


@dataclass(frozen=True)
class Exporting:
    """Starts exports and works them off; ``sources`` are what can be exported, by the job's kind."""

    sources: Mapping[str, Source]
    files: FileStore
    jobs: Jobs
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def start(self, kind: str, subject_id: str) -> Job:
        """Export a subject that exists."""
        now = self.clock.now()
        job = Job(
            id=self.make_id(now),
            kind=kind,
            created_at=now,
            modified_at=now,
            arguments={"subjectId": subject_id},
        )
        self.jobs.start(job)
        return job

    def run(self, job: Job) -> Job:
        """Write the file.

        Raises:
            Refused: The subject was deleted.
        """
        subject_id = str(job.arguments["subjectId"])
        try:
            header, batches = self.sources[job.kind](subject_id, job.created_at or self.clock.now())
            counted = _Counted(self, job)
            self.files.put(key_of(job.id), counted.lines(header, batches), CONTENT_TYPE)
        except NotFound as error:
            raise Refused(SUBJECT_GONE, "what was to be exported was deleted") from error
        job = replace(
            job,
            status="Done",
            done=counted.rows,
            total=counted.rows,
            result={"rows": counted.rows, "file": key_of(job.id)},
            modified_at=self.clock.now(),
        )
        self.jobs.save(job)
        return job


@dataclass
class _Counted:
    """The lines of a file, counted as they are written."""

    exporting: Exporting
    job: Job
    rows: int = 0

    def lines(self, header: list[str], batches: Batches) -> Iterator[bytes]:
        yield (MARK + records([header])).encode()
        for batch in batches:
            before = self.rows
            self.rows += len(batch)
            yield records(batch).encode()
            if before // NOTED_EVERY < self.rows // NOTED_EVERY:
                at = self.exporting.clock.now()
                self.exporting.jobs.save(replace(self.job, status="Running", done=self.rows, modified_at=at))


def key_of(job_id: str) -> str:
    """Where the file of an export is."""
    return f"exports/{job_id}/{FILENAME}"


def records(rows: Iterable[Iterable[Any]]) -> str:
    """Some records, each with its line's end."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def cell(value: Any) -> str:
    """A value as it stands in a cell: what could be a formula is made text, lists and objects are JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
