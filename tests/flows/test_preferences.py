"""Preferences over the real storage: what is chosen holds, is logged, and is never lost or said twice."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.activity import Mark
from chalicelib.domain.ports import Membership
from chalicelib.domain.queue import UnreadableMessage
from chalicelib.domain.records import CampaignType, TargetType
from chalicelib.errors import Deferred, NotFound
from chalicelib.flows.preferences import Wish
from tests.flows.readers import Died, Stage

ALL_OFF = Wish(None)


@pytest.fixture
def stage() -> Stage:
    """One mailing to Readers and Friends; the readers are on Readers, the first on Offers and on an internal list too."""
    return a_stage()


def a_stage() -> Stage:
    stage = Stage()
    for name, public_name in (("offers 2026", "Offers"), ("churn risk", None)):
        stage.list_ids.append(stage._list(name))
        if public_name:
            record = stage.list_store.get(stage.list_ids[-1])
            stage.list_store.replace(replace(record, public_name=public_name), expected_rev=record.rev)
        joins(stage, stage.list_ids[-1])
    return stage


def joins(stage: Stage, list_id: str, reader: int = 0) -> None:
    """Put a reader on a list."""
    stage.memberships.add(list_id, [Membership(list_id, TargetType.CONTACT, stage.contacts[reader].id)])


def lines(stage: Stage, position: int = 0) -> dict[str | None, bool]:
    """What the reader's page shows."""
    choices = stage.preferences.choices(stage.place(position))
    return {line.name: line.is_kept for line in choices.lines}


def keep(*list_ids: str) -> Wish:
    return Wish(frozenset(list_ids))


def flags(stage: Stage) -> tuple[bool, frozenset[str]]:
    key = stage.key_of(stage.contacts[0].email_address or "")
    row = stage.addresses.flags([key]).get(key)
    return (row.opt_out, row.lists_left) if row else (False, frozenset())


def test_the_page_shows_public_names_and_this_mailing(stage: Stage) -> None:
    """Never an internal name; a reader who is on the mailing's list alone sees this mailing alone."""
    before = stage.stored()
    assert lines(stage) == {"Offers": True, None: True}
    assert lines(stage, 1) == {None: True}
    assert stage.stored() == before


def test_what_is_not_kept_is_left_for_all_records_of_the_address(stage: Stage) -> None:
    """Memberships of every record are marked, other lists are not touched, and the log says Opted Out."""
    readers, _, offers, churn = stage.list_ids
    twin = stage.person("READER0@example.com")
    stage.memberships.add(offers, [Membership(offers, TargetType.CONTACT, twin.id)])
    choices = stage.preferences.choose(stage.place(), keep(readers))
    assert choices is not None
    assert lines(stage) == {"Offers": False, None: True}
    assert flags(stage) == (False, frozenset({offers}))
    [membership] = stage.memberships.find([offers], TargetType.CONTACT, twin.id)
    assert membership.opted_out
    [membership] = stage.memberships.find([churn], TargetType.CONTACT, stage.contacts[0].id)
    assert not membership.opted_out
    assert stage.actions() == ["Opted Out"]


def test_every_change_of_mind_is_logged_and_the_first_counted(stage: Stage) -> None:
    """Out, in, out again: three lines, of which the first of each kind count; saving without a change says nothing."""
    readers, _, offers, _ = stage.list_ids
    for wanted in ((readers,), (readers,), (readers, offers), (offers,)):
        stage.clock.sleep(60)
        stage.preferences.choose(stage.place(), keep(*wanted))
    assert stage.actions() == ["Opted Out", "Opted In", "Opted Out again"]
    activity = stage.activity_at(stage.place())
    assert (activity.having(Mark.OPTED_OUT), activity.having(Mark.OPTED_IN)) == ({0}, {0})
    assert lines(stage) == {"Offers": True, None: False}


def test_leaving_everything_holds_for_lists_that_are_not_shown(stage: Stage) -> None:
    """Nothing is sent any more; who comes back to one list gets that one alone."""
    readers, friends, offers, churn = stage.list_ids
    stage.preferences.choose(stage.place(), ALL_OFF)
    assert flags(stage)[0]
    assert {readers, offers, churn} <= flags(stage)[1]
    assert lines(stage) == {"Offers": False, None: False}
    stage.clock.sleep(60)
    stage.preferences.choose(stage.place(), keep(offers))
    assert flags(stage)[0] is False
    assert offers not in flags(stage)[1]
    assert {readers, churn} <= flags(stage)[1]
    assert stage.actions() == ["Opted Out", "Opted In"]
    assert friends not in flags(stage)[1]  # the address was never on it


def test_what_the_unsubscribe_page_left_can_be_taken_up_again(stage: Stage) -> None:
    """Both pages speak of the same lists."""
    stage.unsubscribe.leave(stage.place())
    assert lines(stage) == {"Offers": True, None: False}
    stage.clock.sleep(60)
    stage.preferences.choose(stage.place(), keep(*stage.list_ids))
    assert lines(stage) == {"Offers": True, None: True}
    assert stage.actions() == ["Opted Out", "Opted In"]


def test_the_erased_stay_out(stage: Stage) -> None:
    """Their token still answers, and changes nothing."""
    stage.erasing.erase(TargetType.CONTACT, stage.contacts[0].id)
    before = stage.stored()
    choices = stage.preferences.choose(stage.place(), keep(*stage.list_ids))
    assert choices is not None
    assert choices.is_erased
    assert stage.stored() == before


