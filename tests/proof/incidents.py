"""What can happen to a function at one of its requests: it dies before it or after it, or its call comes a second time.

The numbers count the requests of all mortal functions of a play; they go on after a death.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from tests.fakes.aws import CrashPlan, Moment, Point

T = TypeVar("T")


class Kind(Enum):
    """What happens."""

    BEFORE = "before"  # it dies before the request is sent
    AFTER = "after"  # it dies when the request was answered and nobody has seen the answer
    TWIN = "twin"  # another process gets the same message, or the same tick, and does all of it before the request is sent


_MOMENTS = {Kind.BEFORE: Moment.BEFORE, Kind.AFTER: Moment.AFTER}


@dataclass(frozen=True)
class Incident:
    """One of these at the request of this number."""

    number: int
    kind: Kind

    def __str__(self) -> str:
        return f"{self.number}-{self.kind.value}"

    @classmethod
    def of(cls, text: str) -> "Incident":
        """Read what ``str`` has written.

        Raises:
            ValueError: It is none.
        """
        number, _, kind = text.partition("-")
        return cls(int(number), Kind(kind))


class Fate(CrashPlan):
    """Lets these incidents happen. ``twin`` is set by the stage: it makes the call under way once more, elsewhere."""

    def __init__(self, *incidents: Incident) -> None:
        super().__init__()
        self.happened: list[str] = []
        self.twin: Callable[[], None] = lambda: None
        self._twins: set[int] = set()
        self.fix(*incidents)

    def fix(self, *incidents: Incident) -> None:
        """These are to happen, and no others."""
        points = [Point(each.number, _MOMENTS[each.kind]) for each in incidents if each.kind in _MOMENTS]
        self._points = frozenset(points)
        self._twins = {each.number for each in incidents if each.kind is Kind.TWIN}

    def carry_out(self, request: str, send: Callable[[], T]) -> T:
        """Send a request, unless it is fated otherwise."""
        number = len(self.requests)
        if number in self._twins:
            self._twins.discard(number)
            self.happened.append(f"{request} is twinned at request {number}")
            self.twin()
        return super().carry_out(request, send)
