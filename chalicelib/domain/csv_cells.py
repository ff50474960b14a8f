"""Cells of CSV files that people open in spreadsheets: none of them is a formula.

A cell that begins like a formula is run by Excel, LibreOffice and Google Sheets; an apostrophe before it makes it text
(https://owasp.org/www-community/attacks/CSV_Injection). What is exported that way is read back as it was.
"""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(cell: str) -> str:
    """The cell as it is written: with an apostrophe where it would be a formula, or be taken for a guarded one."""
    return f"'{cell}" if cell.startswith(_FORMULA) or _is_guarded(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was meant: the inverse of :func:`guarded`."""
    return cell[1:] if _is_guarded(cell) else cell


def _is_guarded(cell: str) -> bool:
    """Apostrophes and then the beginning of a formula."""
    return cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA)
