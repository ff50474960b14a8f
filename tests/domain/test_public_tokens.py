"""A reader's token says just what was signed, for one use; whatever else is no token."""

import base64
from dataclasses import replace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chalicelib.domain.ids import Place
from chalicelib.domain.public_tokens import KeyRing, PublicToken, TokenKind, UnknownKey, sign, verify
from tests.domain.test_ids import PLACES

RING = KeyRing(signing={1: b"1" * 32, 2: b"2" * 32}, signs_with=2, address=b"a" * 32)
TOKENS = st.builds(PublicToken, st.sampled_from(TokenKind), PLACES, st.integers(0, 0xFFFF))
PLACE = Place("0195e2a1b3c", 3, 49)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(TOKENS)
def test_what_is_signed_is_read(token: PublicToken) -> None:
    """31 characters that need no escaping in a path."""
    text = sign(token, RING)
    assert len(text) == 31
    assert set(text) <= set(ALPHABET)
    assert verify(text, token.kind, RING) == token


@pytest.mark.parametrize(
    ("token", "text"),
    [
        (PublicToken(TokenKind.OPEN, PLACE), "AgEAGV4qGzwAAPEAAMaBSxW_f6BdUVQ"),
        (PublicToken(TokenKind.CLICK, PLACE, 517), "AgIAGV4qGzwAAPECBav6hmZDYpTieO8"),
        (PublicToken(TokenKind.UNSUBSCRIBE, PLACE), "AgMAGV4qGzwAAPEAAFroUu_fczDcXhA"),
        (PublicToken(TokenKind.PREFERENCES, PLACE), "AgQAGV4qGzwAAPEAAFkI2VQVh1ayEQE"),
    ],
)
def test_tokens_of_years_ago_are_read(token: PublicToken, text: str) -> None:
    """They are in mail that was sent: what they look like, and which number a use has, never changes."""
    assert sign(token, RING) == text
    assert verify(text, token.kind, RING) == token


@given(TOKENS, st.sampled_from(TokenKind))
def test_a_token_is_for_one_use(token: PublicToken, other: TokenKind) -> None:
    """A pixel's token does not unsubscribe."""
    assume(other is not token.kind)
    assert verify(sign(token, RING), other, RING) is None


@given(TOKENS, st.integers(0, 30), st.sampled_from(ALPHABET))
def test_an_altered_token_is_none(token: PublicToken, at: int, character: str) -> None:
    """Whichever character is another; a changed key id may name a key that nobody knows."""
    text = sign(token, RING)
    altered = text[:at] + character + text[at + 1 :]
    assume(altered != text)
    try:
        assert verify(altered, token.kind, RING) is None
    except UnknownKey:
        assert at < 2


@given(st.text(max_size=40), st.sampled_from(TokenKind))
@example("A" * 31, TokenKind.OPEN)
@example("=" * 31, TokenKind.OPEN)
def test_anything_else_is_no_token(text: str, kind: TokenKind) -> None:
    """It never raises but for a key id that the ring does not hold."""
    try:
        assert verify(text, kind, RING) is None
    except UnknownKey:
        assert len(base64.urlsafe_b64decode(text + "=")) == 23


@given(TOKENS)
def test_a_token_has_one_spelling(token: PublicToken) -> None:
    """Padding, the other alphabet and stray bits after the end are refused: caches and logs know one link."""
    text = sign(token, RING)
    assert verify(text + "=", token.kind, RING) is None
    other = text.replace("-", "+").replace("_", "/")
    assert other == text or verify(other, token.kind, RING) is None
    last = ALPHABET[ALPHABET.index(text[-1]) ^ 1]
    assert verify(text[:-1] + last, token.kind, RING) is None


@given(TOKENS)
def test_keys_rotate(token: PublicToken) -> None:
    """An older key of the ring verifies yet; one that is unknown asks for the ring once more; another stage's is nothing."""
    old = sign(token, replace(RING, signs_with=1))
    assert verify(old, token.kind, RING) == token
    ring_without = KeyRing(signing={2: b"2" * 32}, signs_with=2, address=b"a" * 32)
    with pytest.raises(UnknownKey):
        verify(old, token.kind, ring_without)
    of_others = KeyRing(signing={1: b"x" * 32, 2: b"y" * 32}, signs_with=2, address=b"a" * 32)
    assert verify(sign(token, of_others), token.kind, RING) is None
