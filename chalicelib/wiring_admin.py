"""What an operator does by hand, joined from a stage's wiring: its own, or one that a test put together."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.wiring import Wiring

if TYPE_CHECKING:
    from chalicelib.flows.dead_letters import Redriving
    from chalicelib.flows.key_rotation import KeyRotation
    from chalicelib.flows.recounting import Recounting


@dataclass(frozen=True)
class AdminWiring:
    """The flows of ``admin.py``."""

    stage: Wiring

    @cached_property
    def redriving(self) -> "Redriving":
        """Dead letters."""
        from chalicelib.domain.ports_admin import DeadQueue
        from chalicelib.flows.dead_letters import Redriving
        from chalicelib.storage.dead_letters import SqsDeadLetters

        environment = self.stage.environment
        letters = SqsDeadLetters(
            self.stage.client("sqs"),
            self.stage.client("sns"),
            dead={
                DeadQueue.SEND: environment.send_dead_letter_url,
                DeadQueue.JOBS: environment.jobs_dead_letter_url,
                DeadQueue.FEEDBACK: environment.feedback_dead_letter_url,
            },
            live={DeadQueue.SEND: environment.send_queue_url, DeadQueue.JOBS: environment.jobs_queue_url},
            topic_arn=environment.feedback_topic_arn,
        )
        return Redriving(letters, environment.feedback_topic_arn)

    @cached_property
    def recounting(self) -> "Recounting":
        """Stored numbers."""
        from chalicelib.flows.recounting import Recounting
        from chalicelib.flows.recounting_runs import RunRecounting
        from chalicelib.storage.list_counting import DynamoListCounting

        return Recounting(
            mass_emails=self.stage.mass_email_store,
            lists=self.stage.list_store,
            runs=self.stage.runs,
            run_recounting=RunRecounting(self.stage.runs, self.stage.ledger),
            tallying=self.stage.tallying,
            list_counting=DynamoListCounting(self.stage.table, self.stage.memberships),
        )

    @cached_property
    def key_rotation(self) -> "KeyRotation":
        """The signing keys."""
        import secrets

        from chalicelib.flows.key_rotation import KeyRotation
        from chalicelib.storage.key_vault import StoredKeyVault

        secret_id = self.stage.environment.key_ring_secret
        vault = StoredKeyVault(self.stage.client("secretsmanager"), secret_id)
        return KeyRotation(self.stage.clock, vault, secrets.token_bytes)
