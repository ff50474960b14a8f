"""What was accepted, kept to be looked at; put together only when somebody looks."""

import itertools
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.header import decode_header, make_header
from email.utils import format_datetime
from enum import Enum

from devstack.ses_request import Addressed, Call
from devstack.ses_template import Template

SIMULATOR = "simulator.amazonses.com"


class Fate(Enum):
    """What becomes of a message to an address (https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html)."""

    DELIVERED = "success"
    BOUNCED = "bounce"
    COMPLAINED = "complaint"
    SUPPRESSED = "suppressionlist"  # on SES's own list
    AWAY = "ooto"
    ACCOUNT_SUPPRESSED = "-"  # on the account's list


def is_simulator(address: str) -> bool:
    """Whether the mailbox simulator takes it; such mail uses up no daily quota."""
    return address.lower().endswith("@" + SIMULATOR)


def fate_of(address: str) -> Fate:
    """The simulator's addresses by name, with any ``+label``; everybody else receives."""
    local, _, domain = address.lower().rpartition("@")
    if domain != SIMULATOR:
        return Fate.DELIVERED
    name = local.partition("+")[0]
    return next((fate for fate in Fate if fate.value == name), Fate.DELIVERED)


@dataclass(frozen=True)
class Message:
    """One accepted message; ``events`` are the types published for it, with their times."""

    message_id: str
    at: datetime
    call: Call
    entry: Addressed
    events: list[tuple[str, datetime]] = field(default_factory=list)

    @property
    def to(self) -> str:
        """The To header."""
        return ", ".join(self.entry.to)

    @property
    def sender(self) -> str:
        """The From header, readable."""
        return str(make_header(decode_header(self.call.sender)))

    @property
    def subject(self) -> str:
        """The subject with its values."""
        return self.call.subject.render(self.entry.data)

    @property
    def html(self) -> str | None:
        """The HTML part with its values, None for none."""
        return self._part(self.call.html)

    @property
    def text(self) -> str | None:
        """The text part with its values, None for none."""
        return self._part(self.call.text)

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers as they would arrive, SES's own among them; encoded words decoded."""
        own = {
            "From": self.sender,
            "To": self.to,
            "Subject": self.subject,
            "Date": format_datetime(self.at),
            "Message-ID": f"<{self.message_id}@eu-west-1.amazonses.com>",
        }
        if self.call.reply_to:
            own["Reply-To"] = ", ".join(str(make_header(decode_header(one))) for one in self.call.reply_to)
        ids = [self.entry.tags.get(f"ses:feedback-id-{one}", "") for one in "ab"]
        feedback = ":".join([*ids, "1.eu-west-1.local", "AmazonSES"])
        return {**own, **self.entry.headers, "Feedback-ID": feedback}

    def _part(self, part: Template | None) -> str | None:
        return None if part is None else part.render(self.entry.data)

    def as_json(self) -> dict[str, object]:
        """As ``GET /_local/messages`` lists it."""
        return {
            "messageId": self.message_id,
            "to": self.to,
            "from": self.sender,
            "subject": self.subject,
            "html": self.html,
            "text": self.text,
            "headers": self.headers,
            "tags": self.entry.tags,
            "at": self.at.isoformat(),
            "events": [kind for kind, _ in self.events],
        }


class Mailbox:
    """The last messages, oldest first; ``keep`` bounds them."""

    def __init__(self, keep: int = 100_000) -> None:
        self._messages: deque[Message] = deque(maxlen=keep)

    def add(self, message: Message) -> None:
        """Keep one more."""
        self._messages.append(message)

    def __iter__(self) -> Iterator[Message]:
        return iter(tuple(self._messages))

    def __len__(self) -> int:
        return len(self._messages)

    def newest(self, *, words: str = "", skip: int = 0, limit: int) -> tuple[list[Message], bool]:
        """A page for the eye, newest first, and whether there is more; ``words`` must stand in To or subject."""
        wanted = words.lower().split()
        found = (
            message
            for message in reversed(tuple(self._messages))
            if all(word in f"{message.to} {message.subject}".lower() for word in wanted)
        )
        page = list(itertools.islice(found, skip, skip + limit + 1))
        return page[:limit], len(page) > limit

    def find(self, message_id: str) -> Message | None:
        """The message with this id."""
        return next((message for message in self._messages if message.message_id == message_id), None)

    def clear(self) -> None:
        """Forget all."""
        self._messages.clear()
