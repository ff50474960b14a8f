"""Plays EventBridge's clock: which functions are due, by the movable clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.clock import Clock
from chalicelib.domain.schedule import ScheduleFault, next_run_at

SWEEP, SYNC = "rate(5 minutes)", "rate(1 day)"  # as app.py declares them


@dataclass
class Schedules:
    """``release`` follows the rule in EventBridge (``rule`` answers its expression, None when disabled); the others are fixed."""

    clock: Clock
    rule: Callable[[], str | None]
    functions: frozenset[str]
    _next: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)

    def due(self) -> Iterator[str]:
        """The functions whose time has come, each once however much time has passed."""
        now = self.clock.now()
        for name, expression in {"release": self.rule(), "sweep": SWEEP, "sync_lists": SYNC}.items():
            if expression is None or name not in self.functions:
                self._next.pop(name, None)
                continue
            known, at = self._next.get(name, (None, None))
            if known != expression:
                self._next[name] = (expression, _after(expression, now))  # a new rule counts from now
            elif at is not None and at <= now:
                self._next[name] = (expression, _after(expression, now))
                yield name

    def restart(self) -> None:
        """Count anew from now: what was due has just been done by hand."""
        self._next.clear()


def _after(expression: str, now: datetime) -> datetime | None:
    try:
        return next_run_at(expression, now)
    except ScheduleFault:
        return None  # EventBridge would not have taken it
