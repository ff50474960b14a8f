"""The doors that are not HTTP."""

import pytest
from chalice.app import EventSourceHandler

from app import app
from chalicelib.domain.queue import UnreadableMessage
from tests.world import World

FUNCTIONS = {"release", "sweep", "sync_lists", "deliver", "work", "feedback"}


def test_no_route_takes_a_functions_name() -> None:
    """Chalice keeps both in one map; a view that is named like a function would be called in its place."""
    functions = {name for name, each in app.handler_map.items() if isinstance(each, EventSourceHandler)}
    assert functions == FUNCTIONS


def test_nothing_is_told_of_a_crash() -> None:
    """Debug mode answers with the stack."""
    assert app.debug is False


@pytest.mark.parametrize("function", ["release", "sweep", "sync_lists"])
def test_the_clock_finds_nothing_to_do(world: World, function: str) -> None:
    """In a stage in which nothing has happened no mail goes out, twice in a row."""
    for _ in range(2):
        world.tick(function)
    assert world.ses.stats()["recipients"] == 0


@pytest.mark.parametrize("function", ["deliver", "work"])
@pytest.mark.parametrize("message", [{}, {"v": 99}, {"kind": "nobody knows"}])
def test_a_message_that_is_none_of_ours_is_not_acknowledged(
    world: World, function: str, message: object
) -> None:
    """The function fails, so that SQS keeps the message in the dead-letter queue."""
    with pytest.raises(UnreadableMessage):
        world.queued(function, message)
