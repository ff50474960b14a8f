"""Lets moto's SQS follow the movable clock: delays and visibility pass when the clock is moved."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from moto.sqs import models

from chalicelib.domain.clock import Clock


@contextmanager
def following(clock: Clock) -> Iterator[None]:
    """Within this, every queue of moto in this process reads ``clock``."""

    def seconds(_moment: datetime | None = None) -> float:
        return clock.now().timestamp()

    def milliseconds(_moment: datetime | None = None) -> float:
        return clock.now().timestamp() * 1000

    namespace = vars(models)
    kept = {name: namespace[name] for name in ("unix_time", "unix_time_millis")}
    namespace |= {"unix_time": seconds, "unix_time_millis": milliseconds}
    try:
        yield
    finally:
        namespace |= kept
