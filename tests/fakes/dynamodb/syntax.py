"""Reading an expression word by word, and noting on the way what can be checked before any item is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from tests.fakes.dynamodb.errors import Invalid
from tests.fakes.dynamodb.lexer import Word, reserved_words, words
from tests.fakes.dynamodb.paths import Path, Step
from tests.fakes.dynamodb.values import AttributeValue

MAX_OPERATORS = 300  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
MAX_INDEX = 2**31 - 1

T = TypeVar("T")
Values = Mapping[str, AttributeValue]
Check = Callable[[Values], None]
"""Looks at the values of a request; raises Invalid where the expression could never take them."""


@dataclass(frozen=True)
class Expression(Generic[T]):
    """What became of an expression's text; ``names`` and ``values`` are the placeholders that it uses."""

    tree: T
    names: frozenset[str]
    values: frozenset[str]
    checks: tuple[Check, ...]


class Cursor:
    """A place in an expression. ``label`` is the request's parameter, ``names`` its ExpressionAttributeNames."""

    def __init__(self, text: str, label: str, names: Mapping[str, str]) -> None:
        self.label = label
        self.place = 0
        self.checks: list[Check] = []
        self._words = words(text, label)
        self._names = names
        self._used_names: set[str] = set()
        self._used_values: set[str] = set()
        self._operators = 0
        self._last_group: tuple[int, int] | None = None

    @property
    def word(self) -> Word:
        """The word at this place."""
        return self._words[self.place]

    @property
    def calls(self) -> bool:
        """Whether a function's name and its parenthesis stand here."""
        return self.word.kind == "word" and self._words[self.place + 1].text == "("

    def take(self) -> Word:
        """The word at this place; goes on to the next."""
        word = self.word
        self.place += 1
        return word

    def accept(self, *texts: str) -> str | None:
        """Take a sign or keyword if it is one of these."""
        word = self.word
        if word.kind in ("sign", "keyword") and word.text in texts:
            self.place += 1
            return word.text
        return None

    def expect(self, text: str) -> None:
        """Take this sign or keyword.

        Raises:
            Invalid: Something else stands here.
        """
        if self.accept(text) is None:
            raise self.unexpected()

    def end(self) -> None:
        """Make sure that nothing is left.

        Raises:
            Invalid: Something is.
        """
        if self.word.kind != "end":
            raise self.unexpected()

    def unexpected(self) -> Invalid:
        """A refusal of the word at this place: it does not belong here."""
        return self.invalid(f'Syntax error; token: "{self.word.text or "<EOF>"}"')

    def invalid(self, message: str) -> Invalid:
        """A refusal that names the parameter."""
        return Invalid(f"Invalid {self.label}: {message}")

    def count_operator(self) -> None:
        """Note an operator or function.

        Raises:
            Invalid: These are too many.
        """
        self._operators += 1
        if self._operators > MAX_OPERATORS:
            raise self.invalid("The expression contains too many operators")

    def grouped(self, read: Callable[[], T]) -> T:
        """What stands in the parentheses that open here.

        Raises:
            Invalid: Directly within them is another pair.
        """
        opened = self.place
        self.expect("(")
        inner = read()
        closed = self.place
        self.expect(")")
        if self._last_group == (opened + 1, closed - 1):
            raise self.invalid("The expression has redundant parentheses;")
        self._last_group = (opened, closed)
        return inner

    def value(self) -> str:
        """Take a value's placeholder."""
        if self.word.kind != "value":
            raise self.unexpected()
        placeholder = self.take().text
        self._used_values.add(placeholder)
        return placeholder

    def path(self) -> Path:
        """Take a document path.

        Raises:
            Invalid: A name is reserved or not defined, or an index is too large.
        """
        steps: list[Step] = [self._name()]
        while sign := self.accept(".", "["):
            steps.append(self._name() if sign == "." else self._index())
        return tuple(steps)

    def _name(self) -> str:
        word = self.word
        if word.kind == "name":
            return self._defined(self.take().text)
        if word.kind != "word":
            raise self.unexpected()
        if word.text.upper() in reserved_words():
            raise self.invalid(f"Attribute name is a reserved keyword; reserved keyword: {word.text}")
        return self.take().text

    def _defined(self, placeholder: str) -> str:
        if placeholder not in self._names:
            raise self.invalid(
                "An expression attribute name used in the document path is not defined; "
                f"attribute name: {placeholder}"
            )
        self._used_names.add(placeholder)
        return self._names[placeholder]

    def _index(self) -> int:
        if self.word.kind != "index":
            raise self.unexpected()
        index = int(self.take().text)
        self.expect("]")
        if index > MAX_INDEX:
            raise self.invalid(f"List index is not within the allowable range; index: [{index}]")
        return index

    def expression(self, tree: T) -> Expression[T]:
        """The whole, with what was noted on the way."""
        return Expression(tree, frozenset(self._used_names), frozenset(self._used_values), tuple(self.checks))
