"""Exports and syncs on DynamoDB Local: rows per CPU second, and memory from 10,000 people to 200,000."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import apart
from benchmarks.figures import Figure, at_most, published
from benchmarks.fill import FAST, LARGE, SMALL, a_list, settle
from benchmarks.imports import DiskFiles
from benchmarks.memory import begin_peak, peak_mib
from benchmarks.stage import StageWiring, stage
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import TargetType
from chalicelib.flows.export_sources import LIST_KIND, REPORT_KIND

COLUMNS = ("name", "emailAddress", "attributes.city", "createdAt")


@dataclass(frozen=True)
class PartedDiskFiles(DiskFiles):
    """A directory that takes files in parts too."""

    def begin(self, key: str, content_type: str) -> str:  # noqa: ARG002 - a directory needs no types
        """One upload at a time."""
        self.put(key, b"", "")
        return key

    def put_part(self, key: str, upload: str, number: int, content: bytes) -> str:  # noqa: ARG002 - as above
        """Parts come in their order."""
        with self._path(key).open("ab") as file:
            file.write(content)
        return str(number)

    def complete(self, key: str, upload: str, etags: Sequence[str]) -> None:
        """The file is there already."""


def worked_off(go_on: Callable[[Job], Job], job: Job) -> tuple[Job, float]:
    """The job when it is done, and CPU seconds."""
    begun = time.process_time()
    while job.status != "Done":
        job = go_on(job)
    return job, time.process_time() - begun


def a_report(wiring: StageWiring) -> str:
    """Everybody, with some columns."""
    fields = {"name": "All", "entity_type": TargetType.CONTACT, "where": (), "columns": COLUMNS}
    return wiring.reports.create(fields).id


def following(wiring: StageWiring, report_id: str) -> str:
    """A list that follows it, and lets go whom it does not find."""
    list_id = a_list(wiring)
    target_list = wiring.list_store.get(list_id)
    follows = replace(target_list, report_ids=(report_id,), sync_unlink=True)
    wiring.list_store.replace(follows, expected_rev=target_list.rev)
    return list_id


def figures(small: int = SMALL, large: int = LARGE) -> Iterator[Figure]:
    """A report exported, a list synced with it and exported, at the small size and at the large."""
    with tempfile.TemporaryDirectory() as directory, stage(FAST) as wiring:
        wiring.__dict__["files"] = PartedDiskFiles(Path(directory))
        report_id = a_report(wiring)
        list_id = following(wiring, report_id)
        settle(wiring, small, "S")
        _rounds(wiring, report_id, list_id, small)
        settle(wiring, large - small, "L")
        exported, listed, synced = _rounds(wiring, report_id, list_id, large)
    for name, (seconds, grown) in {"export": exported, "export_list": listed, "sync": synced}.items():
        note = f"{small:,} to {large:,} rows"
        yield published(f"{name}_rows_per_cpu_second", large / seconds, "rows/CPU s", f"{large:,} rows")
        yield at_most(f"{name}_memory_growth", grown, 64, "MiB", note)


def _rounds(
    wiring: StageWiring, report_id: str, list_id: str, count: int
) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
    """CPU seconds, and MiB over what was in use at the start, of each of the three."""
    synced = _measured(wiring.syncing.run, wiring.syncing.start(list_id), count)
    exported = _measured(wiring.exporting.run, wiring.exporting.start(REPORT_KIND, report_id), count)
    listed = _measured(wiring.exporting.run, wiring.exporting.start(LIST_KIND, list_id), count)
    return exported, listed, synced


def _measured(go_on: Callable[[Job], Job], job: Job, count: int) -> tuple[float, float]:
    start = begin_peak()
    job, seconds = worked_off(go_on, job)
    assert job.done >= count, job
    return seconds, peak_mib() - start


if __name__ == "__main__":
    apart.tell(figures(*map(int, sys.argv[1:])))
