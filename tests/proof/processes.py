"""The functions of a stage: what each holds in memory, and how it is called."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from random import Random
from typing import Any, Protocol

from chalice.test import Client

from chalicelib import wiring
from chalicelib.domain.ids import new_id
from chalicelib.domain.sending import Sender
from chalicelib.flows.deliver import Deliver
from chalicelib.flows.granting import Granting
from chalicelib.flows.release import Release
from chalicelib.flows.sweep import Sweep
from chalicelib.mail.sender import SesSender
from tests.fakes.aws import FakeClock, FaultyClient
from tests.proof.incidents import Fate


def dice(seed: int) -> Random:
    """Chance that can be repeated."""
    return Random(seed)  # noqa: S311 - chance in a test is no secret


class Surroundings(Protocol):
    """What a process sees of its stage."""

    environ: Mapping[str, str]
    clock: FakeClock
    plan: Fate
    mortal: Collection[str]
    random: Random
    troubles: list[str]

    def service(self, name: str, **options: Any) -> Any:
        """A client of the account."""
        ...


class Process(wiring.Wiring):
    """What one function holds in memory; its requests go through the stage's plan if it is mortal."""

    def __init__(self, stage: Surroundings, function: str) -> None:
        super().__init__(stage.environ, stage.clock)
        self._stage, self._function = stage, function

    def client(self, service: str, **options: Any) -> Any:
        """A client of the stage's account."""
        client = self._stage.service(service, **options)
        if self._function not in self._stage.mortal:
            return client
        return FaultyClient(client, self._stage.plan, f"{self._function} {service}")

    @cached_property
    def sender(self) -> Sender:
        """The product's own, over the stage's line to SES."""
        return SesSender(self.client("sesv2"), self.environment.configuration_set, self.clock)

    @cached_property
    def deliver(self) -> Deliver:
        """As ever, with tokens that the stage's seed repeats."""
        return replace(super().deliver, new_token=lambda: f"{self._stage.random.getrandbits(64):016x}")

    @cached_property
    def granting(self) -> Granting:
        """The same for the ids of plans."""
        return replace(super().granting, new_id=lambda now: new_id(now, self._stage.random.getrandbits))

    @cached_property
    def release(self) -> Release:
        """As ever; what it reports is a failure of the proof."""
        return replace(super().release, report=self._report)

    @cached_property
    def sweep(self) -> Sweep:
        """The same."""
        return replace(super().sweep, report=self._report)

    def _report(self, name: str, error: BaseException, **_: object) -> None:
        self._stage.troubles.append(f"{self._function}: {name}: {error!r}")


@dataclass(frozen=True)
class Request:
    """One HTTP request, as API Gateway gets it."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def answered(process: Process, request: Request) -> Any:
    """What this process answers, through the app."""
    before = wiring.current()
    wiring.use(process)
    try:
        return _door().http.request(
            request.method, request.path, headers=dict(request.headers), body=request.body
        )
    finally:
        wiring.use(before)


@cache
def _door() -> Client:
    """The app, as API Gateway reaches it."""
    from app import app  # noqa: PLC0415 - the routes are loaded only where somebody calls them

    return Client(app)


def _web(process: Process, request: Request) -> None:
    status = answered(process, request).status_code
    if status >= 500:
        raise ConnectionError(f"{request.method} {request.path}: {status}")


FUNCTIONS: Mapping[str, Callable[[Process, Any], object]] = {
    "release": lambda process, _: process.release.run(),
    "sweep": lambda process, _: process.sweep.run(),
    "deliver": lambda process, message: process.deliver.handle(message),
    "work": lambda process, message: process.work.handle(message),
    "feedback": lambda process, text: process.feedback.handle(text),
    "web": _web,
}
