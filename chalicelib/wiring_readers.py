"""The parts of the wiring that readers and SES's events reach, and that tell what they did."""

# Imports stand where they are used: a cold start pays only for its own function. ruff: noqa: PLC0415

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.wiring_people import PeopleWiring

if TYPE_CHECKING:
    from chalicelib.flows.feedback import Feedback
    from chalicelib.flows.links import Links
    from chalicelib.flows.log import Log
    from chalicelib.flows.stats import Stats
    from chalicelib.flows.tracking import Tracking
    from chalicelib.flows.unsubscribe import Unsubscribe
    from chalicelib.storage.activity import DynamoActivity
    from chalicelib.storage.finding import DynamoMassEmailFinder
    from chalicelib.storage.log import DynamoLogWriter
    from chalicelib.storage.log_reading import DynamoLogReader


class ReaderWiring(PeopleWiring):
    """Joins tracking, unsubscribing, feedback, the log and the statistics."""

    @cached_property
    def finder(self) -> "DynamoMassEmailFinder":
        """Mass emails by what links and events know of them."""
        from chalicelib.storage.finding import DynamoMassEmailFinder

        return DynamoMassEmailFinder(self.table)

    @cached_property
    def activity(self) -> "DynamoActivity":
        """The marks beside the segments."""
        from chalicelib.storage.measured import MeasuredActivity

        return MeasuredActivity(self.table, self.measure)

    @cached_property
    def log_writer(self) -> "DynamoLogWriter":
        """Adds to the log."""
        from chalicelib.storage.log import DynamoLogWriter

        return DynamoLogWriter(self.table)

    @cached_property
    def history(self) -> "DynamoLogReader":
        """Reads the log's rows."""
        from chalicelib.storage.log_reading import DynamoLogReader

        return DynamoLogReader(self.table)

    @cached_property
    def links(self) -> "Links":
        """Where links lead; its caches live as long as the process."""
        from chalicelib.flows.links import Links

        return Links(self.finder, self.runs, self.tracking_url_store, self.clock)

    @cached_property
    def tracking(self) -> "Tracking":
        """Opens and clicks."""
        from chalicelib.flows.tracking import Tracking

        return Tracking(self.clock, self.links, self.log_writer, self.settings_store, self.outbox)

    @cached_property
    def unsubscribe(self) -> "Unsubscribe":
        """The unsubscribe page."""
        from chalicelib.flows.readers import Readers
        from chalicelib.flows.unsubscribe import Unsubscribe

        return Unsubscribe(
            clock=self.clock,
            readers=Readers(
                finder=self.finder,
                campaigns=self.campaign_store,
                segments=self.ledger,
                memberships=self.memberships,
                targets=self.target_store,
                addresses=self.addresses,
            ),
            opt_outs=self.opt_outs,
            activity=self.activity,
            log=self.log_writer,
            outbox=self.outbox,
        )

    def replay_reader(self, message: Mapping[str, object]) -> None:
        """Do what could not be done while the reader waited: a message of kind ``tracked``."""
        if "wish" in message:
            self.unsubscribe.replay(message)
        else:
            self.tracking.replay(message)

    @cached_property
    def feedback(self) -> "Feedback":
        """What SES says."""
        from chalicelib.flows.address_feedback import AddressFeedback
        from chalicelib.flows.feedback import Feedback
        from chalicelib.mail.feedback import parse_sns_message
        from chalicelib.storage.events import DynamoEvents

        return Feedback(
            clock=self.clock,
            finder=self.finder,
            segments=self.ledger,
            activity=self.activity,
            log=self.log_writer,
            events=DynamoEvents(self.table, self.key_of),
            address_feedback=AddressFeedback(
                addresses=self.addresses,
                targets=self.target_store,
                history=self.history,
                settings=self.settings_store,
                key_of=self.key_of,
            ),
            parse=parse_sns_message,
        )

    @cached_property
    def stats(self) -> "Stats":
        """Statistics."""
        from chalicelib.flows.stats import Stats
        from chalicelib.storage.numbers import DynamoNumbers

        return Stats(
            clock=self.clock,
            finder=self.finder,
            campaigns=self.campaign_store,
            segments=self.ledger,
            runs=self.runs,
            history=self.history,
            cache=DynamoNumbers(self.table),
        )

    @cached_property
    def log(self) -> "Log":
        """The log as callers read it."""
        from chalicelib.flows.log import Log

        return Log(
            finder=self.finder,
            campaigns=self.campaign_store,
            segments=self.ledger,
            history=self.history,
            targets=self.target_store,
            key_of=self.key_of,
        )
