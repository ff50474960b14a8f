"""What a mass email costs: quantities that AWS bills, by what a recipient uses and what AWS asks for it.

Both are data with a date: ``prices.json`` is read off AWS's lists, ``usage.json`` is measured (``make bench`` says when it no
longer holds). Quantities go by the names of the prices: ``writeUnits``, ``lambdaGbSeconds``…
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

MILLION = 1_000_000
PARTS = ("ses", "send", "feedback", "readers")  # of a bill
NO_PLAN = "NONE"  # per-feature pricing: what SES bills when it names no plan
_HERE = Path(__file__).parent

Quantities = Mapping[str, float]


@dataclass(frozen=True)
class Prices:
    """Dollars per million of each quantity, and per million recipients by SES's plan."""

    as_of: date
    currency: str
    per_million: Mapping[str, float]
    ses_per_million: Mapping[str, float]


@dataclass(frozen=True)
class Usage:
    """What is used: by each recipient, by each call of SES, in each second of sending, by what comes back and who reads."""

    measured: date
    per_recipient: Quantities
    per_call: Quantities
    per_second: Quantities  # of sending at the rate: who waits for it is billed, too
    per_feedback: Quantities  # Send and Delivery of one recipient
    per_open: Quantities
    per_click: Quantities


@dataclass(frozen=True)
class Mailing:
    """So many recipients, at most so many in one call, ``rate`` of them a second; ``opens`` and ``clicks`` are requests."""

    recipients: int
    chunk_size: int
    rate: float
    opens: float = 0.0
    clicks: float = 0.0

    @property
    def calls(self) -> int:
        """Of ``SendBulkEmail``."""
        return -(-self.recipients // self.chunk_size)


@dataclass(frozen=True)
class Line:
    """One item of the bill; ``part`` is one of :data:`PARTS`."""

    part: str
    item: str
    quantity: float
    dollars: float


def bill(mailing: Mailing, usage: Usage, prices: Prices, plan: str = NO_PLAN) -> tuple[Line, ...]:
    """Every item, SES's own first.

    Args:
        mailing: What is sent.
        usage: What it uses.
        prices: What that costs.
        plan: SES's plan, as ``GetAccount`` names it; one that is not in the list is billed as the dearest.
    """
    by_plan = prices.ses_per_million
    ses = by_plan.get(plan, max(by_plan.values())) * mailing.recipients / MILLION
    parts = {
        "send": _sum(
            (usage.per_recipient, mailing.recipients),
            (usage.per_call, mailing.calls),
            (usage.per_second, mailing.recipients / mailing.rate),
        ),
        "feedback": _sum((usage.per_feedback, mailing.recipients)),
        "readers": _sum((usage.per_open, mailing.opens), (usage.per_click, mailing.clicks)),
    }
    return (
        Line("ses", "recipients", mailing.recipients, ses),
        *(
            Line(part, name, quantity, prices.per_million[name] * quantity / MILLION)
            for part, quantities in parts.items()
            for name, quantity in quantities.items()
            if quantity
        ),
    )


def dollars(lines: Iterable[Line], *parts: str) -> float:
    """The sum of these parts of the bill; of all when none is named."""
    return sum(line.dollars for line in lines if not parts or line.part in parts)


def plan_of(pricing: Mapping[str, object] | None) -> str:
    """SES's plan in ``PricingAttributes`` of ``GetAccount``.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_PricingAttributes.html
    """
    return str((pricing or {}).get("CurrentPlan") or NO_PLAN)


@cache
def prices() -> Prices:
    """AWS's, as last looked up."""
    data = _read("prices.json")
    return Prices(
        as_of=date.fromisoformat(data["asOf"]),
        currency=data["currency"],
        per_million={name: entry["price"] for name, entry in data["perMillion"].items()},
        ses_per_million=data["ses"]["perMillionByPlan"],
    )


@cache
def usage() -> Usage:
    """Ours, as last measured."""
    data = _read("usage.json")
    return Usage(
        measured=date.fromisoformat(data["measured"]),
        per_recipient=data["perRecipient"],
        per_call=data["perCall"],
        per_second=data["perSecond"],
        per_feedback=data["perFeedback"],
        per_open=data["perOpen"],
        per_click=data["perClick"],
    )


def _sum(*used: tuple[Quantities, float]) -> Quantities:
    total: dict[str, float] = {}
    for quantities, times in used:
        for name, quantity in quantities.items():
            total[name] = total.get(name, 0.0) + quantity * times
    return total


def _read(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((_HERE / name).read_text(encoding="utf-8"))
    return found
