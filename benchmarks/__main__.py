"""``make bench``: every figure with its bound, as a table, in ``docs/benchmarks.md`` and as JSON in ``benchmarks/out/``.

``FULL=1`` adds 100,000 recipients and takes more than an hour; the default run stays under ten minutes on two cores.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from benchmarks import (
    apart,
    cold_start,
    consumption,
    dollars,
    memory,
    package_size,
    rate,
    readers,
    report,
    sending,
)
from benchmarks.figures import Figure, at_most, failed, line
from benchmarks.logged import silence

SIZES = (1_000, 5_000, 20_000)
FULL_SIZE = 100_000
MEMORY = 10_000
AUDIENCE, FULL_AUDIENCE = (3_000, 12_000), (10_000, 200_000)
"""Rows of a small import and of a large one, members of a small fill and of a large one."""


@dataclass(frozen=True)
class Section:
    """Figures that are measured together."""

    title: str
    figures: Callable[[], Iterable[Figure]]


def sections(*, full: bool) -> Iterator[Section]:
    """All of them, quick ones first."""
    sizes = (*SIZES, FULL_SIZE) if full else SIZES
    yield Section("Cold start", cold_start.figures)
    yield Section("Package", package_size.figures)
    yield Section("Rate, in reserved time", rate.virtual_figures)
    yield Section("Readers and feedback", readers.figures)
    yield Section("Requests and units", lambda: consumption.figures(sizes))
    yield Section("Against the local count", consumption.crosschecked)
    yield Section("Dollars", dollars.figures)
    yield Section("CPU, bytes, once each", lambda: sending.figures(sizes))
    audience = FULL_AUDIENCE if full else AUDIENCE
    yield Section("Imports", lambda: apart.figures("imports", *audience))
    yield Section("Fills from a search", lambda: apart.figures("fill", *audience))
    yield Section("Exports, a sync", lambda: apart.figures("exports", *audience))
    if full:
        yield Section("A campaign's log", lambda: apart.figures("log_jobs", *audience))
    yield Section("A search, a freeze", lambda: apart.figures("search", FULL_SIZE if full else MEMORY))
    yield Section("Memory", lambda: memory.figures(FULL_SIZE if full else MEMORY))
    yield Section("Rate, in real seconds", rate.real_figures)


def measured(section: Section) -> tuple[Figure, ...]:
    """Its figures; one that cannot be measured is missed, and the others are still told."""
    begun = time.monotonic()
    try:
        figures = tuple(section.figures())
    except Exception as error:  # noqa: BLE001 - whatever ails one section, the run goes on and says so
        figures = (failed(section.title, error),)
    print(f"\n{section.title} ({time.monotonic() - begun:.0f} s)", flush=True)
    for figure in figures:
        print(line(figure), flush=True)
    return figures


def whole(figures: Iterable[Figure]) -> Iterator[Figure]:
    """Who got two messages and who got none, over all sends of all sections."""
    some = list(figures)
    for name, unit in (("duplicates", "messages"), ("lost", "recipients")):
        parts = [each for each in some if each.name.startswith(f"{name}_")]
        total = at_most(
            name, sum(each.value for each in parts), 0, unit, f"sum of {len(parts)} sections' counts"
        )
        print(line(total), flush=True)
        yield total


def main() -> int:
    """Measure and write; 1 when a bound is missed."""
    silence()
    full = os.environ.get("FULL") == "1"
    begun = time.monotonic()
    found = [(section.title, measured(section)) for section in sections(full=full)]
    found.append(("The whole run", tuple(whole(chain.from_iterable(figures for _, figures in found)))))
    run = report.Run(tuple(found), seconds=time.monotonic() - begun, full=full)
    report.write(run)
    missed = [figure for _, figures in found for figure in figures if not figure.met]
    print(f"\n{len(missed)} bounds missed; see docs/benchmarks.md")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
