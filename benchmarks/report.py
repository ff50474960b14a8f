"""What a run leaves: ``docs/benchmarks.md`` for people, ``benchmarks/out/bench.json`` for programs.

A full run has a page and a file of its own (``docs/benchmarks-full.md``, ``docs/benchmarks-full.json``), which are committed.
"""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import dollars
from benchmarks.figures import Figure, table

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
NOTES = ROOT / "benchmarks" / "notes.md"
JSON = ROOT / "benchmarks" / "out" / "bench.json"


@dataclass(frozen=True)
class Run:
    """Everything that one run measured, by section."""

    sections: Sequence[tuple[str, Sequence[Figure]]]
    seconds: float
    full: bool

    @property
    def command(self) -> str:
        """How to do it again."""
        return "make bench FULL=1" if self.full else "make bench"

    @property
    def page(self) -> Path:
        """For people."""
        return DOCS / ("benchmarks-full.md" if self.full else "benchmarks.md")

    @property
    def data(self) -> Path:
        """For programs."""
        return DOCS / "benchmarks-full.json" if self.full else JSON


def write(run: Run) -> None:
    """Write both."""
    at = datetime.now(UTC)
    run.page.write_text("\n".join(page(run, at)) + "\n", encoding="utf-8")
    run.data.parent.mkdir(exist_ok=True)
    figures = [{"section": title, **asdict(each)} for title, some in run.sections for each in some]
    whole = {
        "at": at.isoformat(),
        "commit": commit(),
        "command": run.command,
        "seconds": round(run.seconds),
        "machine": machine(),
        "figures": figures,
    }
    run.data.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def page(run: Run, at: datetime) -> Iterator[str]:
    """The page, line by line."""
    yield "# Figures"
    yield ""
    yield f"Written by `{run.command}` on {at:%Y-%m-%d %H:%M} UTC in {run.seconds:,.0f} s, commit {commit()}, {machine()}."
    yield f"`{run.data.relative_to(ROOT)}` holds the same for programs. A bound that is not kept is printed as **missed**; what stands"
    yield "in its way is said at the end."
    if not run.full:
        yield "[benchmarks-full.md](benchmarks-full.md) is the last run with 100,000 recipients."
    for title, figures in run.sections:
        yield from ("", f"## {title}", "", *table(figures))
    yield from ("", "## A million recipients, itemised", "", *dollars.itemised())
    yield from ("", NOTES.read_text(encoding="utf-8").rstrip())


def machine() -> str:
    """What it ran on, and how busy that was."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}, load {load}"


def commit() -> str:
    """The commit; ``+`` where files differ from it."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"
