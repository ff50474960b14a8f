"""What can happen in a play, each thing by a name that plays it again: ``send/17-after``, ``pause/twice-42``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from tests.proof.incidents import Fate, Incident, Kind
from tests.proof.processes import dice
from tests.proof.repertoire import ALL
from tests.proof.stage import Stage

TWICE = "twice"
"""Two incidents at places that the number's seed chooses, with the queues served in an order that it chooses too."""


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


def representative(play: str, rounds: int) -> Iterator[str]:
    """Of each function's requests of each kind so many places, spread over the play, with all that can happen there."""
    kinds: dict[str, list[int]] = {}
    for number, request in enumerate(requests_of(play)):
        kinds.setdefault(request, []).append(number)
    for numbers in kinds.values():
        for number in dice(len(numbers)).sample(numbers, min(rounds, len(numbers))):
            yield from (name_of(play, Incident(number, kind)) for kind in Kind)


def name_of(play: str, incident: Incident) -> str:
    """By which this can be played again."""
    return f"{play}/{incident}"


def two_incidents(play: str, seeds: int) -> Iterator[str]:
    """So many plays with two incidents each."""
    return (f"{play}/{TWICE}-{seed}" for seed in range(seeds))


def played(name: str) -> Verdict:
    """Play it, by its name.

    Raises:
        KeyError, ValueError: There is no such name.
    """
    play, _, place = name.partition("/")
    kind, _, seed = place.partition("-")
    if kind == TWICE:
        fate = Fate(*_anywhere(play, int(seed)))
        return verdict_on(name, *ALL[play].run(plan=fate, seed=int(seed), shuffled=True))
    return verdict_on(name, *ALL[play].run(plan=Fate(Incident.of(place))))


def verdict_on(name: str, stage: Stage, findings: Sequence[str]) -> Verdict:
    """What came of a play in which something was to happen."""
    happened = stage.plan.happened
    return Verdict(name, happened, findings if happened else [*findings, "the play has no such request"])


def _anywhere(play: str, seed: int) -> Sequence[Incident]:
    """Two incidents; the second may lie in what mends the first."""
    chance = dice(seed)
    numbers = chance.sample(range(len(requests_of(play))), 2)
    return [Incident(number, chance.choice(list(Kind))) for number in numbers]
