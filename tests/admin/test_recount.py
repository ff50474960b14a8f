"""Stored numbers against what they count."""

from typing import Any

from chalicelib.domain.ports import ListCounts
from chalicelib.storage import keys
from chalicelib.storage.list_counting import DynamoListCounting
from tests.admin.conftest import Operator
from tests.docs.posting import Post
from tests.world import World

WEEK = 7 * 24 * 3_600 + 1  # seconds
ADDRESSES = ("anna@example.org", "ben@example.org", "cleo@example.org")


def sent(post: Post) -> str:
    """A mass email whose recipients were counted for good."""
    mass_email = post.mass_email(*ADDRESSES)
    post.hour()
    post.world.clock.advance(WEEK)
    assert post.api.get(f"/v1/mass-emails/{mass_email}")["counts"]["Sent"] == 3
    return mass_email


def tamper(world: World, key: Any, expression: str, **values: Any) -> None:
    world.wiring.table.update(
        key,
        UpdateExpression=expression,
        **({"ExpressionAttributeValues": values} if values else {}),
    )


def test_what_is_right_is_called_right(post: Post, operator: Operator) -> None:
    """Recipients of the run, the final tally, the list."""
    sent(post)
    said = operator("recount")
    assert (said.status, said.lines) == (0, ["3 right"])


def test_before_anything_is_sent_nothing_is_counted(operator: Operator) -> None:
    """And that is no failure."""
    assert operator("recount").lines == ["nothing is counted yet"]


def test_a_wrong_tally_is_told_and_mended(post: Post, operator: Operator) -> None:
    """It is what callers are shown; looking changes nothing."""
    mass_email = sent(post)
    world = post.world
    stored = world.wiring.runs.tally(mass_email)
    wrong = {"M": {"Sent": {"N": "2"}, "Failed": {"N": "1"}}}
    tamper(world, keys.run(mass_email, "tally"), "SET counts = :wrong", **{":wrong": wrong})
    for typed in (["recount"], ["recount", "--apply", "--dry-run"]):
        said = operator(*typed)
        assert said.status == 1
        assert said.lines == [
            f"tally {mass_email}: wrong; Sent 2 counted 3, Failed 1 counted 0",
            "2 right; 1 wrong",
        ]
    assert post.api.get(f"/v1/mass-emails/{mass_email}")["counts"]["Sent"] == 2
    said = operator("recount", "--apply")
    assert (said.status, said.lines[-1]) == (0, "1 mended; 2 right")
    assert world.wiring.runs.tally(mass_email).counts == stored.counts
    assert operator("recount").lines == ["3 right"]


def test_what_still_moves_may_be_behind(post: Post, operator: Operator) -> None:
    """A count of a mass email that is not over is at most a minute old, which is no error."""
    mass_email = post.mass_email(*ADDRESSES)
    record = post.world.wiring.mass_email_store.get(mass_email)
    post.world.wiring.tallying.store(record)
    post.hour()
    stale = {"M": {"Pending": {"N": "3"}}}
    at = {"S": post.world.clock.now().isoformat().replace("+00:00", "Z")}
    post.world.wiring.table.put(
        {**keys.run(mass_email, "tally"), "counts": stale, "at": at, "version": {"N": "0"}}
    )
    said = operator("recount")
    assert said.status == 0
    assert said.lines[-1] == "1 behind; 2 right"


def test_wrong_counts_of_a_list_are_told_and_mended(post: Post, operator: Operator) -> None:
    """Members and opted-out ones."""
    list_id = post.target_list(*ADDRESSES)
    member = {"type": "Contact", "id": post.contacts[ADDRESSES[0]]}
    post.api.post(f"/v1/target-lists/{list_id}/opt-out", member, 200)
    assert operator("recount").lines == ["1 right"]
    tamper(post.world, keys.list_counts(list_id), "SET entryCount = :n", **{":n": {"N": "7"}})
    said = operator("recount")
    assert (said.status, said.lines[0]) == (1, f"list {list_id}: wrong; entryCount 7 counted 3")
    assert operator("recount", "--apply").status == 0
    shown = post.api.get(f"/v1/target-lists/{list_id}")
    assert (shown["entryCount"], shown["optedOutCount"]) == (3, 1)
    post.world.wiring.table.delete(keys.list_counts(list_id))
    assert operator("recount", "--apply").status == 0
    assert post.api.get(f"/v1/target-lists/{list_id}")["entryCount"] == 3


def test_a_recipient_that_is_not_there_is_told_and_cannot_be_mended(post: Post, operator: Operator) -> None:
    """The ledger is the truth about people: nothing is made up."""
    mass_email = sent(post)
    tamper(post.world, keys.run(mass_email), "SET recipients = :n", **{":n": {"N": "4"}})
    said = operator("recount", "--apply")
    assert said.status == 1
    assert f"recipients {mass_email}: wrong; recipients 4 counted 3" in said.lines


def test_counts_that_moved_are_not_overwritten(post: Post) -> None:
    """Whoever counted before somebody joined stores nothing."""
    wiring = post.world.wiring
    list_id = post.target_list(*ADDRESSES)
    counting = DynamoListCounting(wiring.table, wiring.memberships)
    assert not counting.mend(list_id, before=ListCounts(2, 0), after=ListCounts(5, 0))
    assert counting.stored(list_id) == counting.counted(list_id) == ListCounts(3, 0)
