"""Random items and expressions, right and wrong ones, for the fake and DynamoDB Local to agree upon."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Value = dict[str, Any]
Asked = tuple[str, dict[str, Value]]
"""An expression and the values of its placeholders."""

NAMES = ("n", "s", "l", "m", "ss")

strings = st.sampled_from(("", "a", "ab", "abc", "b", "é", "\uffff", "😀")).map(lambda text: {"S": text})
numbers = st.one_of(
    st.integers(-3, 12).map(str),
    st.sampled_from(("1.50", "-0.05", "1e3", "1E-3", "007", "9" * 38, "1e125", "-0")),
).map(lambda text: {"N": text})
binaries = st.sampled_from((b"", b"a", b"ab", b"\xff")).map(lambda content: {"B": content})
sets = st.one_of(
    st.sets(st.sampled_from(("a", "b", "é")), min_size=1).map(lambda found: {"SS": sorted(found)}),
    st.sets(st.sampled_from(("1", "2", "10")), min_size=1).map(lambda found: {"NS": sorted(found)}),
)
scalars = st.one_of(strings, numbers, binaries, st.just({"BOOL": True}), st.just({"NULL": True}))
values: st.SearchStrategy[Value] = st.recursive(
    st.one_of(scalars, sets),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"L": parts}),
        st.dictionaries(st.sampled_from(("a", "b")), inner, max_size=2).map(lambda parts: {"M": parts}),
    ),
    max_leaves=5,
)
typed: dict[str, st.SearchStrategy[Value]] = {
    "n": numbers,
    "s": strings,
    "l": st.lists(values, max_size=3).map(lambda parts: {"L": parts}),
    "m": st.dictionaries(st.sampled_from(("a", "b")), values, max_size=2).map(lambda parts: {"M": parts}),
    "ss": sets,
}
attributes = st.fixed_dictionaries({}, optional={name: st.one_of(typed[name], values) for name in NAMES})
paths = st.tuples(
    st.sampled_from(NAMES), st.lists(st.sampled_from((".a", ".b", "[0]", "[1]", "[2]")), max_size=2)
).map(lambda parts: parts[0] + "".join(parts[1]))


class _Text:
    """An expression while it is being made."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.values: dict[str, Value] = {}

    def value(self, strategy: st.SearchStrategy[Value] = values) -> str:
        """A new placeholder."""
        name = f":v{len(self.values)}"
        self.values[name] = self.draw(strategy)
        return name

    def one_of(self, *choices: str) -> str:
        """One of these words."""
        chosen: str = self.draw(st.sampled_from(choices))
        return chosen

    def path(self) -> str:
        """A document path."""
        found: str = self.draw(paths)
        return found

    def operand(self) -> str:
        """A path, a value or a size."""
        sort = self.one_of("path", "path", "scalar", "value", "size")
        if sort == "size":
            return f"size({self.path()})"
        if sort == "path":
            return self.path()
        return self.value(scalars if sort == "scalar" else values)

    def condition(self, depth: int) -> str:
        """A condition of at most this many levels."""
        sort = (
            self.one_of("AND", "OR", "NOT", "()")
            if depth and self.one_of("deeper", "here") == "deeper"
            else ""
        )
        if sort in ("AND", "OR"):
            return f"{self.condition(depth - 1)} {sort} {self.condition(depth - 1)}"
        if sort:
            return f"NOT {self.condition(depth - 1)}" if sort == "NOT" else f"({self.condition(depth - 1)})"
        return self.relation()

    def relation(self) -> str:
        """A comparison or a function."""
        sort = self.one_of("compare", "compare", "between", "in", "exists", "type", "begins_with", "contains")
        if sort == "compare":
            return f"{self.operand()} {self.one_of('=', '<>', '<', '<=', '>', '>=')} {self.operand()}"
        if sort == "between":
            return f"{self.operand()} BETWEEN {self.operand()} AND {self.operand()}"
        if sort == "in":
            return f"{self.operand()} IN ({self.operand()}, {self.operand()})"
        if sort == "exists":
            return f"{self.one_of('attribute_exists', 'attribute_not_exists')}({self.path()})"
        if sort == "type":
            kind = st.sampled_from(("S", "N", "L", "M", "SS", "NS", "B", "?")).map(lambda kind: {"S": kind})
            return f"attribute_type({self.path()}, {self.value(kind)})"
        return f"{sort}({self.operand()}, {self.operand()})"

    def summand(self) -> str:
        """What SET can compute with."""
        sort = self.one_of("path", "number", "value", "if_not_exists", "()")
        if sort == "if_not_exists":
            return f"if_not_exists({self.path()}, {self.value()})"
        if sort == "path":
            return self.path()
        return f"({self.path()})" if sort == "()" else self.value(numbers if sort == "number" else values)

    def assignment(self) -> str:
        """One action of SET."""
        sort = self.one_of("one", "+", "-", "list_append")
        if sort == "one":
            return f"{self.path()} = {self.summand()}"
        if sort == "list_append":
            return f"{self.path()} = list_append({self.summand()}, {self.summand()})"
        return f"{self.path()} = {self.summand()} {sort} {self.summand()}"

    def section(self, name: str) -> str:
        """One section of an update, of one or two actions."""
        actions = [self.action(name) for _ in range(self.draw(st.integers(1, 2)))]
        return f"{name} {', '.join(actions)}"

    def action(self, name: str) -> str:
        """One action of a section."""
        if name == "SET":
            return self.assignment()
        if name == "REMOVE":
            return self.path()
        return f"{self.path()} {self.value(sets if name == 'DELETE' else st.one_of(numbers, sets))}"


@st.composite
def conditions(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Asked:
    """A condition, which may be none."""
    text = _Text(draw)
    return text.condition(2), text.values


@st.composite
def updates(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Asked:
    """An update, which may be none."""
    text = _Text(draw)
    sections = draw(
        st.lists(st.sampled_from(("SET", "REMOVE", "ADD", "DELETE")), min_size=1, max_size=3, unique=True)
    )
    return " ".join(text.section(section) for section in sections), text.values


@st.composite
def projections(draw: Callable[[st.SearchStrategy[Any]], Any]) -> str:
    """A projection, whose paths may overlap."""
    return ", ".join(draw(st.lists(paths, min_size=1, max_size=3)))
