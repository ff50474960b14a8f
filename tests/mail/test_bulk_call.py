"""How many entries fit in one call."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.sending import Batch, Entry, SesTemplate
from chalicelib.mail import bulk_call
from chalicelib.mail.bulk_call import MAX_CALL, MAX_DATA, TooLarge, encode, fits


def batch_with(sizes: list[int], text: str = "x") -> Batch:
    entries = [Entry("a@b.example", {"s0": text * size}, {"X": "y"}, {"attempt": "1"}) for size in sizes]
    return Batch("a@b.example", [], SesTemplate("s", "t", "h"), {}, entries)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, MAX_DATA - 10), max_size=12))
def test_what_fits_is_exact(sizes: list[int]) -> None:
    """As many as fit can be encoded, one more cannot: measured as serialised, to the byte."""
    batch = batch_with(sizes)
    count = fits(batch, "set")
    assert len(encode(replace(batch, entries=batch.entries[:count]), "set")) <= MAX_CALL
    if count < len(sizes):
        with pytest.raises(TooLarge):
            encode(replace(batch, entries=batch.entries[: count + 1]), "set")


def test_a_call_of_exactly_the_limit_fits() -> None:
    """The limit itself is allowed, a byte more is not."""
    four = batch_with([250_000] * 4)
    room = MAX_CALL - len(encode(batch_with([250_000] * 3), "set"))
    empty = len(encode(batch_with([250_000] * 3 + [0]), "set")) - len(
        encode(batch_with([250_000] * 3), "set")
    )
    assert fits(four, "set") == 3
    full, over = (batch_with([250_000] * 3 + [room - empty + more]) for more in (0, 1))
    assert (fits(full, "set"), fits(over, "set")) == (4, 3)
    assert len(encode(full, "set")) == MAX_CALL
    with pytest.raises(TooLarge):
        encode(over, "set")


def test_data_is_counted_in_characters_of_its_json() -> None:
    """An entry's data may have 262,144 characters, escapes and braces included, however many bytes they are."""
    room = MAX_DATA - len('{"s0":""}')
    assert fits(batch_with([room], "é"), "set") == 1
    assert fits(batch_with([room + 1], "é"), "set") == 0
    assert fits(batch_with([room // 2 + 1], '"'), "set") == 0


def test_text_that_is_none() -> None:
    """Half of a surrogate pair is refused where it is encoded."""
    with pytest.raises(UnicodeEncodeError):
        bulk_call.encode(batch_with([1], "\udc00"), "set")
