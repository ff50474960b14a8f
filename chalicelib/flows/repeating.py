"""Optimistic writing: read, decide, write on condition, and again from the start when somebody else was faster."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.errors import Deferred

T = TypeVar("T")
TRIES = (
    20  # people edit a record a few times a minute; twenty lost races in a row mean that something is wrong
)


def until_first(attempt: Callable[[], T]) -> T:
    """Run ``attempt`` until nobody was faster.

    Args:
        attempt: Reads, decides and writes; raises Overtaken when its write came too late.

    Raises:
        Deferred: Others were faster :data:`TRIES` times.
    """
    for _ in range(TRIES):
        try:
            return attempt()
        except Overtaken:
            continue
    raise Deferred("others keep changing it at the same time", retry_after=1)
