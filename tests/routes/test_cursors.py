"""Cursors: signed, bound to their search, and good through a rotation of keys."""

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.public_tokens import KeyRing
from chalicelib.errors import Invalid
from chalicelib.routes.cursors import seal, unseal

RING = KeyRing(signing={1: b"a" * 32, 2: b"b" * 32}, signs_with=1, address=b"c" * 32)
SEARCH = "/v1/campaigns?status=Active"


@given(position=st.text(), search=st.text(), other=st.text())
def test_a_cursor_comes_back_for_its_search_alone(position: str, search: str, other: str) -> None:
    """Whatever position and search are."""
    cursor = seal(position, search, RING)
    assert cursor.isascii()
    assert unseal(cursor, search, RING) == position
    if other != search:
        with pytest.raises(Invalid, match="cursor"):
            unseal(cursor, other, RING)


@given(position=st.text(), place=st.just(-1) | st.integers(0, 22))
def test_no_character_can_be_changed(position: str, place: int) -> None:
    """Not even to one that stands for the same bits, as the last may: one cursor, one spelling."""
    cursor = list(seal(position, SEARCH, RING))
    for other in set(string.ascii_letters + string.digits + "-_+/") - {cursor[place]}:
        cursor[place] = other
        with pytest.raises(Invalid):
            unseal("".join(cursor), SEARCH, RING)


def test_position_and_search_are_kept_apart() -> None:
    """What moves from the one into the other is another cursor."""
    with pytest.raises(Invalid):
        unseal(seal("bc", "a", RING), "ab", RING)


def test_a_new_key_signs_and_the_old_one_still_verifies() -> None:
    """A key that is gone does not."""
    cursor = seal("x", SEARCH, RING)
    assert unseal(cursor, SEARCH, replace(RING, signs_with=2)) == "x"
    with pytest.raises(Invalid):
        unseal(cursor, SEARCH, replace(RING, signing={2: b"b" * 32}, signs_with=2))


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{1,80}", fullmatch=True))
def test_what_we_did_not_make_is_refused(text: str) -> None:
    """Nothing but Invalid comes of it."""
    with pytest.raises(Invalid):
        unseal(text, SEARCH, RING)


def test_a_very_long_cursor_is_not_even_read() -> None:
    """It is not ours."""
    with pytest.raises(Invalid):
        unseal("A" * 1_000_000, SEARCH, RING)
