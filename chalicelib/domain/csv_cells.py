"""Cells of CSV files that people open in spreadsheets: none of them is a formula.

A cell that begins like a formula is run by Excel, LibreOffice and Google Sheets; an apostrophe before it makes it text
(https://owasp.org/www-community/attacks/CSV_Injection). Where the comma is the decimal sign, as in France, Excel cuts a line at
semicolons instead and at the line breaks within a cell: so what stands after one of these begins a cell, too. What is exported
that way is read back as it was.
"""

import json
import re
from typing import Any

_SIGNS = (
    r"[=+\-@\uff1d\uff0b\uff0d\uff20]"  # the full-width ones are signs, too, where people write with them
)
_BEGINS = rf"(?:^|(?<=[;\t\r\n]))(?={{0}}'*{_SIGNS})|^(?={{0}}'*[\t\r\n\0])"  # NUL: OWASP ASVS 5.0, 1.2.10
_FORMULA = re.compile(_BEGINS.format(""))
_GUARDED = re.compile(rf"(?:{_BEGINS.format(chr(39))})'")


def guarded(cell: str) -> str:
    """The cell as it is written: with an apostrophe where a formula would begin, or what would be taken for a guarded one."""
    return _FORMULA.sub("'", cell)


def unguarded(cell: str) -> str:
    """The cell as it was meant: the inverse of :func:`guarded`."""
    return _GUARDED.sub("", cell) if "'" in cell else cell


def text_of(value: Any) -> str:
    """A value as a cell tells it, before it is guarded: nothing is an empty cell, what is no text is JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
