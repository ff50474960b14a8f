"""The SES account as sending shares it: what is stored of it, its allowance and its rate, as Protocols."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.domain.portions import Grant
from chalicelib.domain.runs import Plan, Run
from chalicelib.domain.sending import SesAccount


@dataclass(frozen=True)
class AccountState:
    """What is stored of the SES account: SES's last answer, and why nothing may be sent (``hold``), if so."""

    account: SesAccount | None = None
    read_at: datetime | None = None
    hold: str | None = None  # "dailyQuota", "sendingPaused", "guard"
    hold_message: str | None = None
    hold_since: datetime | None = None
    ticked_at: datetime | None = None  # when the schedule last called ``release``


@dataclass(frozen=True)
class Allowance:
    """What was granted lately; ``rev`` guards it, so that two ticks at once share one allowance."""

    grants: tuple[Grant, ...] = ()
    rev: int = 0


@dataclass(frozen=True)
class Granted:
    """One mass email's share of a tick."""

    run: Run  # as it is after the grant, ``rev`` as read
    plan: Plan
    retries: Sequence[tuple[int, ...]] | None = None  # what still waits, when the plan is a retry's


class Account(Protocol):
    """What is stored of the SES account."""

    def state(self) -> AccountState:
        """As stored; consistent."""
        ...

    def state_and_allowance(self) -> tuple[AccountState, Allowance]:
        """Both as stored, in one request; consistent."""
        ...

    def store(self, account: SesAccount, at: datetime, *, ticked_at: datetime | None = None) -> AccountState:
        """SES's own answer, and that the schedule called ``release``, if it did; answers all that is stored now."""
        ...

    def ticked(self, at: datetime) -> None:
        """The schedule called ``release``, and SES did not answer."""
        ...

    def hold(self, reason: str, message: str, at: datetime) -> None:
        """Nothing is sent until it is lifted."""
        ...

    def lift(self, reason: str) -> None:
        """Lift a hold for this reason; others stay."""
        ...

    def allowance(self) -> Allowance:
        """As stored; consistent."""
        ...

    def grant(self, allowance: Allowance, granted: Sequence[Granted]) -> None:
        """Allowance, plans and runs in one transaction.

        Raises:
            Overtaken: Somebody else granted first; nothing was written.
        """
        ...

    def last_send_event_at(self) -> datetime | None:
        """When a Send event of a message of ours last came in, to the minute; None: none ever did."""
        ...


class Tickets(Protocol):
    """The rate: one ticket item for all workers."""

    def take(self, rate: float, now: datetime) -> datetime:
        """The moment at which one call of :func:`chalicelib.domain.runs.chunk_size_at` recipients may be made."""
        ...
