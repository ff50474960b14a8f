"""One line of JSON per event: a name with fields, never an address or a token."""

import json
import logging
import sys
import traceback

_log = logging.getLogger("envoi")


def event(name: str, **fields: object) -> None:
    """Something happened that an operator may look for; ``fields`` are ids, codes and numbers."""
    _write(logging.INFO, name, fields)


def trouble(name: str, error: BaseException | None = None, **fields: object) -> None:
    """Something went wrong.

    Of the error only its class, AWS's code and the places are written: its sentence may quote what a caller sent.
    """
    if error is not None:
        fields = {**fields, "error": type(error).__name__, "code": _code(error), "at": _places(error)}
    _write(logging.ERROR, name, fields)


def _code(error: BaseException) -> str | None:
    """AWS's code of a botocore ClientError; other errors may have a ``response`` too, of any kind."""
    response = getattr(error, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-12:]]


def _write(level: int, name: str, fields: dict[str, object]) -> None:
    if not _log.handlers:
        _configure()
    _log.log(level, json.dumps({"event": name, **fields}, default=str, separators=(",", ":")))


def _configure() -> None:
    """Lambda's own handler would add a prefix that is no JSON; so ours alone, and nothing passed on."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False
