"""Imports on DynamoDB Local: rows per CPU second, lists and address rows included, and memory from 10,000 rows to 200,000."""

# ruff: noqa: ARG002 - a directory fulfils the bucket's protocol and needs no types or times

import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import apart
from benchmarks.figures import Figure, at_least, at_most, published
from benchmarks.memory import begin_peak, peak_mib
from benchmarks.stage import StageWiring, stage
from chalicelib.domain.ids import new_id
from chalicelib.domain.imports import ImportOrder, Mode
from chalicelib.domain.ports_files import ByteStream, SignedRequest
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import TargetList, TargetType
from chalicelib.errors import NotFound
from chalicelib.flows.importing import upload_key

FAST = 100_000.0  # nothing is sent here
SMALL, LARGE = 10_000, 200_000  # rows


@dataclass(frozen=True)
class DiskFiles:
    """The bucket as a directory: what is measured is the import, not a fake that holds files in memory."""

    directory: Path

    def put(self, key: str, content: bytes | Iterable[bytes], content_type: str) -> None:
        """Store a file."""
        with self._path(key).open("wb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)

    def size(self, key: str) -> int | None:
        """How many bytes the file has."""
        return self._path(key).stat().st_size if self._path(key).exists() else None

    def version(self, key: str) -> str | None:
        """When it was written."""
        return str(self._path(key).stat().st_mtime_ns) if self._path(key).exists() else None

    def open(self, key: str, start: int = 0) -> ByteStream:
        """The file's bytes."""
        if not self._path(key).exists():
            raise NotFound("no such file")
        file = self._path(key).open("rb")
        file.seek(start)
        return file

    def delete(self, key: str) -> None:
        """Remove the file."""
        self._path(key).unlink(missing_ok=True)

    def signed_put(self, key: str, content_type: str, *, expires: int) -> SignedRequest:
        """Nobody uploads here."""
        return SignedRequest(self._path(key).as_uri(), "PUT", {})

    def signed_get(self, key: str, filename: str, *, expires: int) -> str:
        """Nobody downloads here."""
        return self._path(key).as_uri()

    def _path(self, key: str) -> Path:
        return self.directory / key.replace("/", "-")


def content(count: int, seed: int) -> Iterator[bytes]:
    """A file as a CRM writes it, some 90 bytes a row."""
    dice = random.Random(seed)
    yield "First Name,Last Name,Email,City,Customer since,Phone\r\n".encode("utf-8-sig")
    for number in range(count):
        first, city = dice.choice(("Zoé", "Łukasz", "Noël", "Emma")), dice.choice(("Lyon", "Köln", "Łódź"))
        address = f"reader{number}.{dice.getrandbits(32):08x}@example.org"
        yield f"{first},Müller{number},{address},{city},2014-03-09,+33 6 {number:08}\r\n".encode()


def imported(wiring: StageWiring, count: int, seed: int, list_id: str) -> tuple[Job, float]:
    """Import so many rows onto a list: the job when it is done, and CPU seconds."""
    order = ImportOrder(
        entity_type=TargetType.CONTACT, mode=Mode.CREATE_AND_UPDATE, target_list_ids=(list_id,)
    )
    job, _ = wiring.importing.request(order)
    wiring.files.put(upload_key(job.id), content(count, seed), "text/csv")
    wiring.clock.sleep(1)
    wiring.reset()
    begun = time.process_time()
    while job.status != "Done":
        job = wiring.importing.run(job)
    return job, time.process_time() - begun


def figures(small: int = SMALL, large: int = LARGE) -> Iterator[Figure]:
    """A first import, the same file again, and one that is twenty times as long."""
    with tempfile.TemporaryDirectory() as directory, stage(FAST) as wiring:
        wiring.__dict__["files"] = DiskFiles(Path(directory))
        now = wiring.clock.now()
        readers = TargetList(id=new_id(now), created_at=now, modified_at=now, name="Readers")
        wiring.list_store.add(readers)
        imported(wiring, 500, 0, readers.id)  # warm
        _, cpu = imported(wiring, small, 1, readers.id)
        requests = wiring.counted["dynamodb"].requests
        again, cpu_again = imported(wiring, small, 1, readers.id)
        start = begin_peak()
        _, cpu_large = imported(wiring, large, 2, readers.id)
        grown = peak_mib() - start
        counts = wiring.memberships.counts([readers.id])[readers.id]
    assert counts.entries == 500 + small + large, counts
    assert again.result is not None
    assert again.result["unchanged"] == small
    yield at_least("import_rows_per_cpu_second", small / cpu, 1_000, "rows/CPU s", "aim 2,000")
    yield at_least(
        "import_rows_per_cpu_second_large", large / cpu_large, 1_000, "rows/CPU s", f"{large:,} rows"
    )
    yield published("import_again_rows_per_cpu_second", small / cpu_again, "rows/CPU s", "nothing to change")
    yield published("import_requests_per_1000_rows", 1000 * requests / small, "requests")
    yield at_most("import_memory_growth", grown, 64, "MiB", f"{small:,} to {large:,} rows")


if __name__ == "__main__":
    apart.tell(figures(*map(int, sys.argv[1:])))
