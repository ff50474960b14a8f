"""The keyed hash is the standard library's."""

import hmac

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.keyed_hash import hmac_sha256


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_it_is_an_hmac(key: bytes, message: bytes) -> None:
    """Whatever the key's length: longer than a block it is hashed first."""
    assert hmac_sha256(key, message) == hmac.digest(key, message, "sha256")
