"""Events in any order, twice, interrupted, and what is no event at all."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flows.readers import Died, Stage
from tests.flows.ses_events import AT, an_event, bounce

KINDS: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("Send", {}),
    ("Delivery", {}),
    ("DeliveryDelay", {}),
    ("Bounce", bounce("Permanent")),
    ("Bounce", bounce("Transient")),
    ("Complaint", {"complaintFeedbackType": "abuse"}),
    ("Reject", {"reason": "Bad content"}),
    ("Rendering Failure", {"errorMessage": "x"}),
    ("Subscription", {}),
)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 2), st.integers(0, 5)), max_size=10),
    st.randoms(use_true_random=False),
)
def test_any_order_gives_one_state(
    events: list[tuple[tuple[str, Mapping[str, Any]], int, int]], random: Any
) -> None:
    """Events in any order, some of them twice, leave the same table as in order and once."""
    shuffled = events + events[::2]
    random.shuffle(shuffled)
    told = []
    for order in (events, shuffled):
        stage = Stage(3)
        for (kind, details), position, minutes in order:
            at = AT + timedelta(minutes=minutes)
            stage.feedback.handle(an_event(stage, kind, details, place=stage.place(position), at=at))
        told.append(stage.stored())
    assert told[0] == told[1]


@pytest.mark.parametrize("dies_after", [False, True])
@pytest.mark.parametrize(("kind", "details"), KINDS)
def test_dying_anywhere_and_coming_again_ends_the_same(
    kind: str, details: Mapping[str, Any], *, dies_after: bool
) -> None:
    """The topic brings an event again until it was worked off: the state is that of one undisturbed time."""
    undisturbed = Stage(1)
    undisturbed.api.calls.clear()
    undisturbed.feedback.handle(an_event(undisturbed, kind, details))
    for dies_at in range(len(undisturbed.api.calls)):
        stage = Stage(1)
        stage.api.calls.clear()
        stage.api.dies_at, stage.api.dies_after = dies_at, dies_after
        with suppress(Died):
            stage.feedback.handle(an_event(stage, kind, details))
        stage.api.dies_at = None
        stage.feedback.handle(an_event(stage, kind, details))
        assert stage.stored() == undisturbed.stored()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
STAGE = Stage(1)


@settings(max_examples=150, deadline=None)
@given(JSON, JSON, st.sampled_from(["Bounce", "Delivery", "Complaint", "Send", "Reject", "x", ""]))
def test_nothing_raises_on_whatever_json_comes(anything: object, other: object, kind: str) -> None:
    """The topic may bring anything: it is acknowledged, else it would come back for ever."""
    STAGE.feedback.handle(json.dumps(anything))
    mail = {"messageId": "m", "timestamp": "2026-03-02T08:00:00Z", "destination": other, "tags": anything}
    STAGE.feedback.handle(json.dumps({"eventType": kind, "mail": mail, kind.lower(): other}))
    header = [{"name": "X-Queue-Item-Id", "value": STAGE.place().recipient_id}]
    STAGE.feedback.handle(
        json.dumps(
            {"eventType": kind, "mail": {**mail, "tags": None, "headers": header}, kind.lower(): anything}
        )
    )
