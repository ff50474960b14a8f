"""Redriving: what failed five times goes back where it came from, but for what can never be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.ports_admin import DeadLetter, DeadLetters, DeadQueue
from chalicelib.domain.queue import ChunkMessage, UnreadableMessage, read


@dataclass(frozen=True)
class Redriven:
    """How many letters of a queue are brought back, and how many are left because nothing could read them."""

    queue: DeadQueue
    brought_back: int
    unreadable: int


@dataclass(frozen=True)
class Redriving:
    """Empties dead-letter queues. Every door bears a message that comes twice: the ledger decides."""

    letters: DeadLetters

    def run(self, queue: DeadQueue, *, apply: bool) -> Redriven:
        """Bring all letters of a queue back; without ``apply`` only look."""
        taken = brought_back = 0
        left: list[DeadLetter] = []
        for letter in self.letters.take(queue):
            taken += 1
            message = _message_in(letter)
            if message is None or not apply:
                left.append(letter)
                brought_back += message is not None
                continue
            self.letters.bring_back(letter, message)
            brought_back += 1
        for letter in left:
            self.letters.leave(letter)
        return Redriven(queue, brought_back, taken - brought_back)


def _message_in(letter: DeadLetter) -> str | None:
    """What to send again; None where it is no message of ours."""
    try:
        body = read(letter.body)
        if letter.queue is DeadQueue.SEND:
            ChunkMessage.of(body)
    except UnreadableMessage:
        return None
    if letter.queue is DeadQueue.FEEDBACK:
        return _event_in(body)
    known = letter.queue is DeadQueue.SEND or isinstance(body.get("kind"), str)
    return letter.body if known else None


def _event_in(record: Mapping[str, Any]) -> str | None:
    """The event in Lambda's record of a call that failed, or in what SNS could not hand over.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html,
    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    match record:
        case (
            {"requestPayload": {"Records": [{"Sns": {"Message": str(event)}}]}}
            | {"Records": [{"Sns": {"Message": str(event)}}]}
            | {"Type": "Notification", "Message": str(event)}
        ):
            return event
    return None
