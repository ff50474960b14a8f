"""What an operation costs before it is done: results that outgrow their operands are refused unmade."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2.runtime import Context

from chalicelib.rendering.budget import Budget
from chalicelib.rendering.limits import MAX_ARGUMENT, MAX_INTEGER_BITS, MAX_RANGE, LimitExceeded
from chalicelib.rendering.printing import ReaderContext

# One conversion of a %-format: flags, width, precision. A star takes the width from the data.
_CONVERSION = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(\*|\d*)(?:\.(\*|\d*))?")
_EXPANDING = frozenset({"replace", "join", "indent", "wordwrap", "center", "tojson"})


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


CHECKS: Mapping[str, Callable[[Context, Any, Any], None]] = {
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
