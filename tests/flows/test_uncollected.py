"""The collector of cycles rests while a chunk is sent, and never longer."""

import gc

import pytest

from chalicelib.flows.uncollected import uncollected
from tests.flows.stage import Stage


def fails() -> None:
    """Looks around, and fails."""
    assert not gc.isenabled()
    with uncollected():
        pass
    assert not gc.isenabled(), "whoever stopped it lets it go on"
    raise ZeroDivisionError


def test_it_goes_on_afterwards() -> None:
    """After an error too."""
    with pytest.raises(ZeroDivisionError), uncollected():
        fails()
    assert gc.isenabled()


def test_it_stays_off_where_it_was_off() -> None:
    """Whoever runs us may have reasons of their own."""
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_chunk_is_sent_without_it() -> None:
    """From the message to the answer; a message that is none leaves it running, too."""
    stage, seen = Stage(), []
    stage.to_people(3)
    stage.release.run()
    plain = stage.post.send

    def send(batch: object) -> object:
        seen.append(gc.isenabled())
        return plain(batch)  # type: ignore[arg-type]  # whatever it is, it is passed on

    stage.post.send = send  # type: ignore[method-assign,assignment]  # to look while SES is called
    stage.drain()
    assert seen == [False]
    assert gc.isenabled()
