"""The closed world in which users' templates run: data, a list of allowed names, and counted work.

Jinja2's own sandbox forbids what is known to be dangerous; here only what is listed is allowed
(https://jinja.palletsprojects.com/en/stable/sandbox/).
"""

import re
from collections.abc import Callable, ItemsView, KeysView, Mapping, ValuesView
from datetime import date, datetime
from functools import cache
from typing import Any, NoReturn

from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Macro, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace

from chalicelib.rendering.budget import Budget
from chalicelib.rendering.limits import MAX_ARGUMENT, MAX_INTEGER_BITS, MAX_RANGE, LimitExceeded
from chalicelib.rendering.printing import ReaderContext, finalize
from chalicelib.rendering.scope import Kind
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

# One conversion of a %-format: flags, width, precision. A star takes the width from the data.
_CONVERSION = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(\*|\d*)(?:\.(\*|\d*))?")
_EXPANDING = frozenset({"replace", "join", "indent", "wordwrap", "center", "tojson"})


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
        if isinstance(obj, RecordView):
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
        check = _BINARY.get(operator)
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


def scope_budget(context: Context) -> Budget:
    """The budget of the rendering that this context belongs to."""
    assert isinstance(context, ReaderContext)  # noqa: S101  # Sandbox.context_class makes no others
    return context.scope.budget


def charge(context: Context, name: str, value: Any, *arguments: Any) -> None:
    """Charge a call by what goes in; what may come out larger is charged before it is made.

    Raises:
        LimitExceeded: A number or the product is too large.
    """
    budget = scope_budget(context)
    before = budget.left
    budget.charge(value)
    taken, factor = before - budget.left, 1
    for item in arguments:
        if isinstance(item, int) and abs(item) > MAX_ARGUMENT:
            raise LimitExceeded("MAX_ARGUMENT", MAX_ARGUMENT, "for a number given to a filter or function")
        budget.charge(item)
        factor = max(
            factor, abs(item) if isinstance(item, int) else len(item) if isinstance(item, str) else 1
        )
    if name in _EXPANDING:
        budget.spend((taken + before - budget.left) * factor)


def _check_product(context: Context, left: Any, right: Any) -> None:
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, str | list | tuple) and isinstance(times, int):
            scope_budget(context).spend(max(times, 0) * (len(sequence) + 1))
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())


def _check_power(_: Context, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() * abs(right))


def _check_bits(bits: int) -> None:
    if bits > MAX_INTEGER_BITS:
        raise LimitExceeded("MAX_INTEGER", MAX_INTEGER_BITS, "bits for a number")


def check_format(context: Context, template: Any, _: Any = None) -> None:
    """Refuse a %-format whose widths are large or come from the data.

    Raises:
        LimitExceeded: It has one.
    """
    if not isinstance(template, str):
        return
    for match in _CONVERSION.finditer(template):
        for width in match.groups(default=""):
            if width == "*" or len(width) > 4 or int(width or 0) > MAX_ARGUMENT:  # noqa: PLR2004  # digits of the limit
                raise LimitExceeded("MAX_ARGUMENT", MAX_ARGUMENT, "characters for a width")
            scope_budget(context).spend(int(width or 0))


_BINARY: Mapping[str, Callable[[Context, Any, Any], None]] = {
    "*": _check_product,
    "**": _check_power,
    "%": check_format,
}


def bounded_range(*limits: int) -> range:
    """``range()`` up to a named limit.

    Raises:
        LimitExceeded: More numbers than it allows.
    """
    numbers = range(*limits)
    try:
        count = len(numbers)
    except OverflowError:
        count = MAX_RANGE + 1
    if count > MAX_RANGE:
        raise LimitExceeded("MAX_RANGE", MAX_RANGE, "numbers in range()")
    return numbers


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
