"""A stage to measure: Amazon's DynamoDB Local and the SES stand-in in processes of their own, queues in memory."""

import json
import os
import subprocess
import sys
from collections import Counter as TallyOf
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import boto3

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import new_id
from chalicelib.domain.records import Campaign, CampaignType, EmailTemplate, MassEmail, TrackingUrl
from chalicelib.domain.sending import Sender
from chalicelib.mail.clients import sending_client
from chalicelib.mail.sender import SesSender
from chalicelib.wiring import Wiring
from devstack import resources
from devstack.demo.world import SENDER, newsletter
from devstack.dynamodb_local import DynamoDbLocal, free_port
from tests.fakes.aws import KEY_RING
from tests.fakes.clock import FakeClock
from tests.fakes.services import FakeEvents, FakeSecrets
from tests.fakes.sqs import FakeSQS

VARIABLES = {
    **resources.CREDENTIALS,
    "ENVOI_TABLE": "envoi-dev",
    "ENVOI_BUCKET": "envoi-dev-files",
    "ENVOI_CONFIGURATION_SET": resources.CONFIGURATION_SET,
    "ENVOI_FEEDBACK_TOPIC_ARN": f"arn:aws:sns:{resources.REGION}:{resources.ACCOUNT}:envoi-dev-feedback",
    "ENVOI_OPERATORS_TOPIC_ARN": f"arn:aws:sns:{resources.REGION}:{resources.ACCOUNT}:envoi-dev-operators",
    "ENVOI_KEY_RING_SECRET": "envoi-dev-key-ring",
    "ENVOI_RELEASE_RULE": "envoi-dev-release",
    "ENVOI_PUBLIC_URL": "https://mail.aubepine.example",
}


@dataclass
class Counter:
    """Requests that went over the wire, and their bytes."""

    requests: int = 0
    bytes: int = 0
    by_operation: TallyOf[str] = field(default_factory=TallyOf)

    def watch(self, client: Any) -> Any:
        """Count what this client sends."""
        client.meta.events.register("before-send.*.*", self._sent)
        return client

    def _sent(self, request: Any, event_name: str, **_: Any) -> None:
        self.requests += 1
        self.by_operation[event_name.rpartition(".")[2]] += 1
        self.bytes += len(bytes(request.body or b""))


class StageWiring(Wiring):
    """The stage's own wiring with counted clients.

    ``metered`` are clients of the caller's own, by service, which are taken instead of boto3's; ``clock`` stands still
    unless the caller brings one.
    """

    def __init__(self, metered: Mapping[str, Any] | None = None, clock: Clock | None = None) -> None:
        self.sqs = FakeSQS(clock or FakeClock())
        urls = resources._make_queues(self.sqs)  # noqa: SLF001 - the same queues as everywhere
        super().__init__({**VARIABLES, **urls}, clock or FakeClock())
        self.counted = {"dynamodb": Counter(), "sesv2": Counter()}
        self.ses_url = os.environ.get("AWS_ENDPOINT_URL_SESV2", "")
        secrets = FakeSecrets()
        secrets.create_secret(Name="envoi-dev-key-ring", SecretString=KEY_RING)
        self._fakes: dict[str, Any] = {"sqs": self.sqs, "events": FakeEvents(), "secretsmanager": secrets}
        self._fakes |= metered or {}

    def client(self, service: str, **options: Any) -> Any:
        """A counted client of the stage."""
        if service in self._fakes:
            return self._fakes[service]
        return self.counted[service].watch(super().client(service, **options))

    @cached_property
    def sender(self) -> Sender:
        """The stage's own, counted."""
        client = self.counted["sesv2"].watch(sending_client())
        return SesSender(client, self.environment.configuration_set, self.clock)

    def reset(self) -> None:
        """Count from nothing."""
        for counter in self.counted.values():
            counter.requests = counter.bytes = 0
            counter.by_operation.clear()

    def taken(self, queue_url: str) -> Iterator[dict[str, Any]]:
        """Take everything off a queue."""
        while batch := self.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in batch:
                yield json.loads(message["Body"])
                self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])


@contextmanager
def stage(rate: float, *, clock: Clock | None = None) -> Iterator[StageWiring]:
    """An empty stage whose SES takes ``rate`` recipients a second."""
    with servers(rate):
        yield StageWiring(clock=clock)


@contextmanager
def servers(rate: float) -> Iterator[None]:
    """DynamoDB Local with an empty table, and the stand-in for SES; boto3's variables point to them meanwhile."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.ses_server", str(port), str(rate)]
    ses = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    ses_url = f"http://127.0.0.1:{port}"
    before = dict(os.environ)
    try:
        assert ses.stdout is not None
        ses.stdout.readline()  # it listens: DynamoDB Local cannot be given the same port
        with DynamoDbLocal(heap_mib=2048) as dynamodb_url:
            os.environ.update(
                {**VARIABLES, "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_url, "AWS_ENDPOINT_URL_SESV2": ses_url}
            )
            resources._make_table(boto3.client("dynamodb"))  # noqa: SLF001 - the same table as everywhere
            yield
    finally:
        ses.kill()
        ses.wait()
        os.environ.clear()
        os.environ.update(before)


def mass_email(wiring: Wiring, list_id: str, campaign_id: str | None = None) -> MassEmail:
    """A Pending mass email with the demo's newsletter, 30 kB, to this list; of a campaign of its own unless one is given."""
    settings = wiring.settings_store.get()
    changed = replace(
        settings,
        outbound_email_from_address=SENDER,
        outbound_email_from_name="Maison Aubépine",
        mass_email_max_per_hour_count=None,
        mass_email_open_tracking=True,
        sender_postal_address="Maison Aubépine, 3 rue des Lices, 35000 Rennes",
    )
    wiring.settings_store.replace(changed, expected_rev=settings.rev)
    now = wiring.clock.now()
    common: dict[str, Any] = {"created_at": now, "modified_at": now}
    if campaign_id is None:
        campaign_id = new_id(now)
        wiring.campaign_store.add(
            Campaign(id=campaign_id, name="Spring", type=CampaignType.NEWSLETTER, **common)
        )
    urls = [
        TrackingUrl(id=new_id(now), name="Link", url="https://aubepine.example/", **common) for _ in range(2)
    ]
    body = newsletter().replace("@SHOP@", urls[0].id).replace("@TASTING@", urls[1].id)
    template = EmailTemplate(
        id=new_id(now), name="Letter", subject="Spring, {Person.firstName}", body=body, **common
    )
    wiring.template_store.add(template)
    for url in urls:
        wiring.tracking_url_store.add(url)
    made = MassEmail(
        id=new_id(now),
        name="Spring",
        start_at=now,
        email_template_id=template.id,
        campaign_id=campaign_id,
        target_list_ids=(list_id,),
        **common,
    )
    return wiring.mass_email_store.create(made, turn=wiring.turns.current())
