"""Peak memory of ``release``, ``work`` and ``deliver``, each in a process of its own on the same large send.

``python -m benchmarks.memory STEP FILE`` is one such process; FILE carries the queue from one to the next.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.driving import chunks, jobs, ready
from benchmarks.figures import Figure, at_most
from benchmarks.ses_server import seen
from benchmarks.stage import StageWiring, servers
from tests.fakes.clock import NINE_ON_A_MONDAY, FakeClock

FAST = 100_000.0  # recipients a second
LIMIT = 256  # MiB
KIB = 1024
STEPS = {"start": "release", "freeze": "work", "release": "release", "deliver": "deliver"}
"""What each process plays, and which function that is: release finds the mass email due, work freezes it, release grants
the whole of it at once, deliver sends it."""


def start(wiring: StageWiring, queue: Path) -> None:
    """The schedule finds a mass email that is due; its freeze is too large for it, so a job is left on the queue."""
    _limit(wiring, 0)  # nothing is granted by ``work``: the next step shall grant everything
    wiring.release.run()
    queue.write_text(json.dumps(list(jobs(wiring))))


def freeze(wiring: StageWiring, queue: Path) -> None:
    """``work`` freezes."""
    for message in json.loads(queue.read_text()):
        wiring.work.handle(message)
    for message in jobs(wiring):
        wiring.work.handle(message)


def release(wiring: StageWiring, queue: Path) -> None:
    """The next tick grants everything that is frozen."""
    _limit(wiring, None)
    wiring.release.run()
    queue.write_text(json.dumps(list(chunks(wiring))))


def deliver(wiring: StageWiring, queue: Path) -> None:
    """One worker sends all of it."""
    for message in json.loads(queue.read_text()):
        wiring.deliver.handle(message)


PLAYED: Mapping[str, Callable[[StageWiring, Path], None]] = {
    "start": start,
    "freeze": freeze,
    "release": release,
    "deliver": deliver,
}


def main(step: str, queue: Path) -> None:
    """Play one step and print the most memory that this process ever had, in KiB."""
    hours = list(PLAYED).index(step)
    PLAYED[step](StageWiring(clock=FakeClock(NINE_ON_A_MONDAY + timedelta(hours=1 + hours))), queue)
    print(most_ever())


def most_ever() -> int:
    """The most memory that this process has had, in KiB; getrusage(2) would count what its parent had at the fork.

    ``VmHWM``: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
    """
    [line] = [each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmHWM")]
    return int(line.split()[1])


def begin_peak() -> float:
    """Forget the peak so far, so that whatever comes shows; MiB in use now.

    https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
    """
    Path("/proc/self/clear_refs").write_text("5")
    return peak_mib()


def peak_mib() -> float:
    """The same in MiB."""
    return most_ever() / KIB


def figures(count: int) -> Iterator[Figure]:
    """The most of each function, imports and boto3 included."""
    most: dict[str, float] = {}
    with servers(FAST), TemporaryDirectory() as folder:
        ready(StageWiring(), count)
        for step, function in STEPS.items():
            command = [sys.executable, "-m", "benchmarks.memory", step, str(Path(folder) / "queue.json")]
            done = subprocess.run(command, env=os.environ, stdout=subprocess.PIPE, text=True, check=True)
            mib = int(done.stdout.split()[-1]) / KIB
            most[function] = max(mib, most.get(function, 0.0))
        taken = seen(os.environ["AWS_ENDPOINT_URL_SESV2"])
    for function, mib in most.items():
        yield at_most(f"peak_memory_{function}", mib, LIMIT, "MiB", f"{count:,} recipients")
    yield at_most(f"duplicates_of_{count}", taken.duplicates, 0, "messages")
    yield at_most(f"lost_of_{count}", count - taken.distinct, 0, "recipients")


def _limit(wiring: StageWiring, recipients: int | None) -> None:
    settings = wiring.settings_store.get()
    changed = replace(settings, mass_email_max_per_hour_count=recipients)
    wiring.settings_store.replace(changed, expected_rev=settings.rev)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
