"""Exports: a report, a list or a campaign's log as a CSV file in the bucket, made in the background.

RFC 4180 in UTF-8 with the mark by which Excel knows it; no cell is a formula. A part of the file is written as soon as it is
full, together with where its rows ended: so the memory that it takes does not grow with the file, a call that ends or dies is
gone on with, and the file is there whole or not at all.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.clock import Clock, rfc3339
from chalicelib.domain.csv_cells import guarded, text_of
from chalicelib.domain.ids import new_id
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.ports_files import PartedFiles, UploadLost
from chalicelib.domain.ports_jobs import Job, Jobs, Outbox
from chalicelib.errors import NotFound, Refused
from chalicelib.flows.export_progress import Batches, BeginAgain, Progress
from chalicelib.flows.slices import SLICE

CONTENT_TYPE = "text/csv; charset=utf-8"
FILENAME = "export.csv"
MARK = "\ufeff"
NOTED_EVERY = 5_000  # rows
PART = (
    8 * 1024 * 1024
)  # bytes; S3 takes 5 MiB to 5 GiB and 10,000 parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
SUBJECT_GONE = "subjectMissing"

Source = Callable[[str, datetime, str | None], tuple[list[str], Batches]]
"""Of a subject's id, the moment of the request and where to go on: the header, and the rows, some at a time."""


@dataclass(frozen=True)
class Exporting:
    """Starts exports and works them off; ``sources`` are what can be exported, by the job's kind."""

    sources: Mapping[str, Source]
    files: PartedFiles
    jobs: Jobs
    outbox: Outbox
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def start(self, kind: str, subject_id: str) -> Job:
        """Export a subject that exists."""
        now = self.clock.now()
        job = Job.new(kind, {"subjectId": subject_id}, at=now, make_id=self.make_id)
        self.jobs.start(job)
        return job

    def run(self, job: Job) -> Job:
        """Go on with the file for as long as one call may take; it comes back by the queue until it is whole.

        Raises:
            Refused: The subject was deleted.
            Overtaken: Another worker goes on with it.
        """
        try:
            return self._go_on(job)
        except NotFound as error:
            raise Refused(SUBJECT_GONE, "what was to be exported was deleted") from error
        except (BeginAgain, UploadLost):
            return self._begin_again(job.id)

    def _go_on(self, job: Job) -> Job:
        until = self.clock.now() + SLICE
        progress = Progress.of(job.cursor)
        header, batches = self.sources[job.kind](
            str(job.arguments["subjectId"]), job.created_at or self.clock.now(), progress.next_key
        )
        file = _File(self, job, progress)
        file.add(self._rest(progress) if job.cursor else (MARK + records([header])).encode())
        for batch in batches:
            file.add(records(batch.rows).encode(), len(batch.rows))
            if batch.next_key is None:
                continue
            is_over = self.clock.now() >= until
            file.note(batch.next_key, is_over=is_over)
            if is_over:
                return self._again(file.job)
        return file.end()

    def _rest(self, progress: Progress) -> bytes:
        if progress.rest is None:
            return b""
        try:
            stream = self.files.open(progress.rest)
        except NotFound as error:
            raise BeginAgain from error
        held = io.BytesIO()
        while piece := stream.read(PART):
            held.write(piece)
        stream.close()
        return held.getvalue()

    def _begin_again(self, job_id: str) -> Job:
        """From nothing; a file that is there already is replaced when the new one is whole."""
        stored = self.jobs.get(job_id)
        if stored.status in ("Done", "Failed"):
            raise Overtaken
        return self._again(self.jobs.advance(stored, replace(stored, cursor=None, done=0)))

    def _again(self, job: Job) -> Job:
        self.outbox.job({"kind": "job", "jobId": job.id})
        return job


@dataclass
class _File:
    """A file as it grows: what is held is not in the bucket yet."""

    exporting: Exporting
    job: Job
    progress: Progress

    def __post_init__(self) -> None:
        self._held = bytearray()
        self._rows = self.progress.rows

    def add(self, content: bytes, rows: int = 0) -> None:
        """Some more lines."""
        self._held += content
        self._rows += rows

    def note(self, next_key: str, *, is_over: bool) -> None:
        """Write what is full, or whatever there is when the time is over; else say now and then how far it is."""
        if len(self._held) >= PART:
            progress = self._with_part()
        elif is_over:
            progress = replace(self.progress, rest=self._rest())
        else:
            if self._rows - self.job.done >= NOTED_EVERY:
                self._advance(self.job.cursor)
            return
        before, self.progress = self.progress, replace(progress, rows=self._rows, next_key=next_key)
        self._advance(self.progress.cursor)
        self._held.clear()
        self._forget(before.rest)

    def end(self) -> Job:
        """There are no more rows: the file is whole, and the job done."""
        files, key = self.exporting.files, key_of(self.job.id)
        if self.progress.upload is None:
            files.put(key, bytes(self._held), CONTENT_TYPE)
        else:
            whole = self._with_part()
            files.complete(key, self.progress.upload, whole.etags)
        done = replace(
            self.job,
            status="Done",
            done=self._rows,
            total=self._rows,
            result={"rows": self._rows, "file": key},
            modified_at=self.exporting.clock.now(),
        )
        self.exporting.jobs.advance(self.job, done)
        self._forget(self.progress.rest)
        return done

    def _forget(self, rest: str | None) -> None:
        if rest is not None:
            self.exporting.files.delete(rest)

    def _with_part(self) -> Progress:
        """The progress with one more part, which holds all that is held."""
        files, key = self.exporting.files, key_of(self.job.id)
        upload = self.progress.upload or files.begin(key, CONTENT_TYPE)
        etag = files.put_part(key, upload, len(self.progress.etags) + 1, bytes(self._held))
        return replace(self.progress, upload=upload, etags=(*self.progress.etags, etag), rest=None)

    def _rest(self) -> str:
        """What is held, as a file of its own; under a new name each time, for of two workers only one is gone on with."""
        key = f"exports/{self.job.id}/{self.exporting.make_id(self.exporting.clock.now())}"
        self.exporting.files.put(key, bytes(self._held), CONTENT_TYPE)
        return key

    def _advance(self, cursor: str | None) -> None:
        at = self.exporting.clock.now()
        after = replace(self.job, status="Running", done=self._rows, cursor=cursor, modified_at=at)
        self.job = self.exporting.jobs.advance(self.job, after)


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
    if isinstance(value, datetime):
        return rfc3339(value)
    text = text_of(value)
    return text if isinstance(value, int | float) else guarded(text)
