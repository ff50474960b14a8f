"""Where the functions' log lines go on this machine, and how a person reads them on a terminal."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

_LOGGER = "envoi"  # as chalicelib/logs.py names it; whoever finds a handler there adds none
_METRICS = "_aws"  # the key of CloudWatch's embedded metrics


def into_file(path: Path) -> logging.Handler:
    """Every line as CloudWatch would get it, metrics too."""
    return logging.FileHandler(path, encoding="utf-8")


def onto_terminal(stream: TextIO) -> logging.Handler:
    """A short line per event; metrics are for CloudWatch and left out."""
    handler = logging.StreamHandler(stream)
    handler.addFilter(lambda record: _METRICS not in json.loads(record.getMessage()))
    handler.setFormatter(_Readable())
    return handler


class _Readable(logging.Formatter):
    """``ERROR deliver  code=Throttling`` instead of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        fields = json.loads(record.getMessage())
        rest = (f"{name}={_shown(value)}" for name, value in fields.items() if name not in {"event", "level"})
        return (
            f"  {fields.get('level', record.levelname)} {fields.get('event', '')}  {'  '.join(rest)}".rstrip()
        )


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@contextmanager
def going_to(handler: logging.Handler) -> Iterator[None]:
    """Within this, all log lines of Envoi go there and nowhere else."""
    log = logging.getLogger(_LOGGER)
    before, level, propagate = list(log.handlers), log.level, log.propagate
    log.handlers, log.propagate = [handler], False
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.handlers, log.propagate = before, propagate
        log.setLevel(level)
        handler.close()
