"""A campaign's log exported, and lists made of it, on DynamoDB Local: lines per CPU second, and memory as the log grows."""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import apart
from benchmarks.driving import chunks, finish, freeze
from benchmarks.exports import PartedDiskFiles, worked_off
from benchmarks.figures import Figure, at_most, published
from benchmarks.fill import FAST, LARGE, SMALL
from benchmarks.memory import begin_peak, peak_mib
from benchmarks.population import populate
from benchmarks.stage import StageWiring, mass_email, stage
from chalicelib.domain.exports import LOG_KIND
from chalicelib.domain.log import Action

AT_ONCE = 2_500  # recipients of one mass email: what making them leaves in memory hides what a job needs


def sent(wiring: StageWiring, campaign_id: str | None, count: int, seed: int) -> str:
    """So many more were sent to in this campaign, or in a new one; its id."""
    for start in range(0, count, AT_ONCE):
        wiring.clock.sleep(1)
        people = populate(wiring, min(AT_ONCE, count - start), seed + start)
        made = mass_email(wiring, people, campaign_id)
        campaign_id = made.campaign_id
        freeze(wiring)
        for message in chunks(wiring):
            wiring.deliver.handle(message)
        finish(wiring, made)
    assert campaign_id is not None
    return campaign_id


def figures(small: int = SMALL, large: int = LARGE) -> Iterator[Figure]:
    """Both jobs at the small size and at the large."""
    with tempfile.TemporaryDirectory() as directory, stage(FAST) as wiring:
        wiring.__dict__["files"] = PartedDiskFiles(Path(directory))
        campaign_id = sent(wiring, None, small, seed=1)
        _rounds(wiring, campaign_id, small)
        sent(wiring, campaign_id, large - small, seed=small + 1)
        rounds = _rounds(wiring, campaign_id, large)
    for name, (seconds, grown) in zip(("export_log", "list_from_log"), rounds, strict=True):
        yield published(f"{name}_lines_per_cpu_second", large / seconds, "lines/CPU s", f"{large:,} lines")
        yield at_most(f"{name}_memory_growth", grown, 64, "MiB", f"{small:,} to {large:,} lines")


def _rounds(wiring: StageWiring, campaign_id: str, count: int) -> tuple[tuple[float, float], ...]:
    """CPU seconds, and MiB over what was in use at the start, of each job."""
    start = begin_peak()
    exported, seconds = worked_off(wiring.exporting.run, wiring.exporting.start(LOG_KIND, campaign_id))
    assert exported.done == count, exported
    export = seconds, peak_mib() - start
    start, begun = begin_peak(), time.process_time()
    _, job = wiring.log_lists.create(
        campaign_id, name="Sent", description=None, including=[Action.SENT], excluding=[]
    )
    assert job is not None
    made, _ = worked_off(wiring.log_lists.run, job)
    assert made.done == count, made
    return export, (time.process_time() - begun, peak_mib() - start)


if __name__ == "__main__":
    apart.tell(figures(*map(int, sys.argv[1:])))
