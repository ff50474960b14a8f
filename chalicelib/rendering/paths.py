"""Which names a template reads, found without running it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jinja2 import nodes


@dataclass(frozen=True)
class Path:
    """A dotted name such as ``Contact.account.name``, or ``trackingUrl`` with its link."""

    names: tuple[str, ...]
    line: int
    link: str | int | None = None

    @property
    def root(self) -> str:
        """The first name."""
        return self.names[0]


def assigned_names(template: nodes.Template) -> frozenset[str]:
    """The names that the template gives a meaning of its own, anywhere."""
    found = {name.name for name in template.find_all(nodes.Name) if name.ctx != "load"}
    found.update(macro.name for macro in template.find_all(nodes.Macro))
    return frozenset(found)


def path_of(node: nodes.Node) -> Path | None:
    """The dotted name that this expression is, None when it is anything else."""
    if isinstance(node, nodes.Call):
        return _link_of(node)
    names: list[str] = []
    line = node.lineno
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        name = _attribute(node)
        if name is None:
            return None
        names.append(name)
        node = node.node
    if not isinstance(node, nodes.Name) or node.ctx != "load":
        return None
    return Path((node.name, *reversed(names)), line)


def paths_in(node: nodes.Node) -> Iterator[Path]:
    """The longest dotted names read below this node; a name used in any other way comes alone."""
    path = path_of(node)
    if path is not None:
        yield path
        return
    yield from _below(node.iter_child_nodes())


def _below(children: Iterable[nodes.Node]) -> Iterator[Path]:
    for child in children:
        yield from paths_in(child)


def _attribute(node: nodes.Getattr | nodes.Getitem) -> str | None:
    if isinstance(node, nodes.Getattr):
        return node.attr
    return node.arg.value if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str) else None


def _link_of(node: nodes.Call) -> Path | None:
    callee, is_plain = node.node, not (node.kwargs or node.dyn_args or node.dyn_kwargs)
    if not (
        isinstance(callee, nodes.Name) and callee.name == "trackingUrl" and is_plain and len(node.args) == 1
    ):
        return None
    argument = node.args[0]
    if not isinstance(argument, nodes.Const) or not isinstance(argument.value, str | int):
        return None
    return Path(("trackingUrl",), node.lineno, argument.value)
