"""Patterns of SQL's LIKE, matched in time linear in the text: there is no pattern that makes a search slow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from chalicelib.domain.where_values import fold_character

ANY_ONE, ANY_MANY, ESCAPE = "_", "%", "\\"


@dataclass(frozen=True)
class LikePattern:
    """A pattern, folded.

    ``symbols`` are the characters in order, None for ``_``; ``gaps`` are the places among them where ``%`` lets anything
    stand, ``len(symbols)`` being the end.
    """

    symbols: tuple[str | None, ...]
    gaps: frozenset[int]

    @classmethod
    def of(cls, text: str) -> "LikePattern":
        """Read a pattern; a backslash takes the next character as it is, as in MySQL."""
        symbols: list[str | None] = []
        gaps: set[int] = set()
        characters = iter(text)
        for character in characters:
            if character == ANY_MANY:
                gaps.add(len(symbols))
            elif character == ANY_ONE:
                symbols.append(None)
            else:
                literal = next(characters, ESCAPE) if character == ESCAPE else character
                symbols.append(fold_character(literal))
        return cls(tuple(symbols), frozenset(gaps))

    @cached_property
    def pieces(self) -> Sequence[str]:
        """The runs of characters between the wildcards, in order."""
        runs: list[str] = [""]
        for place, symbol in enumerate(self.symbols):
            if place in self.gaps or symbol is None:
                runs.append("")
            runs[-1] += symbol or ""
        return [run for run in runs if run]

    def matches(self, folded: str) -> bool:
        """Whether a folded text fits, whole.

        Most texts lack a piece, which is soon seen. For the others all places of the pattern that may have been reached are
        one number, a bit each (Baeza-Yates and Gonnet's Shift-And): no pattern and no text make it go back, so the work is
        the text's length times the pattern's in machine words.
        """
        if not self._has_pieces(folded):
            return False
        any_one, accepts, stays = self._steps
        reached = 1
        for character in folded:
            reached = (reached & stays) | (reached & accepts.get(character, any_one)) << 1
            if not reached:
                return False
        return bool(reached >> len(self.symbols) & 1)

    def _has_pieces(self, folded: str) -> bool:
        """Whether the pieces stand in the text, one after the other: without that it cannot fit."""
        place = 0
        for piece in self.pieces:
            found = folded.find(piece, place)
            if found < 0:
                return False
            place = found + len(piece)
        return True

    @cached_property
    def _steps(self) -> tuple[int, Mapping[str, int], int]:
        """The places that take any character, those that take a certain one, and those where any number may pass."""
        any_one = _bits(place for place, symbol in enumerate(self.symbols) if symbol is None)
        accepts = {
            symbol: any_one | _bits(place for place, each in enumerate(self.symbols) if each == symbol)
            for symbol in set(self.symbols)
            if symbol is not None
        }
        return any_one, accepts, _bits(self.gaps)


def _bits(places: Iterable[int]) -> int:
    return sum(1 << place for place in places)
