"""Unsubscribing and coming back (rows 68 to 75 of the checklist)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from chalicelib.domain.ids import TEST_SEGMENTS_FROM, Place, base_of
from chalicelib.domain.ports import Membership
from chalicelib.domain.queue import UnreadableMessage
from chalicelib.domain.records import CampaignType, Contact, TargetType
from chalicelib.domain.standing import Standing
from chalicelib.errors import Deferred, NotFound
from chalicelib.flows.unsubscribe import RETRY_AFTER
from tests.flows.readers import Died, Stage


@pytest.fixture
def stage() -> Stage:
    """One mass email to two lists, of which the readers are on the first."""
    return Stage()


def is_out(stage: Stage, contact: Contact, list_id: str) -> bool | None:
    """Whether the contact's membership says that they left the list; None for no membership."""
    found = stage.memberships.find([list_id], TargetType.CONTACT, contact.id)
    return found[0].opted_out if found else None


def left(stage: Stage, contact: Contact) -> tuple[bool, frozenset[str]]:
    """What the contact's address opted out of: everything, and which lists."""
    key = stage.key_of(contact.email_address or "")
    flags = stage.addresses.flags([key]).get(key)
    return (flags.opt_out, flags.lists_left) if flags else (False, frozenset())


def test_looking_changes_nothing(stage: Stage) -> None:
    """Scanners open the page: it tells how the reader stands, and that is all (row 68)."""
    before = stage.stored()
    assert stage.unsubscribe.standing(stage.place()) is Standing.SUBSCRIBED
    assert stage.stored() == before


def test_the_lists_of_the_mailing_are_left(stage: Stage) -> None:
    """Those that the reader is on, and no others; nobody else is touched (row 69)."""
    assert stage.unsubscribe.leave(stage.place()) is Standing.LEFT
    assert is_out(stage, stage.contacts[0], stage.list_ids[0])
    assert is_out(stage, stage.contacts[1], stage.list_ids[0]) is False
    assert left(stage, stage.contacts[0]) == (False, frozenset({stage.list_ids[0]}))
    assert stage.unsubscribe.standing(stage.place()) is Standing.LEFT
    assert stage.unsubscribe.standing(stage.place(1)) is Standing.SUBSCRIBED


def test_every_record_with_the_address_leaves(stage: Stage) -> None:
    """Opted out by any record, opted out for all records with that address."""
    twin = stage.person("READER0@example.com")
    stage.memberships.add(stage.list_ids[1], [Membership(stage.list_ids[1], TargetType.CONTACT, twin.id)])
    stage.unsubscribe.leave(stage.place())
    assert is_out(stage, twin, stage.list_ids[0])
    assert is_out(stage, twin, stage.list_ids[1])
    stage.unsubscribe.rejoin(stage.place())
    assert is_out(stage, twin, stage.list_ids[0]) is False
    assert is_out(stage, twin, stage.list_ids[1]) is False


def test_a_mailing_may_ask_for_everything(stage: Stage) -> None:
    """``optOutEntirely`` opts the address out too (row 70), and undo takes back both."""
    mass_email = stage.sent(stage.contacts, opt_out_entirely=True)
    place = stage.place(mass_email=mass_email)
    assert stage.unsubscribe.leave(place) is Standing.LEFT
    assert left(stage, stage.contacts[0]) == (True, frozenset({stage.list_ids[0]}))
    assert stage.unsubscribe.rejoin(place) is Standing.SUBSCRIBED
    assert left(stage, stage.contacts[0]) == (False, frozenset())


def test_it_is_logged_once(stage: Stage) -> None:
    """Opted Out, however often the button is pressed (row 73)."""
    for _ in range(3):
        stage.unsubscribe.leave(stage.place())
        stage.clock.sleep(60)
    assert stage.actions() == ["Opted Out"]
    assert stage.stats.of_mass_email(stage.mass_email).opted_out == 1


def test_coming_back_adds_to_the_log_and_deletes_nothing(stage: Stage) -> None:
    """Opted In, and the history stays (row 72)."""
    stage.unsubscribe.leave(stage.place())
    stage.clock.sleep(60)
    assert stage.unsubscribe.rejoin(stage.place()) is Standing.SUBSCRIBED
    assert stage.actions() == ["Opted Out", "Opted In"]
    assert is_out(stage, stage.contacts[0], stage.list_ids[0]) is False
    assert left(stage, stage.contacts[0]) == (False, frozenset())
    numbers = stage.stats.of_mass_email(stage.mass_email)
    assert (numbers.opted_out, numbers.opted_in) == (1, 1)


