"""Troubles on demand: what ``PUT /_local/faults`` sets, and the dice that decide where they strike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from random import Random
from typing import Any

from devstack.ses_errors import bad_request

ENTRY_STATUSES = (
    "TRANSIENT_FAILURE",
    "ACCOUNT_THROTTLED",
    "MESSAGE_REJECTED",
    "INVALID_PARAMETER",
    "FAILED",
)
"""What befalls single entries; the other statuses are the whole account's and must be asked for in ``statuses``."""


@dataclass(frozen=True)
class Faults:
    """Probabilities from 0 to 1, of a call, an entry or an event; and what the account is like."""

    throttle: float = 0.0  # of a call: TooManyRequestsException
    error_before_accept: float = 0.0  # of a call: 500, nothing accepted
    timeout_after_accept: float = 0.0  # of a call: all accepted, the answer lost
    mixed_status: float = 0.0  # of an entry: one of ``statuses``
    drop_send_events: float = 0.0  # of a Send event
    duplicate_events: float = 0.0  # of an event: published twice
    statuses: Sequence[str] = ENTRY_STATUSES
    seed: int = 0
    max_send_rate: float = 200.0  # recipients per second
    max_24_hour_send: float = 50_000.0  # recipients; -1 is no limit
    latency_ms: float = 0.0
    sandbox: bool = False
    sending_paused: bool = False
    account_suspended: bool = False

    @classmethod
    def of(cls, body: Mapping[str, object]) -> "Faults":
        """Read the JSON body; what it does not name is as at the start.

        Raises:
            SesError: An unknown name, a probability outside 0 to 1, or a wrong type.
        """
        names = {camel(field.name): field for field in fields(cls)}
        unknown = sorted(set(body) - set(names))
        if unknown:
            raise bad_request(f"unknown faults: {', '.join(unknown)}; there are {', '.join(sorted(names))}")
        values: dict[str, Any] = {
            names[name].name: _checked(name, names[name].default, value) for name, value in body.items()
        }
        return cls(**values)


class Dice:
    """Random decisions that a seed makes repeatable."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def strikes(self, probability: float) -> bool:
        """Whether something of this probability happens now; costs no number where it cannot."""
        return probability > 0 and self.random.random() < probability


_PROBABILITIES = frozenset(
    {
        "throttle",
        "errorBeforeAccept",
        "timeoutAfterAccept",
        "mixedStatus",
        "dropSendEvents",
        "duplicateEvents",
    }
)


def _checked(name: str, default: object, value: object) -> object:
    if name == "statuses":
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise bad_request("statuses must be a list of names that is not empty")
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        raise bad_request(f"{name} must be true or false")
    if name in _PROBABILITIES and isinstance(value, bool):
        return float(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise bad_request(f"{name} must be a number")
    if name in _PROBABILITIES and not 0 <= value <= 1:
        raise bad_request(f"{name} is a probability: from 0 to 1")
    return int(value) if isinstance(default, int) else float(value)


def camel(name: str) -> str:
    """A field's name as JSON has it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
