"""DynamoDB's numbers: 38 significant digits, from 1E-130 to 9.99…E+125, each with one way to be written.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
"""

import re
from decimal import Context, Decimal, Inexact
from functools import lru_cache

from tests.fakes.dynamodb.errors import Invalid

DIGITS = 38
LARGEST_EXPONENT = 125  # of ten, for the first digit
SMALLEST_EXPONENT = -130

_SHORT_INTEGER = re.compile(r"-?[1-9][0-9]{0,17}|0")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,6})?")
_WIDE = Context(prec=400)  # holds any literal that can be in range, so that reading one never rounds
_EXACT = Context(prec=DIGITS, Emax=999, Emin=-999, traps=[Inexact])


def canonical(text: str) -> str:
    """The one way to write this number: no exponent, no needless zeros.

    Raises:
        Invalid: It is none, has too many digits, or is too large or too small.
    """
    if _SHORT_INTEGER.fullmatch(text):
        return text
    return _canonical(text)


@lru_cache(maxsize=4096)
def _canonical(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise Invalid("The parameter cannot be converted to a numeric value")
    return written(Decimal(text).normalize(_WIDE))


def written(number: Decimal) -> str:
    """A number as DynamoDB writes it.

    Raises:
        Invalid: It has too many digits, or is too large or too small.
    """
    if not number:
        return "0"
    number = number.normalize(_WIDE)
    if len(number.as_tuple().digits) > DIGITS:
        raise Invalid("Attempting to store more than 38 significant digits in a Number")
    if number.adjusted() > LARGEST_EXPONENT:
        raise Invalid(
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        )
    if number.adjusted() < SMALLEST_EXPONENT:
        raise Invalid(
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        )
    return format(number, "f")


def added(left: str, right: str) -> str:
    """The sum of two written numbers.

    Raises:
        Invalid: It needs more than 38 digits, or is out of range.
    """
    return _exactly(left, right)


def subtracted(left: str, right: str) -> str:
    """The difference of two written numbers.

    Raises:
        Invalid: It needs more than 38 digits, or is out of range.
    """
    return _exactly(left, right.removeprefix("-") if right.startswith("-") else f"-{right}")


def _exactly(left: str, right: str) -> str:
    try:
        return written(_EXACT.add(Decimal(left), Decimal(right)))
    except Inexact:
        raise Invalid("Attempting to store more than 38 significant digits in a Number") from None


@lru_cache(maxsize=4096)
def size(text: str) -> int:
    """Bytes of a written number: one per pair of digits (pairs are counted from the point), one more, one for a minus.

    AWS says "approximately"; DynamoDB Local counts this.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    if text == "0":
        return 1
    digits = text.lstrip("-")
    whole, _, part = digits.partition(".")
    pairs = whole.rjust(len(whole) + len(whole) % 2, "0") + part.ljust(len(part) + len(part) % 2, "0")
    first = len(pairs) - len(pairs.lstrip("0"))
    last = len(pairs.rstrip("0"))
    return (last + 1) // 2 - first // 2 + 1 + (text[0] == "-")
