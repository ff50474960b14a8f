"""The closed world in which users' templates run: data, a list of allowed names, and counted work.

Jinja2's own sandbox forbids what is known to be dangerous; here only what is listed is allowed
(https://jinja.palletsprojects.com/en/stable/sandbox/).
"""

from collections.abc import ItemsView, KeysView, ValuesView
from datetime import date, datetime
from functools import cache
from typing import Any, NoReturn

from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Macro, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace

from chalicelib.rendering.charges import CHECKS, bounded_range, charge, scope_budget
from chalicelib.rendering.printing import ReaderContext, finalize
from chalicelib.rendering.shared import Kind
from chalicelib.rendering.values import Empty, RecordView, View, attribute_of

_TEXT_METHODS = frozenset(
    """
    capitalize casefold count endswith find index isalnum isalpha isascii isdecimal isdigit islower isnumeric isspace
    istitle isupper join lower lstrip partition removeprefix removesuffix replace rfind rindex rpartition rsplit rstrip
    split splitlines startswith strip swapcase title upper
    """.split()  # noqa: SIM905  # a list of words reads better than as many quotes
)
_LIST_METHODS = frozenset({"count", "index"})
_MAP_METHODS = frozenset({"get", "items", "keys", "values"})
_LOOP_ATTRIBUTES = frozenset(
    """
    index index0 revindex revindex0 first last length depth depth0 previtem nextitem cycle changed
    """.split()  # noqa: SIM905  # as above
)
ENGINE_METHODS = frozenset({"cycle", "changed", "next", "reset"})
CALLABLE_ATTRIBUTES = _TEXT_METHODS | _LIST_METHODS | _MAP_METHODS | ENGINE_METHODS

_ALLOWED: tuple[tuple[type | tuple[type, ...], frozenset[str]], ...] = (
    (str, _TEXT_METHODS),
    ((list, tuple, range), _LIST_METHODS),
    (LoopContext, _LOOP_ATTRIBUTES),
    (Cycler, frozenset({"next", "reset", "current"})),
    (datetime, frozenset({"year", "month", "day", "hour", "minute"})),
    (date, frozenset({"year", "month", "day"})),
)

# What a template may hand to its own macros, but neither print nor filter.
_HANDED_ON = (Macro, Namespace, Cycler, Joiner, LoopContext)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 for users' templates of one kind of text."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})
    context_class = ReaderContext

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An attribute: a key of data, or one of the listed names.

        Raises:
            SecurityError: It reaches into Python.
        """
        if attribute[:1] == "_":
            _refuse(attribute)
        kind = type(obj)
        if kind is RecordView or (kind is View and attribute not in _MAP_METHODS):  # nearly always
            return obj.field(attribute)
        if not isinstance(obj, View | dict):
            return self._of_engine(obj, attribute)
        if attribute in _MAP_METHODS and attribute not in obj:
            return getattr(obj, attribute)
        return attribute_of(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An element: by key of data, by number of a list, else the attribute.

        Raises:
            SecurityError: It reaches into Python.
        """
        if isinstance(argument, str):
            return (
                attribute_of(obj, argument) if isinstance(obj, View | dict) else self.getattr(obj, argument)
            )
        if isinstance(obj, str | list | tuple | range) and isinstance(argument, int):
            try:
                return obj[argument]
            except IndexError:
                return Empty(name=str(argument))
        return attribute_of(obj, str(argument))

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call an allowed callable, charged by what it touches.

        Raises:
            SecurityError: Not an allowed callable.
            LimitExceeded: More work than is left.
        """
        owner = getattr(obj, "__self__", None)
        values = tuple(item for item in (*args, *kwargs.values()) if not isinstance(item, _HANDED_ON))
        if isinstance(owner, str | list | tuple | View | dict):
            charge(context, obj.__name__, owner, *values)
        else:
            charge(context, "", None, *values)
        result = super().call(context, obj, *args, **kwargs)
        return list(result) if isinstance(result, KeysView | ItemsView | ValuesView) else result

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """``+ * ** %``, whose result can be much larger than the operands.

        Raises:
            LimitExceeded: It would be.
        """
        budget = scope_budget(context)
        budget.charge(left)
        budget.charge(right)
        check = CHECKS.get(operator)
        if check is not None:
            check(context, left, right)
        return super().call_binop(context, operator, left, right)

    def unsafe_undefined(self, obj: Any, attribute: str) -> NoReturn:  # noqa: ARG002  # the parent's signature
        """Refuse at once; Jinja2 would refuse when it is used."""
        _refuse(attribute)

    def _of_engine(self, obj: Any, attribute: str) -> Any:
        """An attribute of what is no data: of a text, a list, a date, the loop."""
        if isinstance(obj, Empty | TemplateReference):
            return obj[attribute]
        if isinstance(obj, Namespace):
            return getattr(obj, attribute, Empty(name=attribute))
        for types, names in _ALLOWED:
            if isinstance(obj, types) and attribute in names:
                return getattr(obj, attribute)
        return Empty(name=attribute)


def _refuse(attribute: str) -> NoReturn:
    raise SecurityError(f"access to {attribute!r} is not allowed in a template")


@cache
def sandbox(kind: Kind) -> Sandbox:
    """The environment for this kind of text; made once, never changed."""
    from chalicelib.rendering.filters import filters_for, tests  # noqa: PLC0415  # they use this module

    made = Sandbox(
        comment_start_string="{##",
        comment_end_string="##}",
        autoescape=kind is Kind.HTML,
        undefined=Empty,
        finalize=finalize,
        keep_trailing_newline=True,
        optimized=False,  # folding would do the work of {{ 'x'|center(10000) }} uncounted, while compiling
        cache_size=0,
    )
    made.globals = {
        "range": bounded_range,
        "dict": dict,
        "namespace": Namespace,
        "cycler": Cycler,
        "joiner": Joiner,
    }
    made.filters = filters_for(kind)
    made.tests = tests()
    return made
