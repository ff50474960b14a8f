"""What DynamoDB can leave out of a search by itself, as a FilterExpression.

It may let through whom the search does not want, and never leaves out whom it wants: what it lets through is asked again by
``domain/where_matching.py``. So a part that DynamoDB cannot tell is left away; and the opposite of a part can be told only
where the part was told exactly.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.records import TargetType
from chalicelib.domain.where import (
    All,
    Check,
    Compared,
    Contains,
    Either,
    Field,
    Filled,
    HasAll,
    HasAny,
    Kind,
    Like,
    Node,
    Not,
    OneOf,
    Present,
    Span,
    Test,
)
from chalicelib.domain.where_values import fold
from chalicelib.storage import search_text
from chalicelib.storage.codec import Item, to_value

MAX_LENGTH = 3_500  # characters; an expression may have 4 KB (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html)
MAX_OPERATORS = 250  # of the 300 that DynamoDB takes
MAX_OPERANDS = 100  # of IN; https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
_MARK_LENGTH = 5  # characters of a placeholder
_AFTER_ANY_FRACTION = "~"  # sorts after the "Z" and the "." that may follow the seconds of a stored time


@dataclass(frozen=True)
class _Path:
    """A document path."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class _Value:
    """A value to compare with."""

    value: Any


_Token = str | _Path | _Value


@dataclass(frozen=True)
class _Told:
    """A condition as tokens; ``exact``: it holds for nobody else."""

    tokens: tuple[_Token, ...]
    exact: bool

    @property
    def length(self) -> int:
        """How many characters it takes, at most."""
        return sum(
            len(token)
            if isinstance(token, str)
            else _MARK_LENGTH * (len(token.names) if isinstance(token, _Path) else 1)
            for token in self.tokens
        )

    @property
    def operators(self) -> int:
        """How many operators and functions it has, at most: none has more than there are operands."""
        return sum(not isinstance(token, str) for token in self.tokens) + sum(
            token in _JOINTS for token in self.tokens
        )

    @property
    def fits(self) -> bool:
        """Whether DynamoDB takes an expression of this size."""
        return self.length <= MAX_LENGTH and self.operators <= MAX_OPERATORS


_AND, _OR, _NOT = " AND ", " OR ", "NOT ("
_JOINTS = frozenset({_AND, _OR, _NOT})


def filter_of(node: Node, target_type: TargetType) -> dict[str, Any]:
    """The FilterExpression of a tree without words for times, with its names and values; empty if it tells nothing."""
    told = _told(node, target_type)
    if told is None or not told.tokens:
        return {}
    names: dict[str, str] = {}
    values: Item = {}
    text = "".join(_written(token, names, values) for token in told.tokens)
    expression: dict[str, Any] = {"FilterExpression": text, "ExpressionAttributeNames": names}
    return {**expression, "ExpressionAttributeValues": values} if values else expression


def _written(token: _Token, names: dict[str, str], values: Item) -> str:
    """A token with placeholders for names and values, which are noted."""
    if isinstance(token, str):
        return token
    if isinstance(token, _Path):
        marks = {name: mark for mark, name in names.items()}
        for name in token.names:
            marks.setdefault(name, f"#w{len(marks)}")
        names.update({marks[name]: name for name in token.names})
        return ".".join(marks[name] for name in token.names)
    mark = f":w{len(values)}"
    values[mark] = to_value(token.value)
    return mark


def _told(node: Node, target_type: TargetType) -> _Told | None:
    if isinstance(node, Test):
        return _of_test(node, target_type)
    if isinstance(node, All):
        return _of_all([_told(part, target_type) for part in node.parts])
    if isinstance(node, Either):
        return _of_either([_told(part, target_type) for part in node.parts])
    if isinstance(node, Not):
        inner = _told(node.part, target_type)
        return None if inner is None or not inner.exact else _negated(inner)
    return None  # who is on a list stands in other items


def _of_all(parts: Sequence[_Told | None]) -> _Told | None:
    """As many of the parts as there is room for, the short ones first."""
    chosen: list[_Told] = []
    told = sorted((part for part in parts if part is not None and part.tokens), key=lambda part: part.length)
    for part in told:
        if _joined(_AND, [*chosen, part], exact=False).fits:
            chosen.append(part)
    exact = all(part is not None and part.exact for part in parts) and len(chosen) == len(told)
    return _joined(_AND, chosen, exact=exact)


def _of_either(parts: Sequence[_Told | None]) -> _Told | None:
    """All of the parts or nothing: whom a part that is not told would find must not be left out."""
    told = [part for part in parts if part is not None]
    if len(told) < len(parts) or any(not part.tokens for part in told) or not told:
        return None
    joined = _joined(_OR, told, exact=all(part.exact for part in told))
    return joined if joined.fits else None


