"""What SES allows this account, and whether sending is held back; what ``release`` and ``sweep`` last stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.domain.ports_account import AccountState

SES_PAUSED = "sesPaused"


class StoredAccount(Protocol):
    """What is stored of the SES account."""

    def state(self) -> AccountState:
        """As stored now."""
        ...

    def lift(self, reason: str) -> None:
        """Lift a hold for this reason; others stay."""
        ...


class Identities(Protocol):
    """Who may send."""

    def identities(self) -> Sequence[Mapping[str, object]]:
        """The account's identities: ``name``, ``type``, ``sendingEnabled``."""
        ...


@dataclass(frozen=True)
class Pause:
    """Why nothing is sent; ``since`` is None when SES itself paused the account."""

    code: str
    message: str
    since: datetime | None


@dataclass(frozen=True)
class QuotaReport:
    """The account; everything that SES says is None until it was asked for the first time (``as_of``)."""

    max_24_hour_send: float | None
    max_send_rate: float | None
    sent_last_24_hours: float | None
    sandbox: bool | None
    identities: Sequence[Mapping[str, object]]
    pause: Pause | None
    as_of: datetime | None


@dataclass(frozen=True)
class Quota:
    """Read the quota; let sending go on."""

    account: StoredAccount
    ses: Identities

    def read(self) -> QuotaReport:
        """The stored answer of ``GetAccount``, and the identities as they are now."""
        state = self.account.state()
        account = state.account
        return QuotaReport(
            max_24_hour_send=account.max_24_hour_send if account else None,
            max_send_rate=account.max_send_rate if account else None,
            sent_last_24_hours=account.sent_last_24_hours if account else None,
            sandbox=not account.production_access if account else None,
            identities=self.ses.identities(),
            pause=_pause(state),
            as_of=state.read_at,
        )

    def resume(self) -> QuotaReport:
        """Lift whatever hold there is; sending goes on with the next tick. What SES paused only SES can resume."""
        hold = self.account.state().hold
        if hold is not None:
            self.account.lift(hold)
        return self.read()


def _pause(state: AccountState) -> Pause | None:
    if state.hold is not None:
        return Pause(state.hold, state.hold_message or "", state.hold_since)
    if state.account is not None and not state.account.sending_enabled:
        return Pause(SES_PAUSED, "SES has paused sending for this account", None)
    return None
