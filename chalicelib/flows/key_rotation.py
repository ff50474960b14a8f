"""Rotating the signing key in two steps: a new key verifies everywhere before it signs.

Functions keep the ring for five minutes (``storage/key_ring.py``), so that the second step must wait. Old keys stay for ever:
what they have signed is in people's inboxes. The address key never changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from chalicelib.domain.clock import Clock
from chalicelib.domain.ports_admin import KeyVault
from chalicelib.errors import Conflict

KNOWN_EVERYWHERE_AFTER = timedelta(minutes=6)  # the five of the functions, and one for clocks that differ
KEY_BYTES = 32
LAST_KEY = 255  # a token has one byte for it


class Step(StrEnum):
    """What a rotation did, or would do."""

    ADDED = "added"
    WAITING = "waiting"
    SIGNING = "signing"


@dataclass(frozen=True)
class Rotated:
    """The step, the key that it was about, and how long until the next step may be taken (zero after the last)."""

    step: Step
    key: int
    wait: timedelta


@dataclass(frozen=True)
class KeyRotation:
    """Takes the next step."""

    clock: Clock
    vault: KeyVault
    random_bytes: Callable[[int], bytes]

    def run(self, *, apply: bool) -> Rotated:
        """Add a key, or let the one that was added sign if it is known everywhere; without ``apply`` only say which.

        Raises:
            Conflict: No number is left, or nobody knows since when the newest key is in the ring.
        """
        stored = self.vault.read()
        newest = max(stored.ring.signing)
        if newest == stored.ring.signs_with:
            return self._add(newest + 1, apply=apply)
        added_at = stored.added_at.get(newest)
        if added_at is None:
            raise Conflict(f"the ring does not say since when key {newest} is in it: give it its addedAt")
        wait = added_at + KNOWN_EVERYWHERE_AFTER - self.clock.now()
        if wait > timedelta():
            return Rotated(Step.WAITING, newest, wait)
        if apply:
            self.vault.sign_with(newest)
        return Rotated(Step.SIGNING, newest, timedelta())

    def _add(self, number: int, *, apply: bool) -> Rotated:
        if number > LAST_KEY:
            raise Conflict(f"there are {LAST_KEY} keys already, and a token has no room for more")
        if apply:
            self.vault.add(number, self.random_bytes(KEY_BYTES), self.clock.now())
        return Rotated(Step.ADDED, number, KNOWN_EVERYWHERE_AFTER)
