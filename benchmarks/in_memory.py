"""A stage in one process, where the meter is exact: DynamoDB in memory, and an SES that only notes whom it was to mail."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks.meter import Meter, Tally, Usage
from benchmarks.stage import StageWiring
from chalicelib.domain.clock import Clock
from chalicelib.domain.events import TAG_RECIPIENT
from chalicelib.domain.sending import Batch, Effect, Outcome, SesAccount
from devstack import resources
from devstack.ses_events import new_message_id
from tests.fakes.clock import FakeClock
from tests.fakes.dynamodb import FakeDynamoDB


class Taken:
    """A sender: everything is accepted, under message ids as long as SES's; ``mailed`` counts by recipient id."""

    def __init__(self, clock: Clock) -> None:
        self.mailed: Counter[str] = Counter()
        self.calls = 0
        self._clock = clock
        self._dice = random.Random(7)

    def send(self, batch: Batch) -> Sequence[Outcome]:
        """One call."""
        self.calls += 1
        self.mailed.update(entry.tags[TAG_RECIPIENT] for entry in batch.entries)
        now = self._clock.now()
        return [Outcome(Effect.SENT, message_id=new_message_id(now, self._dice)) for _ in batch.entries]


class Account:
    """``GetAccount`` of an account whose only limit is the rate."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self.calls = 0

    def read(self) -> SesAccount:
        """As SES answers it."""
        self.calls += 1
        return SesAccount(
            -1, self._rate, 0, production_access=True, sending_enabled=True, enforcement_status=""
        )

    def identity_verified(self, _: str) -> bool:
        """Every sender is verified."""
        return True


class MemoryStage(StageWiring):
    """The wiring over memory; ``usage`` is what the functions asked of DynamoDB and SQS so far.

    ``dynamodb`` is another client to take instead of memory, metered by its owner.
    """

    def __init__(self, rate: float, dynamodb: Any = None) -> None:
        self.tally = Tally()
        clock = FakeClock()
        super().__init__({"dynamodb": dynamodb or self._memory(clock)}, clock)
        self._fakes["sqs"] = Meter(self.sqs, self.tally)
        self.taken_by_ses = Taken(clock)
        self.ses_account = Account(rate)
        self.__dict__.update(sender=self.taken_by_ses, account_reader=self.ses_account)

    @property
    def usage(self) -> Usage:
        """Requests and units so far, but for those to SES."""
        return self.tally.usage

    @property
    def ses_calls(self) -> int:
        """``SendBulkEmail`` and ``GetAccount`` so far."""
        return self.taken_by_ses.calls + self.ses_account.calls

    def _memory(self, clock: FakeClock) -> Meter:
        client = FakeDynamoDB(clock)
        resources._make_table(client)  # noqa: SLF001 - the same table as everywhere
        return Meter(client, self.tally)
