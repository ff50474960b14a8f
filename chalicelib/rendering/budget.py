"""How much work one rendering may do: every operation is charged by the size of what it touches.

A time limit would depend on the machine and could not be refused on save; counted work is the same everywhere.
"""

from datetime import date
from decimal import Decimal
from types import NoneType
from typing import Any

from jinja2.exceptions import SecurityError

from chalicelib.rendering.limits import OPERATION_COST, RENDER_WORK, LimitExceeded
from chalicelib.rendering.values import Empty, View

_BITS_PER_UNIT = 32
_SMALL = (float, Decimal, date, Empty, NoneType)


class Budget:
    """What is left of one rendering's work."""

    __slots__ = ("left",)

    def __init__(self, left: int = RENDER_WORK) -> None:
        self.left = left

    def spend(self, units: int) -> None:
        """Take units off.

        Raises:
            LimitExceeded: Nothing is left.
        """
        self.left -= units
        if self.left < 0:
            raise LimitExceeded("RENDER_WORK", RENDER_WORK, "operations")

    def charge(self, value: Any) -> None:
        """Take off what it costs to touch this value.

        Raises:
            LimitExceeded: Nothing is left.
            SecurityError: It is no value but a function or a piece of the template engine.
        """
        size = len(value) if isinstance(value, str) else weight(value, most=self.left)
        self.spend(size + OPERATION_COST)


def weight(value: Any, *, most: int) -> int:
    """How much this value is: characters, digits and elements, at any depth; counting stops beyond ``most``.

    A list that holds one long text a hundred times weighs a hundred times the text: so it will when printed.

    Raises:
        SecurityError: Something in it is no value; printed or filtered it could tell of Python's inside.
    """
    total, rest = 0, [value]
    while rest and total <= most:
        total += 1
        item = rest.pop()
        if isinstance(item, str):
            total += len(item)
        elif isinstance(item, int):
            total += item.bit_length() // _BITS_PER_UNIT
        elif isinstance(item, range):
            total += len(item)
        elif isinstance(item, dict | View):
            total += len(item)
            if total <= most:
                rest.extend(item.keys())
                rest.extend(item.values())
        elif isinstance(item, list | tuple):
            total += len(item)
            if total <= most:
                rest.extend(item)
        elif not isinstance(item, _SMALL):
            raise SecurityError(
                "only values can be printed or filtered: this is a function or a piece of the template engine"
            )
    return total
