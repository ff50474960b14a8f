"""What editing, erasing and opting out need of the outside beyond ``ports.py``, as Protocols."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.ids import Place
from chalicelib.domain.people import Grave, Ref, SentPointer
from chalicelib.domain.ports import Addresses, AnyTarget, Membership, Memberships, Targets
from chalicelib.domain.records import TargetType


class TargetStore(Targets, Protocol):
    """Targets, and what is left of those who are gone."""

    def bury(self, target: AnyTarget, *, at: datetime, erased: bool) -> Grave:
        """Delete the target, its note as a holder, and with ``erased`` flag its address, in one transaction.

        Raises:
            PreconditionFailed: Somebody changed or deleted it meanwhile.
        """
        ...

    def grave(self, target_type: TargetType, target_id: str) -> Grave | None:
        """What is left of a deleted target, or None if it lives or never did."""
        ...

    def erase_grave(self, grave: Grave, *, at: datetime) -> None:
        """Erase the address of one who was only deleted before; again changes nothing."""
        ...

    def sent_pointers(self, target_type: TargetType, target_id: str, *, limit: int) -> Sequence[SentPointer]:
        """What this target was sent; at most ``limit``."""
        ...

    def remove_pointers(
        self, target_type: TargetType, target_id: str, pointers: Collection[SentPointer]
    ) -> None:
        """Forget that this target was sent these."""
        ...


class MembershipStore(Memberships, Protocol):
    """Memberships, many at once."""

    def mark(
        self,
        list_ids: Collection[str],
        refs: Collection[Ref],
        *,
        opted_out: bool,
        address_key: str | None = None,
    ) -> Sequence[Membership]:
        """Mark these persons on those of these lists that they are on; answers whose mark changed, as it is now.

        With ``address_key`` only as long as that address row agrees. ``opted_out=False`` also forgets the opt-outs of those
        who were removed.
        """
        ...

    def forget(self, target_type: TargetType, target_id: str) -> None:
        """Leave nothing of a person's standing to any list."""
        ...


class AddressStore(Addresses, Protocol):
    """Addresses, as an administrator changes them."""

    def admit(self, key: str, *, at: datetime) -> None:
        """An erased or opted-out address may be mailed again."""
        ...


class LeadLog(Protocol):
    """Where it is noted that a lead came of a campaign."""

    def lead_created(self, campaign_id: str, lead_id: str, at: datetime) -> None:
        """Add it; again changes nothing."""
        ...


class PlacesOfTests(Protocol):
    """Where somebody got a Send Test: of no use but for erasing them."""

    def of(self, ref: Ref, address_key: str | None, *, limit: int) -> Sequence[Place]:
        """Some of the places of this person, and of this address; at most ``limit`` of each."""
        ...

    def remove(self, ref: Ref, address_key: str | None, places: Collection[Place]) -> None:
        """Forget these places."""
        ...


class LedgerEraser(Protocol):
    """The ledger, where it names people."""

    def forget(self, place: Place) -> None:
        """Take the address out of a recipient's entry; its keyed hash stays. Again changes nothing."""
        ...
