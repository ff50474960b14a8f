"""The parts of the wiring that hold records, people and the ledger; :class:`chalicelib.wiring.Wiring` adds the rest."""

# Imports stand where they are used: a cold start pays only for its own function.

from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.domain.clock import Clock
from chalicelib.domain.records import Campaign, EmailTemplate, TrackingUrl

if TYPE_CHECKING:
    from chalicelib.metrics import Metrics
    from chalicelib.storage.addresses import DynamoAddresses
    from chalicelib.storage.ledger import DynamoLedger
    from chalicelib.storage.mass_emails import DynamoMassEmails
    from chalicelib.storage.memberships import DynamoMemberships
    from chalicelib.storage.people_read import DynamoPeople
    from chalicelib.storage.records import DynamoRecords
    from chalicelib.storage.runs import DynamoRuns
    from chalicelib.storage.targets import DynamoTargets


class StoreWiring:
    """Joins the stores that several flows share."""

    clock: Clock
    environment: Any
    stage_name: Any
    table: Any
    key_ring: Any

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client."""
        raise NotImplementedError

    def key_of(self, address: str) -> str:
        """An address's keyed hash."""
        from chalicelib.domain.addresses import address_key

        return address_key(address, self.key_ring.address_key())

    def public_url(self) -> str:
        """The stage's own URL; empty when it is not known."""
        return str(self.environment.public_url)

    @cached_property
    def mass_email_store(self) -> "DynamoMassEmails":
        """The records of mass emails."""
        from chalicelib.storage.mass_emails import DynamoMassEmails

        return DynamoMassEmails(self.table)

    @cached_property
    def campaign_store(self) -> "DynamoRecords[Campaign]":
        """The records of campaigns."""
        from chalicelib.storage.records import DynamoRecords

        return DynamoRecords(self.table, "Campaign", Campaign)

    @cached_property
    def template_store(self) -> "DynamoRecords[EmailTemplate]":
        """The records of email templates."""
        from chalicelib.storage.records import DynamoRecords

        return DynamoRecords(self.table, "EmailTemplate", EmailTemplate)

    @cached_property
    def tracking_url_store(self) -> "DynamoRecords[TrackingUrl]":
        """The records of tracking URLs."""
        from chalicelib.storage.records import DynamoRecords

        return DynamoRecords(self.table, "TrackingUrl", TrackingUrl)

    @cached_property
    def target_store(self) -> "DynamoTargets":
        """Accounts, contacts, leads and users."""
        from chalicelib.storage.targets import DynamoTargets

        return DynamoTargets(self.table, self.key_of)

    @cached_property
    def memberships(self) -> "DynamoMemberships":
        """Who is on which list."""
        from chalicelib.storage.memberships import DynamoMemberships

        return DynamoMemberships(self.table, self.key_of, self.clock)

    @cached_property
    def addresses(self) -> "DynamoAddresses":
        """The flags of addresses."""
        from chalicelib.storage.addresses import DynamoAddresses

        return DynamoAddresses(self.table)

    @cached_property
    def measure(self) -> "Metrics":
        """Numbers for CloudWatch."""
        from chalicelib.metrics import Metrics

        return Metrics(self.stage_name, self.clock)

    @cached_property
    def ledger(self) -> "DynamoLedger":
        """The segments."""
        from chalicelib.storage.measured import MeasuredLedger

        return MeasuredLedger(self.table, self.key_of, self.measure)

    @cached_property
    def runs(self) -> "DynamoRuns":
        """Progress, plans, frozen messages."""
        from chalicelib.storage.measured import MeasuredRuns

        return MeasuredRuns(self.table, self.measure)

    @cached_property
    def people_read(self) -> "DynamoPeople":
        """The two reads of a chunk."""
        from chalicelib.storage.people_read import DynamoPeople

        return DynamoPeople(self.table)
