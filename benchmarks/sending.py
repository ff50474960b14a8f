"""CPU of ``deliver`` on DynamoDB Local against a plain sender, both in the same run, in turns; and bytes to SES."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from statistics import mean, median

import boto3
from botocore.config import Config

from benchmarks.consumption import spread
from benchmarks.driving import Cpu, Message, chunks, finish, freeze, ready
from benchmarks.figures import Figure, at_least, at_most, published
from benchmarks.ses_server import seen
from benchmarks.stage import StageWiring, stage
from chalicelib.domain.ids import Place, base_of
from chalicelib.domain.message import CompiledMessage, Reader
from chalicelib.domain.records import MassEmail
from chalicelib.flows.preparing import reader_of

FAST = 100_000.0  # recipients a second: the rate itself is measured elsewhere, in reserved time
WARM = 500  # recipients of a send before the measured ones
FIRST_SEED = 1_000  # of the measured ones
TURN = 4  # chunks that one side sends before it is the other's turn
PLAIN_TURN = 25  # recipients that the plain sender mails in its turn
FLAT = 0.2  # of the middle


@dataclass
class Lane:
    """One mass email of those that are sent side by side."""

    made: MassEmail
    count: int
    waiting: list[Message] = field(default_factory=list)
    cpu_by_chunk: list[float] = field(default_factory=list)  # seconds
    release: Cpu = field(default_factory=Cpu)

    @property
    def deliver_cpu(self) -> float:
        """Seconds per recipient; the middle one, for the machine has other things to do, too."""
        return median(self.cpu_by_chunk) * len(self.cpu_by_chunk) / self.count


class Plain:
    """A sender with one SendEmail and one UpdateItem per recipient; reading people and rendering's set-up cost it nothing."""

    def __init__(self, wiring: StageWiring, made: MassEmail) -> None:
        config = Config(parameter_validation=True)
        self._ses = wiring.counted["sesv2"].watch(boto3.client("sesv2", config=config))
        self._table = boto3.client("dynamodb", config=config)
        self._wiring = wiring
        self._compiled = wiring.messages.compiled(made.id, made.message_version)
        self._readers = readers(wiring, made, self._compiled)

    def send(self, count: int) -> float:
        """Mail so many; CPU seconds per recipient."""
        some = list(islice(self._readers, count))
        begun = time.process_time()
        for reader in some:
            self._send(reader)
        return (time.process_time() - begun) / len(some)

    def _send(self, reader: Reader) -> None:
        whole = self._compiled.whole(self._compiled.personal(reader, at=self._wiring.clock.now()))
        answer = self._ses.send_email(
            FromEmailAddress=whole.from_header,
            Destination={"ToAddresses": [reader.email_address]},
            Content={
                "Simple": {
                    "Subject": {"Data": whole.subject},
                    "Body": {"Text": {"Data": whole.text}, "Html": {"Data": whole.html}},
                    "Headers": [{"Name": name, "Value": value} for name, value in whole.headers.items()],
                }
            },
            ConfigurationSetName=self._wiring.environment.configuration_set,
        )
        assert reader.place is not None
        self._table.update_item(
            TableName=self._wiring.environment.table,
            Key={"PK": {"S": f"plain#{reader.place.recipient_id}"}, "SK": {"S": "sent"}},
            UpdateExpression="SET #status = :sent, messageId = :id",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":sent": {"S": "Sent"}, ":id": {"S": answer["MessageId"]}},
        )


@dataclass(frozen=True)
class Compared:
    """What the run showed."""

    lanes: Sequence[Lane]
    plain_cpu: Sequence[float]  # seconds per recipient, turn by turn
    ratios: Sequence[float]  # turn by turn
    our_bytes: float  # per recipient
    plain_bytes: float
    duplicates: int
    lost: int


def readers(wiring: StageWiring, made: MassEmail, compiled: CompiledMessage) -> Iterator[Reader]:
    """The recipients of a frozen mass email as rendering sees them, each of them again and again."""
    base = base_of(made.id)
    while True:
        run = wiring.runs.get(made.id)
        for segment in wiring.ledger.read(base, range(run.segments)):
            read = wiring.people_read.read(
                segment.members, compiled.target_fields, compiled.account_fields, {}
            )
            for position, member in enumerate(segment.members):
                yield reader_of(member, read, Place(base, segment.number, position))


