"""Person or machine: who opened or clicked (`delivery.md`, "Events").

Agents are data, dated and with their sources, in ``machines.json``: they change more often than the rules.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

BURST_LINKS = 3  # different links; from this one on it is a scanner
BURST_WINDOW = timedelta(seconds=2)
_PREFETCH_HEADERS = frozenset({"purpose", "sec-purpose"})
"""https://wicg.github.io/nav-speculation/prefetch.html#sec-purpose-header; ``Purpose`` is its older name."""


def is_machine(user_agent: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> bool:
    """Whether one request for the pixel or a link was not made by a person.

    Args:
        user_agent: As sent; empty if none was.
        method: HEAD looks without wanting to see.
        headers: All of the request's, names in any case.
    """
    if method.upper() == "HEAD" or _is_prefetch(headers or {}):
        return True
    agent = user_agent.strip()
    exact, persons, machines = _agents()
    if agent in exact:
        return True
    return persons.search(agent) is None and machines.search(agent) is not None


def is_burst(link: int, at: datetime, recent: Iterable[tuple[int, datetime]]) -> bool:
    """Whether a click is one of a scanner's, who follows all links at once.

    Args:
        link: The clicked link's index.
        at: When.
        recent: The recipient's other clicks, (link, when), in any order; older and later ones do no harm.

    Two links within two seconds a person can do; from the third different one on, it is a machine.
    """
    within = {other for other, when in recent if timedelta() <= at - when <= BURST_WINDOW}
    return len(within | {link}) >= BURST_LINKS


def _is_prefetch(headers: Mapping[str, str]) -> bool:
    """``Sec-Purpose: prefetch``, also with parameters (``prefetch;prerender``)."""
    return any(
        name.lower() in _PREFETCH_HEADERS and value.lower().startswith("prefetch")
        for name, value in headers.items()
    )


@cache
def _agents() -> tuple[frozenset[str], re.Pattern[str], re.Pattern[str]]:
    """Exact agents of machines, patterns of persons, patterns of machines; read once, at the first request."""
    data: Mapping[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    machines = data["machines"]
    exact = frozenset(entry["exact"] for entry in machines if "exact" in entry)
    return exact, _any_of(data["persons"]), _any_of(entry for entry in machines if "pattern" in entry)


def _any_of(entries: Iterable[Mapping[str, str]]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{entry['pattern']})" for entry in entries), re.IGNORECASE)
