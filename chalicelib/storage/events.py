"""What came in from SES: raw events, kept for a while, and when the last Send came."""

import hashlib
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.domain.events import FeedbackEvent, Unreadable
from chalicelib.domain.raw_events import kept_text
from chalicelib.storage import keys
from chalicelib.storage.table import Table

KEPT_FOR = timedelta(days=90)
ALIVE_EVERY = timedelta(minutes=1)  # the sweep asks for the minute, so more writes would tell nothing


class DynamoEvents:
    """``domain.ports_log.EventStore`` on the table; ``key_of`` answers the key under which an address is known."""

    def __init__(self, table: Table, key_of: Callable[[str], str]) -> None:
        self._table = table
        self._key_of = key_of
        self._alive_at: datetime | None = None

    def keep(self, event: FeedbackEvent, *, matched: bool, now: datetime) -> None:
        """Keep the raw event; the same event twice is one."""
        self._put(event.event_id, event.type_name, event.raw, matched=matched, now=now)

    def keep_unreadable(self, unreadable: Unreadable, *, now: datetime) -> None:
        """Keep what is no event."""
        digest = hashlib.sha256(self._told(unreadable.raw)).hexdigest()[:32]
        self._put(digest, unreadable.reason, unreadable.raw, matched=False, now=now)

    def stream_is_alive(self, at: datetime) -> None:
        """Note that a Send event of a message of ours came in."""
        if self._alive_at is not None and abs(at - self._alive_at) < ALIVE_EVERY:
            return
        self._table.put({**keys.account("stream"), "lastSendEventAt": keys.stamp(at)})
        self._alive_at = at

    def _put(self, event_id: str, type_name: str, raw: object, *, matched: bool, now: datetime) -> None:
        self._table.put(
            {
                **keys.event(event_id),
                "type": {"S": type_name},
                "matched": {"BOOL": matched},
                "receivedAt": keys.stamp(now),
                "z": {"B": zlib.compress(self._told(raw))},  # an event has up to 256 KB (SNS), an item 400 KB
                "expiresAt": {"N": str(int((now + KEPT_FOR).timestamp()))},
            }
        )

    def _told(self, raw: object) -> bytes:
        """Nothing in it says who it was: it lies here for 90 days, and nobody could be erased from it."""
        return kept_text(raw, self._key_of).encode("utf-8", "replace")