def test_nobody_leaves_an_informational_mailing() -> None:
    """Its readers have no preferences."""
    stage = Stage(campaign_type=CampaignType.INFORMATIONAL)
    with pytest.raises(NotFound):
        stage.preferences.choices(stage.place())
    with pytest.raises(NotFound):
        stage.preferences.choose(stage.place(), ALL_OFF)


def finished(stage: Stage) -> tuple[list[str], tuple[bool, frozenset[str]], dict[str | None, bool]]:
    """Work the jobs queue off, and what is so then."""
    while stage.queue.jobs:
        stage.replay_reader(stage.queue.jobs.pop(0))
    return stage.actions(), flags(stage), lines(stage)


class FailsAt:
    """The table, failing at one request and working after it."""

    def __init__(self, stage: Stage, number: int) -> None:
        self._inner, self._number = stage.api, number
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(**request: Any) -> Any:
            self.calls += 1
            if self.calls - 1 == self._number:
                raise ConnectionError("the table is down")
            return method(**request)

        return call


@pytest.mark.parametrize("wish", [ALL_OFF, keep(), keep("offers")])
def test_a_failure_anywhere_loses_nothing_and_says_nothing_twice(wish: Wish) -> None:
    """Whichever request fails, the queue does the rest: flags, lines and log are as without the failure."""

    def played(fails_at: int) -> tuple[Any, int]:
        stage = a_stage()
        client = FailsAt(stage, fails_at)
        stage.table._client = client
        stage.preferences.choose(stage.place(), keep(stage.list_ids[2]) if wish.keep else wish)
        stage.table._client = stage.api
        return finished(stage), client.calls

    expected, requests = played(-1)
    assert requests > 8
    for number in range(requests):
        assert played(number)[0] == expected, number


@pytest.mark.parametrize("is_after", [False, True])
def test_a_death_anywhere_is_mended_by_doing_it_again(is_after: bool) -> None:
    """The reader presses once more: the choice holds, everywhere, and the log and the count say so once."""
    undisturbed = a_stage()
    count = len(deaths(undisturbed, None))
    for number in range(count):
        stage = a_stage()
        stage.api.dies_after = is_after
        with suppress(Died):
            deaths(stage, number)
        stage.api.dies_at = None
        stage.clock.sleep(1)
        stage.preferences.choose(stage.place(), ALL_OFF)
        assert flags(stage) == flags(undisturbed)
        assert lines(stage) == {"Offers": False, None: False}
        assert marks(stage) == marks(undisturbed)
        assert stage.actions() == ["Opted Out"], number
        assert stage.activity_at(stage.place()).having(Mark.OPTED_OUT) == {0}


def test_what_was_begun_is_ended_before_another_wish_is_done() -> None:
    """Whoever died over "leave everything" and then asks to keep one list has left, and come back."""
    stage = a_stage()
    with suppress(Died):
        deaths(stage, deaths(a_stage(), None).index("update_item") + 1)
    stage.api.dies_at = None
    stage.clock.sleep(60)
    stage.preferences.choose(stage.place(), keep(stage.list_ids[2]))
    assert lines(stage) == {"Offers": True, None: False}
    assert stage.actions() == ["Opted Out", "Opted In"]
    assert not any("plan#" in row for row in stage.stored())


def marks(stage: Stage) -> list[tuple[str, bool]]:
    """Where the first reader is a member, and whether they have opted out there."""
    found = stage.memberships.lists_of(TargetType.CONTACT, stage.contacts[0].id)
    return [(stage.list_store.get(each.list_id).name, each.opted_out) for each in found]


def deaths(stage: Stage, number: int | None) -> list[str]:
    """Leave everything, dying at this request; the requests that were made."""
    stage.api.calls.clear()
    stage.api.dies_at = number
    stage.preferences.choose(stage.place(), ALL_OFF)
    return stage.api.calls


def test_a_wish_that_could_not_be_planned_is_planned_from_the_queue(stage: Stage) -> None:
    """With the table down the wish itself is kept; the plan gets a message of its own."""
    stage.api.is_down = True
    assert stage.preferences.choose(stage.place(), keep(stage.list_ids[2])) is None
    stage.api.is_down = False
    stage.replay_reader(stage.queue.jobs.pop(0))
    assert stage.actions() == []
    assert finished(stage)[0] == ["Opted Out"]
    assert lines(stage) == {"Offers": True, None: False}


def test_neither_table_nor_queue_is_told(stage: Stage) -> None:
    """Then the reader must try again."""
    stage.api.is_down = stage.queue.is_down = True
    with pytest.raises(Deferred):
        stage.preferences.choose(stage.place(), ALL_OFF)


@pytest.mark.parametrize(
    "message",
    [
        {"preferencesOf": "x"},
        {"preferencesOf": "0" * 17, "at": "now"},
        {"preferencesOf": "0" * 17, "plan": {}},
    ],
)
def test_a_message_of_nobody_belongs_in_the_dead_letters(stage: Stage, message: dict[str, object]) -> None:
    """What cannot be read is not guessed."""
    with pytest.raises(UnreadableMessage):
        stage.preferences.replay(message)
