"""Where a process can die, each place by a name that plays it again: ``send/17-after``, ``pause/both-42``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from tests.fakes.aws import CrashPlan, Moment, Point, every_point
from tests.proof.plays import PLAYS
from tests.proof.stage import dice

TWICE = "twice"
"""Two deaths at places that the number's seed chooses, with the queues served in an order that it chooses too."""


@dataclass(frozen=True)
class Verdict:
    """What came of one point: where somebody died, and all that was wrong in the end."""

    name: str
    deaths: Sequence[str]
    findings: Sequence[str]


@cache
def requests_of(play: str) -> Sequence[str]:
    """Every request of the mortal functions in an undisturbed play, as ``deliver dynamodb.update_item``, in order."""
    stage, found = PLAYS[play].run()
    assert not found, found
    return tuple(stage.plan.requests)


def every_name(play: str) -> Iterator[str]:
    """All places to die in this play."""
    return (f"{play}/{point.number}-{point.moment.name.lower()}" for point in every_point(requests_of(play)))


def representative(play: str, rounds: int) -> Iterator[str]:
    """Of each function's requests of each kind so many places, spread over the play."""
    kinds: dict[str, list[int]] = {}
    for number, request in enumerate(requests_of(play)):
        kinds.setdefault(request, []).append(number)
    for numbers in kinds.values():
        for number in dice(len(numbers)).sample(numbers, min(rounds, len(numbers))):
            yield from (f"{play}/{number}-{moment.name.lower()}" for moment in Moment)


def two_deaths(play: str, seeds: int) -> Iterator[str]:
    """So many plays with two deaths each."""
    return (f"{play}/{TWICE}-{seed}" for seed in range(seeds))


def played(name: str) -> Verdict:
    """Play one point, by its name.

    Raises:
        KeyError, ValueError: There is no such point.
    """
    play, _, place = name.partition("/")
    first, _, second = place.partition("-")
    if first == TWICE:
        seed = int(second)
        points, shuffled, least = _anywhere(play, seed), True, 1
    else:
        seed, shuffled, least = 0, False, 1
        points = [Point(int(first), Moment[second.upper()])]
    stage, found = PLAYS[play].run(plan=CrashPlan(*points), seed=seed, shuffled=shuffled)
    if len(stage.deaths) < least:
        found = [*found, "nobody died: the play has no such request"]
    return Verdict(name, stage.deaths, found)


def _anywhere(play: str, seed: int) -> Sequence[Point]:
    """Two points; the second is counted on from the first death, so it may lie in what mends the first."""
    chance = dice(seed)
    first, second = sorted(chance.sample(range(len(requests_of(play))), 2))
    return [Point(first, chance.choice(list(Moment))), Point(second, chance.choice(list(Moment)))]
