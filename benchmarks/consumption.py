"""Requests and capacity units of whole sends, by the exact meter: per 1,000 recipients, flat as the list grows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import ceil

from benchmarks.driving import completed, ready, send
from benchmarks.figures import Figure, at_most, published
from benchmarks.in_memory import MemoryStage
from benchmarks.logged import counted
from benchmarks.meter import Meter, Tally, Usage
from benchmarks.stage import StageWiring, servers
from chalicelib.domain.runs import chunk_size_at

PORTION = 1_000  # recipients an hour, where sizes are compared
SLOW_RATE, LEAST_RATE = 14.0, 50.0  # recipients a second; the bound is for 50 and more
FLAT = 0.05  # of the mean


@dataclass(frozen=True)
class Consumed:
    """What one send asked of AWS, from freeze to ledger."""

    recipients: int
    calls: int  # of SendBulkEmail
    ses_calls: int  # all of SES, GetAccount too
    usage: Usage  # of DynamoDB and SQS
    log_bytes: int
    duplicates: int
    lost: int

    @property
    def requests(self) -> float:
        """Per 1,000 recipients; SES's calls among them."""
        return self.per_1000(self.usage.total.requests + self.ses_calls)

    @property
    def write_units(self) -> float:
        """Per 1,000 recipients."""
        return self.per_1000(self.usage.total.units.write)

    @property
    def read_units(self) -> float:
        """Per 1,000 recipients."""
        return self.per_1000(self.usage.total.units.read)

    def per_1000(self, total: float) -> float:
        """So much for each 1,000 recipients."""
        return total * 1000 / self.recipients


@cache
def consumed(count: int, rate: float = 200.0, portion: int | None = None) -> Consumed:
    """Measure one send, in memory: all of it at once, or a portion an hour."""
    wiring = MemoryStage(rate)
    made = ready(wiring, count)
    if portion is not None:
        settings = wiring.settings_store.get()
        limited = replace(settings, mass_email_max_per_hour_count=portion)
        wiring.settings_store.replace(limited, expected_rev=settings.rev)
    before = wiring.usage
    with counted() as log:
        send(wiring, hours=ceil(count / (portion or count)))
    usage = wiring.usage - before
    completed(wiring, made)
    mailed = wiring.taken_by_ses.mailed
    return Consumed(
        recipients=count,
        calls=wiring.taken_by_ses.calls,
        ses_calls=wiring.ses_calls,
        usage=usage,
        log_bytes=log.count,
        duplicates=mailed.total() - len(mailed),
        lost=count - len(mailed),
    )


def locally(count: int, rate: float = 200.0) -> Usage:
    """The same send on DynamoDB Local, by its own count put right."""
    with servers(rate):
        tally = Tally()
        plain = StageWiring()
        wiring = MemoryStage(rate, Meter(plain.client("dynamodb"), tally))
        made = ready(wiring, count)
        before = tally.usage
        send(wiring)
        usage = tally.usage - before
        completed(wiring, made)
        return usage


def crosschecked(count: int = 1_000) -> Iterator[Figure]:
    """Whether two counts of one send agree: ours from sizes, and DynamoDB Local's own where it counts right."""
    ours, theirs = consumed(count).usage.of("dynamodb"), locally(count).of("dynamodb")
    for name in ("write", "read"):
        here, there = getattr(ours.units, name), getattr(theirs.units, name)
        note = f"{count:,} recipients: {here:,.0f} in memory, {there:,.0f} on DynamoDB Local"
        yield at_most(f"{name}_units_two_counts", 100 * abs(here - there) / there, 1, "% apart", note)


def figures(sizes: Sequence[int]) -> Iterator[Figure]:
    """Everything that the meter shows; the bounds are kept at the largest size."""
    sends = {count: consumed(count) for count in sizes}
    largest = sends[max(sizes)]
    yield at_most(
        "aws_requests_per_1000_recipients",
        largest.requests,
        200,
        "requests",
        f"at 200/s, {max(sizes):,} recipients",
    )
    yield at_most("write_units_per_1000", largest.write_units, 2_600, "units")
    yield at_most("read_units_per_1000", largest.read_units, 3_200, "units")
    least = consumed(max(sizes), LEAST_RATE)
    yield at_most(
        f"aws_requests_per_1000_at_{LEAST_RATE:.0f}_per_second",
        least.requests,
        200,
        "requests",
        f"{chunk_size_at(LEAST_RATE)} recipients a call, {max(sizes):,} recipients",
    )
    slow = consumed(min(sizes), SLOW_RATE)
    yield published(
        f"aws_requests_per_1000_at_{SLOW_RATE:.0f}_per_second",
        slow.requests,
        "requests",
        f"{chunk_size_at(SLOW_RATE)} recipients a call, {min(sizes):,} recipients",
    )
    yield from wholes(sends)
    yield from flatness({count: consumed(count, portion=PORTION) for count in sizes})
    yield at_most("duplicates_in_memory", sum(each.duplicates for each in sends.values()), 0, "messages")
    yield at_most("lost_in_memory", sum(each.lost for each in sends.values()), 0, "recipients")


def wholes(sends: Mapping[int, Consumed]) -> Iterator[Figure]:
    """What a list costs that goes out at once: what a tick and a freeze always ask weighs on the small ones."""
    for count, each in sends.items():
        yield published(
            f"aws_requests_per_1000_at_once_{count}",
            each.requests,
            "requests",
            f"{count:,} recipients in one portion",
        )
    yield at_most(
        "flatness_requests_at_once",
        100 * spread([each.requests for each in sends.values()]),
        100 * FLAT,
        "% off the mean",
        "each size in one portion: see below what stands in the way",
    )


def flatness(sends: Mapping[int, Consumed]) -> Iterator[Figure]:
    """By how much the dearest size differs from the cheapest, up or down from their mean.

    All sizes go out in portions of 1,000 an hour: a tick then asks its questions for equally many recipients, and what is
    compared is the length of the list.
    """
    for name in ("requests", "write_units", "read_units"):
        by_size = {count: getattr(each, name) for count, each in sends.items()}
        note = ", ".join(f"{count:,}: {value:,.1f}" for count, value in by_size.items())
        yield at_most(
            f"flatness_{name}",
            100 * spread(list(by_size.values())),
            100 * FLAT,
            "% off the mean",
            f"in portions of {PORTION:,}; per 1,000 at {note}",
        )


def spread(values: Sequence[float]) -> float:
    """The farthest from the mean of the lowest and the highest, as a part of it."""
    middle = (max(values) + min(values)) / 2
    return (max(values) - middle) / middle
