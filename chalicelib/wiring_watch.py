"""The parts of the wiring that watch over sending; :class:`chalicelib.wiring.Wiring` adds the rest."""

# Imports stand where they are used: a cold start pays only for its own function.

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.wiring_estimates import EstimateWiring

if TYPE_CHECKING:
    from chalicelib.flows.guard import Guard


class WatchWiring(EstimateWiring):
    """Joins the guard."""

    @cached_property
    def guard(self) -> "Guard":
        """Pauses sending before SES does."""
        from chalicelib import logs
        from chalicelib.flows.guard import Guard
        from chalicelib.storage.guard import DynamoGuard
        from chalicelib.storage.operators import SnsOperators

        topic, stage = self.environment.operators_topic_arn, self.environment.stage
        return Guard(
            clock=self.clock,
            mass_emails=self.mass_email_store,
            account=self.account,
            settings=self.settings_store,
            store=DynamoGuard(self.table),
            operators=SnsOperators(lambda: self.client("sns"), topic, stage),
            measure=self.measure,
            report=logs.trouble,
        )
