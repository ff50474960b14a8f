"""Folded text as DynamoDB can look for it: it knows no letter case, so every way of writing a part is asked for.

A character folds to one character wherever it stands (``domain/where_values.py``), so a part of a folded text is a part of
each text that folds to it, at the same place.
"""

from itertools import product

MAX_VARIANTS = 16  # ways of writing a part of a text
MAX_WHOLE = 64  # ways of writing a whole text
_FOREIGN_CAPITALS = {"k": "\u212a", "s": "\u017f"}  # the kelvin sign and the long s fold to ASCII


def ways(character: str) -> str:
    """All characters that fold to this one; empty where they are not known.

    Known are ASCII and whatever has no case at all; other letters have too many odd relatives.
    """
    if character.isascii():
        return "".join(dict.fromkeys(character + character.upper())) + _FOREIGN_CAPITALS.get(character, "")
    return character if character.lower() == character.upper() == character.casefold() else ""


def whole(folded: str) -> list[str]:
    """All texts that fold to this one; empty if they are too many, or not known."""
    return _written(folded) if _count(folded) <= MAX_WHOLE else []


def beginning(folded: str) -> list[str]:
    """All ways of writing as much as possible of its beginning."""
    end = 0
    while end < len(folded) and _count(folded[: end + 1]) <= MAX_VARIANTS:
        end += 1
    return _written(folded[:end]) if end else []


def part(folded: str) -> list[str]:
    """All ways of writing the longest part of it that can be written in few ways."""
    best, start = "", 0
    for end in range(1, len(folded) + 1):
        while start < end and _count(folded[start:end]) > MAX_VARIANTS:
            start += 1
        best = max(best, folded[start:end], key=len)
    return _written(best) if best else []


def _count(folded: str) -> int:
    """In how many ways this can be written; more than any limit if that is not known."""
    count = 1
    for character in folded:
        count *= len(ways(character)) or MAX_WHOLE + 1
        if count > MAX_WHOLE:
            break
    return count


def _written(folded: str) -> list[str]:
    return ["".join(each) for each in product(*map(ways, folded))]
