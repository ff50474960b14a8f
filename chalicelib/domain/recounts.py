"""Stored numbers held against what they count: what comes out, and what a run's numbers must be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.runs import Run, Spot, Stretch, sizes


class Verdict(StrEnum):
    """What came out."""

    RIGHT = "right"
    BEHIND = "behind"  # what moves may be up to a minute old
    WRONG = "wrong"
    MENDED = "mended"
    BUSY = "busy"  # it changed while it was counted


@dataclass(frozen=True)
class Recounted:
    """One number or set of numbers: what, of what, as stored and as counted."""

    what: str
    id: str
    stored: Mapping[str, int]
    counted: Mapping[str, int]
    verdict: Verdict


@dataclass(frozen=True)
class RunCount:
    """What lies in the ledger of one run: how many people in each of its segments, and the left-out by reason."""

    people: Mapping[int, int]
    left_out: Mapping[str, int]

    def told_by(self, run: Run) -> Mapping[str, int]:
        """The same numbers as :meth:`counted`, as the run has them; ``places`` are those of its segments."""
        return {
            "recipients": run.recipients,
            "places": sum(size for _, size in sizes(run.stretches, Spot())),
            "released": run.released,
            "leftOut": sum(run.left_out.values()),
        }

    def counted(self, run: Run) -> Mapping[str, int]:
        """The numbers that are right; who was released is told by how far the run is released."""
        people = sum(min(size, self.people.get(number, 0)) for number, size in sizes(run.stretches, Spot()))
        return {
            "recipients": people,
            "places": people,
            "released": _before(run.released_to, run.stretches),
            "leftOut": sum(self.left_out.values()),
        }

    def mended(self, run: Run) -> Run | None:
        """The run with the right numbers; None if a place has nobody in the ledger, for nobody can be made up."""
        counted = self.counted(run)
        if counted["places"] != self.told_by(run)["places"]:
            return None
        return replace(
            run, recipients=counted["recipients"], released=counted["released"], left_out=self.left_out
        )


def _before(spot: Spot, stretches: Sequence[Stretch]) -> int:
    """How many recipients stand before this spot."""
    return sum(
        size if number < spot.segment else min(size, spot.position)
        for number, size in sizes(stretches, Spot())
        if number <= spot.segment
    )
