"""Puts the charges into a parsed template: what Jinja2 would do unseen is made to pass through the budget."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from chalicelib.rendering.filters import CHARGE, CONCATENATE, TICK

N = TypeVar("N", bound=nodes.Node)
_REPEATED = (nodes.For, nodes.Macro, nodes.CallBlock, nodes.Block)


def instrument(template: nodes.Template) -> nodes.Template:
    """The same template, in place, with every repetition and every unbounded operation charged."""
    _Charges().visit(template)
    return template


class _Charges(NodeTransformer):
    """Jinja2 calls ``visit_<node class>``."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802  # Jinja2's naming
        self.generic_visit(node)
        node.iter = _filter(node.iter, CHARGE)
        return _ticked(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802  # Jinja2's naming
        self.generic_visit(node)
        return _ticked(node)

    visit_CallBlock = visit_Block = visit_Macro  # noqa: N815  # Jinja2's naming

    def visit_List(self, node: nodes.Expr) -> nodes.Node:  # noqa: N802  # Jinja2's naming
        self.generic_visit(node)
        return _charged(node)

    visit_Dict = visit_List  # noqa: N815  # Jinja2's naming

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802  # Jinja2's naming
        self.generic_visit(node)
        return _charged(node) if node.ctx == "load" else node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802  # Jinja2's naming
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), CONCATENATE)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802  # Jinja2's naming
        self.generic_visit(node)
        node.expr = _charged(node.expr)
        for operand in node.ops:
            operand.expr = _charged(operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802  # Jinja2's naming
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _charged(node.node)
        return node


def _filter(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _charged(node: nodes.Expr) -> nodes.Expr:
    return node if isinstance(node, nodes.Const) else _filter(node, CHARGE)


def _ticked(node: N) -> N:
    cost = sum(len(data.data) for data in _own_text(node.iter_child_nodes()))
    tick = nodes.ExprStmt(_filter(nodes.Const(cost, lineno=node.lineno), TICK), lineno=node.lineno)
    getattr(node, "body").insert(0, tick)  # noqa: B009  # all four classes have one; Node itself has none
    return node


def _own_text(children: Iterable[nodes.Node]) -> Iterator[nodes.TemplateData]:
    """The text that one turn writes itself; what is repeated inside is charged there."""
    for child in children:
        if isinstance(child, nodes.TemplateData):
            yield child
        elif not isinstance(child, _REPEATED):
            yield from _own_text(child.iter_child_nodes())
