"""What is kept of SES's events names nobody."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.raw_events import kept_text

PAYLOADS = sorted((Path(__file__).parents[1] / "mail" / "payloads").glob("*.json"))
LOCAL = st.text("abcdefghijklmnopqrstuvwxyz0123456789+-_", min_size=1, max_size=12)
ADDRESSES = st.builds(
    lambda local, host: f"{local}@{host}", LOCAL, st.sampled_from(["example.com", "sub.exämple.org"])
)
AROUND = st.sampled_from(
    ["{}", "<{}>", "smtp; 550 5.1.1 <{}>: unknown", '"Zoë" <{}>', "{},{}", "({})", "mailto:{}?x=1"]
)


def key_of(address: str) -> str:
    """A key that shows whose it is to nobody but the test."""
    return f"key{sum(address.lower().encode())}"


@pytest.mark.parametrize("payload", PAYLOADS, ids=[path.stem for path in PAYLOADS])
def test_no_real_payload_keeps_an_address(payload: Path) -> None:
    """Nor the headers with name and subject; type, message id and time stay readable."""
    raw = json.loads(payload.read_text("utf-8"))
    kept = json.loads(kept_text(raw, key_of))
    assert "@" not in kept_text(raw, key_of)
    assert kept["mail"]["messageId"] == raw["mail"]["messageId"]
    assert kept.keys() == raw.keys()
    assert "commonHeaders" not in kept["mail"]
    assert {each["name"] for each in kept["mail"].get("headers", [])} <= {"X-Queue-Item-Id"}


def test_an_address_stands_under_its_key_wherever_it_is() -> None:
    """The same key in every place: what belongs together is still seen to."""
    kept = json.loads(
        kept_text({"bounce": {"to": "<Kari@example.com>", "why": "550 kari@example.com: unknown"}}, key_of)
    )
    key = key_of("kari@example.com")
    assert kept == {"bounce": {"to": f"<{key}>", "why": f"550 {key}: unknown"}}


@given(
    ADDRESSES, AROUND, st.recursive(st.just(None), lambda inner: st.lists(inner, max_size=2), max_leaves=4)
)
def test_no_address_is_kept_whatever_stands_around_it(address: str, around: str, beside: Any) -> None:
    """In values and in names, and what is kept is still JSON."""
    written = around.replace("{}", address)
    text = kept_text({"a": [written, {written: beside}], "b": written}, key_of)
    assert address not in text
    assert "@" not in text
    json.loads(text)


@pytest.mark.parametrize(
    "raw", [None, 1, "no JSON from a@example.com \ud800", [], {"mail": []}, {"mail": {"headers": 3}}]
)
def test_what_is_no_event_is_kept_as_it_is(raw: object) -> None:
    """But for addresses in it."""
    text = kept_text(raw, key_of)
    assert "a@example.com" not in text
    assert text
