"""``make prove``: the long form. ``python -m tests.proof send/17-after`` plays one thing again and says what happened."""

# ruff: noqa: T201 - what it prints is what it is for

import logging
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import chain

from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from devstack.dynamodb_local import DynamoDbLocal
from tests.proof.crashes import DEATHS, TWICE, Verdict, played, requests_of, two_incidents
from tests.proof.forks import every_verdict
from tests.proof.load import WORKERS, found
from tests.proof.local import played_there, sample
from tests.proof.plays import PLAYS
from tests.proof.repertoire import ALL, SCENES
from tests.proof.users import Users, random_settings

SEEDS = 500
SHARES = 2
USERS = 400  # plays of random users
LOAD = 20_000  # events of SES's


@dataclass
class Tally:
    """What came of all that was played so far."""

    start: float = field(default_factory=time.monotonic)
    played: int = 0
    failed: int = 0

    def chapter(self, title: str, verdicts: Iterable[Verdict]) -> None:
        """Play a chapter and say what came of it."""
        start, count, failures = time.monotonic(), 0, []
        for verdict in verdicts:
            count += 1
            if verdict.findings:
                failures.append(verdict)
                _tell(verdict)
        self.played += count
        self.failed += len(failures)
        seconds = time.monotonic() - start
        print(f"{title}: {count} points, {len(failures)} failed, {seconds:.0f} s", flush=True)

    def end(self) -> int:
        """Say what came of all; the exit code."""
        seconds = time.monotonic() - self.start
        print(f"{self.played} points played, {self.failed} failed, {seconds:.0f} s")
        return min(1, self.failed)


def prove() -> int:
    """Play everything; the exit code."""
    tally = Tally()
    for play in PLAYS:  # before there are threads, of which children of a fork inherit none
        tally.chapter(
            f"{play}: a death before and after every request, a twin at every fifth", every_verdict(play)
        )
    scenes = chain.from_iterable(map(every_verdict, SCENES))
    tally.chapter(f"{len(SCENES)} events and visits: the same", scenes)
    with ProcessPoolExecutor(initializer=_quiet) as pool:
        for title, names in _anywhere():
            tally.chapter(title, pool.map(played, names, chunksize=4))
        shares = [USERS // SHARES] * SHARES
        tally.chapter("random users and random clouds", chain.from_iterable(pool.map(random_users, shares)))
        under_load = pool.map(under_load_of, [LOAD])
        there = pool.map(played_apart, halves(sample())) if DynamoDbLocal.available() else None
        tally.chapter(
            f"feedback under load: {LOAD:,} events, a third of them twice, by {WORKERS} workers", under_load
        )
        if there:
            tally.chapter("a sample of all on DynamoDB Local, begun beside it", chain.from_iterable(there))
        else:
            print(
                "DynamoDB Local is not here (`make dynamodb-local`; it needs Java): nothing was played on it"
            )
    return tally.end()


def under_load_of(events: int) -> Verdict:
    """So many events of SES's in any order, by many workers."""
    return Verdict("load", (), found(events, seed=1))


def played_apart(names: Sequence[str]) -> list[Verdict]:
    """Play these on a DynamoDB Local of their own."""
    return list(played_there(names))


def halves(names: Sequence[str]) -> list[Sequence[str]]:
    """As many shares as there are cores to serve."""
    return [names[share::SHARES] for share in range(SHARES)]


def random_users(plays: int) -> list[Verdict]:
    """So many plays against the model, up to the first that it objects to, which is told step by step."""
    begun: list[object] = []

    class Counted(Users):
        def __init__(self) -> None:
            super().__init__()
            begun.append(self)

    try:
        run_state_machine_as_test(
            Counted, settings=settings(random_settings(plays), database=None, phases=[Phase.generate])
        )  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        return [Verdict("users", (), [repr(error), *getattr(error, "__notes__", ())])]
    return [Verdict("users", (), ())] * len(begun)


def _anywhere() -> Iterator[tuple[str, Sequence[str]]]:
    for play in ALL:
        requests_of(play)  # once, for all processes of the pool to inherit
    yield "send: two deaths anywhere", two_incidents("send", DEATHS, SEEDS)
    for play in PLAYS:
        yield f"{play}: two incidents anywhere", two_incidents(play, TWICE, SEEDS // len(PLAYS))


def _tell(verdict: Verdict) -> None:
    print(f"  {verdict.name}: {'; '.join(verdict.happened)}")
    for finding in verdict.findings[:20]:
        print(f"    {finding}", flush=True)


def _quiet() -> None:
    """The functions' own log says what they should, which is not what is proven here."""
    logging.getLogger("envoi").addHandler(logging.NullHandler())


def main(names: Sequence[str]) -> int:
    """The command line; its exit code."""
    _quiet()
    if not names:
        return prove()
    verdicts = list(map(played, names))
    for verdict in verdicts:
        _tell(verdict)
        print("    FAILED" if verdict.findings else "    holds")
    return min(1, sum(bool(verdict.findings) for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
