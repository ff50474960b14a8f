"""What can happen in a play, each thing by a name that plays it again: ``send/17-after``, ``pause/twice-42``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.proof.incidents import Fate, Incident, Kind
from tests.proof.processes import dice
from tests.proof.repertoire import ALL
from tests.proof.stage import Stage

DEATHS, TWICE = "deaths", "twice"
ANYWHERE: Mapping[str, Sequence[Kind]] = {DEATHS: (Kind.BEFORE, Kind.AFTER), TWICE: tuple(Kind)}
"""Two incidents of these kinds at places that the number's seed chooses, with the queues served in an order of its choice."""


@dataclass(frozen=True)
class Verdict:
    """What came of it: what happened, and all that was wrong in the end."""

    name: str
    happened: Sequence[str]
    findings: Sequence[str]


@cache
def requests_of(play: str) -> Sequence[str]:
    """Every request of the mortal functions in an undisturbed play, as ``deliver dynamodb.update_item``, in order."""
    stage, found = ALL[play].run()
    assert not found, found
    return tuple(stage.plan.requests)


def every_incident(play: str) -> list[str]:
    """Everything that can happen at any of its requests."""
    return [f"{play}/{Incident(number, kind)}" for number in range(len(requests_of(play))) for kind in Kind]


def two_incidents(play: str, kind: str, seeds: int) -> list[str]:
    """So many plays with two incidents each."""
    return [f"{play}/{kind}-{seed}" for seed in range(seeds)]


def played(name: str, **options: Any) -> Verdict:
    """Play it, by its name; ``options`` are the stage's.

    Raises:
        KeyError, ValueError: There is no such name.
    """
    play, _, place = name.partition("/")
    kind, _, seed = place.partition("-")
    if kind in ANYWHERE:
        fate = Fate(*_anywhere(play, kind, int(seed)))
        return verdict_on(name, *ALL[play].run(plan=fate, seed=int(seed), shuffled=True, **options))
    return verdict_on(name, *ALL[play].run(plan=Fate(Incident.of(place)), **options))


def verdict_on(name: str, stage: Stage, findings: Sequence[str]) -> Verdict:
    """What came of a play in which something was to happen."""
    happened = stage.plan.happened
    return Verdict(name, happened, findings if happened else [*findings, "the play has no such request"])


def _anywhere(play: str, kind: str, seed: int) -> Iterator[Incident]:
    """Two incidents; the second may lie in what mends the first."""
    chance = dice(seed)
    for number in chance.sample(range(len(requests_of(play))), 2):
        yield Incident(number, chance.choice(ANYWHERE[kind]))
