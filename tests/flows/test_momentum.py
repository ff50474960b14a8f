"""A worker that just sent takes its slot before it looks: cheaper, and never at the price of what must hold."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.records import MassEmail
from chalicelib.flows.momentum import LASTS, Momentum
from tests.fakes.clock import NINE_ON_A_MONDAY
from tests.flows.stage import Stage

SLOW = 50.0  # recipients a second: one call of 50


def under_way(rate: float = SLOW) -> tuple[Stage, MassEmail, list[Any]]:
    """A send whose first chunk is out, and the messages of the others."""
    stage = Stage(rate=rate)
    mass_email = stage.to_people(150)
    stage.release.run()
    first, *rest = [stage.queues.next_chunk() for _ in range(3)]
    assert first is not None
    stage.deliver.handle(first)
    stage.counted()
    return stage, mass_email, rest


def test_what_is_read_once() -> None:
    """Of a chunk that waits for the rate everything is read after the wait, and nothing before it."""
    stage, _, (second, _) = under_way()
    stage.deliver.handle(second)
    assert stage.counted()["BatchGetItem"] == 2
    assert len(stage.post.accepted) == 100


def test_an_opt_out_during_the_wait_counts() -> None:
    """As ever: what decides is read when the wait is over."""
    stage, mass_email, (second, _) = under_way()
    leaver = stage.target_store.get(*_members(stage, mass_email, 1)[0])
    plain = stage.time.sleep

    def sleep(seconds: float) -> None:
        plain(seconds)
        stage.opt_out(leaver)

    stage.time.sleep = sleep  # type: ignore[method-assign]  # somebody leaves while the worker sleeps
    stage.deliver.handle(second)
    assert len(stage.post.accepted) == 99
    assert leaver.email_address not in stage.post.addresses


def test_a_pause_costs_one_slot() -> None:
    """The worker that did not know takes one in vain; then it looks first again."""
    stage, mass_email, (second, third) = under_way()
    stage.steering.pause(mass_email.id)
    stage.counted()
    stage.deliver.handle(second)
    taken = stage.counted()["UpdateItem"]
    stage.deliver.handle(third)
    assert (taken, stage.counted()["UpdateItem"]) == (1, 0)
    assert len(stage.post.accepted) == 50


def test_a_lowered_rate_holds_for_the_next_call() -> None:
    """A chunk too large for it by now is halved, not sent."""
    stage, _, (second, third) = under_way()
    stage.ses.set(max_send_rate=25.0)
    stage.release.refresh_account()
    stage.deliver.handle(second)
    assert len(stage.post.accepted) == 50
    stage.deliver.handle(third)
    stage.drain(patience=60)
    assert len(stage.post.accepted) == len(set(stage.post.addresses)) == 150


def test_a_raised_rate_takes_a_slot_of_its_own() -> None:
    """Slots of the old rate and of the new one have counters of their own."""
    stage, _, (second, _) = under_way()
    stage.ses.set(max_send_rate=100.0)
    stage.release.refresh_account()
    stage.deliver.handle(second)
    assert len(stage.post.accepted) == 100


@pytest.mark.parametrize(
    ("mass_email_id", "later", "expected"),
    [("a", timedelta(), 14.0), ("b", timedelta(), None), ("a", LASTS + timedelta(seconds=1), None)],
)
def test_momentum_fades(mass_email_id: str, later: timedelta, expected: float | None) -> None:
    """It is of one mass email, for a minute."""
    momentum = Momentum()
    momentum.gained("a", 14.0, NINE_ON_A_MONDAY)
    assert momentum.rate(mass_email_id, NINE_ON_A_MONDAY + later) == expected
    momentum.lost()
    assert momentum.rate("a", NINE_ON_A_MONDAY) is None


def _members(stage: Stage, mass_email: MassEmail, segment: int) -> list[tuple[Any, str]]:
    members = stage.ledger.members(mass_email.id[:11], [segment])[segment]
    return [(each.target_type, each.target_id) for each in members]
