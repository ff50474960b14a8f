"""An AWS account in memory: the clients that a stage uses, and a copy of it that dies where a plan says.

SES is not here: its stand-in is ``devstack/ses.py``; give a client of it as ``others={"sesv2": …}``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.clock import Clock
from chalicelib.wiring import Wiring
from devstack import resources
from tests.fakes.clock import FakeClock
from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.faults import Crash, CrashPlan, FaultyClient, Moment, Point, every_point
from tests.fakes.services import FakeEvents, FakeS3, FakeSecrets, FakeSNS
from tests.fakes.sqs import FakeSQS, Pick

KEY_RING = resources.new_key_ring(lambda count: bytes(range(count)))


@dataclass(frozen=True)
class CloudSnapshot:
    """Every service as it was, and the time."""

    now: datetime
    services: Mapping[str, Any]


class InMemoryCloud:
    """All services of one account by one clock.

    Args:
        clock: Moves queues, tokens of transactions and lagging indexes.
        pick: Which of the messages that could be received is (``FakeSQS``).
        index_lag: Seconds by which DynamoDB's indexes are late.
        others: Clients of services that are not here, by boto3's name.
    """

    def __init__(
        self,
        clock: FakeClock,
        *,
        pick: Pick = lambda count: 0,
        index_lag: float = 0.0,
        others: Mapping[str, Any] | None = None,
    ) -> None:
        self.clock = clock
        self.dynamodb = FakeDynamoDB(clock, index_lag=index_lag)
        self.sqs = FakeSQS(clock, pick)
        self.events = FakeEvents()
        self.secrets = FakeSecrets()
        self.s3 = FakeS3()
        self.sns = FakeSNS()
        self._own: dict[str, Any] = {
            fake.service: fake
            for fake in (self.dynamodb, self.sqs, self.events, self.secrets, self.s3, self.sns)
        }
        self._others = dict(others or {})

    def client(self, service: str, **_: Any) -> Any:
        """The client of a service; options are boto3's and mean nothing here.

        Raises:
            KeyError: The account has no such service.
        """
        return self._own[service] if service in self._own else self._others[service]

    def make_stage(self) -> dict[str, str]:
        """Make everything that a stage needs; answers the variables that ``chalicelib.settings`` reads."""
        resources._make_table(self.dynamodb)
        queues = resources._make_queues(self.sqs)
        prefix = resources.PREFIX
        topics = {
            name: self.sns.create_topic(Name=f"{prefix}-{name}")["TopicArn"]
            for name in ("feedback", "operators")
        }
        self.s3.create_bucket(Bucket=f"{prefix}-files")
        self.events.put_rule(Name=f"{prefix}-release", ScheduleExpression="rate(1 hour)", State="ENABLED")
        self.secrets.create_secret(Name=f"{prefix}-key-ring", SecretString=KEY_RING)
        return {
            **resources.CREDENTIALS,
            "ENVOI_STAGE": resources.STAGE,
            "ENVOI_TABLE": prefix,
            **queues,
            "ENVOI_FEEDBACK_TOPIC_ARN": topics["feedback"],
            "ENVOI_OPERATORS_TOPIC_ARN": topics["operators"],
            "ENVOI_BUCKET": f"{prefix}-files",
            "ENVOI_CONFIGURATION_SET": resources.CONFIGURATION_SET,
            "ENVOI_KEY_RING_SECRET": f"{prefix}-key-ring",
            "ENVOI_RELEASE_RULE": f"{prefix}-release",
            "ENVOI_COGNITO_USER_POOL_ARN": "",
        }

    def snapshot(self) -> CloudSnapshot:
        """Everything as it is now, the time included."""
        services = {name: fake.snapshot() for name, fake in self._own.items()}
        return CloudSnapshot(self.clock.now(), services)

    def restore(self, snapshot: CloudSnapshot) -> None:
        """Be again as then, any number of times."""
        self.clock.reset(snapshot.now)
        for name, fake in self._own.items():
            fake.restore(snapshot.services[name])


class MortalCloud:
    """The cloud as one process sees it: each request goes through the plan that may kill the process."""

    def __init__(self, cloud: InMemoryCloud, plan: CrashPlan) -> None:
        self._cloud = cloud
        self._plan = plan

    def client(self, service: str, **options: Any) -> Any:
        """The client of a service."""
        return FaultyClient(self._cloud.client(service, **options), self._plan, service)


class ProcessWiring(Wiring):
    """The wiring of one process of a stage; others of the same cloud have their own, as Lambda's workers do."""

    def __init__(self, cloud: InMemoryCloud | MortalCloud, environ: Mapping[str, str], clock: Clock) -> None:
        super().__init__(environ, clock)
        self._cloud = cloud

    def client(self, service: str, **options: Any) -> Any:
        """The cloud's, as this process sees it."""
        return self._cloud.client(service, **options)


__all__ = [
    "CloudSnapshot",
    "Crash",
    "CrashPlan",
    "FakeClock",
    "FaultyClient",
    "InMemoryCloud",
    "Moment",
    "MortalCloud",
    "Point",
    "ProcessWiring",
    "every_point",
]
