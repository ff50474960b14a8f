"""Expression text to tokens, and the words that may not stand in it as they are."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.fakes.dynamodb.errors import Invalid

MAX_EXPRESSION = 4096  # bytes; https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters

KEYWORDS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"})

_TOKEN = re.compile(
    r"\s*(?:(?P<name>#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)|(?P<word>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<index>0|[1-9][0-9]*)|(?P<sign><>|<=|>=|[=<>(),.\[\]+-])|(?P<end>$)|(?P<other>.))",
    re.DOTALL,
)


class Word(NamedTuple):
    """A token: ``kind`` is ``name`` (#n), ``value`` (:v), ``word``, ``keyword``, ``index``, ``sign`` or ``end``."""

    kind: str
    text: str


def words(text: str, label: str) -> list[Word]:
    """The tokens of an expression, ``end`` last; ``label`` is the parameter it came in, for messages.

    Raises:
        Invalid: It is empty or too long, or holds a character that is in no token.
    """
    if not text.strip():
        raise Invalid(f"Invalid {label}: The expression can not be empty;")
    if len(text.encode()) > MAX_EXPRESSION:
        raise Invalid(f"Invalid {label}: Expression size has exceeded the maximum allowed size;")
    return list(_words(text, label))


def _words(text: str, label: str) -> Iterator[Word]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        found = match[kind]
        if kind == "other":
            raise Invalid(f'Invalid {label}: Syntax error; token: "{found}"')
        if kind == "word" and found.upper() in KEYWORDS:
            yield Word("keyword", found.upper())
            continue
        yield Word(kind, found)
        if kind == "end":
            return


@cache
def reserved_words() -> frozenset[str]:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html."""
    return frozenset(Path(__file__).with_name("reserved_words.txt").read_text().split())
