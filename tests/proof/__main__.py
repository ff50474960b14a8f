"""``make prove``: the long form. ``python -m tests.proof send/17-after`` plays one point again and says what happened."""

# ruff: noqa: T201 - what it prints is what it is for

import logging
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.proof.crashes import Verdict, every_name, played, requests_of, two_deaths
from tests.proof.plays import PLAYS

SEEDS = 500
AT_ONCE = 16  # points that a process of the operating system takes together


def prove() -> int:
    """Play everything; how many points failed."""
    failed = 0
    with ProcessPoolExecutor(initializer=_quiet) as pool:
        for title, names in _chapters():
            failed += _chapter(pool, title, list(names))
    return failed


def _chapters() -> Iterable[tuple[str, Iterable[str]]]:
    for play in PLAYS:
        yield (
            f"{play}: a death at each of {len(requests_of(play))} requests, before and after",
            every_name(play),
        )
    each = SEEDS // len(PLAYS)
    for play in PLAYS:
        yield f"{play}: two deaths, seeds 0 to {each - 1}", two_deaths(play, each)


def _chapter(pool: ProcessPoolExecutor, title: str, names: Sequence[str]) -> int:
    start = time.monotonic()
    verdicts = pool.map(played, names, chunksize=AT_ONCE)
    failures = [verdict for verdict in verdicts if verdict.findings]
    print(
        f"{title}: {len(names)} points, {len(failures)} failed, {time.monotonic() - start:.0f} s", flush=True
    )
    for verdict in failures:
        _tell(verdict)
    return len(failures)


def _tell(verdict: Verdict) -> None:
    print(f"  {verdict.name}: {'; '.join(verdict.deaths)}")
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
        print("    holds" if not verdict.findings else "    FAILED")
    return min(1, sum(bool(verdict.findings) for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
