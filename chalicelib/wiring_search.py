"""The parts of the wiring that search, fill lists and report; :class:`chalicelib.wiring.Wiring` adds the rest."""

# Imports stand where they are used: a cold start pays only for its own function.

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.domain.ports import Job
from chalicelib.wiring_import import ImportWiring

if TYPE_CHECKING:
    from chalicelib.flows.filling import Filling
    from chalicelib.flows.searching import Searching
    from chalicelib.flows.slices import Slices
    from chalicelib.storage.list_filling import DynamoListFiller
    from chalicelib.storage.search import DynamoSearch


class SearchWiring(ImportWiring):
    """Joins searches, fills and reports."""

    @cached_property
    def people_search(self) -> "DynamoSearch":
        """Finds people in the table."""
        from chalicelib.storage.search import DynamoSearch

        return DynamoSearch(self.table, self.key_of)

    @cached_property
    def list_filler(self) -> "DynamoListFiller":
        """Changes many members of a list."""
        from chalicelib.storage.list_filling import DynamoListFiller

        return DynamoListFiller(self.table, self.key_of, self.clock)

    @cached_property
    def searching(self) -> "Searching":
        """Searches as callers ask for them."""
        from chalicelib.flows.searching import Searching

        return Searching(self.people_search, self.people, self.list_store, self.settings_store, self.clock)

    @cached_property
    def slices(self) -> "Slices":
        """Long jobs, a while at a time."""
        from chalicelib.flows.slices import Slices

        return Slices(self.jobs, self.outbox, self.clock)

    @cached_property
    def filling(self) -> "Filling":
        """Lists from searches."""
        from chalicelib.flows.filling import Filling

        return Filling(
            searching=self.searching,
            people=self.people_search,
            filler=self.list_filler,
            lists=self.list_store,
            jobs=self.jobs,
            slices=self.slices,
            clock=self.clock,
        )

    @cached_property
    def job_handlers(self) -> Mapping[str, Callable[[Job], object]]:
        """What to do for a job of each kind."""
        from chalicelib.flows import filling

        def fill(job: Job) -> object:
            return self.filling.run(job)

        return {**super().job_handlers, filling.ADD_KIND: fill, filling.REMOVE_KIND: fill}
