"""The parts of the wiring that make estimates; :class:`chalicelib.wiring.Wiring` adds the rest."""

# Imports stand where they are used: a cold start pays only for its own function.

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.domain.ports_jobs import Job
from chalicelib.wiring_search import SearchWiring

if TYPE_CHECKING:
    from chalicelib.flows.estimating import Estimating


class EstimateWiring(SearchWiring):
    """Joins estimates."""

    @cached_property
    def estimating(self) -> "Estimating":
        """What mass emails would do."""
        from chalicelib.flows.estimating import Estimating
        from chalicelib.storage.estimates import DynamoEstimates

        return Estimating(
            clock=self.clock,
            mass_emails=self.mass_email_store,
            campaigns=self.campaign_store,
            memberships=self.memberships,
            freeze=self.freeze,
            account=self.account,
            settings=self.settings_store,
            estimates=DynamoEstimates(self.table),
            jobs=self.jobs,
        )

    @cached_property
    def job_handlers(self) -> Mapping[str, Callable[[Job], object]]:
        """What to do for a job of each kind."""
        from chalicelib.flows import estimating

        return {**super().job_handlers, estimating.JOB_KIND: self.estimating.run}
