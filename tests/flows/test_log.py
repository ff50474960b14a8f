"""The log as callers read it (row 86 of the checklist)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.log import Action, LogRecord
from chalicelib.domain.records import MassEmailStatus, TargetType
from chalicelib.errors import Invalid, NotFound
from chalicelib.flows.log import LogSearch
from tests.flows.readers import BROWSER, SENT_AT, Stage
from tests.flows.ses_events import an_event, bounce


@pytest.fixture
def stage() -> Stage:
    """120 recipients in three segments, and a second mass email to three of them."""
    return Stage(120)


def pages(stage: Stage, search: LogSearch) -> list[LogRecord]:
    """All pages of the campaign's log."""
    found: list[LogRecord] = []
    while True:
        page = stage.log.of_campaign(stage.campaign.id, search)
        assert len(page.items) <= search.limit
        found += page.items
        if page.next_key is None:
            return found
        search = replace(search, start=page.next_key)


def busy(stage: Stage) -> None:
    """Deliveries, opens, clicks with implied opens, a bounce and an opt-out, some at the same moment."""
    for position in range(0, 50, 5):
        for segment in (0, 1):
            stage.feedback.handle(an_event(stage, "Delivery", place=stage.place(position, segment)))
            stage.tracking.opened(stage.place(position, segment), BROWSER)
        stage.tracking.clicked(stage.place(position, 0), 0, BROWSER)
        stage.clock.sleep(1 + position % 2)
    stage.feedback.handle(an_event(stage, "Bounce", bounce("Permanent"), place=stage.place(3, 2)))
    stage.unsubscribe.leave(stage.place(4, 2))


def test_what_was_sent_is_one_line_per_recipient(stage: Stage) -> None:
    """Stored by the chunk, told by the person."""
    sent = pages(stage, LogSearch(action=Action.SENT, limit=50))
    assert len({each.recipient_id for each in sent}) == len(sent) == 120
    first = next(each for each in sent if each.target_id == stage.contacts[0].id)
    assert first == LogRecord(
        action=Action.SENT,
        action_date=SENT_AT,
        campaign_id=stage.campaign.id,
        mass_email_id=stage.mass_email.id,
        recipient_id=stage.place().recipient_id,
        target_type=TargetType.CONTACT,
        target_id=stage.contacts[0].id,
        email_address="reader0@example.com",
    )


@pytest.mark.parametrize("limit", [1, 7, 50, 200])
def test_pages_are_exact_and_newest_first(stage: Stage, limit: int) -> None:
    """Whatever the size of a page, together they are the whole log: nothing twice, nothing missing."""
    busy(stage)
    whole = stage.log.of_campaign(stage.campaign.id, LogSearch(limit=1000))
    assert whole.next_key is None
    assert len(whole.items) == 120 + 20 + 20 + 10 + 2
    times = [each.action_date for each in whole.items]
    assert times == sorted(times, reverse=True)
    search = LogSearch(limit=limit) if limit > 1 else LogSearch(limit=1, action=Action.CLICKED)
    expected = [each for each in whole.items if search.action in (None, each.action)]
    assert pages(stage, search) == expected


def test_new_events_do_not_disturb_pages(stage: Stage) -> None:
    """What happens while somebody reads is newer than any cursor."""
    busy(stage)
    before = pages(stage, LogSearch(limit=30))
    page = stage.log.of_campaign(stage.campaign.id, LogSearch(limit=30))
    stage.clock.sleep(5)
    stage.tracking.opened(stage.place(1), BROWSER)
    rest = pages(stage, LogSearch(limit=30, start=page.next_key))
    assert [*page.items, *rest] == before


def test_deleted_mass_emails_stay_in_the_log(stage: Stage) -> None:
    """The record is gone for callers, what happened is not."""
    gone = replace(stage.mass_email, deleted_at=stage.clock.now(), status=MassEmailStatus.CANCELED)
    stage.table.put(stage.mass_email_store._records.item(gone))
    search = LogSearch(mass_email_id=gone.id, limit=200)
    assert len(stage.log.of_campaign(stage.campaign.id, search).items) == 120


