"""The queues, through SQS as moto plays it, and through one that refuses."""

from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.errors import Deferred
from chalicelib.storage.outbox import ATTEMPTS, SqsOutbox
from tests.world import World


class RefusingSqs:
    """Takes of each batch only the first message, as often as told."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.taken: list[str] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Take a part."""
        if self.times == 0:
            self.taken += [entry["MessageBody"] for entry in Entries]
            return {"Successful": []}
        self.times -= 1
        self.taken.append(Entries[0]["MessageBody"])
        return {"Failed": [{"Id": entry["Id"], "SenderFault": False} for entry in Entries[1:]]}


@pytest.mark.parametrize("count", [0, 1, 10, 11, 57])
def test_all_chunks_arrive_once(world: World, count: int) -> None:
    """However many there are: SQS takes ten at a time."""
    world.wiring.outbox.chunks([{"chunk": number} for number in range(count)])
    taken = world.taken(world.wiring.environment.send_queue_url)
    assert sorted(message["chunk"] for message in taken) == list(range(count))


def test_what_sqs_did_not_take_is_sent_again(world: World) -> None:
    """A batch may be taken in part although the call succeeds; what was taken is not sent twice."""
    sqs = RefusingSqs(times=ATTEMPTS - 1)
    SqsOutbox(sqs, world.wiring.environment, lambda seconds: None).chunks([{"n": n} for n in range(10)])
    assert sorted(sqs.taken) == sorted(f'{{"n":{n}}}' for n in range(10))


def test_when_sqs_keeps_refusing_the_caller_is_told(world: World) -> None:
    """The plan stays open, so sweep puts the rest on the queue later."""
    with pytest.raises(Deferred):
        SqsOutbox(RefusingSqs(99), world.wiring.environment, world.clock.sleep).chunks(
            [{}, {}, {}, {}, {}, {}]
        )


def test_a_delay_is_kept_within_sqs_limit(world: World) -> None:
    """A delayed message is not there yet; SQS refuses more than 900 s, so that is what is asked for."""
    world.wiring.outbox.chunks([{"n": 1}], delay=1_000)
    world.wiring.outbox.job({"n": 2}, delay=1_000)
    for url in (world.wiring.environment.send_queue_url, world.wiring.environment.jobs_queue_url):
        assert world.taken(url) == []
        answer = world.wiring.client("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesDelayed"]
        )
        assert answer["Attributes"] == {"ApproximateNumberOfMessagesDelayed": "1"}


def test_the_backlog_counts_dead_letters(world: World) -> None:
    """By queue, those in somebody's hands too."""
    assert world.wiring.outbox.backlog() == {"send": 0, "jobs": 0, "feedback": 0}
    url = world.wiring.environment.feedback_dead_letter_url
    sqs = world.wiring.client("sqs")
    for _ in range(2):
        sqs.send_message(QueueUrl=url, MessageBody="{}")
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)
    assert world.wiring.outbox.backlog() == {"send": 0, "jobs": 0, "feedback": 2}
