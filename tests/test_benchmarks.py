"""What ``make bench`` measures with still sends: it is run by hand, so nothing else would tell."""

from benchmarks.consumption import consumed
from benchmarks.stage import StageWiring

RECIPIENTS = 120


def test_a_send_is_metered() -> None:
    """A whole send in memory: everybody once, in calls of fifty, and what it asked of AWS."""
    send = consumed(RECIPIENTS)
    assert (send.duplicates, send.lost) == (0, 0)
    assert send.calls == -(-RECIPIENTS // 50)
    assert send.requests > 0
    assert send.write_units >= 1000
    assert send.read_units >= 1000


def test_a_stage_has_every_variable() -> None:
    """Those that the functions need; what is measured on DynamoDB Local is wired with them."""
    assert StageWiring().environment.send_queue_url
