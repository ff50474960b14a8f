"""Folding and patterns: what makes a search disregard case, and why no pattern is slow."""

import re
import sys
import time

from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.where_like import LikePattern
from chalicelib.domain.where_values import fold, fold_character


def test_every_character_folds_to_one_that_folds_to_itself() -> None:
    """So a place in a folded text is the place in the text; over all of Unicode."""
    for code in range(sys.maxunicode + 1):
        folded = fold_character(chr(code))
        assert len(folded) == 1
        assert fold_character(folded) == folded


@given(st.text())
@example("Straße")
@example("ﬁn İstanbul ΣΑΣ")
def test_a_text_folds_character_by_character(text: str) -> None:
    """The shorter way gives the same, where one character would become several too."""
    assert fold(text) == "".join(map(fold_character, text))


PATTERN = st.text("ab%_\\\n", max_size=8)


@given(PATTERN, st.text("ab%_\\\n", max_size=8))
@example("%%__", "ab")
@example("a\\", "a\\")
def test_patterns_mean_what_sql_says(pattern: str, text: str) -> None:
    """Held against regular expressions, which mean the same where they are short."""
    meaning, rest = "", iter(pattern)
    for character in rest:
        if character == "%":
            meaning += "(?s:.*)"
        elif character == "_":
            meaning += "(?s:.)"
        else:
            meaning += re.escape(next(rest, "\\") if character == "\\" else character)
    assert LikePattern.of(pattern).matches(text) is (re.fullmatch(meaning, text) is not None)


def test_no_pattern_is_slow() -> None:
    """One that keeps a backtracking matcher busy for ages, on the longest text that an attribute can hold."""
    pattern = LikePattern.of(("%a_" * 166)[:499] + "b")
    began = time.process_time()
    assert not pattern.matches("a" * 32_768)
    assert time.process_time() - began < 1


@given(PATTERN)
def test_pieces_are_in_every_text_that_fits(pattern: str) -> None:
    """In order: what DynamoDB is asked to look for."""
    read = LikePattern.of(pattern)
    filled = "".join(symbol or "x" for symbol in read.symbols)
    assert read.matches(filled)
    place = 0
    for piece in read.pieces:
        place = filled.index(piece, place) + len(piece)
