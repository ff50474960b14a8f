"""Freezing a large list: CPU seconds of ``release`` and ``work`` from a due mass email to a whole ledger."""

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.driving import Cpu, freeze
from benchmarks.figures import Figure, at_most, published
from benchmarks.stage import StageWiring, mass_email

AT_ONCE = 100_000  # members that the bound is for
SECONDS = 60


def of_list(wiring: StageWiring, list_id: str, count: int) -> Iterator[Figure]:
    """Freeze the members of a list; nothing is granted, so nothing but the freeze is measured."""
    made = mass_email(wiring, list_id)
    settings = wiring.settings_store.get()
    nothing = replace(settings, mass_email_max_per_hour_count=0)
    wiring.settings_store.replace(nothing, expected_rev=settings.rev)
    wiring.reset()
    cpu = Cpu()
    freeze(wiring, cpu)
    requests = wiring.counted["dynamodb"].requests
    run = wiring.runs.get(made.id)
    assert (run.recipients, str(run.phase)) == (count, "frozen"), run
    yield at_most("freeze_cpu_seconds", cpu.seconds, SECONDS * count / AT_ONCE, "CPU s", f"{count:,} members")
    yield published("freeze_requests_per_1000", 1000 * requests / count, "requests")
