"""The parts of the wiring that make, edit and delete what callers own; :class:`chalicelib.wiring.Wiring` adds the rest."""

# Imports stand where they are used: a cold start pays only for its own function.

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.domain.records import TargetList
from chalicelib.wiring_delivery import DeliveryWiring

if TYPE_CHECKING:
    from chalicelib.flows.campaigns import Campaigns
    from chalicelib.flows.email_templates import EmailTemplates
    from chalicelib.flows.emptying import Emptying
    from chalicelib.flows.mass_emails import Drafting
    from chalicelib.flows.readiness import Readiness
    from chalicelib.flows.target_lists import TargetLists
    from chalicelib.flows.tracking_urls import TrackingUrls
    from chalicelib.storage.records import DynamoRecords
    from chalicelib.storage.turns import DynamoTurns


class ResourceWiring(DeliveryWiring):
    """Joins the flows of campaigns, mass emails, templates, tracking URLs and lists."""

    @cached_property
    def list_store(self) -> "DynamoRecords[TargetList]":
        """The records of target lists."""
        from chalicelib.storage.records import DynamoRecords

        return DynamoRecords(self.table, "TargetList", TargetList)

    @cached_property
    def turns(self) -> "DynamoTurns":
        """The turn of those who take up references and those who delete."""
        from chalicelib.storage.turns import DynamoTurns

        return DynamoTurns(self.table)

    @cached_property
    def campaigns(self) -> "Campaigns":
        """What callers do with campaigns."""
        from chalicelib.flows.campaigns import Campaigns

        return Campaigns(self.campaign_store, self.list_store, self.mass_email_store, self.turns, self.clock)

    @cached_property
    def readiness(self) -> "Readiness":
        """Whether a mass email could go out."""
        from chalicelib.flows.readiness import Readiness

        return Readiness(
            campaigns=self.campaign_store,
            templates=self.template_store,
            lists=self.list_store,
            tracking_urls=self.tracking_url_store,
            settings=self.settings_store,
            renderer=self.renderer,
            public_url=self.public_url,
        )

    @cached_property
    def drafting(self) -> "Drafting":
        """What callers do with mass emails but for their status."""
        from chalicelib.flows.mass_emails import Drafting

        return Drafting(self.mass_email_store, self.readiness, self.turns, self.clock)

    @cached_property
    def email_templates(self) -> "EmailTemplates":
        """What callers do with templates."""
        from chalicelib.flows.email_templates import EmailTemplates

        return EmailTemplates(
            self.template_store, self.mass_email_store, self.renderer, self.turns, self.clock
        )

    @cached_property
    def tracking_urls(self) -> "TrackingUrls":
        """What callers do with tracking URLs."""
        from chalicelib.flows.tracking_urls import TrackingUrls

        return TrackingUrls(self.tracking_url_store, self.campaign_store, self.turns, self.clock)

    @cached_property
    def target_lists(self) -> "TargetLists":
        """What callers do with lists."""
        from chalicelib.flows.target_lists import TargetLists

        return TargetLists(
            self.list_store,
            self.memberships,
            self.mass_email_store,
            self.turns,
            self.clock,
            self.emptying.soon,
        )

    @cached_property
    def emptying(self) -> "Emptying":
        """Lists that were deleted."""
        from chalicelib.flows.emptying import Emptying
        from chalicelib.flows.slices import Slices

        return Emptying(
            lists=self.list_store,
            memberships=self.memberships,
            jobs=self.jobs,
            outbox=self.outbox,
            slices=Slices(self.jobs, self.outbox, self.clock),
            clock=self.clock,
        )
