"""One line of JSON per event: a name with fields, never an address or a token.

Every line bears the ``correlation`` of the request or event that began it all, through the queues too: one search in
CloudWatch shows what a call brought about.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_log = logging.getLogger("envoi")
_correlation: ContextVar[str | None] = ContextVar("correlation", default=None)


@contextmanager
def correlated(correlation: str) -> Iterator[None]:
    """Within this, all lines bear this id, and so do the messages that go on the queues (``storage/outbox.py``)."""
    before = _correlation.set(correlation)
    try:
        yield
    finally:
        _correlation.reset(before)


def correlation() -> str | None:
    """The id of what is being done; None outside of a call."""
    return _correlation.get()


def line(fields: Mapping[str, object]) -> None:
    """A line as it is: for CloudWatch's embedded metrics (``metrics.py``)."""
    _write(logging.INFO, {**fields})


def event(name: str, **fields: object) -> None:
    """Something happened that an operator may look for; ``fields`` are ids, codes and numbers."""
    _write(logging.INFO, {"event": name, **fields})


def trouble(name: str, error: BaseException | None = None, **fields: object) -> None:
    """Something went wrong.

    Of the error only its class, AWS's code and the places are written: its sentence may quote what a caller sent. What is
    missing of the environment is written by its name.
    """
    if error is not None:
        fields = {**fields, "error": type(error).__name__, "code": _code(error), "at": _places(error)}
        if hasattr(error, "variable"):  # settings.py
            fields["variable"] = error.variable
    _write(logging.ERROR, {"event": name, **fields})


def _code(error: BaseException) -> str | None:
    """AWS's code of a botocore ClientError; other errors may have a ``response`` too, of any kind."""
    response = getattr(error, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-12:]]


def _write(level: int, fields: dict[str, object]) -> None:
    if not _log.handlers:
        _configure()
    fields["level"] = logging.getLevelName(level)
    named = correlation()
    if named is not None:
        fields["correlation"] = named
    _log.log(level, json.dumps(fields, default=str, separators=(",", ":")))


def _configure() -> None:
    """Lambda's own handler would add a prefix that is no JSON; so ours alone, and nothing passed on."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False
