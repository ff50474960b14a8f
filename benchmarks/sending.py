"""The send path on DynamoDB Local: CPU of ``deliver`` against a plain sender, requests, bytes."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import boto3
from botocore.config import Config

from benchmarks.figures import Figure, at_least, at_most, published
from benchmarks.population import populate
from benchmarks.stage import StageWiring, mass_email, stage
from chalicelib.domain.ids import Place, base_of
from chalicelib.domain.ledger import Member
from chalicelib.domain.message import Reader
from chalicelib.domain.records import MassEmail, MassEmailStatus
from chalicelib.flows.preparing import reader_of

FAST = 100_000.0  # recipients a second: the rate itself is measured elsewhere, in reserved time


@dataclass(frozen=True)
class Send:
    """What one whole send cost."""

    recipients: int
    deliver_cpu: float  # seconds
    release_cpu: float  # seconds, the freeze included
    requests: int  # AWS requests, freeze to ledger
    ses_bytes: int
    mass_email: MassEmail


def send(wiring: StageWiring, count: int, seed: int = 1) -> Send:
    """Freeze and send to so many; everything that AWS bills is counted."""
    made = mass_email(wiring, populate(wiring, count, seed))
    wiring.reset()
    start = time.process_time()
    wiring.release.run()
    deliver_cpu = work_cpu = queued = 0.0
    for message in wiring.taken(wiring.environment.jobs_queue_url):
        wiring.work.handle(message)
        queued += 1
    release_cpu = time.process_time() - start
    for message in wiring.taken(wiring.environment.send_queue_url):
        begun = time.process_time()
        wiring.deliver.handle(message)
        deliver_cpu += time.process_time() - begun
        queued += 0.1  # ten messages a batch
    for message in wiring.taken(wiring.environment.jobs_queue_url):
        begun = time.process_time()
        wiring.work.handle(message)
        work_cpu += time.process_time() - begun
        queued += 1
    after = wiring.mass_email_store.get(made.id)
    if after.status is not MassEmailStatus.COMPLETE:
        raise AssertionError(f"the mass email is {after.status}: {after.status_reason}")
    requests = sum(counter.requests for counter in wiring.counted.values()) + round(queued)
    return Send(count, deliver_cpu, release_cpu + work_cpu, requests, wiring.counted["sesv2"].bytes, after)


def plain(wiring: StageWiring, sent: Send, count: int) -> tuple[float, int]:
    """A sender with one SendEmail and one UpdateItem per recipient: (CPU seconds, bytes); reading people costs it nothing."""
    compiled = wiring.messages.compiled(sent.mass_email.id, sent.mass_email.message_version)
    readers = list(_readers(wiring, sent.mass_email, count))
    config = Config(parameter_validation=True)
    ses = wiring.counted["sesv2"].watch(boto3.client("sesv2", config=config))
    table = boto3.client("dynamodb", config=config)
    wiring.reset()
    begun = time.process_time()
    for reader in readers:
        whole = compiled.whole(compiled.personal(reader, at=wiring.clock.now()))
        body = {"Text": {"Data": whole.text}, "Html": {"Data": whole.html}}
        answer = ses.send_email(
            FromEmailAddress=whole.from_header,
            Destination={"ToAddresses": [reader.email_address]},
            Content={
                "Simple": {
                    "Subject": {"Data": whole.subject},
                    "Body": body,
                    "Headers": [{"Name": name, "Value": value} for name, value in whole.headers.items()],
                }
            },
            ConfigurationSetName=wiring.environment.configuration_set,
        )
        assert reader.place is not None
        table.update_item(
            TableName=wiring.environment.table,
            Key={"PK": {"S": f"plain#{reader.place.recipient_id}"}, "SK": {"S": "sent"}},
            UpdateExpression="SET #status = :sent, messageId = :id",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":sent": {"S": "Sent"}, ":id": {"S": answer["MessageId"]}},
        )
    return time.process_time() - begun, wiring.counted["sesv2"].bytes


def _readers(wiring: StageWiring, made: MassEmail, count: int) -> Iterator[Reader]:
    compiled = wiring.messages.compiled(made.id, made.message_version)
    base = base_of(made.id)
    for segment in wiring.ledger.read(base, range(-(-count // 50))):
        members: Sequence[Member] = segment.members
        read = wiring.people_read.read(members, compiled.target_fields, compiled.account_fields, {})
        for position, member in enumerate(members):
            yield reader_of(member, read, Place(base, segment.number, position))


def figures(count: int = 5_000, compared: int = 500) -> Iterator[Figure]:
    """Everything that one send shows."""
    with stage(FAST) as wiring:
        send(wiring, 200, seed=9)  # warm
        sent = send(wiring, count)
        plain_cpu, plain_bytes = plain(wiring, sent, compared)
    ours, theirs = sent.recipients / sent.deliver_cpu, compared / plain_cpu
    yield published(
        "deliver_recipients_per_cpu_second", ours, "recipients/CPU s", f"plain sender {theirs:,.0f}"
    )
    yield at_least("ratio_to_one_call_per_recipient", ours / theirs, 10, "times", "aim 15")
    yield at_most("aws_requests_per_1000_recipients", 1000 * sent.requests / count, 200, "requests")
    ratio = (sent.ses_bytes / count) / (plain_bytes / compared)
    yield at_most(
        "bytes_to_ses_per_recipient", ratio, 0.1, "of a full body", f"{sent.ses_bytes / count:,.0f} bytes"
    )
    yield published(
        "release_recipients_per_cpu_second", count / sent.release_cpu, "recipients/CPU s", "freeze included"
    )


if __name__ == "__main__":
    for figure in figures():
        print(json.dumps(figure.__dict__, ensure_ascii=False))
