"""An address as an administrator sees and changes it."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.addresses import address_problem, mailable
from chalicelib.domain.clock import Clock
from chalicelib.domain.ports_people import AddressStore
from chalicelib.domain.records import AddressFlags
from chalicelib.domain.sending import AccountReader
from chalicelib.errors import Invalid

MANUAL = "manual"  # the reason when an administrator gives none


@dataclass(frozen=True)
class AddressBook:
    """The flags of one address at a time; an address that nothing is known of has none set."""

    addresses: AddressStore
    account: AccountReader
    key_of: Callable[[str], str]
    clock: Clock

    def get(self, address: str) -> AddressFlags:
        """What is known of it.

        Raises:
            Invalid: It is not an address.
        """
        key = self._key(address)
        return self.addresses.flags([key]).get(key, AddressFlags(key=key))

    def change(
        self,
        address: str,
        *,
        opt_out: bool | None = None,
        invalid: bool | None = None,
        reason: str | None = None,
    ) -> AddressFlags:
        """Set or clear flags; None leaves one as it is. What is set already keeps its first reason.

        Clearing ``opt_out`` also admits an address that was erased. Clearing ``invalid`` first takes it off SES's suppression
        list, for SES would bounce the next message otherwise and we should flag it again.

        Raises:
            Invalid: It is not an address, or a reason without a flag that is set.
        """
        key, now = self._key(address), self.clock.now()
        if reason is not None and not (opt_out or invalid):
            raise Invalid.of("reason", "goes with a flag that is set")
        why = reason or MANUAL
        if opt_out:
            self.addresses.opt_out(key, address, everything=True, list_ids=(), reason=why, at=now)
        if opt_out is False:
            self.addresses.admit(key, at=now)
        if invalid:
            self.addresses.mark_invalid(key, address, reason=why, at=now)
        if invalid is False:
            self.account.unsuppress(mailable(address))
            self.addresses.clear_invalid(key, at=now)
        return self.get(address)

    def _key(self, address: str) -> str:
        problem = address_problem(address)
        if problem:
            raise Invalid.of("address", problem)
        return self.key_of(address)
