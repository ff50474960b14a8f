"""The signed tokens in links that readers click: short, and enough to find the recipient without a look-up.

``key id(1) | kind(1) | recipient id(9) | link(2) | MAC(10)``, base64url without padding: 31 characters. The MAC is
HMAC-SHA256 truncated to 80 bits (RFC 2104 section 5 allows truncation to half of the output or 80 bits).
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from chalicelib.domain.ids import Place
from chalicelib.domain.keyed_hash import hmac_sha256

MAC_BYTES = 10
_PAYLOAD_BYTES = 13
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class TokenKind(IntEnum):
    """What a token is good for: one kind cannot be used as another."""

    OPEN = 1
    CLICK = 2
    UNSUBSCRIBE = 3
    PREFERENCES = 4


@dataclass(frozen=True)
class KeyRing:
    """The stage's keys, by one-byte id.

    A new key verifies everywhere before it signs; ``address`` never changes, for stored hashes depend on it.
    """

    signing: Mapping[int, bytes]
    signs_with: int
    address: bytes


class PublicToken(NamedTuple):
    """What a reader's link says; a tuple, for four of them are made for each of a million readers."""

    kind: TokenKind
    place: Place
    link: int = 0


class UnknownKey(LookupError):
    """The token names a key that this ring does not hold: fetch the ring once more."""


def sign(token: PublicToken, ring: KeyRing) -> str:
    """Write the token, signed with the ring's current key."""
    kind, place, link = token
    payload = bytes((ring.signs_with, kind)) + place.packed + link.to_bytes(2, "big")
    signed = payload + hmac_sha256(ring.signing[ring.signs_with], payload)[:MAC_BYTES]
    return binascii.b2a_base64(signed, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


def verify(text: str, kind: TokenKind, ring: KeyRing) -> PublicToken | None:
    """Read the token; None when it is forged, altered or of another kind.

    Raises:
        UnknownKey: Well formed, but signed with a key that is not in this ring.
    """
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    payload, mac = raw[:_PAYLOAD_BYTES], raw[_PAYLOAD_BYTES:]
    if len(mac) != MAC_BYTES or payload[1] != kind:
        return None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != text:
        return None  # the unused bits of the last character must be zero: one token, one spelling
    key = ring.signing.get(payload[0])
    if key is None:
        raise UnknownKey
    if not hmac.compare_digest(mac, hmac_sha256(key, payload)[:MAC_BYTES]):
        return None
    recipient = int.from_bytes(payload[2:11], "big")
    if recipient >> 68:
        return None
    return PublicToken(kind, Place.of(f"{recipient:017x}"), int.from_bytes(payload[11:13], "big"))
