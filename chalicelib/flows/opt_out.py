"""Leaving lists, or everything, and coming back: for an address, that is for all records that hold it.

The address row is written first: it is the truth, and mail goes by it from that moment. The marks on memberships follow, for
counts and listings; whoever repeats a call that died in between puts them right, and so does adding the member again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.ports import Addresses, Membership, Targets
from chalicelib.domain.ports_people import MembershipStore


@dataclass(frozen=True)
class LeftLists:
    """The memberships whose mark changed, as they are now; none when the call was a repetition."""

    changed: Sequence[Membership] = ()


@dataclass(frozen=True)
class OptOut:
    """The unsubscribe page, complaints and the API's opt-outs, all by this."""

    addresses: Addresses
    targets: Targets
    memberships: MembershipStore

    def leave_lists(
        self,
        address_key: str,
        address: str,
        list_ids: Collection[str],
        *,
        everything: bool,
        reason: str,
        at: datetime,
    ) -> LeftLists:
        """Opt out of these lists, and with ``everything`` of all mail. Idempotent.

        The lists count whether a holder is a member of them now or not: who left a mailing does not get it again because
        somebody removed them from its list and adds them once more.
        """
        self.addresses.opt_out(
            address_key, address, everything=everything, list_ids=list_ids, reason=reason, at=at
        )
        return self._marked(address_key, list_ids, opted_out=True)

    def rejoin(
        self, address_key: str, list_ids: Collection[str], *, everything: bool, at: datetime
    ) -> LeftLists:
        """Take back an opt-out of the same set, unless a later one is known. Idempotent."""
        self.addresses.cancel_opt_out(address_key, everything=everything, list_ids=list_ids, at=at)
        return self._marked(address_key, list_ids, opted_out=False)

    def _marked(self, address_key: str, list_ids: Collection[str], *, opted_out: bool) -> LeftLists:
        holders = self.targets.holders(address_key) if list_ids else []
        if not holders:
            return LeftLists()
        return LeftLists(
            self.memberships.mark(list_ids, holders, opted_out=opted_out, address_key=address_key)
        )