def test_changes_of_mind_are_all_kept_and_counted_once(stage: Stage) -> None:
    """The newest line of the log is how the reader stands."""
    for _ in range(2):
        stage.unsubscribe.leave(stage.place())
        stage.clock.sleep(60)
        stage.unsubscribe.rejoin(stage.place())
        stage.clock.sleep(60)
    assert stage.actions() == ["Opted Out", "Opted In", "Opted Out again", "Opted In again"]
    assert stage.stats.of_mass_email(stage.mass_email).opted_out == 1


def test_who_never_left_cannot_come_back(stage: Stage) -> None:
    """Undo without an opt-out logs nothing."""
    assert stage.unsubscribe.rejoin(stage.place()) is Standing.SUBSCRIBED
    assert stage.actions() == []


def test_an_informational_mailing_cannot_be_left() -> None:
    """Neither the page nor the button exist for it (row 73)."""
    stage = Stage(campaign_type=CampaignType.INFORMATIONAL)
    for act in (stage.unsubscribe.standing, stage.unsubscribe.leave, stage.unsubscribe.rejoin):
        with pytest.raises(NotFound):
            act(stage.place())


def test_a_mailing_without_a_campaign_can_be_left(stage: Stage) -> None:
    """Opting out needs no campaign (row 9)."""
    mass_email = stage.sent(stage.contacts, campaign_id=None)
    assert stage.unsubscribe.leave(stage.place(mass_email=mass_email)) is Standing.LEFT


def test_links_outlive_mass_email_and_campaign(stage: Stage) -> None:
    """Deleted for callers, there for readers."""
    deleted_at = stage.clock.now()
    stage.campaign_store.replace(replace(stage.campaign, deleted_at=deleted_at), expected_rev=1)
    item = stage.mass_email_store._records.item(replace(stage.mass_email, deleted_at=deleted_at))
    stage.table.put(item)
    assert stage.unsubscribe.leave(stage.place()) is Standing.LEFT


def test_a_test_is_real(stage: Stage) -> None:
    """Opting out of a test opts the address out that got it, not the person in whose name it was."""
    colleague = stage.person("colleague@example.com")
    segment = TEST_SEGMENTS_FROM + 1
    member = replace(stage.member(stage.contacts[0], "colleague@example.com"), lists=())
    stage.write_segment(base_of(stage.mass_email.id), segment, [member], stage.clock.now())
    assert stage.unsubscribe.leave(stage.place(0, segment)) is Standing.LEFT
    assert is_out(stage, colleague, stage.list_ids[0])
    assert is_out(stage, stage.contacts[0], stage.list_ids[0]) is False
    assert stage.stats.of_mass_email(stage.mass_email).opted_out == 0
    assert stage.actions() == ["Opted Out"]


def test_who_is_on_no_list_leaves_them_all(stage: Stage) -> None:
    """Of a test sent to a stranger's address: "unsubscribed" must not be empty words."""
    segment = TEST_SEGMENTS_FROM + 1
    member = replace(stage.member(stage.contacts[0], "stranger@example.org"), lists=())
    stage.write_segment(base_of(stage.mass_email.id), segment, [member], stage.clock.now())
    stage.unsubscribe.leave(stage.place(0, segment))
    flags = stage.addresses.flags([member.address_key])[member.address_key]
    assert flags.lists_left == set(stage.list_ids)


def test_without_lists_it_is_everything(stage: Stage) -> None:
    """A test of a draft that has no lists yet."""
    draft = stage.sent(stage.contacts, target_list_ids=())
    stage.unsubscribe.leave(stage.place(mass_email=draft))
    assert left(stage, stage.contacts[0])[0]


def test_an_erased_reader_still_gets_an_answer(stage: Stage) -> None:
    """Nothing is left to change, and the page says so."""
    stage.ledger.forget(stage.place())
    before = stage.stored()
    for act in (stage.unsubscribe.standing, stage.unsubscribe.leave, stage.unsubscribe.rejoin):
        assert act(stage.place()) is Standing.GONE
    assert stage.stored() == before


