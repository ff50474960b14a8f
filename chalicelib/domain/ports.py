"""What the flows need of the outside, as Protocols: storage fulfils them, tests bring fakes."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from chalicelib.domain.org_settings import OrgSettings
from chalicelib.domain.records import Account, AddressFlags, Contact, Lead, Record, Target, TargetType, User

AnyTarget = Account | Contact | Lead | User
T = TypeVar("T", bound=Record)
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True)
class Page(Generic[R_co]):
    """One page; ``next_key`` is where the next one starts (storage's own words, signed by the routes), None at the end.

    ``read`` is how many items storage had to look at for it.
    """

    items: Sequence[R_co]
    next_key: str | None = None
    read: int = 0


class Records(Protocol[T]):
    """The records of one small kind (campaigns, mass emails, templates, tracking URLs, lists, reports, tokens)."""

    def get(self, record_id: str) -> T:
        """The record.

        Raises:
            NotFound: No such record, or a deleted one.
        """
        ...

    def find(self, record_id: str, *, deleted: bool = False) -> T | None:
        """The record or None; ``deleted=True`` also finds what callers can no longer see."""
        ...

    def find_many(self, record_ids: Collection[str]) -> Mapping[str, T]:
        """Those that exist, by id."""
        ...

    def add(self, record: T) -> None:
        """Store a new record."""
        ...

    def replace(self, record: T, *, expected_rev: int, before: T | None = None) -> T:
        """Store an edited record with ``rev = expected_rev + 1`` and answer it.

        With ``before`` only what differs from it is written, so that counters kept by others meanwhile stay.

        Raises:
            PreconditionFailed: The stored ``rev`` is another (somebody was faster), or the record is gone.
        """
        ...

    def page(
        self, *, limit: int, start: str | None = None, equals: Mapping[str, object] | None = None
    ) -> Page[T]:
        """Newest first; ``equals`` filters by camelCase attribute (a tuple value means: any of these)."""
        ...


class Targets(Protocol):
    """Accounts, contacts, leads and users."""

    def get(self, target_type: TargetType, target_id: str) -> AnyTarget:
        """The target.

        Raises:
            NotFound: No such target, or a deleted one.
        """
        ...

    def find_many(
        self, refs: Collection[tuple[TargetType, str]]
    ) -> Mapping[tuple[TargetType, str], AnyTarget]:
        """Those that exist."""
        ...

    def add(self, target: AnyTarget) -> None:
        """Store a new target and note it as a holder of its address, in one transaction."""
        ...

    def replace(self, target: AnyTarget, before: AnyTarget) -> AnyTarget:
        """Store an edited target (on condition of ``before.rev``) and move its note when the address changed.

        Raises:
            PreconditionFailed: Somebody was faster.
        """
        ...

    def page(self, target_type: TargetType, *, limit: int, start: str | None = None) -> Page[AnyTarget]:
        """Newest first."""
        ...

    def holders(self, address_key: str) -> Sequence[tuple[TargetType, str]]:
        """Who holds this address."""
        ...


@dataclass(frozen=True)
class Membership:
    """One target on one list."""

    list_id: str
    target_type: TargetType
    target_id: str
    opted_out: bool = False


@dataclass(frozen=True)
class ListCounts:
    """How many are on a list, and how many of these opted out of it."""

    entries: int = 0
    opted_out: int = 0


class Memberships(Protocol):
    """Who is on which list. Every change keeps the list's counts exact, in the same transaction."""

    def add(self, list_id: str, members: Sequence[Membership]) -> int:
        """Put them on the list; those already on it stay as they are. Answers how many were new.

        Whether a new member counts as opted out is decided here, by the address rows: an opt-out survives removal.
        """
        ...

    def remove(self, list_id: str, members: Collection[tuple[TargetType, str]]) -> int:
        """Take them off the list; answers how many were on it."""
        ...

    def find(
        self, list_ids: Collection[str], target_type: TargetType, target_id: str
    ) -> Sequence[Membership]:
        """On which of these lists the target is."""
        ...

    def lists_of(self, target_type: TargetType, target_id: str) -> Sequence[Membership]:
        """All lists that the target is on."""
        ...

    def page(
        self,
        list_id: str,
        *,
        limit: int,
        start: str | None = None,
        target_type: TargetType | None = None,
        opted_out: bool | None = None,
    ) -> Page[Membership]:
        """For callers: newest target first."""
        ...

    def walk(self, list_id: str, *, start: str | None = None) -> Iterator[tuple[Membership, str]]:
        """For freezing: Accounts, Contacts, Leads, Users; each with the key after which to go on."""
        ...

    def counts(self, list_ids: Collection[str]) -> Mapping[str, ListCounts]:
        """The counts of these lists."""
        ...


class Addresses(Protocol):
    """The flags of addresses. All methods take an address *key* (``domain.addresses.address_key``)."""

    def flags(self, keys: Collection[str], *, consistent: bool = True) -> Mapping[str, AddressFlags]:
        """The flags of those that have any."""
        ...

    def opt_out(
        self,
        key: str,
        address: str,
        *,
        everything: bool,
        list_ids: Collection[str],
        reason: str,
        at: datetime,
    ) -> None:
        """Opt out of everything and/or of these lists. The earliest opt-out of everything says why and since when."""
        ...

    def cancel_opt_out(self, key: str, *, everything: bool, list_ids: Collection[str], at: datetime) -> None:
        """The reverse, for just this set."""
        ...

    def mark_invalid(self, key: str, address: str, *, reason: str, at: datetime) -> None:
        """Never mail this address again until an administrator says so. Of several reasons the earliest stays."""
        ...

    def clear_invalid(self, key: str, *, at: datetime) -> None:
        """An administrator says so."""
        ...

    def soft_bounce(self, key: str, address: str, *, at: datetime, event_id: str) -> Sequence[datetime]:
        """Count one soft bounce, once per event; answers the times of those that now are in a row, earliest first."""
        ...

    def delivered(self, key: str, *, at: datetime) -> None:
        """A delivery at this time ends the row of earlier soft bounces; costs nothing where there are none."""
        ...


class SettingsStore(Protocol):
    """The administrator's settings."""

    def get(self) -> OrgSettings:
        """As stored; at most 30 s old."""
        ...

    def replace(self, settings: OrgSettings, *, expected_rev: int) -> OrgSettings:
        """Store with ``rev = expected_rev + 1``.

        Raises:
            PreconditionFailed: Somebody was faster.
        """
        ...


Factory = Callable[[], str]


__all__ = [
    "Addresses",
    "AnyTarget",
    "Factory",
    "ListCounts",
    "Membership",
    "Memberships",
    "Page",
    "Records",
    "SettingsStore",
    "Target",
    "Targets",
]
