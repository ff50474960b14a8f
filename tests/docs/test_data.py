"""``docs/data.md`` is the one page on which every key of the table stands."""

import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.ids import Place
from chalicelib.domain.previews import Chosen
from chalicelib.domain.records import TargetType
from chalicelib.storage import keys
from devstack import resources
from tests.cloud.policies import allowed
from tests.docs.test_readme import text_of
from tests.flows.readers import BROWSER
from tests.flows.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
ID = "55f2c87b09a220a78"
SAMPLES: dict[object, Any] = {
    str: ID,
    int: 3,
    TargetType: TargetType.CONTACT,
    datetime: datetime(2026, 3, 2, tzinfo=UTC),
    Place: Place("55f2c87b09a", 3, 7),
}
# Of what a caller says itself; what is said is looked at with the items below.
OPEN: dict[str, Any] = {
    "kind": "Campaign",
    "base_digits": "55f2c87b09a",
    "eleven_digits": "55f2c87b09a",
    "partition": f"Contact#{ID}",
}
PARTS = {"run": "links", "segment": "people", "at_place": "activity", "account": "quota"}
HEX = "[0-9a-f]"
WORDS = {
    "Type": "(Account|Contact|Lead|User)",
    "d": "[0-7]",
    "id": f"{HEX}{{17}}",
    "mass email id": f"{HEX}{{17}}",
    "5 hex": f"{HEX}{{5}}",
    "11 hex": f"{HEX}{{11}}",
    "base": f"{HEX}{{11}}",
    **dict.fromkeys(
        ("massEmailId", "targetId", "listId", "campaignId", "recipientId", "job"), f"{HEX}{{17}}"
    ),
}
"""What the page's placeholders stand for, where that is narrow; the others are any text."""


def _rows() -> Iterator[tuple[str, str]]:
    """Patterns of the keys that the page's rows name."""
    for partitions, sort_keys in re.findall(
        r"^\| (`.*?) \| (.*?) \|", text_of(ROOT / "docs/data.md"), re.MULTILINE
    ):
        yield _pattern(partitions), _pattern(sort_keys)


def _pattern(cell: str) -> str:
    """``Contact#<d>`` as a regular expression; a cell without such a name is the id of what it names."""
    names = re.findall(r"`([^`]+)`", re.sub(r" \(.*", "", cell)) or [f"<{cell}>"]
    return "|".join(re.sub(r"<([^>]*)>|…", _placeholder, name) for name in names)


def _placeholder(found: re.Match[str]) -> str:
    return WORDS.get(found[1], ".+")


ROWS = list(_rows())


def _stands(partition: str, sort: str) -> bool:
    return any(re.fullmatch(pk, partition) and re.fullmatch(sk, sort) for pk, sk in ROWS)


MAKERS = [
    maker
    for _, maker in inspect.getmembers(keys, inspect.isfunction)
    if maker.__module__ == keys.__name__
    and maker is not keys.key
    and maker.__annotations__["return"] is keys.Key
]


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_every_key_that_can_be_made_stands_on_the_page(maker: Any) -> None:
    """Each function of ``storage/keys.py``, which alone builds keys."""
    given = [
        PARTS[maker.__name__] if name == "part" else OPEN.get(name) or SAMPLES[kind]
        for name, kind in maker.__annotations__.items()
        if name != "return"
    ]
    made = maker(*given)
    assert _stands(made["PK"]["S"], made["SK"]["S"]), made


def test_every_item_of_a_send_stands_on_the_page() -> None:
    """With stored messages, who was left out, a Send Test, events, opens and an opt-out."""
    stage = Stage()
    people = stage.contacts(3)
    stage.invalidate(people[0])
    stage.opt_out(people[1], "55f2c87b09a220a79")
    mass_email = stage.mass_email(
        stage.target_list(people), campaign_id=stage.campaign().id, store_sent_emails=True
    )
    stage.tick()
    stage.previewing.send_test(mass_email.id, [Chosen(TargetType.CONTACT, people[2].id, "me@acme.example")])
    for place in stage.places(mass_email).values():
        stage.event(place)
        stage.tracking.opened(place, BROWSER)
    stage.unsubscribe.leave(place)
    places = {(item["PK"]["S"], item["SK"]["S"]) for item in stage.dynamodb.items(resources.PREFIX)}
    assert len(places) > 20
    assert [place for place in sorted(places) if not _stands(*place)] == []


def test_a_key_of_another_make_would_be_seen() -> None:
    """The check above can fail."""
    assert not _stands("Contact#9x", ID)
    assert not _stands(f"run#{ID}", "something")
    assert not _stands("account", "rate")
    assert _stands(f"run#{ID}", "run")


def test_no_function_may_scan() -> None:
    """No request, send or event takes a ``Scan``: no policy allows one, and policies hold every action that tests see."""
    actions = {use.action for use in allowed()}
    assert {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"} <= actions
    assert not actions & {"dynamodb:Scan", "dynamodb:PartiQLSelect", "dynamodb:*"}