def test_who_is_out_of_everything_elsewhere_cannot_come_back_here(stage: Stage) -> None:
    """A complaint is not undone by the page of one mailing."""
    key = stage.key_of("reader0@example.com")
    stage.addresses.opt_out(key, "", everything=True, list_ids=(), reason="complained", at=stage.clock.now())
    assert stage.unsubscribe.standing(stage.place()) is Standing.GONE
    assert stage.unsubscribe.leave(stage.place()) is Standing.GONE
    assert stage.unsubscribe.rejoin(stage.place()) is Standing.GONE
    assert left(stage, stage.contacts[0])[0]


@pytest.mark.parametrize("position", [3, 49, 63])
def test_no_such_recipient(stage: Stage, position: int) -> None:
    """A place beyond the segment's people is nobody's."""
    with pytest.raises(NotFound):
        stage.unsubscribe.leave(stage.place(position))
    with pytest.raises(NotFound):
        stage.unsubscribe.leave(Place("0" * 11, 0, 0))


def test_what_the_table_cannot_take_goes_to_the_queue(stage: Stage) -> None:
    """Success is told because it will be done; the message names nobody, and doing it twice changes nothing."""
    stage.api.is_down = True
    assert stage.unsubscribe.leave(stage.place()) is Standing.LEFT
    stage.api.is_down = False
    [message] = stage.queue.jobs
    assert message["kind"] == "tracked"
    assert "@" not in str(message)
    stage.clock.sleep(600)
    stage.replay_reader(message)
    after = stage.stored()
    stage.replay_reader(message)
    assert stage.stored() == after
    assert is_out(stage, stage.contacts[0], stage.list_ids[0])
    assert stage.actions() == ["Opted Out"]


def test_without_table_and_queue_there_is_no_success(stage: Stage) -> None:
    """The reader is asked to try again."""
    stage.api.is_down = stage.queue.is_down = True
    with pytest.raises(Deferred) as refusal:
        stage.unsubscribe.leave(stage.place())
    assert refusal.value.retry_after == RETRY_AFTER


def test_a_late_message_does_not_undo_what_came_after(stage: Stage) -> None:
    """The reader's last word counts, whatever the queue brings later."""
    stage.unsubscribe.leave(stage.place())
    stage.clock.sleep(60)
    stage.api.is_down = True
    stage.unsubscribe.rejoin(stage.place())
    stage.api.is_down = False
    stage.clock.sleep(60)
    stage.unsubscribe.leave(stage.place())
    stage.replay_reader(stage.queue.jobs[0])
    assert left(stage, stage.contacts[0]) == (False, frozenset({stage.list_ids[0]}))


def test_messages_about_nobody_are_done(stage: Stage) -> None:
    """A replay for an informational or unknown mailing ends quietly; one that is none is refused."""
    stage.replay_reader({"wish": "leave", "recipientId": "0" * 17, "at": "2026-03-02T09:00:00Z"})
    with pytest.raises(UnreadableMessage):
        stage.replay_reader({"wish": "dance", "recipientId": "0" * 17, "at": "2026-03-02T09:00:00Z"})


@pytest.mark.parametrize("dies_after", [False, True])
@pytest.mark.parametrize("earlier", range(4))
def test_dying_anywhere_and_trying_again_ends_the_same(*, earlier: int, dies_after: bool) -> None:
    """The reader presses the button again: flags, counts and log are those of one undisturbed time.

    Also of one who left and came back before, once and again: every change of mind is in the log.
    """

    def wish(stage: Stage, number: int) -> Callable[[Place], Standing]:
        return stage.unsubscribe.rejoin if number % 2 else stage.unsubscribe.leave

    def act(stage: Stage) -> Callable[[Place], Standing]:
        return wish(stage, earlier)

    def begun() -> Stage:
        stage = Stage(1)
        for number in range(earlier):
            wish(stage, number)(stage.place())
            stage.clock.sleep(60)
        stage.api.calls.clear()
        return stage

    undisturbed = begun()
    act(undisturbed)(undisturbed.place())
    for dies_at in range(len(undisturbed.api.calls)):
        stage = begun()
        stage.api.dies_at, stage.api.dies_after = dies_at, dies_after
        with suppress(Died):
            act(stage)(stage.place())
        stage.api.dies_at = None
        act(stage)(stage.place())
        assert stage.stored() == undisturbed.stored(), (dies_at, undisturbed.api.calls)
