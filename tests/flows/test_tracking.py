"""Opens and clicks (rows 61 to 65 of the checklist)."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.activity import Mark
from chalicelib.domain.log import MAX_USER_AGENT, Action
from chalicelib.domain.queue import UnreadableMessage
from chalicelib.domain.records import UrlAction
from chalicelib.domain.touches import MAX_TOUCHES
from chalicelib.flows.log import LogSearch
from tests.flows.readers import BROWSER, SCANNER, Died, Stage


@pytest.fixture
def stage() -> Stage:
    """One mass email that was sent an hour ago."""
    return Stage()


def test_the_first_open_counts_and_later_ones_are_kept(stage: Stage) -> None:
    """Opened once by the statistics, every time by the log (row 62)."""
    for _ in range(3):
        stage.tracking.opened(stage.place(), BROWSER)
        stage.clock.sleep(60)
    assert stage.actions() == ["Opened", "Opened again", "Opened again"]
    assert stage.stats.of_mass_email(stage.mass_email).opened == 1


def test_a_click_counts_once_per_recipient_and_link(stage: Stage) -> None:
    """Two links are two clicks in the log, and one recipient who clicked (row 63)."""
    stage.org.set(mass_email_open_tracking=False)
    for index in (0, 0, 1):
        stage.tracking.clicked(stage.place(), index, BROWSER)
        stage.clock.sleep(60)
    assert stage.actions() == ["Clicked", "Clicked again", "Clicked"]
    assert stage.stats.of_mass_email(stage.mass_email).clicked == 1
    assert stage.activity_at(stage.place()).links == {0: {0}, 1: {0}}


def test_a_click_implies_an_open_when_opens_are_tracked(stage: Stage) -> None:
    """Whoever clicked has opened, even if images were blocked; a later pixel is not the first."""
    stage.tracking.clicked(stage.place(), 0, BROWSER)
    stage.clock.sleep(60)
    stage.tracking.opened(stage.place(), BROWSER)
    assert stage.actions() == ["Clicked", "Opened", "Opened again"]
    assert stage.stats.of_mass_email(stage.mass_email).opened == 1


def test_an_implied_open_after_a_real_one_is_not_shown(stage: Stage) -> None:
    """The click of somebody who has opened is a click alone."""
    stage.tracking.opened(stage.place(), BROWSER)
    stage.clock.sleep(60)
    stage.tracking.clicked(stage.place(), 0, BROWSER)
    assert stage.actions() == ["Opened", "Clicked"]


def test_machines_are_logged_and_not_counted(stage: Stage) -> None:
    """A scanner's visit is there for whoever wonders; the reader's, later, is the first."""
    stage.tracking.clicked(stage.place(), 0, SCANNER)
    stage.clock.sleep(60)
    stage.tracking.clicked(stage.place(), 0, BROWSER)
    records = stage.log.of_campaign(stage.campaign.id, LogSearch(action=Action.CLICKED)).items
    assert [(each.is_machine, each.first) for each in records] == [(False, True), (True, False)]
    assert stage.stats.of_mass_email(stage.mass_email).clicked == 1
    assert stage.activity_at(stage.place()).having(Mark.CLICKED_BY_MACHINE) == {0}


def test_a_scanner_with_a_browsers_name_is_known_by_its_haste(stage: Stage) -> None:
    """From the third different link within two seconds on it is a machine."""
    for index in (0, 1, 3, 4):
        stage.tracking.clicked(stage.place(), index, BROWSER)
        stage.clock.sleep(0.4)
    records = stage.log.of_campaign(stage.campaign.id, LogSearch(action=Action.CLICKED)).items
    assert [each.is_machine for each in records] == [True, True, False, False]


def test_a_long_user_agent_is_cut(stage: Stage) -> None:
    """Anybody may send one: the log keeps its beginning, now and when the queue brings it later."""
    long = replace(BROWSER, user_agent="M" * 10_000)
    stage.tracking.opened(stage.place(), long)
    stage.api.is_down = True
    stage.tracking.opened(stage.place(1), long)
    stage.api.is_down = False
    stage.replay_reader(stage.queue.jobs[-1])
    records = stage.log.of_campaign(stage.campaign.id, LogSearch(action=Action.OPENED)).items
    assert [each.details.user_agent for each in records] == ["M" * MAX_USER_AGENT] * 2


def test_at_most_so_many_are_kept(stage: Stage) -> None:
    """A pixel that reloads for ever fills neither the log nor the table, and costs one request."""
    for _ in range(MAX_TOUCHES + 20):
        stage.tracking.opened(stage.place(), BROWSER)
        stage.clock.sleep(1)
    stage.counted()
    stage.tracking.opened(stage.place(), BROWSER)
    assert stage.counted() == 1
    assert len(stage.actions()) == MAX_TOUCHES
    stage.tracking.clicked(stage.place(), 0, BROWSER)
    assert stage.stats.of_mass_email(stage.mass_email).clicked == 1


def test_a_machines_reloads_do_not_hide_the_reader(stage: Stage) -> None:
    """Room for persons and for machines is apart."""
    for _ in range(MAX_TOUCHES + 1):
        stage.tracking.opened(stage.place(), SCANNER)
        stage.clock.sleep(1)
    stage.tracking.opened(stage.place(), BROWSER)
    assert stage.stats.of_mass_email(stage.mass_email).opened == 1


def test_what_it_costs(stage: Stage) -> None:
    """With the link cached, an open and a click are one request each, whether first or not."""
    stage.tracking.clicked(stage.place(1), 0, BROWSER)
    stage.counted()
    stage.tracking.opened(stage.place(), BROWSER)
    assert stage.counted() == 1
    for _ in range(2):
        stage.clock.sleep(1)
        stage.tracking.clicked(stage.place(), 0, BROWSER)
        assert stage.counted() == 1


def test_links_follow_their_tracking_url(stage: Stage) -> None:
    """The author's latest word counts after a minute at most, and a deleted URL keeps its last."""
    link = stage.tracking.destination(stage.place(), 0)
    assert link is not None
    assert link.url == "https://shop.example/spring"
    changed = replace(stage.url, url="https://shop.example/summer")
    stage.tracking_url_store.replace(changed, expected_rev=1)
    stage.clock.sleep(61)
    link = stage.tracking.destination(stage.place(), 0)
    assert link is not None
    assert link.url == "https://shop.example/summer"
    stage.tracking_url_store.replace(replace(changed, deleted_at=stage.clock.now()), expected_rev=2)
    stage.clock.sleep(61)
    link = stage.tracking.destination(stage.place(), 0)
    assert link is not None
    assert link.url == "https://shop.example/summer"


