"""Stored numbers against what they count."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.ids import base_of
from chalicelib.domain.ledger import Member
from chalicelib.domain.ports import ListCounts
from chalicelib.domain.recounts import Verdict
from chalicelib.domain.runs import Run
from chalicelib.flows.recounting_runs import TRIES, RunRecounting
from chalicelib.storage import keys
from chalicelib.storage.ledger import DynamoLedger
from chalicelib.storage.list_counting import DynamoListCounting
from chalicelib.storage.runs import DynamoRuns
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


def test_wrong_numbers_of_a_run_are_told_and_mended(post: Post, operator: Operator) -> None:
    """Recipients, how many of them are released, the left-out: the ledger says what is right."""
    mass_email = sent(post)
    before = post.world.wiring.runs.get(mass_email)
    tamper(
        post.world,
        keys.run(mass_email),
        "SET recipients = :n, released = :one, leftOut = :left",
        **{":n": {"N": "4"}, ":one": {"N": "1"}, ":left": {"M": {"optedOut": {"N": "2"}}}},
    )
    wrong = "recipients 4 counted 3, released 1 counted 3, leftOut 2 counted 0"
    for typed in (["recount"], ["recount", "--apply", "--dry-run"]):
        said = operator(*typed)
        assert (said.status, said.lines[0]) == (1, f"recipients {mass_email}: wrong; {wrong}")
    said = operator("recount", "--apply")
    assert (said.status, said.lines[0]) == (0, f"recipients {mass_email}: mended; {wrong}")
    assert post.world.wiring.runs.get(mass_email) == replace(before, rev=before.rev + 1)
    assert operator("recount").lines == ["3 right"]


@pytest.mark.parametrize(("recipients", "released"), [(9, 2), (2, 2), (5, 5)])
def test_mending_while_a_send_is_under_way(
    post: Post, operator: Operator, recipients: int, released: int
) -> None:
    """With a chunk on the queue and others to come: everybody gets it once, and nobody is left out."""
    post.set(massEmailMaxPerHourCount=2)
    addresses = [f"reader{number}@example.org" for number in range(5)]
    mass_email = post.mass_email(*addresses)
    chunks = post.released()
    tamper(
        post.world,
        keys.run(mass_email),
        "SET recipients = :all, released = :some",
        **{":all": {"N": str(recipients)}, ":some": {"N": str(released)}},
    )
    assert operator("recount", "--apply").status == 0
    post.deliver(*chunks)
    for _ in range(2):
        post.hour()
    assert post.api.get(f"/v1/mass-emails/{mass_email}")["status"] == "Complete"
    assert sorted(each["to"] for each in post.inbox()) == addresses


def test_who_was_left_out_by_a_wrong_number_is_sent_to_after_all(post: Post, operator: Operator) -> None:
    """It was Complete too early; mended and Pending again it goes on, as the runbook says, and nobody gets it twice."""
    addresses = [f"reader{number}@example.org" for number in range(5)]
    post.set(massEmailMaxPerHourCount=2)
    mass_email = post.mass_email(*addresses)
    post.hour()
    tamper(post.world, keys.run(mass_email), "SET recipients = :n", **{":n": {"N": "2"}})
    post.hour()
    assert post.api.get(f"/v1/mass-emails/{mass_email}")["status"] == "Complete"
    assert operator("recount", "--apply").status == 0
    post.api.patch(f"/v1/mass-emails/{mass_email}", {"status": "Pending"})
    for _ in range(2):
        post.hour()
    assert post.api.get(f"/v1/mass-emails/{mass_email}")["status"] == "Complete"
    assert sorted(each["to"] for each in post.inbox()) == addresses


def test_who_is_missing_from_the_ledger_is_told_and_cannot_be_mended(post: Post, operator: Operator) -> None:
    """The ledger is the truth about people: nobody is made up, and the place is not taken away."""
    mass_email = sent(post)
    base = base_of(mass_email)
    post.world.wiring.table.delete(keys.segment(base, 0, "people"))
    before = post.world.wiring.runs.get(mass_email)
    said = operator("recount", "--apply")
    assert said.status == 1
    assert f"recipients {mass_email}: wrong; recipients 3 counted 0, places 3 counted 0" in said.lines
    assert post.world.wiring.runs.get(mass_email) == before


class Moving(DynamoLedger):
    """A ledger beside which others write the run while it is read, so often."""

    def __init__(self, world: World, mass_email: str, times: int) -> None:
        super().__init__(world.wiring.table, world.wiring.key_of)
        self._runs, self._mass_email, self._times = world.wiring.runs, mass_email, times

    def members(self, base: str, numbers: Collection[int]) -> Mapping[int, Sequence[Member]]:
        """As the ledger's."""
        if self._times:
            self._times -= 1
            run = self._runs.get(self._mass_email)
            self._runs.save(replace(run, retry_pages=run.retry_pages + 1))
        return super().members(base, numbers)


@pytest.mark.parametrize(("times", "verdict"), [(1, Verdict.MENDED), (TRIES, Verdict.BUSY)])
def test_a_run_that_moves_on_is_counted_again(post: Post, times: int, verdict: Verdict) -> None:
    """What another wrote meanwhile stays; one that never rests is told to be busy, and nothing is written."""
    mass_email = sent(post)
    runs = post.world.wiring.runs
    tamper(post.world, keys.run(mass_email), "SET recipients = :n", **{":n": {"N": "4"}})
    found = RunRecounting(runs, Moving(post.world, mass_email, times)).recount(mass_email, apply=True)
    after = runs.get(mass_email)
    assert (found.verdict, after.retry_pages) == (verdict, times)
    assert after.recipients == (3 if verdict is Verdict.MENDED else 4)


class Late(DynamoRuns):
    """Runs that another writes at the last moment, once."""

    def save(self, run: Run) -> Run:
        """Overtaken the first time."""
        stored = self.get(run.mass_email_id)
        if stored.retry_pages == 0:
            super().save(replace(stored, retry_pages=1))
        return super().save(run)


def test_who_writes_at_the_last_moment_is_not_overwritten(post: Post) -> None:
    """The run is written on condition of what was read."""
    mass_email = sent(post)
    tamper(post.world, keys.run(mass_email), "SET recipients = :n", **{":n": {"N": "4"}})
    runs = Late(post.world.wiring.table)
    found = RunRecounting(runs, post.world.wiring.ledger).recount(mass_email, apply=True)
    after = runs.get(mass_email)
    assert (found.verdict, after.retry_pages, after.recipients) == (Verdict.MENDED, 1, 3)


def test_counts_that_moved_are_not_overwritten(post: Post) -> None:
    """Whoever counted before somebody joined stores nothing."""
    wiring = post.world.wiring
    list_id = post.target_list(*ADDRESSES)
    counting = DynamoListCounting(wiring.table, wiring.memberships)
    assert not counting.mend(list_id, before=ListCounts(2, 0), after=ListCounts(5, 0))
    assert counting.stored(list_id) == counting.counted(list_id) == ListCounts(3, 0)
