"""Redriving: what failed too often goes back where it came from, but for what can never be read and what is not ours."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.ports_admin import DeadLetter, DeadLetters, DeadQueue
from chalicelib.domain.provenance import refuse_foreign
from chalicelib.domain.queue import ChunkMessage, ForeignEvent, UnreadableMessage, read


@dataclass(frozen=True)
class Redriven:
    """How many letters of a queue are brought back, and how many are left: unreadable, or events that are not ours."""

    queue: DeadQueue
    brought_back: int
    unreadable: int
    foreign: int = 0


@dataclass(frozen=True)
class Redriving:
    """Empties dead-letter queues. Every door bears a message that comes twice: the ledger decides.

    An event goes back by our topic (``topic_arn``), and would be ours from then on: whose it is must be asked before.
    """

    letters: DeadLetters
    topic_arn: str

    def run(self, queue: DeadQueue, *, apply: bool) -> Redriven:
        """Bring all letters of a queue back; without ``apply`` only look."""
        left: list[DeadLetter] = []
        refused: Counter[type[UnreadableMessage]] = Counter()
        brought_back = 0
        for letter in self.letters.take(queue):
            try:
                message = self._message_in(letter)
            except UnreadableMessage as refusal:
                refused[type(refusal)] += 1
                left.append(letter)
                continue
            brought_back += 1
            if apply:
                self.letters.bring_back(letter, message)
            else:
                left.append(letter)
        for letter in left:
            self.letters.leave(letter)
        return Redriven(queue, brought_back, refused[UnreadableMessage], refused[ForeignEvent])

    def _message_in(self, letter: DeadLetter) -> str:
        """What to send again.

        Raises:
            UnreadableMessage: No message of ours.
            ForeignEvent: The function would refuse it, or should have.
        """
        body = read(letter.body)
        if letter.queue is DeadQueue.FEEDBACK:
            topic, event = _event_in(body)
            refuse_foreign(topic, event, self.topic_arn)
            return event
        if letter.queue is DeadQueue.SEND:
            ChunkMessage.of(body)
        elif not isinstance(body.get("kind"), str):
            raise UnreadableMessage("a message of the jobs queue has no kind")
        return letter.body


def _event_in(record: Mapping[str, Any]) -> tuple[str, str]:
    """Topic and event in Lambda's record of a call that failed, or in what SNS could not hand over.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html,
    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    match record:
        case (
            {"requestPayload": {"Records": [{"Sns": {"Message": str(event)} as envelope}]}}
            | {"Records": [{"Sns": {"Message": str(event)} as envelope}]}
            | ({"Type": "Notification", "Message": str(event)} as envelope)
        ):
            return str(envelope.get("TopicArn")), event
    raise UnreadableMessage("no event of SES")
