"""A process that dies at a request: before it is sent, or when it was answered and nobody has seen the answer."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")


class Crash(BaseException):
    """The process died. No handler of the code may catch it, so it is not an ``Exception``."""


class Moment(Enum):
    """When a request kills the process."""

    BEFORE = "before it is sent"
    AFTER = "after it was answered"


@dataclass(frozen=True)
class Point:
    """One place to die: the request of this number, counted from 0 over all clients."""

    number: int
    moment: Moment


class CrashPlan:
    """Numbers the requests of all clients that share it, and kills the process at its points.

    A dead process sends nothing more: until :meth:`restart`, every request raises Crash too, so that a ``finally`` or
    another thread cannot go on. Numbers go on after a restart.
    """

    def __init__(self, *points: Point) -> None:
        self.requests: list[str] = []
        """What was asked, in order, as ``dynamodb.put_item``; those after a death are not counted."""
        self.deaths: list[Point] = []
        self._points = frozenset(points)
        self._dead = False
        self._lock = threading.Lock()

    def carry_out(self, request: str, send: Callable[[], T]) -> T:
        """Send a request, if the process lives to.

        Raises:
            Crash: It does not, or not long enough to see the answer.
        """
        number = self._begin(request)
        self._pass(Point(number, Moment.BEFORE))
        try:
            return send()
        finally:  # an error is an answer too
            self._pass(Point(number, Moment.AFTER))

    def restart(self) -> None:
        """A new process takes over."""
        self._dead = False

    def _begin(self, request: str) -> int:
        with self._lock:
            if self._dead:
                raise Crash("the process is dead")
            self.requests.append(request)
            return len(self.requests) - 1

    def _pass(self, point: Point) -> None:
        if point not in self._points:
            return
        with self._lock:
            self._dead = True
            self.deaths.append(point)
        raise Crash(f"died at request {point.number}, {point.moment.value}")


def every_point(requests: int | Iterable[str]) -> list[Point]:
    """All places to die in a run of so many requests."""
    count = requests if isinstance(requests, int) else sum(1 for _ in requests)
    return [Point(number, moment) for number in range(count) for moment in Moment]


class FaultyClient:
    """A client, any of boto3's or of these fakes, whose requests go through a plan; the rest is the client's own."""

    def __init__(self, client: Any, plan: CrashPlan, name: str | None = None) -> None:
        self._client = client
        self._plan = plan
        self._name = name or service_name(client)
        self._operations = operations_of(client)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name not in self._operations:
            return found

        def request(**parameters: Any) -> Any:
            return self._plan.carry_out(f"{self._name}.{name}", lambda: found(**parameters))

        return request


def operations_of(client: Any) -> frozenset[str]:
    """The names of the methods that are requests."""
    declared: frozenset[str] | None = getattr(client, "operations", None)
    return declared if declared is not None else frozenset(client.meta.method_to_api_mapping)


def service_name(client: Any) -> str:
    """``dynamodb``, ``sqs`` and so on."""
    declared: str | None = getattr(client, "service", None)
    return declared if declared is not None else str(client.meta.service_model.service_name)
