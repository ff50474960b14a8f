"""Events of SES's about a message that was sent: one of each type, and the odd ones."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from devstack.ses_events import events_of, rejection, rendering_failure
from devstack.ses_mailbox import Fate, Message
from tests.proof.processes import dice

Event = dict[str, Any]


def event(kind: str, message: Message, fate: Fate = Fate.DELIVERED) -> Event:
    """The event of this type among those of a message to an address of this fate."""
    [found] = [each for each in events_of(message, fate, dice(1)) if each["eventType"] == kind]
    return _own(found)


def send(message: Message) -> Event:
    """SES has accepted it."""
    return event("Send", message)


def delivery(message: Message) -> Event:
    """The recipient's server has."""
    return event("Delivery", message)


def bounce(message: Message) -> Event:
    """There is no such mailbox."""
    return event("Bounce", message, Fate.BOUNCED)


def soft_bounce(message: Message, number: int = 0) -> Event:
    """The mailbox is full; each number is an event of its own."""
    told = event("Bounce", message, Fate.AWAY)
    told["bounce"]["feedbackId"] += str(number)
    return told


def suppressed(message: Message) -> Event:
    """SES did not even try."""
    return event("Bounce", message, Fate.ACCOUNT_SUPPRESSED)


def complaint(message: Message) -> Event:
    """The reader calls it spam."""
    return event("Complaint", message, Fate.COMPLAINED)


def reject(message: Message) -> Event:
    """Accepted, and not sent after all."""
    return _own(rejection(message)[-1])


def failure(message: Message) -> Event:
    """Accepted, and could not be put together."""
    return _own(rendering_failure(message, "Attribute 'v1' is not present in the rendering data."))


def other(kind: str, detail: str, message: Message, content: Mapping[str, Any]) -> Event:
    """An event of a type that the stand-in does not publish by itself."""
    told = send(message)
    del told["send"]
    return {**told, "eventType": kind, detail: {"timestamp": told["mail"]["timestamp"], **content}}


def by_header_only(told: Event) -> Event:
    """As an identity notification tells it: there are headers, but no tags."""
    own = _own(told)
    del own["mail"]["tags"]
    return {"notificationType": own.pop("eventType"), **own}


def of_nobody(told: Event) -> Event:
    """Neither tags nor headers: only addresses say whose it may be."""
    own = by_header_only(told)
    del own["mail"]["headers"], own["mail"]["headersTruncated"]
    return own


def of_a_stranger(told: Event, at: datetime) -> Event:
    """Somebody else's mail on the same account, to somebody of whom nothing is known."""
    own = of_nobody(told)
    own["mail"] |= {"destination": ["stranger@elsewhere.example"], "messageId": f"stranger-{at:%H%M}"}
    own["bounce"]["bouncedRecipients"] = [{"emailAddress": "stranger@elsewhere.example"}]
    return own


def of_several(told: Event, messages: Sequence[Message]) -> Event:
    """One bounce that names them all, as SES writes it of a message to several people."""
    own = _own(told)
    addresses = [each.entry.recipients[0] for each in messages]
    own["mail"]["destination"] = addresses
    own["bounce"]["bouncedRecipients"] = [{"emailAddress": each} for each in addresses]
    return own


def _own(told: Event) -> Event:
    copied: Event = json.loads(json.dumps(told))
    return copied
