"""What the guard needs of the outside, as Protocols."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.domain.guard import History, Tally


@dataclass(frozen=True)
class Watch:
    """The mass emails that are looked at; ``tripped`` while the account's hold is the guard's."""

    ids: frozenset[str] = frozenset()
    tripped: bool = False


class GuardStore(Protocol):
    """What the guard knows from one round to the next."""

    def watch(self) -> Watch:
        """As stored; consistent."""
        ...

    def add(self, mass_email_ids: Collection[str]) -> None:
        """Look at these from now on."""
        ...

    def drop(self, mass_email_ids: Collection[str]) -> None:
        """Look at these no more."""
        ...

    def trip(self, *, tripped: bool) -> None:
        """Note whether the account's hold is the guard's."""
        ...

    def histories(self, mass_email_ids: Collection[str]) -> Mapping[str, History]:
        """Those that are stored."""
        ...

    def save(self, mass_email_id: str, history: History) -> None:
        """Store one."""
        ...

    def count(self, base: str, start: datetime, end: datetime) -> Tally:
        """What SES said between these moments of a mass email's recipients, the end excluded."""
        ...


class Operators(Protocol):
    """Whoever runs this stage."""

    def tell(self, subject: str, event: Mapping[str, object]) -> None:
        """Send them an event: ids, numbers and sentences of ours, never an address."""
        ...
