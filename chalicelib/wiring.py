"""The composition root: the only place that makes boto3 clients, each when it is first used.

One :class:`Wiring` per process. Every part is a cached property, so a click never builds an SES client.
Tests and the local cloud build their own with another clock or environment and put it in place with :func:`use`.
"""

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.domain.clock import Clock, SystemClock
from chalicelib.settings import Environment, stage_of
from chalicelib.storage.table import Table
from chalicelib.wiring_watch import WatchWiring

if TYPE_CHECKING:
    from chalicelib.flows.failed_tokens import FailedTokens
    from chalicelib.flows.quota import Quota
    from chalicelib.flows.settings import Settings
    from chalicelib.flows.tokens import Authenticator, Tokens
    from chalicelib.mail.account import SesAccountReader
    from chalicelib.storage.account import DynamoAccount
    from chalicelib.storage.idempotency import DynamoRepeats
    from chalicelib.storage.jobs import DynamoJobs
    from chalicelib.storage.key_ring import StoredKeyRing
    from chalicelib.storage.outbox import SqsOutbox
    from chalicelib.storage.schedule_rule import ScheduleRule
    from chalicelib.storage.settings import DynamoSettings
    from chalicelib.storage.tokens import DynamoTokens


# botocore waits 60 s for a connection and 60 s for an answer, each of its attempts, and a reader would wait with it:
# https://docs.aws.amazon.com/botocore/latest/reference/config.html. A table that hangs is given up within
# ATTEMPTS * READ_SECONDS; then a click goes to the queue, a queue's message comes again, the API answers 503. All of it
# must fit into API Gateway's 29 s. Standard mode waits 25 ms before it tries again after a time-out:
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
ATTEMPTS = 3
CONNECT_SECONDS = 1.0
READ_SECONDS: Mapping[str, float] = {
    "dynamodb": 3.0,  # of 100 items in milliseconds: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html
    "s3": 20.0,  # parts of some megabytes; only jobs write them
}
OTHERWISE_READ_SECONDS = 5.0


class Wiring(WatchWiring):
    """Everything that the doors need, joined."""

    def __init__(self, environ: Mapping[str, str] | None = None, clock: Clock | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self.clock: Clock = clock or SystemClock()

    @cached_property
    def stage_name(self) -> str:
        """The stage, which alone of the variables has a default that is always good."""
        return stage_of(self._environ)

    @cached_property
    def environment(self) -> Environment:
        """The stage's variables."""
        return Environment.from_env(self._environ)

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client; endpoints and credentials come from boto3's own variables."""
        import boto3
        from botocore.config import Config

        defaults = {
            "parameter_validation": False,
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": READ_SECONDS.get(service, OTHERWISE_READ_SECONDS),
            "retries": {"mode": "standard", "total_max_attempts": ATTEMPTS},
            "user_agent": "envoi",  # botocore would put its own together anew for every call
        }
        make: Any = boto3.client
        return make(service, config=Config(**{**defaults, **options}))

    @cached_property
    def table(self) -> Table:
        """The table."""
        from chalicelib.storage.fast_client import pass_json_through

        return Table(pass_json_through(self.client("dynamodb")), self.environment.table, self.clock.sleep)

    @cached_property
    def key_ring(self) -> "StoredKeyRing":
        """The keys of links, cursors and addresses."""
        from chalicelib.storage.key_ring import StoredKeyRing

        return StoredKeyRing(self.client("secretsmanager"), self.environment.key_ring_secret, self.clock)

    @cached_property
    def token_store(self) -> "DynamoTokens":
        """The stored API tokens."""
        from chalicelib.storage.tokens import DynamoTokens

        return DynamoTokens(self.table)

    @cached_property
    def authenticator(self) -> "Authenticator":
        """Whose token is this?"""
        from chalicelib.flows.tokens import Authenticator

        return Authenticator(self.token_store, self.clock, self.environment.first_admin_token)

    @cached_property
    def failed_tokens(self) -> "FailedTokens":
        """Who sends tokens that do not count."""
        import hmac

        from chalicelib import logs
        from chalicelib.flows.failed_tokens import FailedTokens
        from chalicelib.storage.failed_tokens import DynamoFailures

        def key_of(source: str) -> str:
            return hmac.digest(self.key_ring.address_key(), b"source " + source.encode(), "sha256").hex()[:32]

        return FailedTokens(DynamoFailures(self.table), self.clock, key_of, logs.trouble)

    @cached_property
    def repeats(self) -> "DynamoRepeats":
        """The Idempotency-Keys that came."""
        from chalicelib.storage.idempotency import DynamoRepeats

        return DynamoRepeats(self.table, self.clock)

    @cached_property
    def tokens(self) -> "Tokens":
        """Making and revoking API tokens."""
        import secrets

        from chalicelib.domain.ids import new_id
        from chalicelib.flows.tokens import Tokens

        pool = self.environment.user_pool_arn
        return Tokens(self.token_store, self.clock, new_id, secrets.token_bytes, pool)

    @cached_property
    def settings_store(self) -> "DynamoSettings":
        """The administrator's settings as flows read them: at most 30 s old."""
        from chalicelib.storage.settings import DynamoSettings

        return DynamoSettings(self.table, self.clock)

    @cached_property
    def schedule_rule(self) -> "ScheduleRule":
        """The EventBridge rule that calls ``release``."""
        from chalicelib.storage.schedule_rule import ScheduleRule

        return ScheduleRule(self.client("events"), self.environment.release_rule)

    @cached_property
    def settings(self) -> "Settings":
        """Reading and changing the settings."""
        from chalicelib.flows.settings import Settings

        return Settings(self.settings_store, self.schedule_rule, self.clock)

    @cached_property
    def outbox(self) -> "SqsOutbox":
        """The queues."""
        from chalicelib.storage.outbox import SqsOutbox

        return SqsOutbox(self.client("sqs"), self.environment, self.clock.sleep)

    @cached_property
    def jobs(self) -> "DynamoJobs":
        """Long work that callers can follow."""
        from chalicelib.storage.jobs import DynamoJobs

        return DynamoJobs(self.table, self.outbox, self.clock)

    @cached_property
    def account(self) -> "DynamoAccount":
        """What is stored of the SES account."""
        from chalicelib.storage.account import DynamoAccount

        return DynamoAccount(self.table)

    @cached_property
    def account_reader(self) -> "SesAccountReader":
        """What SES says of the account."""
        from chalicelib.mail.account import SesAccountReader

        return SesAccountReader(self.client("sesv2"))

    @cached_property
    def quota(self) -> "Quota":
        """The account's quota, and letting sending go on."""
        from chalicelib.flows.quota import Quota

        return Quota(self.account, self.account_reader)


_current: Wiring | None = None


def current() -> Wiring:
    """The process's wiring, made at the first call."""
    global _current  # noqa: PLW0603 - one per process, as Lambda keeps it between calls
    if _current is None:
        _current = Wiring()
    return _current


def use(wiring: Wiring | None = None, *, clock: Clock | None = None) -> Wiring:
    """Put another wiring in place: for tests and the local cloud. With ``clock`` alone, the usual one with that clock."""
    global _current  # noqa: PLW0603 - as above
    _current = wiring or Wiring(clock=clock)
    return _current
