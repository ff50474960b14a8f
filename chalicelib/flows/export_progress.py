"""How far an export is: the parts that are in the bucket, and where the rows go on after them."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any


class BeginAgain(Exception):
    """What was written does not fit what comes: the subject was edited, or the upload is not there any more."""


@dataclass(frozen=True)
class Batch:
    """Some rows, and where the following ones begin; None at the end."""

    rows: list[list[Any]]
    next_key: str | None


Batches = Iterator[Batch]


@dataclass(frozen=True)
class Progress:
    """As a job's cursor keeps it.

    ``rest`` is a file of what was written after the last part, when the time of a call was over.
    """

    upload: str | None = None
    etags: tuple[str, ...] = ()
    rest: str | None = None
    rows: int = 0
    next_key: str | None = None

    @classmethod
    def of(cls, cursor: str | None) -> "Progress":
        """What a cursor says; nothing is done yet without one."""
        if cursor is None:
            return cls()
        told = json.loads(cursor)
        return cls(**{**told, "etags": tuple(told["etags"])})

    @property
    def cursor(self) -> str:
        """As :meth:`of` reads it."""
        return json.dumps(asdict(self), separators=(",", ":"))
