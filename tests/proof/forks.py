"""All that can happen in a play, at the price of its second half: it runs once, and at each request children branch off.

What a child inherits by ``fork`` is the whole state of that moment, so nothing needs to be played up to it again. Its verdict
is the one that :func:`tests.proof.crashes.played` gives for the same name.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from tests.proof.crashes import Verdict, verdict_on
from tests.proof.incidents import Fate, Incident, Kind
from tests.proof.repertoire import ALL

T = TypeVar("T")
TWINS = 5  # a second process comes at every so manieth request; somebody dies at all of them


class Branching(Fate):
    """Nothing happens in the play itself; in a child, one incident does. At most ``at_once`` children live."""

    def __init__(self, at_once: int) -> None:
        super().__init__()
        self.branches: list[Incident] = []
        self.mine: Incident | None = None
        self._at_once, self._living = at_once, 0

    def carry_out(self, request: str, send: Callable[[], T]) -> T:
        """Branch off for each death, and some twins, then send the request."""
        number = len(self.requests)
        for kind in Kind:
            if self.mine is None and (kind is not Kind.TWIN or number % TWINS == 0):
                self._branch(Incident(number, kind))
        return super().carry_out(request, send)

    def wait(self, most: int = 0) -> None:
        """Wait until at most so many children live."""
        while self._living > most:
            os.wait()
            self._living -= 1

    def _branch(self, incident: Incident) -> None:
        self.wait(self._at_once - 1)
        self.branches.append(incident)
        if os.fork():
            self._living += 1
            return
        self.mine = incident
        self.fix(incident)


def every_verdict(play: str) -> Iterator[Verdict]:
    """A death before and one after every request of this play, and a twin at every fifth."""
    with TemporaryDirectory() as folder:
        plan = Branching(os.cpu_count() or 1)
        try:
            stage, found = ALL[play].run(plan=plan)
            if plan.mine is not None:
                _write(folder, verdict_on(f"{play}/{plan.mine}", stage, found))
        finally:
            if plan.mine is not None:  # whatever came of a child, it must not go on as its parent does
                os._exit(0)
        assert not found, f"{play} fails undisturbed: {found}"
        plan.wait()
        for incident in plan.branches:
            yield _read(folder, f"{play}/{incident}")


def _write(folder: str, verdict: Verdict) -> None:
    _file(folder, verdict.name).write_text(json.dumps([verdict.happened, verdict.findings]))


def _read(folder: str, name: str) -> Verdict:
    try:
        happened, found = json.loads(_file(folder, name).read_text())
    except (OSError, ValueError):
        return Verdict(name, (), ["the play broke off without a verdict"])
    return Verdict(name, happened, found)


def _file(folder: str, name: str) -> Path:
    return Path(folder) / name.replace("/", " ")
