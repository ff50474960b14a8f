"""The checklist is whole, and what it says is held by tests that are there."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "parity.md"
ROWS = 100
BUILT, OPEN = ("same", "changed"), ("not yet", "not built")


class Row(NamedTuple):
    """One line of the checklist."""

    number: int
    what: str
    here: str
    held: str

    @property
    def standing(self) -> str:
        """The first of the four words that ``here`` begins with, empty for none."""
        return next((word for word in (*BUILT, *OPEN) if self.here.startswith(word)), "")

    @property
    def tests(self) -> list[str]:
        """The tests that it names, as pytest does; ``::name`` is of the file named before."""
        found, file = [], ""
        for path, name in re.findall(r"`([\w/]*(?:\.py)?)::(\w+)`", self.held):
            file = path or file
            found.append(f"{file}::{name}")
        return found


def rows() -> list[Row]:
    lines = re.findall(
        r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return [Row(int(number), *rest) for number, *rest in lines]


@cache
def names_in(file: str) -> frozenset[str]:
    """The tests in a file below ``tests/``."""
    path = ROOT / "tests" / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_no_row_is_missing() -> None:
    """One to a hundred, each once, in order."""
    assert [row.number for row in rows()] == list(range(1, ROWS + 1))


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row.number))
def test_each_row_is_held_or_says_why_not(row: Row) -> None:
    """What is built names tests that exist; what was changed says how; what is not built says why, or when."""
    assert row.standing, f"row {row.number} says neither of {BUILT + OPEN}: {row.here}"
    if row.standing in OPEN:
        assert row.tests == []
        assert row.here == row.standing
        assert row.standing != "not yet" or re.match(r"Issue \d", row.held)
        return
    assert row.tests, f"row {row.number} names no test"
    assert row.standing != "changed" or row.here.startswith("changed: ")
    for test in row.tests:
        file, _, name = test.partition("::")
        assert name.startswith("test_")
        assert name in names_in(file), f"row {row.number}: there is no {test}"
