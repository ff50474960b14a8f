"""One whole send as the cloud would drive it: the schedule, then each queue until it is empty."""

import heapq
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from benchmarks.population import populate
from benchmarks.stage import StageWiring, mass_email
from chalicelib.domain.records import MassEmail, MassEmailStatus
from tests.fakes.clock import FakeClock

Message = Mapping[str, Any]
WORKERS = 10  # calls of ``deliver`` at once, as ``app.py`` lets SQS make them
HOUR = timedelta(hours=1)  # between two ticks of the schedule
CALL_SECONDS = 0.2  # that one of them takes in virtual time, SES's answer included, the wait for the rate not


@dataclass
class Cpu:
    """Seconds of this process's CPU, added up."""

    seconds: float = 0.0

    def of(self, act: Callable[[], object]) -> float:
        """Do it, and answer what it took."""
        begun = time.process_time()
        act()
        took = time.process_time() - begun
        self.seconds += took
        return took


def ready(wiring: StageWiring, count: int, seed: int = 1) -> MassEmail:
    """A mass email to so many people that waits for the schedule."""
    return mass_email(wiring, populate(wiring, count, seed))


def freeze(wiring: StageWiring, cpu: Cpu | None = None) -> None:
    """The schedule's call, and what ``work`` has to do for it: freeze and release."""
    cpu = cpu or Cpu()
    cpu.of(wiring.release.run)
    for message in jobs(wiring):
        cpu.of(lambda message=message: wiring.work.handle(message))  # type: ignore[misc]  # bound now


def chunks(wiring: StageWiring) -> Iterator[Message]:
    """What lies on the send queue."""
    return wiring.taken(wiring.environment.send_queue_url)


def jobs(wiring: StageWiring) -> Iterator[Message]:
    """What lies on the jobs queue."""
    return wiring.taken(wiring.environment.jobs_queue_url)


def finish(wiring: StageWiring, made: MassEmail) -> MassEmail:
    """Work off the jobs of a send whose chunks are done; the mass email as it is then.

    Raises:
        AssertionError: It is not Complete.
    """
    for message in jobs(wiring):
        wiring.work.handle(message)
    return completed(wiring, made)


def completed(wiring: StageWiring, made: MassEmail) -> MassEmail:
    """The mass email when all is over.

    Raises:
        AssertionError: It is not Complete.
    """
    after = wiring.mass_email_store.get(made.id)
    if after.status is not MassEmailStatus.COMPLETE:
        raise AssertionError(f"the mass email is {after.status}: {after.status_reason}")
    return after


def send(wiring: StageWiring, hours: int = 1) -> None:
    """The whole send, a portion an hour, delivered by ten workers in virtual time: each waits for the rate as in the cloud."""
    clock = wiring.clock
    assert isinstance(clock, FakeClock)
    begun = clock.now()
    for hour in range(hours):
        clock.reset(max(clock.now(), begun + hour * HOUR))
        freeze(wiring)
        _deliver(wiring, clock)
        for message in jobs(wiring):
            wiring.work.handle(message)


def _deliver(wiring: StageWiring, clock: FakeClock) -> None:
    """What lies on the send queue."""
    free = [(clock.now(), number) for number in range(WORKERS)]
    for message in chunks(wiring):
        now, number = heapq.heappop(free)
        clock.reset(now)
        wiring.deliver.handle(message)
        heapq.heappush(free, (clock.now() + timedelta(seconds=CALL_SECONDS), number))
    clock.reset(max(free)[0])
