"""Opaque cursors: where the next page begins, signed, and bound to the search that it belongs to.

``key id(1) | MAC(16) | position``, base64url without padding.
"""

import base64
import binascii
import hashlib
import hmac

from chalicelib.domain.public_tokens import KeyRing
from chalicelib.errors import Invalid

MAC_BYTES = 16
MAX_CURSOR = 2000  # characters; more is not ours
_PURPOSE = b"envoi cursor\0"  # so that no MAC of a public token is one of a cursor


def seal(position: str, search: str, ring: KeyRing) -> str:
    """A cursor for this position; ``search`` is whatever must be the same when it comes back."""
    raw = position.encode("utf-8")
    mac = _mac(raw, search, ring.signing[ring.signs_with])
    return _encoded(bytes((ring.signs_with,)) + mac + raw)


def unseal(cursor: str, search: str, ring: KeyRing) -> str:
    """The position.

    Raises:
        Invalid: Forged, altered, signed with a key that is gone, or of another search.
    """
    raw = _decoded(cursor)
    key = ring.signing.get(raw[0]) if raw else None
    mac, position = raw[1 : 1 + MAC_BYTES], raw[1 + MAC_BYTES :]
    if key is None or not hmac.compare_digest(mac, _mac(position, search, key)):
        raise Invalid.of("cursor", "is not a cursor of this list and search")
    return position.decode("utf-8")


def _decoded(cursor: str) -> bytes:
    if len(cursor) > MAX_CURSOR:
        return b""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""
    # One cursor, one spelling: an altered character is never passed over.
    return raw if _encoded(raw) == cursor else b""


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _mac(position: bytes, search: str, key: bytes) -> bytes:
    text = _PURPOSE + search.encode("utf-8") + b"\0" + position
    return hmac.new(key, text, hashlib.sha256).digest()[:MAC_BYTES]
