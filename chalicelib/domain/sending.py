"""One call of ``SendBulkEmail``: what goes in, and what may come out, entry by entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True)
class SesTemplate:
    """What is the same for everybody: SES's inline template, with ``{{name}}`` where a value differs."""

    subject: str
    text: str
    html: str | None


@dataclass(frozen=True)
class Entry:
    """One recipient of one call.

    ``data`` are the values of the SES template's names; ``headers`` and ``tags`` are this recipient's own.
    """

    to_address: str
    data: Mapping[str, str]
    headers: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Batch:
    """At most 50 entries under one template; ``default_data`` goes to every entry."""

    from_header: str
    reply_to: Sequence[str]
    template: SesTemplate
    default_data: Mapping[str, str]
    entries: Sequence[Entry]


class Effect(StrEnum):
    """What an outcome means to the ledger; `delivery.md` names the groups."""

    SENT = "sent"
    BACK = "back"  # not sent, costs no attempt: connection never made, throttled
    QUOTA = "quota"  # as BACK, and every mass email waits until GetAccount shows room
    ATTEMPT = "attempt"  # not sent, costs one attempt
    FINAL = "final"  # not sent, never for this recipient
    STOP = "stop"  # not sent, costs nobody an attempt, pauses the mass email with its reason
    UNKNOWN = "unknown"  # nobody can say: settle
    SPLIT = "split"  # the whole call was refused as malformed: halve it, for one entry may be the culprit


@dataclass(frozen=True)
class Outcome:
    """What became of one entry, or of a whole call.

    ``reason`` is SES's status or exception in camelCase (empty when sent); ``message`` is SES's own sentence,
    stripped of addresses.
    """

    effect: Effect
    reason: str = ""
    message_id: str | None = None
    message: str = ""


class Sender(Protocol):
    """The one way a message leaves Envoi."""

    def send(self, batch: Batch) -> Sequence[Outcome]:
        """Make the call, once; one outcome per entry, in order. Never raises for anything that SES or the network does."""
        ...


@dataclass(frozen=True)
class SesAccount:
    """What SES allows this account (``GetAccount``); rates in recipients per second."""

    max_24_hour_send: float  # -1: no limit
    max_send_rate: float
    sent_last_24_hours: float
    production_access: bool
    sending_enabled: bool
    enforcement_status: str  # HEALTHY, PROBATION, SHUTDOWN
    pricing: Mapping[str, object] | None = None


class AccountReader(Protocol):
    """Asks SES about the account; at most one call a second is allowed (SES API quotas)."""

    def read(self) -> SesAccount:
        """``GetAccount``."""
        ...

    def identity_verified(self, address: str) -> bool:
        """Whether SES may send from this address: the address itself or its domain is a verified identity."""
        ...

    def identities(self) -> Sequence[Mapping[str, object]]:
        """The account's identities: ``name``, ``type``, ``sendingEnabled``."""
        ...

    def unsuppress(self, address: str) -> None:
        """Take the address off the account's suppression list; no error when it is not on it."""
        ...
