"""Imports: a caller uploads a CSV, and a job looks it through, takes it in step by step and says what it refused.

The upload goes to the bucket by a signed request, so the job asks for it again and again until it is there. Before anything is
written the file is read once to its end: one that is no CSV changes nothing. A job that was interrupted reads from the
beginning and passes over the rows that its progress says are done; see ``storage/imports.py`` for why each is done once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import dropwhile, islice
from typing import Any

from chalicelib.domain.clock import Clock
from chalicelib.domain.csv_dialect import NOT_CSV, SAMPLE, Delimiter, Dialect, Encoding, dialect_of
from chalicelib.domain.csv_lines import Record
from chalicelib.domain.csv_records import WrongEncoding, records
from chalicelib.domain.ids import new_id
from chalicelib.domain.imports import JOB_KIND, MAX_BYTES, MAX_ROWS, ImportOrder, ImportStore
from chalicelib.domain.imports_columns import Column, columns_of, mapping_problems
from chalicelib.domain.imports_rows import Row, RowReader
from chalicelib.domain.ports import Records
from chalicelib.domain.ports_files import ByteStream, FileStore, SignedRequest
from chalicelib.domain.ports_jobs import Job, Jobs, Outbox
from chalicelib.domain.records import TargetList
from chalicelib.errors import Deferred, FieldError, NotFound, Refused
from chalicelib.flows.import_steps import ImportSteps
from chalicelib.flows.references import refuse

CONTENT_TYPE = "text/csv"
UPLOAD_WITHIN = timedelta(hours=1)
LATE = timedelta(minutes=5)  # an upload that began in time may end this much later
SLICE = timedelta(minutes=4)  # of one call of ``work``, whose time is five minutes
FIRST_LOOK = 5  # seconds after the import was made
LONGEST_WAIT = 60  # seconds between two looks for the file
BUSY = 15  # seconds until the next try, when other writers stayed in the way
NO_FILE = "noFile"
EMPTY = "empty"
TOO_LARGE = "tooLarge"
REPLACED = "replaced"


@dataclass(frozen=True)
class Importing:
    """Makes imports and works them off."""

    files: FileStore
    store: ImportStore
    steps: ImportSteps
    lists: Records[TargetList]
    jobs: Jobs
    outbox: Outbox
    key_of: Callable[[str], str]
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def request(self, order: ImportOrder) -> tuple[Job, SignedRequest]:
        """Make an import: the job, and the request that uploads its file within :data:`UPLOAD_WITHIN`.

        Raises:
            Invalid: A list that is not there, or a mapping that cannot be meant.
        """
        refuse([*self._missing_lists(order), *mapping_problems(order.entity_type, order.mapping)])
        now = self.clock.now()
        job = Job.new(JOB_KIND, order.to_arguments(), at=now, make_id=self.make_id)
        self.jobs.save(job)
        self._again(job, FIRST_LOOK)
        expires = int(UPLOAD_WITHIN.total_seconds())
        return job, self.files.signed_put(upload_key(job.id), CONTENT_TYPE, expires=expires)

    def get(self, import_id: str) -> Job:
        """An import, as its job.

        Raises:
            NotFound: There is no such import.
        """
        job = self.jobs.get(import_id)
        if job.kind != JOB_KIND:
            raise NotFound("no such import")
        return job

    def run(self, job: Job) -> Job:
        """Go on with an import for as long as one call may take; it comes back by the queue until it is over.

        Raises:
            Refused: The file cannot be imported; the message says why.
            Overtaken: Another worker goes on with it.
        """
        try:
            return self._go_on(job)
        except Deferred:
            self._again(job, BUSY)
            return job
        except NotFound as error:
            raise Refused(NO_FILE, "the uploaded file is gone") from error
        except Refused:
            self.files.delete(upload_key(job.id))
            raise

    def _go_on(self, job: Job) -> Job:
        until = self.clock.now() + SLICE
        order = ImportOrder.of(job)
        self._check_lists(order)
        if job.cursor is None:
            size = self.files.size(upload_key(job.id))
            if size is None:
                return self._wait(job)
            job = self._begun(job, order, size)
        if job.done != job.total:
            self._check_version(job)
            job = self.steps.write_all(job, order, self._rows(job, order), until)
        if job.done != job.total:
            self._again(job, 0)
            return job
        self.files.delete(upload_key(job.id))  # it holds personal data, and is not needed any more
        done = replace(job, status="Done", modified_at=self.clock.now())
        self.store.save(job, done)
        return done

    def _check_version(self, job: Job) -> None:
        """Whether the file is still the one that was looked through: the request that uploads it is good for an hour."""
        found: Any = job.result
        version = self.files.version(upload_key(job.id))
        if version is None:
            raise NotFound("no such file")
        if version != found["version"]:
            raise Refused(REPLACED, "the file was replaced while it was read: import it again")

    def _wait(self, job: Job) -> Job:
        """Look again later: the younger the import, the sooner."""
        age = self.clock.now() - (job.created_at or self.clock.now())
        if age > UPLOAD_WITHIN + LATE:
            raise Refused(NO_FILE, "no file was uploaded within an hour")
        self._again(job, min(LONGEST_WAIT, max(FIRST_LOOK, int(age.total_seconds() / 2))))
        return job

    def _begun(self, job: Job, order: ImportOrder, size: int) -> Job:
        """The job after the file was looked through: how it is written, what its columns mean, how many rows it has."""
        if size == 0:
            raise Refused(EMPTY, "the file is empty")
        if size > MAX_BYTES:
            raise Refused(TOO_LARGE, f"the file has {size} bytes; {MAX_BYTES} are allowed")
        version = self.files.version(upload_key(job.id))  # before it is looked through
        dialect, columns, total = self._looked_through(job, order)
        begun = replace(
            job,
            status="Running",
            total=total,
            cursor="0",
            modified_at=self.clock.now(),
            result={
                "version": version,
                "encoding": dialect.encoding.value,
                "delimiter": dialect.delimiter.value,
                "columns": [each.header for each in columns],
                "mapping": _mapping(columns),
                "created": 0,
                "updated": 0,
                "unchanged": 0,
                "refused": 0,
            },
        )
        self.store.save(job, begun)
        return begun

    def _looked_through(self, job: Job, order: ImportOrder) -> tuple[Dialect, Sequence[Column], int]:
        dialect = self._dialect(job, order.encoding, order.delimiter)
        try:
            return (dialect, *self._columns_and_total(job, order, dialect))
        except WrongEncoding as error:
            if order.encoding is not None:
                raise Refused(NOT_CSV, str(error)) from error
            dialect = self._dialect(job, Encoding.WINDOWS_1252, order.delimiter)
        try:
            return (dialect, *self._columns_and_total(job, order, dialect))
        except WrongEncoding as error:
            raise Refused(NOT_CSV, str(error)) from error

    def _columns_and_total(
        self, job: Job, order: ImportOrder, dialect: Dialect
    ) -> tuple[Sequence[Column], int]:
        """Reads to the end.

        Raises:
            Refused: There is no header or no row, there are too many rows, or the columns cannot be told.
        """
        found = self._records(job, dialect)
        columns = _columns(found, order)
        total = sum(1 for _ in islice(found, MAX_ROWS + 1))
        if total == 0:
            raise Refused(EMPTY, "the file has no rows under its header")
        if total > MAX_ROWS:
            raise Refused(TOO_LARGE, f"the file has more than {MAX_ROWS} rows")
        return columns, total

    def _rows(self, job: Job, order: ImportOrder) -> Iterator[Row]:
        """The rows that are not done yet; read in the way that the looking through has found."""
        result: Any = job.result
        dialect = self._dialect(job, Encoding(result["encoding"]), Delimiter(result["delimiter"]))
        found = self._records(job, dialect)
        reader = RowReader(order.entity_type, _columns(found, order), self.key_of)
        return dropwhile(lambda row: row.number <= job.done, reader.read(found))

    def _dialect(self, job: Job, encoding: Encoding | None, delimiter: Delimiter | None) -> Dialect:
        stream = self.files.open(upload_key(job.id))
        try:
            return dialect_of(_beginning(stream), encoding, delimiter)
        finally:
            stream.close()

    def _records(self, job: Job, dialect: Dialect) -> Iterator[Record]:
        stream = self.files.open(upload_key(job.id), dialect.skip)
        try:
            yield from records(stream, dialect)
        finally:
            stream.close()

    def _missing_lists(self, order: ImportOrder) -> list[FieldError]:
        found: Mapping[str, TargetList] = self.lists.find_many(order.target_list_ids)
        return [
            FieldError(f"targetListIds.{place}", "there is no target list with this id")
            for place, list_id in enumerate(order.target_list_ids)
            if list_id not in found
        ]

    def _check_lists(self, order: ImportOrder) -> None:
        if self._missing_lists(order):
            raise Refused("targetListMissing", "a target list that it was to join was deleted")

    def _again(self, job: Job, delay: int) -> None:
        self.outbox.job({"kind": "job", "jobId": job.id}, delay=delay)


def upload_key(job_id: str) -> str:
    """Where the file of an import is."""
    return f"imports/{job_id}/upload.csv"


def _columns(found: Iterator[Record], order: ImportOrder) -> Sequence[Column]:
    """What the columns mean; takes the header off the records."""
    header = next(found, None)
    if header is None:
        raise Refused(EMPTY, "the file is empty")
    if header.problem:
        raise Refused(NOT_CSV, f"the header in line {header.line} cannot be read: {header.problem}")
    return columns_of(order.entity_type, header.cells, order.mapping)


def _mapping(columns: Sequence[Column]) -> Mapping[str, str | None]:
    """Header → destination; of several columns of one header the first is the one that it stands for."""
    found: dict[str, str | None] = {}
    for column in columns:
        if column.header:
            found.setdefault(column.header, column.destination)
    return found


def _beginning(stream: ByteStream) -> bytes:
    """A sample of the file; a stream may give less at a time than it is asked for."""
    sample = b""
    while len(sample) < SAMPLE and (piece := stream.read(SAMPLE - len(sample))):
        sample += piece
    return sample