def test_links_outlive_the_table(stage: Stage) -> None:
    """A link that was followed once leads on while the table is down, and the click is noted later."""
    stage.tracking.destination(stage.place(), 0)
    stage.api.is_down = True
    stage.clock.sleep(3600)
    link = stage.tracking.destination(stage.place(), 0)
    assert link is not None
    assert link.action is UrlAction.REDIRECT
    stage.tracking.clicked(stage.place(), 0, BROWSER)
    stage.api.is_down = False
    [message] = stage.queue.jobs
    assert message["kind"] == "tracked"
    stage.clock.sleep(3600)
    stage.replay_reader(message)
    stage.replay_reader(message)
    records = stage.log.of_campaign(stage.campaign.id, LogSearch(action=Action.CLICKED)).items
    assert [each.action_date for each in records] == [stage.clock.now() - timedelta(seconds=3600)]


def test_nothing_of_ours_reaches_the_reader(stage: Stage) -> None:
    """With table and queue down an open or a click still raises nothing."""
    stage.tracking.destination(stage.place(), 0)
    stage.api.is_down = stage.queue.is_down = True
    stage.tracking.opened(stage.place(), BROWSER)
    stage.tracking.clicked(stage.place(), 0, BROWSER)


def test_a_message_holds_no_address(stage: Stage) -> None:
    """What goes on the queue names nobody."""
    stage.tracking.destination(stage.place(), 0)
    stage.api.is_down = True
    stage.tracking.clicked(stage.place(), 0, BROWSER)
    assert "@" not in str(stage.queue.jobs)


@pytest.mark.parametrize(
    "message", [{}, {"recipientId": "x", "at": "now"}, {"recipientId": "0" * 17, "at": "2026-03-02T09:00:00"}]
)
def test_messages_of_others_are_refused(stage: Stage, message: dict[str, object]) -> None:
    """A message that is none of ours goes to the dead letters."""
    with pytest.raises(UnreadableMessage):
        stage.replay_reader(message)


def test_unknown_links_lead_nowhere(stage: Stage) -> None:
    """No such index, or no such mass email: None, and nothing is noted."""
    assert stage.tracking.destination(stage.place(), 99) is None
    stage.tracking.clicked(stage.place(), 99, BROWSER)
    assert stage.actions() == []


@pytest.mark.parametrize("dies_after", [False, True])
def test_log_and_numbers_agree_whenever_the_process_dies(*, dies_after: bool) -> None:
    """A click is one transaction: either both know of it or neither."""
    for dies_at in range(4):
        stage = Stage(1)
        stage.tracking.destination(stage.place(), 0)
        stage.api.calls.clear()
        stage.api.dies_at, stage.api.dies_after = dies_at, dies_after
        with suppress(Died):
            stage.tracking.clicked(stage.place(), 0, BROWSER)
        stage.api.dies_at = None
        logged = stage.actions().count("Clicked")
        assert logged == stage.stats.of_mass_email(stage.mass_email).clicked


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(-1, 2), st.sampled_from([BROWSER, SCANNER]), st.integers(0, 4000)
    ),
    max_size=8,
)


@settings(max_examples=15, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_any_order_gives_one_log(events: list[tuple[int, int, object, int]], random: object) -> None:
    """Touches that come twice, late and in any order leave the same table, log and numbers."""
    told = []
    shuffled = events + events[::2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for order in (events, shuffled):
        stage = Stage(3)
        for position, link, visit, milliseconds in order:
            stage.replay_reader(
                {
                    "kind": "tracked",
                    "recipientId": stage.place(position).recipient_id,
                    "at": f"2026-03-02T09:00:0{milliseconds // 1000}.{milliseconds % 1000:03}Z",
                    "link": link,
                    "isMachine": visit.is_machine,  # type: ignore[attr-defined]
                    "userAgent": visit.user_agent,  # type: ignore[attr-defined]
                }
            )
        told.append((stage.stored(), stage.stats.of_mass_email(stage.mass_email), stage.actions()))
    assert told[0] == told[1]