def _joined(joint: str, parts: Sequence[_Told], *, exact: bool) -> _Told:
    if len(parts) == 1:
        return _Told(parts[0].tokens, exact)
    tokens: list[_Token] = []
    for part in parts:
        tokens += [joint, "(", *part.tokens, ")"]
    return _Told(tuple(tokens[1:]), exact)


def _negated(told: _Told) -> _Told | None:
    return _Told((_NOT, *told.tokens, ")"), exact=True) if told.tokens else None


def _of_test(test: Test, target_type: TargetType) -> _Told | None:
    if test.field.hop is not None or _is_made(test.field, target_type):
        return None
    path, check = _Path(test.field.path), test.check
    present = _present(path, test.field.kind)
    told = _of_check(path, check, test.field.kind)
    if told is None or not told.tokens:
        told = present if isinstance(check, Present) else replace(present, exact=False)
    if not test.negated:
        return told
    inverse = _negated(told) if told.exact else None
    return replace(present, exact=False) if inverse is None else _joined(_AND, [present, inverse], exact=True)


def _is_made(field: Field, target_type: TargetType) -> bool:
    """Whether the field is put together of others when it is asked for."""
    return field.path == ("name",) and target_type is not TargetType.ACCOUNT


def _present(path: _Path, kind: Kind) -> _Told:
    exists: tuple[_Token, ...] = ("attribute_exists(", path, ")")
    if kind is not Kind.ANY:
        return _Told(exists, exact=True)
    return _Told((*exists, _AND, _NOT, *_is_of_type(path, "NULL"), ")"), exact=True)


def _is_of_type(path: _Path, name: str) -> tuple[_Token, ...]:
    return ("attribute_type(", path, ",", _Value(name), ")")


def _of_check(path: _Path, check: Check, kind: Kind) -> _Told | None:  # noqa: PLR0911 - one line a check
    if isinstance(check, OneOf):
        return _one_of(path, check)
    if isinstance(check, Contains):
        written = search_text.beginning(check.text) if check.at_start else search_text.part(check.text)
        return _any_of("begins_with(" if check.at_start else "contains(", path, written)
    if isinstance(check, Like):
        return _of_all(
            [_any_of("contains(", path, search_text.part(piece)) for piece in check.pattern.pieces]
        )
    if isinstance(check, Compared) and not isinstance(check.value, str):
        return _typed(path, "N", (path, f" {check.order} ", _Value(check.value)))
    if isinstance(check, HasAny | HasAll):
        return _Told(_is_of_type(path, "L"), exact=False)
    if isinstance(check, Filled):
        return _Told((*_is_of_type(path, "L"), _AND, "size(", path, ") > ", _Value(0)), exact=True)
    if isinstance(check, Span) and kind is Kind.TIME:
        return _of_span(path, check)
    return None


def _one_of(path: _Path, check: OneOf) -> _Told | None:
    """Numbers and booleans as they are, texts in all their ways of writing or at least by their beginning."""
    numbers = [
        value for value in check.values if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    booleans = [value for value in check.values if isinstance(value, bool)]
    parts: list[_Told | None] = [_typed(path, "N", _in(path, some)) for some in _operands(numbers)]
    parts += [_typed(path, "BOOL", _in(path, some)) for some in _operands(booleans)]
    whole: list[str] = []
    for text in (fold(value) for value in check.values if isinstance(value, str)):
        written = search_text.whole(text)
        whole += written
        if not written:
            parts.append(_any_of("begins_with(", path, search_text.beginning(text)))
    parts += [_Told(_in(path, some), exact=True) for some in _operands(list(dict.fromkeys(whole)))]
    return _of_either(parts)


def _typed(path: _Path, name: str, tokens: tuple[_Token, ...]) -> _Told:
    """A comparison within one type. DynamoDB knows no other; the local cloud's takes true for 1, and fails over a list."""
    return _Told((*_is_of_type(path, name), _AND, *tokens), exact=True)


def _operands(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + MAX_OPERANDS] for start in range(0, len(values), MAX_OPERANDS))


def _in(path: _Path, values: Sequence[Any]) -> tuple[_Token, ...]:
    tokens: list[_Token] = [path, " IN ("]
    for each in values:
        tokens += [_Value(each), ","]
    return (*tokens[:-1], ")")


def _any_of(function: str, path: _Path, written: Iterable[str]) -> _Told | None:
    """This function of one of these texts; nothing can be told without a text."""
    return _of_either([_Told((function, path, ",", _Value(each), ")"), exact=False) for each in written])


def _of_span(path: _Path, span: Span) -> _Told | None:
    """By whole seconds: a stored time has a fraction only where there is one, so texts do not quite sort as times do."""
    bounds = []
    if span.since is not None:
        bounds.append(_Told((path, " >= ", _Value(_seconds(span.since))), exact=False))
    if span.until is not None:
        until = _seconds(span.until) + _AFTER_ANY_FRACTION
        bounds.append(_Told((path, " <= ", _Value(until)), exact=False))
    return _of_all(bounds)


def _seconds(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
