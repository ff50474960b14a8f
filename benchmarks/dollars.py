"""Dollars per million recipients beyond SES's own price, itemised by the product's own model (``domain/costs.py``).

``python -m benchmarks.dollars`` measures anew and writes ``domain/usage.json``, from which estimates are made.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.consumption import Consumed, consumed
from benchmarks.figures import Figure, at_most, published
from benchmarks.readers import PerEvent, cpu, used
from chalicelib.domain import costs
from chalicelib.domain.costs import MILLION, Line, Mailing, Quantities, Usage
from chalicelib.domain.runs import chunk_size_at

TEMPLATE = Path(__file__).parent.parent / ".chalice" / "template" / "functions.yaml"
COUNT = 5_000  # recipients of the sends that usage is read off
SLOW, QUICK = 14.0, 50.0  # recipients a second: calls of 14 and of 50
RATE = 200.0  # of the published bill
OPENS, CLICKS = 0.20, 0.03  # of the recipients
MOST = 6.0  # dollars
OFF = 0.10  # by which a measured quantity may differ from ``usage.json``

# What cannot be measured here, and where it is from.
WORKERS = 10  # SENDERS in app.py: calls of deliver at once; with a backlog each of them runs, or waits for the rate, all the time
REQUEST_SECONDS = 0.005  # of DynamoDB, "single-digit milliseconds"
PLATFORM_BYTES = (
    700  # a call: platform.start and platform.report as JSON, with 26 bytes each that CloudWatch adds
)
POLLED = 2  # SQS requests for each message: the poller receives and deletes it, one at a time
PIXEL_BYTES, PAGE_BYTES = 700, 500  # of an answer to an open and to a click, with its headers


@dataclass(frozen=True)
class Function:
    """A function as ``.chalice/template/functions.yaml`` makes it; its start and report are logged from INFO on.

    CPUs by memory: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html. Levels:
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """

    gb: float
    platform_bytes: int  # a call

    @property
    def cpus(self) -> float:
        """How many, or which part of one."""
        return self.gb * 1024 / 1769

    @classmethod
    def of(cls, name: str) -> "Function":
        """By its name in the template."""
        template = TEMPLATE.read_text(encoding="utf-8")
        [block] = re.findall(rf"^  {name}:\n(?:    .*\n|\n)+", template, re.MULTILINE)
        [mib] = re.findall(r"^      MemorySize: (\d+)", block, re.MULTILINE)
        [default, *own] = re.findall(r"SystemLogLevel: (\w+)", template.partition("Resources:")[0] + block)
        level = own[0] if own else default
        return cls(int(mib) / 1024, PLATFORM_BYTES if level == "INFO" else 0)


def measured() -> Usage:
    """What this tree uses."""
    deliver, feedback, api = map(Function.of, ("Deliver", "Feedback", "APIHandler"))
    slow, quick = consumed(COUNT, SLOW), consumed(COUNT, QUICK)
    own_log = quick.log_bytes / quick.calls
    per_call: dict[str, float] = {"lambdaRequests": 1, "logBytes": deliver.platform_bytes + own_log}
    per_recipient: dict[str, float] = {}
    for name in ("writeUnits", "readUnits", "sqsRequests"):
        more = _quantity(slow, name) - _quantity(quick, name)
        per_call[name] = more / (slow.calls - quick.calls)
        per_recipient[name] = (_quantity(quick, name) - per_call[name] * quick.calls) / COUNT
    events, seconds = used(), cpu()
    return Usage(
        measured=datetime.now(UTC).date(),
        per_recipient=per_recipient,
        per_call=per_call,
        per_second={"lambdaGbSeconds": WORKERS * deliver.gb},
        per_feedback=_added(
            *(_event(events[kind], seconds[kind], feedback) for kind in ("send", "delivery"))
        ),
        per_open=_visit(events["open"], seconds["open"], api, PIXEL_BYTES),
        per_click=_visit(events["click"], seconds["click"], api, PAGE_BYTES),
    )


def lines(usage: Usage | None = None, rate: float = RATE) -> tuple[Line, ...]:
    """The bill of a million recipients."""
    mailing = Mailing(MILLION, chunk_size_at(rate), rate, MILLION * OPENS, MILLION * CLICKS)
    return costs.bill(mailing, usage or costs.usage(), costs.prices())


def figures() -> Iterator[Figure]:
    """The bill, and whether what estimates are made of still holds."""
    now = measured()
    bill = lines(now)
    yield at_most(
        "dollars_per_million",
        costs.dollars(bill, "send", "feedback"),
        MOST,
        "$",
        f"beyond SES's own; at {RATE:.0f}/s, calls of {chunk_size_at(RATE)}",
    )
    yield published(
        "dollars_per_million_readers",
        costs.dollars(bill, "readers"),
        "$",
        f"{OPENS:.0%} opens, {CLICKS:.0%} clicks",
    )
    for rate in (SLOW, QUICK, 1_000.0):
        other = costs.dollars(lines(now, rate), "send", "feedback")
        yield published(
            f"dollars_per_million_at_{rate:.0f}_per_second",
            other,
            "$",
            "the wait for the rate is billed, too",
        )
    off, name = max(_off(now, costs.usage()))
    yield at_most(
        "usage_of_estimates",
        100 * off,
        100 * OFF,
        "% off",
        f"usage.json of {costs.usage().measured}; most: {name}",
    )


def itemised() -> Iterator[str]:
    """The bill as a Markdown table."""
    yield "| part | item | quantity | $ |"
    yield "|---|---|---|---|"
    for line in lines():
        yield f"| {line.part} | {line.item} | {line.quantity:,.0f} | {line.dollars:,.2f} |"


def write(usage: Usage) -> None:
    """Put this into ``usage.json``."""
    path = Path(costs.__file__).with_name("usage.json")
    data = {
        "about": "What one mass email uses of what AWS bills, by the names of prices.json: measured by `python -m benchmarks.dollars`, which also says what is assumed.",
        "measured": usage.measured.isoformat(),
        "perRecipient": _rounded(usage.per_recipient),
        "perCall": _rounded(usage.per_call),
        "perSecond": _rounded(usage.per_second),
        "perFeedback": _rounded(usage.per_feedback),
        "perOpen": _rounded(usage.per_open),
        "perClick": _rounded(usage.per_click),
    }
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def _quantity(send: Consumed, name: str) -> float:
    units = send.usage.total.units
    polled = POLLED * send.calls
    return {
        "writeUnits": units.write,
        "readUnits": units.read,
        "sqsRequests": send.usage.of("sqs").requests + polled,
    }[name]


def _event(use: PerEvent, seconds: float, function: Function) -> Quantities:
    return {
        **_call(use, seconds, function),
        "snsPublishes": 1,  # deliveries to Lambda are free: https://aws.amazon.com/sns/pricing/
    }


def _visit(use: PerEvent, seconds: float, function: Function, answer: int) -> Quantities:
    return {**_call(use, seconds, function), "apiRequests": 1, "bytesOut": answer}


def _call(use: PerEvent, seconds: float, function: Function) -> Quantities:
    duration = seconds / function.cpus + use.requests * REQUEST_SECONDS
    return {
        "writeUnits": use.write_units,
        "readUnits": use.read_units,
        "lambdaRequests": 1,
        "lambdaGbSeconds": function.gb * duration,
        "logBytes": function.platform_bytes + use.log_bytes,
    }


def _added(*quantities: Quantities) -> Quantities:
    names = dict.fromkeys(name for each in quantities for name in each)
    return {name: sum(each.get(name, 0) for each in quantities) for name in names}


def _off(now: Usage, known: Usage) -> Iterator[tuple[float, str]]:
    """By how much each part of the bill differs, as a part of the larger."""
    for part in ("send", "feedback", "readers"):
        is_, was = (costs.dollars(lines(each), part) for each in (now, known))
        yield abs(is_ - was) / max(is_, was), part


def _rounded(quantities: Mapping[str, float]) -> Mapping[str, float]:
    return {name: float(f"{quantity:.4g}") for name, quantity in quantities.items()}


if __name__ == "__main__":
    write(measured())
