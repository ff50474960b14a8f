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


def failed(name: str, error: Exception) -> Figure:
    """A figure that could not be measured: missed, and the reason is its note."""
    return Figure(name, float("nan"), "", "measured", met=False, note=f"{type(error).__name__}: {error}")


def line(figure: Figure) -> str:
    """A figure for the terminal."""
    return f"  {verdict(figure):8} {figure.name} {shown(figure)}"


def table(figures: Iterable[Figure]) -> Iterator[str]:
    """The figures as a Markdown table."""
    yield "| figure | value | bound | |"
    yield "|---|---|---|---|"
    for each in figures:
        kept = f"**{verdict(each)}**" if not each.met else verdict(each)
        yield f"| {each.name} | {shown(each)} | {each.bound or 'published'} | {kept} |"


def verdict(figure: Figure) -> str:
    """Whether the bound is kept; empty where there is none."""
    if figure.bound is None:
        return ""
    return "met" if figure.met else "missed"


def shown(figure: Figure) -> str:
    """Value, unit and note: four digits that count."""
    digits = f"{figure.value:,.0f}" if abs(figure.value) >= 1_000 else f"{figure.value:.4g}"
    note = f"; {figure.note}" if figure.note else ""
    return f"{digits} {figure.unit}{note}"
