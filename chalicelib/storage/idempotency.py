"""Idempotency keys in the table: taken by a conditional write, kept for a day, removed by TTL."""

import json
import zlib
from datetime import timedelta

from chalicelib.domain.clock import Clock
from chalicelib.domain.repeats import Kept
from chalicelib.storage import keys
from chalicelib.storage.codec import Item
from chalicelib.storage.table import ConditionFailed, Table

KEPT_FOR = timedelta(hours=24)
RUNS_AT_MOST = timedelta(seconds=60)  # API Gateway gives up after 29 s, the function is stopped at 30
MAX_ANSWER = 300_000  # bytes, compressed; an item has at most 400 kB


class DynamoRepeats:
    """The keys that came; ``digest`` stands for token, method, path and key."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def begin(self, digest: str, body_digest: str) -> Kept | None:
        """Take the key, or answer what is kept under it. A first call that never ended loses the key after a minute."""
        now = self._clock.now()
        try:
            self._table.put(
                self._item(digest, Kept(body_digest), (now + RUNS_AT_MOST).timestamp()),
                # TTL removes within days, so an item past its time may still be there.
                ConditionExpression="attribute_not_exists(PK) OR expiresAt <= :now",
                ExpressionAttributeValues={":now": {"N": str(int(now.timestamp()))}},
            )
        except ConditionFailed as failed:
            return _read(failed.item or self._table.get(keys.idempotency(digest)) or {})
        return None

    def keep(self, digest: str, kept: Kept) -> None:
        """Keep the answer for 24 hours."""
        self._table.put(self._item(digest, kept, (self._clock.now() + KEPT_FOR).timestamp()))

    def forget(self, digest: str) -> None:
        """Nothing came of it: the key is free again."""
        self._table.delete(keys.idempotency(digest))

    @staticmethod
    def _item(digest: str, kept: Kept, expires_at: float) -> Item:
        item: Item = {
            **keys.idempotency(digest),
            "bodyDigest": {"S": kept.body_digest},
            "expiresAt": {"N": str(int(expires_at))},
        }
        if kept.status is None:
            return item
        packed = zlib.compress(json.dumps([kept.answer, dict(kept.headers)]).encode("utf-8"))
        if len(packed) > MAX_ANSWER:
            packed = zlib.compress(json.dumps(["", dict(kept.headers)]).encode("utf-8"))
        return {**item, "status": {"N": str(kept.status)}, "answer": {"B": packed}}


def _read(item: Item) -> Kept:
    body_digest = item["bodyDigest"]["S"]
    if "status" not in item:
        return Kept(body_digest)
    answer, headers = json.loads(zlib.decompress(item["answer"]["B"]))
    return Kept(body_digest, int(item["status"]["N"]), answer, headers)
