"""Plays SNS to ``feedback``: events wait here until they are handed over, come again when it fails, and end as dead letters.

SNS calls a function asynchronously; Lambda then tries twice more, a minute and two minutes later, and hands what still
fails to the function's failure destination (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
"""

import heapq
import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.clock import Clock

RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=2))


@dataclass(order=True)
class _Waiting:
    due: datetime
    number: int
    text: str = field(compare=False)
    failures: int = field(default=0, compare=False)


class Topic:
    """``hand_over`` calls the function with an event's text and raises what it raises; ``bury`` takes dead letters."""

    def __init__(self, clock: Clock, hand_over: Callable[[str], None], bury: Callable[[str], None]) -> None:
        self._clock, self._hand_over, self._bury = clock, hand_over, bury
        self._waiting: list[_Waiting] = []
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def publish(self, event: Any) -> None:
        """Take an event: anything that JSON can say."""
        self.say(json.dumps(event, ensure_ascii=False))

    def say(self, text: str) -> None:
        """Take an event as text, JSON or not."""
        self._put(self._clock.now(), text, 0)

    def __len__(self) -> int:
        return len(self._waiting)

    def deliver_one(self) -> bool:
        """Hand over the event that is due first; answers whether there was one."""
        with self._lock:
            if not self._waiting or self._waiting[0].due > self._clock.now():
                return False
            waiting = heapq.heappop(self._waiting)
        try:
            self._hand_over(waiting.text)
        except Exception:  # noqa: BLE001 - whatever the function raises counts as its failure
            self._failed(waiting)
        return True

    def _failed(self, waiting: _Waiting) -> None:
        if waiting.failures == len(RETRY_AFTER):
            self._bury(waiting.text)
            return
        self._put(self._clock.now() + RETRY_AFTER[waiting.failures], waiting.text, waiting.failures + 1)

    def _put(self, due: datetime, text: str, failures: int) -> None:
        with self._lock:
            heapq.heappush(self._waiting, _Waiting(due, next(self._numbers), text, failures))
