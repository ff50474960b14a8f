"""Whatever order, however often, however many at once: the same events leave the same world."""

from tests.proof.load import found

EVENTS = 1_500  # of SES's; ``make prove`` plays 20,000


def test_events_in_any_order_and_twice_by_eight_workers_leave_one_state() -> None:
    """Items, statuses, counts, statistics, log and flags are those of the same events in order, once, by one worker."""
    assert found(EVENTS, seed=1) == []
