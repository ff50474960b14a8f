"""A benchmark in a process of its own, whose memory is nobody else's: it prints its figures as lines of JSON."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from benchmarks.figures import Figure


def figures(module: str, *sizes: int) -> Iterator[Figure]:
    """What ``python -m benchmarks.<module> SIZE…`` measures.

    Raises:
        CalledProcessError: It failed; its own words are on standard error.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, sizes)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    for line in done.stdout.splitlines():
        if line.startswith('{"name"'):  # the product's own log goes to the same place
            yield Figure(**json.loads(line))


def tell(measured: Iterable[Figure]) -> None:
    """Print them for whoever started this process."""
    for figure in measured:
        print(json.dumps(asdict(figure), ensure_ascii=False))
