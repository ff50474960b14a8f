"""What the functions themselves write to their logs, counted instead of printed."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

LINE_BYTES = 26  # that CloudWatch adds to each: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutLogEvents.html
LOG = "envoi"


class Bytes(logging.Handler):
    """Adds up what would be taken in."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self.count += len(record.getMessage().encode()) + LINE_BYTES


@contextmanager
def counted() -> Iterator[Bytes]:
    """Count, and print nothing meanwhile."""
    log, handler = logging.getLogger(LOG), Bytes()
    before, level = log.handlers[:], log.level
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    try:
        yield handler
    finally:
        log.handlers[:] = before
        log.setLevel(level)


def silence() -> None:
    """Print nothing: what is measured here prints figures."""
    logging.getLogger(LOG).handlers[:] = [logging.NullHandler()]
