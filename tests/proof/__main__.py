"""``make prove``: the long form. ``python -m tests.proof send/17-after`` plays one thing again and says what happened."""

# ruff: noqa: T201 - what it prints is what it is for

import logging
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.proof.crashes import Verdict, played, two_incidents
from tests.proof.forks import every_verdict
from tests.proof.plays import PLAYS

SEEDS = 500


def prove() -> int:
    """Play everything; how many of the plays failed."""
    failed = 0
    for play in PLAYS:  # before there are threads, of which children of a fork inherit none
        failed += _chapter(f"{play}: two deaths and a twin at every request", every_verdict(play))
    with ProcessPoolExecutor(initializer=_quiet) as pool:
        for play in PLAYS:
            seeds = two_incidents(play, SEEDS // len(PLAYS))
            failed += _chapter(f"{play}: two incidents anywhere", pool.map(played, seeds, chunksize=4))
    return failed


def _chapter(title: str, verdicts: Iterable[Verdict]) -> int:
    start = time.monotonic()
    known = list(verdicts)
    failures = [verdict for verdict in known if verdict.findings]
    seconds = time.monotonic() - start
    print(f"{title}: {len(known)} played, {len(failures)} failed, {seconds:.0f} s", flush=True)
    for verdict in failures:
        _tell(verdict)
    return len(failures)


def _tell(verdict: Verdict) -> None:
    print(f"  {verdict.name}: {'; '.join(verdict.happened)}")
    for finding in verdict.findings[:5]:
        print(f"    {finding}")


def _quiet() -> None:
    """The functions' own log says what they should, which is not what is proven here."""
    logging.getLogger("envoi").addHandler(logging.NullHandler())


def main(names: Sequence[str]) -> int:
    """The command line; its exit code."""
    _quiet()
    if not names:
        return min(1, prove())
    verdicts = list(map(played, names))
    for verdict in verdicts:
        _tell(verdict)
        print("    FAILED" if verdict.findings else "    holds")
    return min(1, sum(bool(verdict.findings) for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
