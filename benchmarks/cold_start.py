"""Import time of the function against an empty Chalice app with boto3: CPU of fresh interpreters, in turns."""

import os
import subprocess
import sys
from collections.abc import Iterator
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, at_most
from benchmarks.stage import VARIABLES

ROUNDS = 7
MOST = 1.5  # times
OURS = "from app import app"
EMPTY = "import boto3; from chalice.app import Chalice; app = Chalice(app_name='empty')"
TIMED = "import time; begun = time.process_time(); {code}; print(time.process_time() - begun)"


def seconds(code: str, bytecode: str) -> float:
    """CPU that a fresh interpreter takes for these imports; a cold start has one CPU and does nothing else.

    ``bytecode`` is a directory of our own for it: whatever else runs here may write none, or have left old one.
    """
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", TIMED.format(code=code)],
        env={**own, **VARIABLES, "PYTHONPYCACHEPREFIX": bytecode},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout)


def figures() -> Iterator[Figure]:
    """The ratio."""
    with TemporaryDirectory() as bytecode:
        for code in (OURS, EMPTY):
            seconds(code, bytecode)  # files into the cache, bytecode onto the disk
        rounds = [(seconds(OURS, bytecode), seconds(EMPTY, bytecode)) for _ in range(ROUNDS)]
    ours, empty = (median(values) for values in zip(*rounds, strict=True))
    note = f"{1000 * ours:,.0f} ms against {1000 * empty:,.0f} ms, medians of {ROUNDS}"
    yield at_most("import_time", ours / empty, MOST, "times an empty app", note)


if __name__ == "__main__":
    for figure in figures():
        print(figure)
