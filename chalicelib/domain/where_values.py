"""How values are compared in a search: by type, text without regard to case, numbers as they are written.

The reference leaves text to its database, where MySQL by default disregards case. Here every character is folded to one
character (Unicode's simple case folding, CaseFolding.txt status C and S), so that a place in a folded text is the same place
in the text itself: that is what lets DynamoDB look for a part of it. Accents count.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

Scalar = str | int | float | bool
_LATELY = 16  # texts whose folding is remembered: a search may ask a hundred questions about one long text
_ALPHABET = 1_024  # characters that are remembered
Comparable = tuple[Literal["text"], str] | tuple[Literal["number"], Decimal] | tuple[Literal["boolean"], bool]


@lru_cache(maxsize=_LATELY)
def fold(text: str) -> str:
    """The text as it is compared; as long as it was."""
    folded = text.casefold()
    # Longer if one character became several; else it is what all of them are, one by one, in a hundredth of the time.
    return folded if len(folded) == len(text) else "".join(map(fold_character, text))


@lru_cache(maxsize=_ALPHABET)
def fold_character(character: str) -> str:
    """One character as it is compared."""
    for folded in (character.casefold(), character.lower()):
        if len(folded) == 1:
            return folded
    return character


def comparable(value: Any) -> Comparable | None:
    """What is compared; None for what is no text, number or boolean.

    A number is taken as it is written, in decimal: that is how DynamoDB keeps and compares it.
    """
    if isinstance(value, str):
        return "text", fold(value)
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, int | float):
        return "number", Decimal(repr(value))
    return None


def comparables(values: Iterable[Any]) -> frozenset[Comparable]:
    """The same of all that can be compared."""
    found = map(comparable, values)
    return frozenset(each for each in found if each is not None)
