"""Every environment variable, named once."""

from collections.abc import Mapping
from dataclasses import dataclass


class MissingVariable(RuntimeError):
    """A variable that a function cannot start without; the message names it."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"the environment variable {variable} is missing")
        self.variable = variable


def stage_of(environ: Mapping[str, str]) -> str:
    """The stage's name, whose default is always good."""
    return environ.get("ENVOI_STAGE", "dev")


def user_pool_of(environ: Mapping[str, str]) -> str:
    """The ARN of the Cognito user pool that knows the callers; empty where tokens do."""
    return environ.get("ENVOI_COGNITO_USER_POOL_ARN", "")


@dataclass(frozen=True)
class Environment:
    """Where this stage's resources are; what an administrator changes is in the settings record, not here."""

    stage: str
    table: str
    send_queue_url: str
    send_dead_letter_url: str
    jobs_queue_url: str
    jobs_dead_letter_url: str
    feedback_dead_letter_url: str
    feedback_topic_arn: str
    operators_topic_arn: str
    bucket: str
    configuration_set: str
    key_ring_secret: str
    release_rule: str
    public_url: str
    first_admin_token: str
    user_pool_arn: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Environment":
        """Read the variables; those without a default must be there.

        Raises:
            MissingVariable: One that has no default is missing or empty.
        """

        def need(name: str) -> str:
            value = environ.get(name, "")
            if not value:
                raise MissingVariable(name)
            return value

        return cls(
            stage=stage_of(environ),
            table=need("ENVOI_TABLE"),
            send_queue_url=need("ENVOI_SEND_QUEUE_URL"),
            send_dead_letter_url=need("ENVOI_SEND_DEAD_LETTER_URL"),
            jobs_queue_url=need("ENVOI_JOBS_QUEUE_URL"),
            jobs_dead_letter_url=need("ENVOI_JOBS_DEAD_LETTER_URL"),
            feedback_dead_letter_url=need("ENVOI_FEEDBACK_DEAD_LETTER_URL"),
            feedback_topic_arn=need("ENVOI_FEEDBACK_TOPIC_ARN"),
            operators_topic_arn=need("ENVOI_OPERATORS_TOPIC_ARN"),
            bucket=need("ENVOI_BUCKET"),
            configuration_set=need("ENVOI_CONFIGURATION_SET"),
            key_ring_secret=need("ENVOI_KEY_RING_SECRET"),
            release_rule=need("ENVOI_RELEASE_RULE"),
            public_url=environ.get("ENVOI_PUBLIC_URL", ""),
            first_admin_token=environ.get("ENVOI_ADMIN_TOKEN", ""),
            user_pool_arn=user_pool_of(environ),
        )