def test_one_mass_email_of_several(stage: Stage) -> None:
    """A campaign's log is that of its mass emails, each of which can be asked for; another campaign's cannot."""
    other = stage.sent(stage.contacts[:3], at=SENT_AT + timedelta(minutes=1))
    elsewhere = stage.sent(stage.contacts[:3], campaign_id=None)
    assert len(pages(stage, LogSearch(limit=200))) == 123
    assert len(pages(stage, LogSearch(mass_email_id=other.id))) == 3
    assert len(stage.log.of_mass_email(elsewhere, LogSearch()).items) == 3
    with pytest.raises(Invalid):
        stage.log.of_campaign(stage.campaign.id, LogSearch(mass_email_id=elsewhere.id))
    with pytest.raises(NotFound):
        stage.log.of_campaign("f" * 17, LogSearch())


def test_by_address(stage: Stage) -> None:
    """In any case and through every record that holds it; only what went to that address."""
    busy(stage)
    told = pages(stage, LogSearch(email_address="READER5@example.com"))
    actions = [each.action for each in told]
    assert actions == [Action.OPENED, Action.CLICKED, Action.DELIVERED, Action.SENT]
    assert {each.recipient_id for each in told} == {stage.place(5).recipient_id}
    assert pages(stage, LogSearch(email_address="READER5@example.com", limit=1)) == told
    assert pages(stage, LogSearch(email_address="nobody@example.com")) == []
    with pytest.raises(Invalid):
        stage.log.of_campaign(stage.campaign.id, LogSearch(email_address="no address"))


def test_of_a_person(stage: Stage) -> None:
    """All mass emails of all campaigns, newest first."""
    stage.sent(stage.contacts[:3], campaign_id=None, at=SENT_AT + timedelta(minutes=1))
    stage.tracking.opened(stage.place(), BROWSER)
    told = stage.log.of_person(TargetType.CONTACT, stage.contacts[0].id, LogSearch()).items
    assert [(each.action, each.campaign_id) for each in told] == [
        (Action.OPENED, stage.campaign.id),
        (Action.SENT, None),
        (Action.SENT, stage.campaign.id),
    ]
    opened = LogSearch(action=Action.OPENED)
    assert len(stage.log.of_person(TargetType.CONTACT, stage.contacts[0].id, opened).items) == 1
    of_one = LogSearch(mass_email_id=stage.mass_email.id)
    assert len(stage.log.of_person(TargetType.CONTACT, stage.contacts[0].id, of_one).items) == 2


def test_new_leads_are_in_the_campaigns_log(stage: Stage) -> None:
    """Lead Created, with the lead as the target; in the lead's own log too (row 88)."""
    lead_id = "19ca0000000000001"
    stage.log_writer.lead_created(stage.campaign.id, lead_id, stage.clock.now())
    stage.log_writer.lead_created(stage.campaign.id, lead_id, stage.clock.now())
    [told] = pages(stage, LogSearch(action=Action.LEAD_CREATED))
    assert (told.target_type, told.target_id, told.mass_email_id) == (TargetType.LEAD, lead_id, None)
    assert stage.log.of_person(TargetType.LEAD, lead_id, LogSearch()).items == [told]
    assert stage.stats.of_campaign(stage.campaign.id).lead_created == 1
    assert pages(stage, LogSearch(mass_email_id=stage.mass_email.id, action=Action.LEAD_CREATED)) == []


def test_the_erased_have_no_address(stage: Stage) -> None:
    """What happened stays, who it was does not."""
    stage.ledger.forget(stage.place())
    told = pages(stage, LogSearch(action=Action.SENT, limit=200))
    [erased] = [each for each in told if each.recipient_id == stage.place().recipient_id]
    assert erased.email_address is None


def test_what_a_page_costs(stage: Stage) -> None:
    """One query per partition of the index, and what joins a page's segments; flat in the size of the log."""
    busy(stage)
    stage.log.of_campaign(stage.campaign.id, LogSearch(limit=50))
    stage.counted()
    stage.log.of_campaign(stage.campaign.id, LogSearch(limit=50, action=Action.OPENED))
    assert stage.counted() <= 16
