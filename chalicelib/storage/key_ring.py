"""The stage's keys, from Secrets Manager; read when first needed and at most five minutes old.

The secret is JSON: ``{"signing": {"1": "<base64>"}, "signsWith": 1, "address": "<base64>"}``. CloudFormation can generate only
one random text in a secret, so ``{"seed": "…"}`` stands for the address key and signing key 1, which are derived from it;
rotated keys stand beside it. A new key is added first and signs later, so that it verifies everywhere before its first
signature is out.
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import logs
from chalicelib.domain.clock import Clock
from chalicelib.domain.public_tokens import KeyRing

FRESH_FOR = timedelta(minutes=5)
REFETCH_AFTER = timedelta(seconds=10)  # forged key ids must not make a call of Secrets Manager each
ASK_AGAIN_AFTER = timedelta(
    minutes=1
)  # what hangs is waited for up to 15 s (``wiring.py``): not by every reader
MIN_KEY = 32  # bytes


class StoredKeyRing:
    """The ring as this process knows it."""

    def __init__(self, client: Any, secret_id: str, clock: Clock) -> None:
        self._client = client
        self._secret_id = secret_id
        self._clock = clock
        self._ring: KeyRing | None = None
        self._read_at: datetime | None = None

    def ring(self) -> KeyRing:
        """The keys, at most :data:`FRESH_FOR` old; older ones while Secrets Manager does not answer.

        Old keys stay good for ever, so that no reader has to wait for its answer; a token of a newer one asks for itself
        (:meth:`refetched`).
        """
        try:
            return self._younger_than(FRESH_FOR)
        except (BotoCoreError, ClientError) as error:
            if self._ring is None:
                raise
            logs.trouble("keyRingUnread", error)
            self._read_at = self._clock.now() - FRESH_FOR + ASK_AGAIN_AFTER
            return self._ring

    def refetched(self) -> KeyRing:
        """The keys after a token named one that :meth:`ring` does not hold (``UnknownKey``)."""
        return self._younger_than(REFETCH_AFTER)

    def address_key(self) -> bytes:
        """The key of address hashes: it never changes, so whatever was read is good."""
        return (self._ring or self.ring()).address

    def _younger_than(self, age: timedelta) -> KeyRing:
        now = self._clock.now()
        if self._ring is not None and self._read_at is not None and now - self._read_at < age:
            return self._ring
        self._ring = key_ring(self._client.get_secret_value(SecretId=self._secret_id)["SecretString"])
        self._read_at = now
        return self._ring


def key_ring(secret: str) -> KeyRing:
    """Read the secret.

    Raises:
        ValueError: It is not such a JSON, or a key is too short.
    """
    stored = json.loads(secret)
    signing = {int(number): base64.b64decode(key) for number, key in stored.get("signing", {}).items()}
    address = base64.b64decode(stored.get("address", ""))
    if "seed" in stored:
        seed = _long_enough(str(stored["seed"]).encode("utf-8"))
        signing = {1: _derived(seed, "signing 1"), **signing}
        address = address or _derived(seed, "address")
    signs_with = int(stored.get("signsWith", 1))
    if signs_with not in signing:
        raise ValueError("the key ring signs with a key that it does not hold")
    for key in (address, *signing.values()):
        _long_enough(key)
    return KeyRing(signing=signing, signs_with=signs_with, address=address)


def _long_enough(key: bytes) -> bytes:
    if len(key) < MIN_KEY:
        raise ValueError(f"a key of the key ring must have at least {MIN_KEY} bytes")
    return key


def _derived(seed: bytes, purpose: str) -> bytes:
    """HKDF's expand step for one block (RFC 5869 section 2.3): one key per purpose, none tells of another."""
    return hmac.new(seed, b"envoi " + purpose.encode("ascii") + b"\x01", hashlib.sha256).digest()
