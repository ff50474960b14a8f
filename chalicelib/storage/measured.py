"""The ledger, the activity and the freeze, with what is written to them counted for CloudWatch.

A number is measured where it is stored: what another worker wrote first, or an event that came twice, is not counted again.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from chalicelib.domain.activity import Mark
from chalicelib.domain.ids import TEST_SEGMENTS_FROM, Place
from chalicelib.domain.ledger import Chunk, Member, RecipientStatus
from chalicelib.domain.ports_delivery import LeftOutEntry
from chalicelib.domain.runs import Run
from chalicelib.storage import keys
from chalicelib.storage.activity import PART, DynamoActivity, marking
from chalicelib.storage.ledger import DynamoLedger
from chalicelib.storage.runs import DynamoRuns
from chalicelib.storage.table import Table

METRIC_OF_MARK: Mapping[Mark, str] = {
    Mark.DELIVERED: "Delivered",
    Mark.BOUNCED_HARD: "HardBounced",
    Mark.BOUNCED_SOFT: "SoftBounced",
    Mark.COMPLAINED: "Complained",
}


class Measure(Protocol):
    """Notes numbers; ``chalicelib.metrics`` writes them."""

    def __call__(self, numbers: Mapping[str, float], *, reason: str = "") -> None:
        """Metrics by name."""
        ...


class MeasuredLedger(DynamoLedger):
    """Counts recipients whose end was written: Sent, Failed, Skipped, Unknown, each but the first by its reason."""

    def __init__(self, table: Table, key_of: Callable[[str], str], measure: Measure) -> None:
        super().__init__(table, key_of)
        self._measure = measure

    def advance(
        self, base: str, number: int, before: Chunk, after: Chunk, *, children: Iterable[Chunk] = ()
    ) -> None:
        """As the ledger's; Send Test's recipients are not counted."""
        super().advance(base, number, before, after, children=children)
        if number >= TEST_SEGMENTS_FROM:
            return
        new = [result for place, result in after.results.items() if place not in before.results]
        for (status, reason), count in Counter((each.status, each.reason) for each in new).items():
            self._measure({status.value: count}, reason=reason)


class MeasuredRuns(DynamoRuns):
    """Counts who is left out at the freeze: Skipped, by the reason. A freeze that begins anew counts them anew."""

    def __init__(self, table: Table, measure: Measure) -> None:
        super().__init__(table)
        self._measure = measure

    def write_step(
        self, run: Run, segments: Mapping[int, Sequence[Member]], left_out: Sequence[LeftOutEntry]
    ) -> Run:
        """As the runs'."""
        after = super().write_step(run, segments, left_out)
        for reason, count in Counter(entry.reason for entry in left_out).items():
            self._measure({RecipientStatus.SKIPPED.value: count}, reason=reason)
        return after


class MeasuredActivity(DynamoActivity):
    """Counts what SES says for the first time of a recipient."""

    def __init__(self, table: Table, measure: Measure) -> None:
        super().__init__(table)
        self._measure = measure

    def mark(self, place: Place, *marks: Mark) -> None:
        """As the activity's; Send Test's recipients are not counted."""
        # The old values cost nothing: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
        before = self._table.update(
            keys.at_place(place, PART), **marking(place, marks), ReturnValues="UPDATED_OLD"
        )
        position = str(place.position)
        new = [mark for mark in marks if position not in before.get(mark, {}).get("NS", ())]
        counted = {METRIC_OF_MARK[mark]: 1.0 for mark in new if mark in METRIC_OF_MARK}
        if place.segment < TEST_SEGMENTS_FROM and counted:
            self._measure(counted)
