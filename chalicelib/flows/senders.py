"""Whether SES may send from an address, asked rarely: SES allows one such question a second."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.domain.clock import Clock
from chalicelib.domain.sending import AccountReader

KNOWN_FOR = timedelta(minutes=1)


@dataclass(frozen=True)
class Senders:
    """Remembers SES's answers for a while; ``report`` writes an event with fields to the log."""

    clock: Clock
    reader: AccountReader
    report: Callable[..., None]
    known: dict[str, tuple[datetime, bool]] = field(default_factory=dict)

    def is_verified(self, address: str) -> bool:
        """Whether the address or its domain is a verified identity; also when SES does not answer: the send will tell."""
        now = self.clock.now()
        asked_at, answer = self.known.get(address, (None, True))
        if asked_at is not None and now - asked_at < KNOWN_FOR:
            return answer
        try:
            answer = self.reader.identity_verified(address)
        except Exception as error:  # noqa: BLE001 - a reader of the status must not fail for it
            self.report("identity_unread", error)
            answer = True
        self.known[address] = now, answer
        return answer
