"""What the send queue carries: it points, holds no address, and whatever else is refused."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.queue import ChunkMessage, UnreadableMessage

IDS = st.integers(0, (1 << 68) - 1).map(lambda bits: f"{bits:017x}")
MESSAGES = st.builds(
    ChunkMessage,
    IDS,
    st.none() | IDS,
    st.integers(0, (1 << 18) - 1),
    st.sampled_from(["0.50", "0.50a", "14.28ab", "1/3", "2/0b"]),
    go=st.integers(0, 9),
    plan_id=st.none() | IDS,
    last=st.booleans(),
    slot=st.none() | st.datetimes(timezones=st.just(UTC)),
    address_keys=st.lists(st.just("ab" * 16), max_size=2).map(tuple),
)


@given(MESSAGES)
def test_a_message_comes_back_as_it_was(message: ChunkMessage) -> None:
    """Through JSON, as SQS carries it."""
    assert ChunkMessage.of(json.loads(json.dumps(message.to_json()))) == message


@given(MESSAGES)
def test_what_is_left_of_a_chunk_takes_no_slot_with_it(message: ChunkMessage) -> None:
    """A slot is for one call; and whatever comes after the first may be the plan's last."""
    again = message.again(chunk="0.25a", go=1)
    assert (again.chunk, again.go, again.slot, again.last) == ("0.25a", 1, None, True)
    assert (again.mass_email_id, again.segment, again.plan_id) == (
        message.mass_email_id,
        message.segment,
        message.plan_id,
    )


GOOD = ChunkMessage("5" * 17, None, 0, "0.50", slot=datetime(2026, 3, 1, tzinfo=UTC)).to_json()


@pytest.mark.parametrize("name", GOOD)
def test_every_field_is_needed(name: str) -> None:
    """A message that lacks one is not guessed at."""
    with pytest.raises(UnreadableMessage):
        ChunkMessage.of({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": None},
        {"massEmailId": "x"},
        {"segment": "x"},
        {"go": None},
        {"slot": "soon"},
        {"slot": 5},
    ],
)
def test_what_is_no_message(change: dict[str, Any]) -> None:
    """Another version or another kind of value."""
    with pytest.raises(UnreadableMessage):
        ChunkMessage.of({**GOOD, **change})
