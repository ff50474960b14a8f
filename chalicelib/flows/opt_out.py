"""Leaving lists, or everything, and coming back: for an address, that is for all records that hold it.

The address row is written first: it is the truth, and mail goes by it from that moment. The marks on memberships follow, for
counts and listings; whoever repeats a call that died in between puts them right, and so does adding the member again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.ports import Addresses, Targets
from chalicelib.domain.ports_people import MembershipStore

_NOT_STORED = ""  # address rows are known by their key alone


@dataclass(frozen=True)
class OptOut:
    """The unsubscribe page and the API's opt-outs, both by this; fulfils ``domain.ports_log.OptOuts``."""

    addresses: Addresses
    targets: Targets
    memberships: MembershipStore

    def leave(
        self, address_key: str, *, everything: bool, list_ids: Collection[str], reason: str, at: datetime
    ) -> None:
        """Opt out of these lists, and with ``everything`` of all mail. Idempotent.

        The lists count whether a holder is a member of them now or not: who left a mailing does not get it again because
        somebody removed them from its list and adds them once more.
        """
        self.addresses.opt_out(
            address_key, _NOT_STORED, everything=everything, list_ids=list_ids, reason=reason, at=at
        )
        self._mark(address_key, list_ids, opted_out=True)

    def rejoin(self, address_key: str, *, everything: bool, list_ids: Collection[str], at: datetime) -> None:
        """Take back an opt-out of the same set, unless a later one is known. Idempotent."""
        self.addresses.cancel_opt_out(address_key, everything=everything, list_ids=list_ids, at=at)
        self._mark(address_key, list_ids, opted_out=False)

    def _mark(self, address_key: str, list_ids: Collection[str], *, opted_out: bool) -> None:
        holders = self.targets.holders(address_key) if list_ids else []
        if holders:
            self.memberships.mark(list_ids, holders, opted_out=opted_out, address_key=address_key)
