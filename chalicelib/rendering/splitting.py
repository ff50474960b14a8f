"""Splits a template into what is the same for everybody and what is personal.

A top-level text is static. A top-level ``{{ Contact.firstName }}`` is looked up without Jinja2. Everything else stays
one Jinja2 template, whose pieces are told apart by a separator: set, macros, loops and conditions keep working.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from jinja2 import nodes

from chalicelib.rendering.paths import assigned_names, path_of
from chalicelib.rendering.printing import SEPARATOR

_SILENT = (nodes.Assign, nodes.AssignBlock, nodes.Macro, nodes.ExprStmt)


@dataclass(frozen=True)
class Static:
    """The same for every reader."""

    text: str


@dataclass(frozen=True)
class Lookup:
    """The printed value of a name; two of the same name are one slot, told by its first line."""

    names: tuple[str, ...]
    link: str | int | None = None
    line: int = field(default=0, compare=False)
    key: str = field(init=False, compare=False)
    root: str = field(init=False, compare=False)
    rest: tuple[str, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", self.names[0])
        object.__setattr__(self, "rest", self.names[1:])
        object.__setattr__(self, "key", f"{'.'.join(self.names)}:{self.link!r}")


@dataclass(frozen=True)
class Code:
    """The n-th personal piece of the Jinja2 template."""

    index: int


@dataclass(frozen=True)
class Blank:
    """Blank lines at the end of a text, there unless a footer follows (``seams.py``); ``place`` tells them apart."""

    text: str
    place: int


Segment = Static | Lookup | Code


@dataclass(frozen=True)
class Split:
    """A template in order, and the Jinja2 template that yields its ``Code`` pieces (None: there are none)."""

    segments: tuple[Segment, ...]
    code: nodes.Template | None


def split(template: nodes.Template, names: Collection[str]) -> Split:
    """Split a parsed template; ``names`` are those that can be looked up.

    The nodes that remain code are moved into the new template, not copied.
    """
    splitter = _Splitter(frozenset(names) - assigned_names(template))
    for node in template.body:
        splitter.take(node)
    code = nodes.Template(splitter.body, lineno=1) if splitter.count else None
    return Split(tuple(joined_statics(splitter.segments)), code)


class _Splitter:
    """Walks the top level once."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self.segments: list[Segment] = []
        self.body: list[nodes.Node] = []
        self.count = 0

    def take(self, node: nodes.Node) -> None:
        """Sort one top-level node in."""
        if isinstance(node, nodes.Output):
            for child in node.nodes:
                self._print(child)
        elif isinstance(node, _SILENT):
            self.body.append(node)
        else:
            self._open(node)
            self.body.append(node)

    def _print(self, child: nodes.Expr) -> None:
        static, path = self._static(child), path_of(child)
        if static is not None:
            self.segments.append(Static(static))
        elif path is not None and path.root in self.names:
            self.segments.append(Lookup(path.names, path.link, path.line))
        else:
            self._open(child)
            self.body.append(nodes.Output([child], lineno=child.lineno))

    def _open(self, node: nodes.Node) -> None:
        """Begin a new piece of code unless the last segment is one."""
        if self.segments and isinstance(self.segments[-1], Code):
            return
        if self.count:
            mark = nodes.TemplateData(SEPARATOR, lineno=node.lineno)
            self.body.append(nodes.Output([mark], lineno=node.lineno))
        self.segments.append(Code(self.count))
        self.count += 1

    def _static(self, child: nodes.Expr) -> str | None:
        if isinstance(child, nodes.TemplateData):
            return child.data
        if isinstance(child, nodes.Const) and isinstance(child.value, str) and child.value.isalnum():
            return child.value
        if isinstance(child, nodes.Const) and child.value == "{":  # what source.literal writes
            return "{"
        return None


def joined_statics(segments: Iterable[Segment]) -> Iterator[Segment]:
    """The segments with neighbouring texts in one, empty ones left out."""
    text: list[str] = []
    for segment in segments:
        if isinstance(segment, Static):
            text.append(segment.text)
            continue
        if any(text):
            yield Static("".join(text))
        text.clear()
        yield segment
    if any(text):
        yield Static("".join(text))