def compare(wiring: StageWiring, sizes: Sequence[int]) -> Compared:
    """Send to lists of these sizes, chunk by chunk in turns, and by the plain sender in between."""
    lanes = [_frozen(wiring, count, seed) for seed, count in enumerate(sizes, start=FIRST_SEED)]
    lane_of = {lane.made.id: lane for lane in lanes}
    for message in chunks(wiring):
        lane_of[message["massEmailId"]].waiting.append(message)
    before = seen(wiring.ses_url)
    wiring.reset()
    plain = Plain(wiring, wiring.mass_email_store.get(lanes[-1].made.id))
    ratios: list[float] = []
    plain_cpu: list[float] = []
    bytes_ = {"ours": 0, "plain": 0}
    for turn in _turns(lanes):
        ours = [_delivered(wiring, lane, message) for lane, message in turn]
        bytes_["ours"] += _bytes(wiring)
        plain_cpu.append(plain.send(PLAIN_TURN))
        bytes_["plain"] += _bytes(wiring)
        sent = sum(len(message["keys"]) for _, message in turn)
        ratios.append(plain_cpu[-1] * sent / sum(ours))
    for lane in lanes:
        finish(wiring, lane.made)
    after = seen(wiring.ses_url)
    total = sum(sizes)
    return Compared(
        lanes,
        plain_cpu,
        ratios,
        bytes_["ours"] / total,
        bytes_["plain"] / (len(plain_cpu) * PLAIN_TURN),
        after.duplicates,
        total - (after.distinct - before.distinct),
    )


def figures(sizes: Sequence[int]) -> Iterator[Figure]:
    """Everything that CPU and the wire show."""
    with stage(FAST) as wiring:
        warm = _frozen(wiring, WARM, seed=WARM)
        for message in chunks(wiring):
            wiring.deliver.handle(message)
        finish(wiring, warm.made)
        run = compare(wiring, (*sizes, *sizes[-2::-1]))  # up and down again: the machine has slow minutes
    ours = 1 / max(run.lanes, key=lambda lane: lane.count).deliver_cpu
    theirs = 1 / median(run.plain_cpu)
    turns = f"median of {len(run.ratios)} turns"
    yield published(
        "deliver_recipients_per_cpu_second", ours, "recipients/CPU s", f"plain sender {theirs:,.0f}"
    )
    low, high = min(run.ratios), max(run.ratios)
    yield at_least(
        "ratio_to_one_call_per_recipient",
        median(run.ratios),
        10,
        "times",
        f"aim 15; {turns}, {low:.1f} to {high:.1f}",
    )
    yield at_most(
        "bytes_to_ses_per_recipient",
        run.our_bytes / run.plain_bytes,
        0.1,
        "of a full body",
        f"{run.our_bytes:,.0f} of {run.plain_bytes:,.0f} bytes",
    )
    by_size = {count: [lane for lane in run.lanes if lane.count == count] for count in sizes}
    yield from _flatness(
        "deliver",
        {count: mean(lane.deliver_cpu for lane in lanes) for count, lanes in by_size.items()},
    )
    yield from _flatness(
        "freeze",
        {
            count: mean(lane.release.seconds / lane.count for lane in lanes)
            for count, lanes in by_size.items()
        },
    )
    yield at_most(
        "duplicates_side_by_side",
        run.duplicates,
        0,
        "messages",
        f"{sum(lane.count for lane in run.lanes):,} recipients at the stand-in",
    )
    yield at_most("lost_side_by_side", run.lost, 0, "recipients")


def _frozen(wiring: StageWiring, count: int, seed: int) -> Lane:
    lane = Lane(ready(wiring, count, seed), count)
    freeze(wiring, lane.release)
    return lane


def _turns(lanes: Sequence[Lane]) -> Iterator[Sequence[tuple[Lane, Message]]]:
    """Chunks of all lanes, evenly mixed: each lane's are spread over the whole run."""
    mixed = sorted(
        (
            ((place + 0.5) / len(lane.waiting), number, lane, message)
            for number, lane in enumerate(lanes)
            for place, message in enumerate(lane.waiting)
        ),
        key=lambda each: each[:2],
    )
    rest = iter([(lane, message) for _, _, lane, message in mixed])
    while turn := list(islice(rest, TURN)):
        yield turn


def _delivered(wiring: StageWiring, lane: Lane, message: Message) -> float:
    took = Cpu().of(lambda: wiring.deliver.handle(message))
    lane.cpu_by_chunk.append(took)
    return took


def _bytes(wiring: StageWiring) -> int:
    counter = wiring.counted["sesv2"]
    sent, counter.bytes = counter.bytes, 0
    return sent


def _flatness(what: str, by_size: Mapping[int, float]) -> Iterator[Figure]:
    note = ", ".join(f"{count:,}: {1e6 * value:,.0f} µs" for count, value in by_size.items())
    farthest = 100 * spread(list(by_size.values()))
    yield at_most(f"flatness_{what}_cpu", farthest, 100 * FLAT, "% off the middle", f"per recipient {note}")
