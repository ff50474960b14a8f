"""The bill: prices that say where they are from, quantities that were measured, and their product."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import costs
from chalicelib.domain.costs import MILLION, PARTS, Mailing, Prices, Usage, bill, dollars, plan_of

PRICES = Prices(
    as_of=date(2026, 3, 1),
    currency="USD",
    per_million={"writeUnits": 1.0, "lambdaGbSeconds": 10.0},
    ses_per_million={"NONE": 100.0, "PRO": 200.0},
)
USAGE = Usage(
    measured=date(2026, 3, 1),
    per_recipient={"writeUnits": 1},
    per_call={"writeUnits": 10},
    per_second={"lambdaGbSeconds": 2},
    per_feedback={"writeUnits": 3},
    per_open={"writeUnits": 4},
    per_click={"writeUnits": 5},
)
SOME = Mailing(recipients=100, chunk_size=50, rate=10, opens=20, clicks=3)


def data(name: str) -> Any:
    """One of the data files."""
    return json.loads(Path(costs.__file__).with_name(name).read_text(encoding="utf-8"))


def test_every_quantity_is_priced() -> None:
    """Recipients, calls, seconds, feedback, opens and clicks, each item by its own price."""
    lines = {(line.part, line.item): line for line in bill(SOME, USAGE, PRICES)}
    assert {key: line.quantity for key, line in lines.items()} == {
        ("ses", "recipients"): 100,
        ("send", "writeUnits"): 100 + 2 * 10,
        ("send", "lambdaGbSeconds"): 2 * 100 / 10,
        ("feedback", "writeUnits"): 300,
        ("readers", "writeUnits"): 20 * 4 + 3 * 5,
    }
    assert lines["send", "lambdaGbSeconds"].dollars == pytest.approx(20 * 10 / MILLION)
    assert lines["ses", "recipients"].dollars == pytest.approx(100 * 100 / MILLION)


@pytest.mark.parametrize(
    ("pricing", "expected"),
    [
        (None, 100.0),
        ({}, 100.0),
        ({"CurrentPlan": "NONE"}, 100.0),
        ({"CurrentPlan": "PRO"}, 200.0),
        ({"CurrentPlan": "OF_NEXT_YEAR"}, 200.0),
    ],
)
def test_ses_bills_by_its_plan(pricing: dict[str, object] | None, expected: float) -> None:
    """``GetAccount`` names it; one that the list does not know costs as much as the dearest."""
    mailing = Mailing(MILLION, 50, 100)
    assert dollars(bill(mailing, USAGE, PRICES, plan_of(pricing)), "ses") == pytest.approx(expected)


@given(st.integers(0, 10**7), st.integers(1, 50), st.floats(1, 1_000))
def test_a_bill_is_the_sum_of_its_parts(recipients: int, chunk_size: int, rate: float) -> None:
    """And nobody pays for nobody."""
    lines = bill(Mailing(recipients, chunk_size, rate), USAGE, PRICES)
    assert dollars(lines) == pytest.approx(sum(dollars(lines, part) for part in PARTS))
    assert (dollars(lines) == 0) == (recipients == 0)


def test_prices_say_where_they_are_from() -> None:
    """Every price has a source, a date and a unit; the file's own date is that of SES's list."""
    stored = data("prices.json")
    for entry in [*stored["perMillion"].values(), stored["ses"]]:
        assert entry["source"].startswith("https://")
        assert entry["label"]
        assert date.fromisoformat(entry["published"]) <= date.fromisoformat(stored["asOf"])
    assert stored["ses"]["published"] == stored["asOf"]
    assert set(stored["ses"]["perMillionByPlan"]) == {"NONE", "ESSENTIALS", "PRO", "ENTERPRISE"}


def test_everything_that_is_used_has_a_price() -> None:
    """A quantity that is measured but not priced would be free."""
    usage, prices = costs.usage(), costs.prices()
    used = (
        usage.per_recipient,
        usage.per_call,
        usage.per_second,
        usage.per_feedback,
        usage.per_open,
        usage.per_click,
    )
    assert {name for quantities in used for name in quantities} <= set(prices.per_million)
    assert all(quantity >= 0 for quantities in used for quantity in quantities.values())
