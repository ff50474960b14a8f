"""Each line of the compliance page is held by tests that are there, or says that it is the operator's."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.docs.test_parity import names_in

PAGE = Path(__file__).resolve().parents[2] / "docs" / "compliance.md"
RULES = (
    "RFC 8058",
    "RFC 2369",
    "RFC 2919",
    "CAN-SPAM",
    "GDPR",
    "Gmail",
    "Yahoo",
    "postal address",
    "Erasure",
)


class Line(NamedTuple):
    """One line of a table."""

    asked: str
    here: str
    held: str

    @property
    def tests(self) -> list[tuple[str, str]]:
        """File and name of each test that it cites; ``::name`` is of the file before."""
        found, file = [], ""
        for path, name in re.findall(r"`([\w/]*(?:\.py)?)::(\w+)`", self.held):
            file = path or file
            found.append((file, name))
        return found


def lines() -> list[Line]:
    cells = re.findall(r"^\| (.+) \| (.+) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [Line(*each) for each in cells if each[2] != "Held by"]


@pytest.mark.parametrize("line", lines(), ids=lambda line: line.asked[:40])
def test_each_line_is_held_or_is_the_operators(line: Line) -> None:
    """By tests that exist and look like tests; what no program can do is called "Yours"."""
    if line.held.startswith("Yours"):
        assert line.tests == []
        return
    assert line.tests, f"no test holds {line.asked!r}"
    for file, name in line.tests:
        assert name.startswith("test_")
        assert name in names_in(file), f"there is no {file}::{name}"


def test_no_row_is_passed_over() -> None:
    """Every row of every table has the three cells that are looked at."""
    rows = [row for row in PAGE.read_text(encoding="utf-8").splitlines() if row.startswith("|")]
    heads = sum(row.startswith("|---") for row in rows)
    assert heads == 5
    assert len(rows) - 2 * heads == len(lines())


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_that_was_asked_for_is_there(rule: str) -> None:
    """The issue's own list."""
    assert rule in PAGE.read_text(encoding="utf-8")


def test_most_is_held_by_tests() -> None:
    """The page is no list of excuses."""
    held = [line for line in lines() if line.tests]
    assert len(held) > 2 * (len(lines()) - len(held))
