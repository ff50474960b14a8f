"""Who on the target lists becomes a recipient, and why the others do not. Reasons in the order in which they apply."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.domain.ports import AnyTarget, Membership
from chalicelib.domain.records import AddressFlags, TargetType, User


class LeftOut(StrEnum):
    """Why a membership makes no recipient, first that applies."""

    TARGET_DELETED = "targetDeleted"
    NO_ADDRESS = "noAddress"
    ERASED = "erased"
    INACTIVE_USER = "inactiveUser"
    EXCLUDED_TARGET = "excludedTarget"
    EXCLUDED_ADDRESS = "excludedAddress"
    OPTED_OUT_OF_LIST = "optedOutOfList"
    OPTED_OUT = "optedOut"
    INVALID = "invalid"
    ALREADY_SENT = "alreadySent"  # an earlier freeze of this mass email took them
    DUPLICATE_TARGET = "duplicateTarget"
    DUPLICATE_ADDRESS = "duplicateAddress"


TYPE_CODES = {TargetType.ACCOUNT: 0, TargetType.CONTACT: 1, TargetType.LEAD: 2, TargetType.USER: 3}
_ADDRESS_DIGITS = 16  # of the keyed hash: 64 bits; a million addresses collide with a chance of 3e-8


def target_number(target_type: TargetType, target_id: str) -> int:
    """A target as one small number: a million of them must fit into a function's memory."""
    return int(target_id, 16) << 2 | TYPE_CODES[target_type]


def address_number(address_key: str) -> int:
    """An address as one small number."""
    return int(address_key[:_ADDRESS_DIGITS], 16)


@dataclass
class Seen:
    """Who is in already; filled from the ledger itself, so it survives a crash.

    The one mutable value of the domain: it is a working memory of millions, not a fact.
    """

    targets: set[int] = field(default_factory=set)
    addresses: set[int] = field(default_factory=set)

    def add(self, target_type: TargetType, target_id: str, address_key: str) -> None:
        """Note a recipient."""
        self.targets.add(target_number(target_type, target_id))
        self.addresses.add(address_number(address_key))


@dataclass(frozen=True)
class Candidate:
    """One membership and what is known of it; ``flags`` is None for an address without any."""

    membership: Membership
    target: AnyTarget | None
    address_key: str | None
    flags: AddressFlags | None


def reason_left_out(
    candidate: Candidate, *, excluded: Seen, earlier: Seen, current: Seen, informational: bool
) -> LeftOut | None:
    """Why this membership makes no recipient; None when it makes one.

    ``informational``: what a reader opted out of does not count, an invalid address does (checklist row 28).
    """
    target, flags = candidate.target, candidate.flags
    if target is None:
        return LeftOut.TARGET_DELETED
    if target.erased_at is not None or (flags is not None and flags.erased):
        return LeftOut.ERASED
    if candidate.address_key is None:
        return LeftOut.NO_ADDRESS
    if isinstance(target, User) and not target.is_active:
        return LeftOut.INACTIVE_USER
    number = target_number(candidate.membership.target_type, target.id)
    address = address_number(candidate.address_key)
    return (
        _excluded(number, address, excluded)
        or _unwanted(candidate, informational=informational)
        or _repeated(number, address, earlier, current)
    )


def _excluded(number: int, address: int, excluded: Seen) -> LeftOut | None:
    if number in excluded.targets:
        return LeftOut.EXCLUDED_TARGET
    return LeftOut.EXCLUDED_ADDRESS if address in excluded.addresses else None


def _unwanted(candidate: Candidate, *, informational: bool) -> LeftOut | None:
    flags, membership = candidate.flags, candidate.membership
    left: AbstractSet[str] = flags.lists_left if flags else frozenset()
    if not informational and (membership.opted_out or membership.list_id in left):
        return LeftOut.OPTED_OUT_OF_LIST
    if flags is None:
        return None
    if not informational and flags.opt_out:
        return LeftOut.OPTED_OUT
    return LeftOut.INVALID if flags.invalid else None


def _repeated(number: int, address: int, earlier: Seen, current: Seen) -> LeftOut | None:
    if number in earlier.targets or address in earlier.addresses:
        return LeftOut.ALREADY_SENT
    if number in current.targets:
        return LeftOut.DUPLICATE_TARGET
    return LeftOut.DUPLICATE_ADDRESS if address in current.addresses else None
