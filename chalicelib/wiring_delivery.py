"""The parts of the wiring that freeze, release and deliver; :class:`chalicelib.wiring.Wiring` adds the rest."""

# Imports stand where they are used: a cold start pays only for its own function.

import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.wiring_stores import StoreWiring

if TYPE_CHECKING:
    from chalicelib.domain.sending import Sender
    from chalicelib.flows.candidates import Candidates
    from chalicelib.flows.deliver import Deliver
    from chalicelib.flows.finishing import Finishing
    from chalicelib.flows.freeze import Freeze
    from chalicelib.flows.granting import Granting
    from chalicelib.flows.messages import Messages
    from chalicelib.flows.open_plans import OpenPlans
    from chalicelib.flows.preparing import Preparing
    from chalicelib.flows.previewing import Previewing
    from chalicelib.flows.progress import ProgressOf
    from chalicelib.flows.recipients import Recipients
    from chalicelib.flows.release import Release
    from chalicelib.flows.senders import Senders
    from chalicelib.flows.steering import Steering
    from chalicelib.flows.sweep import Sweep
    from chalicelib.flows.tallying import Tallying
    from chalicelib.flows.work import Work
    from chalicelib.rendering.messages import MessageRenderer


class DeliveryWiring(StoreWiring):
    """Joins the sender's flows."""

    settings_store: Any
    outbox: Any
    account: Any
    account_reader: Any
    schedule_rule: Any
    jobs: Any
    replay_reader: Any
    job_handlers: Any

    @cached_property
    def renderer(self) -> "MessageRenderer":
        """Compiles messages."""
        from chalicelib.rendering.messages import MessageRenderer

        return MessageRenderer(self.key_ring.ring)

    @cached_property
    def messages(self) -> "Messages":
        """What mass emails say."""
        from chalicelib.flows.messages import Messages

        return Messages(
            runs=self.runs,
            renderer=self.renderer,
            templates=self.template_store,
            campaigns=self.campaign_store,
            tracking_urls=self.tracking_url_store,
            settings=self.settings_store,
            public_url=self.public_url,
        )

    @cached_property
    def sender(self) -> "Sender":
        """The one way a message leaves."""
        from chalicelib.mail.clients import sending_client
        from chalicelib.mail.sender import SesSender

        return SesSender(sending_client(), self.environment.configuration_set, self.clock)

    @cached_property
    def preparing(self) -> "Preparing":
        """Re-checks and renders."""
        from chalicelib.flows.preparing import Preparing

        return Preparing(self.clock, self.people_read, self.memberships)

    @cached_property
    def deliver(self) -> "Deliver":
        """The send queue's function."""
        from chalicelib.flows.deliver import Deliver
        from chalicelib.storage.tickets import DynamoTickets

        return Deliver(
            clock=self.clock,
            ledger=self.ledger,
            mass_emails=self.mass_email_store,
            account=self.account,
            tickets=DynamoTickets(self.table),
            settings=self.settings_store,
            outbox=self.outbox,
            sender=self.sender,
            messages=self.messages,
            preparing=self.preparing,
            new_token=lambda: secrets.token_hex(8),
        )

    @cached_property
    def candidates(self) -> "Candidates":
        """Memberships with what decides about them."""
        from chalicelib.flows.candidates import Candidates

        return Candidates(self.target_store, self.addresses, self.key_of)

    @cached_property
    def freeze(self) -> "Freeze":
        """Turns lists into recipients."""
        from chalicelib.flows.freeze import Freeze

        return Freeze(self.clock, self.runs, self.ledger, self.memberships, self.candidates)

    @cached_property
    def granting(self) -> "Granting":
        """Grants portions."""
        from chalicelib.domain.ids import new_id
        from chalicelib.flows.granting import Granting

        return Granting(self.clock, self.runs, self.account, self.settings_store, self.open_plans, new_id)

    @cached_property
    def open_plans(self) -> "OpenPlans":
        """Plans that are not closed yet."""
        from chalicelib.flows.open_plans import OpenPlans

        return OpenPlans(self.clock, self.runs, self.ledger, self.outbox)

    @cached_property
    def tallying(self) -> "Tallying":
        """Counts recipients."""
        from chalicelib.flows.tallying import Tallying

        return Tallying(self.clock, self.runs, self.ledger)

    @cached_property
    def finishing(self) -> "Finishing":
        """Closes plans and mass emails."""
        from chalicelib.flows.finishing import Finishing

        return Finishing(self.clock, self.runs, self.mass_email_store, self.tallying, self.open_plans)

    @cached_property
    def release(self) -> "Release":
        """The scheduled function."""
        from chalicelib import logs
        from chalicelib.flows.release import Release

        return Release(
            clock=self.clock,
            mass_emails=self.mass_email_store,
            campaigns=self.campaign_store,
            memberships=self.memberships,
            messages=self.messages,
            runs=self.runs,
            freeze=self.freeze,
            granting=self.granting,
            open_plans=self.open_plans,
            finishing=self.finishing,
            account=self.account,
            reader=self.account_reader,
            outbox=self.outbox,
            report=logs.trouble,
        )

    @cached_property
    def sweep(self) -> "Sweep":
        """Every five minutes."""
        from chalicelib import logs
        from chalicelib.flows.sweep import Sweep

        return Sweep(
            clock=self.clock,
            mass_emails=self.mass_email_store,
            campaigns=self.campaign_store,
            runs=self.runs,
            ledger=self.ledger,
            account=self.account,
            settings=self.settings_store,
            outbox=self.outbox,
            open_plans=self.open_plans,
            finishing=self.finishing,
            release=self.release,
            mend_schedule=self._mend_schedule,
            measure=self.measure,
            report=logs.trouble,
        )

    def _mend_schedule(self) -> None:
        """The stored setting is the truth; a deployment may have put the first expression back."""
        expression = self.settings_store.get().send_schedule
        if self.schedule_rule.state().expression != expression:
            self.schedule_rule.put(expression)

    @cached_property
    def work(self) -> "Work":
        """The jobs queue's function."""
        from chalicelib.flows.work import Work

        return Work(
            release=self.release,
            finishing=self.finishing,
            steering=self.steering,
            jobs=self.jobs,
            handlers=self.job_handlers,
            replay=self.replay_reader,
        )

    @cached_property
    def steering(self) -> "Steering":
        """Pause, resume, cancel, retry."""
        from chalicelib.flows.steering import Steering

        return Steering(self.clock, self.mass_email_store, self.runs, self.ledger, self.messages, self.outbox)

    @cached_property
    def previewing(self) -> "Previewing":
        """Preview and Send Test."""
        from chalicelib.flows.previewing import Previewing

        return Previewing(
            clock=self.clock,
            mass_emails=self.mass_email_store,
            runs=self.runs,
            ledger=self.ledger,
            messages=self.messages,
            renderer=self.renderer,
            people=self.people_read,
            targets=self.target_store,
            deliver=self.deliver,
            key_of=self.key_of,
        )

    @cached_property
    def recipients(self) -> "Recipients":
        """The ledger as callers see it."""
        from chalicelib.flows.recipients import Recipients

        return Recipients(self.mass_email_store, self.runs, self.ledger, self.messages, self.target_store)

    @cached_property
    def progress(self) -> "ProgressOf":
        """How far a mass email is."""
        from chalicelib.flows.progress import ProgressOf

        return ProgressOf(
            clock=self.clock,
            tallying=self.tallying,
            campaigns=self.campaign_store,
            account=self.account,
            settings=self.settings_store,
            public_url=self.public_url,
            is_verified=self.senders.is_verified,
        )

    @cached_property
    def senders(self) -> "Senders":
        """Whether SES may send from an address."""
        from chalicelib import logs
        from chalicelib.flows.senders import Senders

        return Senders(self.clock, self.account_reader, logs.trouble)
