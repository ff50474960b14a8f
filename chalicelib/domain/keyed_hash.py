"""HMAC-SHA256 at half of ``hmac``'s price: four links to each of a million readers, and the address of each, are keyed hashes."""

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash

_BLOCK = 64  # bytes, of SHA-256
_INNER, _OUTER = 0x36, 0x5C


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """By the definition (RFC 2104 section 2), from two states that have taken in the key already; 32 bytes."""
    keyed_inner, keyed_outer = _keyed(key)
    inner, outer = keyed_inner.copy(), keyed_outer.copy()
    inner.update(message)
    outer.update(inner.digest())
    return outer.digest()


@lru_cache(maxsize=8)
def _keyed(key: bytes) -> "tuple[_Hash, _Hash]":
    whole = key if len(key) <= _BLOCK else hashlib.sha256(key).digest()
    padded = whole.ljust(_BLOCK, b"\0")
    return _padded(padded, _INNER), _padded(padded, _OUTER)


def _padded(key: bytes, pad: int) -> "_Hash":
    return hashlib.sha256(bytes(each ^ pad for each in key))
