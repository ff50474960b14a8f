"""The meter: a client whose AWS requests and capacity units are counted.

Around the in-memory DynamoDB it is exact, for that tells what each request touched; around boto3's client of DynamoDB
Local it takes that one's count and puts it right. Around any other client it counts requests.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from benchmarks.capacity import Units, units_of
from benchmarks.local_capacity import READS, WRITES, LocalCapacity
from tests.fakes.dynamodb import Touched
from tests.fakes.faults import operations_of, service_name


@dataclass(frozen=True)
class Use:
    """Of one kind of request: how many went over the wire, and their units."""

    requests: int = 0
    units: Units = field(default_factory=Units)

    def __add__(self, other: "Use") -> "Use":
        return Use(self.requests + other.requests, self.units + other.units)

    def __sub__(self, other: "Use") -> "Use":
        return Use(self.requests - other.requests, self.units - other.units)


@dataclass(frozen=True)
class Usage:
    """What was used so far, by kind of request (``dynamodb.put_item``)."""

    by_request: Mapping[str, Use]

    @property
    def total(self) -> Use:
        """All together."""
        return sum(self.by_request.values(), Use())

    def of(self, service: str) -> Use:
        """All requests to one service."""
        uses = (use for name, use in self.by_request.items() if name.startswith(f"{service}."))
        return sum(uses, Use())

    def __sub__(self, earlier: "Usage") -> "Usage":
        return Usage(
            {
                name: difference
                for name, use in self.by_request.items()
                if (difference := use - earlier.by_request.get(name, Use())) != Use()
            }
        )


class Tally:
    """Adds up, for all meters that share it and all their threads."""

    def __init__(self) -> None:
        self._uses: dict[str, Use] = {}
        self._lock = threading.Lock()

    def add(self, request: str, use: Use) -> None:
        """Count this too."""
        with self._lock:
            self._uses[request] = self._uses.get(request, Use()) + use

    @property
    def usage(self) -> Usage:
        """What was counted so far; subtract an earlier one to know what happened between."""
        with self._lock:
            return Usage(dict(self._uses))


class Meter:
    """A client, counted. What is no request is the client's own.

    Args:
        client: boto3's, or a fake.
        tally: Shared among clients; a new one if none is given.
    """

    def __init__(self, client: Any, tally: Tally | None = None) -> None:
        self.tally = tally or Tally()
        self._client = client
        self._service = service_name(client)
        self._operations = operations_of(client)
        self._touching = threading.local()
        self._is_exact = hasattr(client, "observe")
        self._local = None if self._is_exact or self._service != "dynamodb" else LocalCapacity(client)
        if self._is_exact:
            client.observe(self._touched)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name not in self._operations:
            return found

        def request(**parameters: Any) -> Any:
            return self._counted(name, found, parameters)

        return request

    def _counted(self, name: str, send: Any, parameters: Mapping[str, Any]) -> Any:
        units = Units()
        try:
            with self._observed() as touched:
                if self._local is None or name not in READS | WRITES:
                    answer = send(**parameters)
                else:
                    answer, units = self._local.measured(name, parameters, send)
        except ClientError as error:
            if self._local is not None:
                units = self._local.failed(name, parameters, error)
            self._add(name, error.response, sum(map(units_of, touched), units))
            raise
        self._add(name, answer, sum(map(units_of, touched), units))
        return answer

    def _add(self, name: str, answer: Any, units: Units) -> None:
        retries = answer.get("ResponseMetadata", {}).get("RetryAttempts", 0)
        self.tally.add(f"{self._service}.{name}", Use(1 + retries, units))

    @contextmanager
    def _observed(self) -> Iterator[list[Touched]]:
        """What this thread's request touches; others' and those that go past the meter are not counted."""
        touched: list[Touched] = []
        self._touching.now = touched
        try:
            yield touched
        finally:
            self._touching.now = None

    def _touched(self, touched: Touched) -> None:
        now: list[Touched] | None = getattr(self._touching, "now", None)
        if now is not None:
            now.append(touched)
