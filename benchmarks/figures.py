"""A figure with its bound, and how the table of them is printed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured number. ``bound`` is what it must keep, as text, None for one that is only published."""

    name: str
    value: float
    unit: str
    bound: str | None = None
    met: bool = True
    note: str = ""


def at_most(name: str, value: float, bound: float, unit: str, note: str = "") -> Figure:
    """A figure that must not be larger."""
    return Figure(name, value, unit, f"≤ {bound:g}", value <= bound, note)


def at_least(name: str, value: float, bound: float, unit: str, note: str = "") -> Figure:
    """A figure that must not be smaller."""
    return Figure(name, value, unit, f"≥ {bound:g}", value >= bound, note)


def published(name: str, value: float, unit: str, note: str = "") -> Figure:
    """A figure without a bound."""
    return Figure(name, value, unit, note=note)


def table(figures: Iterable[Figure]) -> Iterator[str]:
    """The figures as a Markdown table."""
    yield "| figure | value | bound | |"
    yield "|---|---|---|---|"
    for each in figures:
        verdict = "" if each.bound is None else "met" if each.met else "**missed**"
        note = f"; {each.note}" if each.note else ""
        yield f"| {each.name} | {each.value:,.4g} {each.unit}{note} | {each.bound or 'published'} | {verdict} |"
