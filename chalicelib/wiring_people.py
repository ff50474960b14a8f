"""The parts of the wiring that edit people, members and addresses; :class:`chalicelib.wiring.Wiring` adds the rest."""

# Imports stand where they are used: a cold start pays only for its own function.

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.domain.ports_jobs import Job
from chalicelib.wiring_resources import ResourceWiring

if TYPE_CHECKING:
    from chalicelib.flows.addresses import AddressBook
    from chalicelib.flows.erasing import Erasing
    from chalicelib.flows.members import Members
    from chalicelib.flows.opt_out import OptOut
    from chalicelib.flows.people import People


class PeopleWiring(ResourceWiring):
    """Joins the flows of people, members and addresses."""

    log_writer: Any

    @cached_property
    def people(self) -> "People":
        """What callers do with accounts, contacts, leads and users."""
        from chalicelib.flows.people import People

        return People(
            targets=self.target_store,
            memberships=self.memberships,
            addresses=self.addresses,
            campaigns=self.campaign_store,
            log=self.log_writer,
            key_of=self.key_of,
            clock=self.clock,
        )

    @cached_property
    def erasing(self) -> "Erasing":
        """Erasing people."""
        from chalicelib.flows.erasing import Erasing
        from chalicelib.storage.tests_sent import DynamoPlacesOfTests

        return Erasing(
            targets=self.target_store,
            memberships=self.memberships,
            ledger=self.ledger,
            tests=DynamoPlacesOfTests(self.table),
            jobs=self.jobs,
            outbox=self.outbox,
            clock=self.clock,
        )

    @cached_property
    def opt_outs(self) -> "OptOut":
        """Leaving lists and coming back, for all records with an address."""
        from chalicelib.flows.opt_out import OptOut

        return OptOut(self.addresses, self.target_store, self.memberships)

    @cached_property
    def members(self) -> "Members":
        """Who is on a list."""
        from chalicelib.flows.members import Members
        from chalicelib.flows.slices import Slices

        return Members(
            lists=self.list_store,
            targets=self.target_store,
            memberships=self.memberships,
            opting_out=self.opt_outs,
            jobs=self.jobs,
            slices=Slices(self.jobs, self.outbox, self.clock),
            key_of=self.key_of,
            clock=self.clock,
        )

    @cached_property
    def address_book(self) -> "AddressBook":
        """The flags of addresses, for administrators."""
        from chalicelib.flows.addresses import AddressBook

        return AddressBook(self.addresses, self.account_reader, self.key_of, self.clock)

    @cached_property
    def job_handlers(self) -> Mapping[str, Callable[[Job], object]]:
        """What to do for a job of each kind."""
        from chalicelib.flows import erasing, members

        return {erasing.JOB_KIND: self.erasing.run, members.JOB_KIND: self.members.copy_members}
