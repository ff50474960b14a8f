"""How much of SES's rate is used with a backlog: in reserved time, and for a real minute as the stand-in sees it."""

import heapq
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.driving import chunks, freeze, ready
from benchmarks.figures import Figure, at_least, at_most, published
from benchmarks.ses_server import seen
from benchmarks.stage import stage
from chalicelib.domain.clock import SystemClock
from chalicelib.domain.runs import chunk_size_at
from chalicelib.storage.table import Table
from chalicelib.storage.tickets import DynamoTickets
from devstack import resources
from tests.fakes.clock import NINE_ON_A_MONDAY
from tests.fakes.dynamodb import FakeDynamoDB

VIRTUAL_RATES = (14, 200, 1_000)  # recipients a second
REAL_RATES = (14, 200)
WORKERS = 10  # as ``app.py`` lets SQS call
VIRTUAL_SECONDS = 60
CALL_SECONDS = 0.2  # of a whole ``deliver`` in virtual time, SES's answer included
REAL_SECONDS = 60
LEAST = 0.97


def reserved(rate: int) -> Sequence[int]:
    """Recipients in each whole clock second, as ten workers reserve them that always have something to send."""
    client = FakeDynamoDB()
    resources._make_table(client)  # noqa: SLF001 - the same table as everywhere
    table = Table(client, resources.PREFIX, lambda _: None)
    workers = [DynamoTickets(table) for _ in range(WORKERS)]
    free = [(NINE_ON_A_MONDAY, number) for number in range(WORKERS)]
    end = NINE_ON_A_MONDAY + timedelta(seconds=VIRTUAL_SECONDS)
    taken: Counter[int] = Counter()
    while free[0][0] < end:
        now, number = heapq.heappop(free)
        slot = workers[number].take(rate, now)
        taken[_second(slot)] += chunk_size_at(rate)
        heapq.heappush(free, (max(now, slot) + timedelta(seconds=CALL_SECONDS), number))
    first, last = _second(NINE_ON_A_MONDAY), _second(end)
    return [taken[second] for second in range(first + 1, last)]  # the first and the last are not whole


@dataclass(frozen=True)
class Minute:
    """What the stand-in saw."""

    recipients: int
    seconds: float
    most_in_one_second: int
    refusals: int
    duplicates: int


def real(rate: int, seconds: float = REAL_SECONDS) -> Minute:
    """So long ten threads deliver by the real clock to a stand-in that takes just this rate."""
    with stage(rate, clock=SystemClock()) as wiring:
        ready(wiring, int(rate * seconds * 1.2) + 100)
        freeze(wiring)
        messages = list(chunks(wiring))
        lock = threading.Lock()
        end = time.monotonic() + seconds

        def work() -> None:
            while time.monotonic() < end:
                with lock:
                    message = messages.pop(0) if messages else None
                if message is None:
                    return
                wiring.deliver.handle(message)

        before = seen(wiring.ses_url)
        threads = [threading.Thread(target=work) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        time.sleep(max(0.0, end - time.monotonic()))
        after = seen(wiring.ses_url)
        for thread in threads:
            thread.join()
    return Minute(
        after.recipients - before.recipients,
        seconds,
        after.most_in_one_second,
        after.refusals - before.refusals,
        after.duplicates,
    )


def virtual_figures() -> Iterator[Figure]:
    """Of reserved slots."""
    for rate in VIRTUAL_RATES:
        by_second = reserved(rate)
        used = sum(by_second) / len(by_second) / rate
        yield at_least(
            f"rate_utilisation_at_{rate}", used, LEAST, "of the rate", "reserved slots, ten workers"
        )
        yield at_most(f"most_reserved_in_one_second_at_{rate}", max(by_second), rate, "recipients")


def real_figures(seconds: float = REAL_SECONDS) -> Iterator[Figure]:
    """As the stand-in sees it.

    A call that comes a little late falls into the next clock second; what is too much there is refused and goes back.
    """
    for rate in REAL_RATES:
        minute = real(rate, seconds)
        used = minute.recipients / minute.seconds / rate
        note = f"{seconds:.0f} real seconds, {minute.refusals} refused, at most {minute.most_in_one_second} in one second"
        yield published(f"rate_utilisation_real_at_{rate}", used, "of the rate", note)
        yield at_most(f"duplicates_real_at_{rate}", minute.duplicates, 0, "messages")


def _second(at: datetime) -> int:
    return int(at.timestamp())
