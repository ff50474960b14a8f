"""Statistics (row 87 of the checklist)."""

from dataclasses import asdict, replace

import pytest

from chalicelib.domain.ids import TEST_SEGMENTS_FROM, base_of
from chalicelib.domain.stats import Numbers
from chalicelib.errors import NotFound
from tests.flows.readers import BROWSER, SCANNER, Stage
from tests.flows.ses_events import an_event, bounce


@pytest.fixture
def stage() -> Stage:
    """Sixty recipients in two segments."""
    return Stage(60)


def test_what_happened_is_what_is_told(stage: Stage) -> None:
    """Recipients, not events; each number from what SES and the readers did."""
    for position in range(10):
        stage.feedback.handle(an_event(stage, "Delivery", place=stage.place(position, 1)))
        stage.feedback.handle(an_event(stage, "Delivery", place=stage.place(position)))
    for position in (0, 0, 1):
        stage.tracking.opened(stage.place(position), BROWSER)
        stage.clock.sleep(1)
    for index in (0, 1):
        stage.tracking.clicked(stage.place(1), index, BROWSER)
    stage.tracking.clicked(stage.place(2), 0, SCANNER)
    stage.feedback.handle(an_event(stage, "Bounce", bounce("Permanent"), place=stage.place(20)))
    stage.feedback.handle(an_event(stage, "Bounce", bounce("Transient"), place=stage.place(20)))
    stage.feedback.handle(an_event(stage, "Bounce", bounce("Transient"), place=stage.place(21)))
    stage.feedback.handle(an_event(stage, "Complaint", place=stage.place(22)))
    stage.unsubscribe.leave(stage.place(23))
    stage.unsubscribe.rejoin(stage.place(23))
    assert stage.stats.of_mass_email(stage.mass_email) == Numbers(
        sent=60,
        delivered=20,
        opened=2,
        clicked=1,
        opted_out=1,
        opted_in=1,
        bounced=2,
        hard_bounced=1,
        soft_bounced=1,
        complained=1,
    )


def test_tests_are_left_out(stage: Stage) -> None:
    """What a test did is logged, and in no number."""
    segment = TEST_SEGMENTS_FROM + 1
    members = [stage.member(stage.contacts[0])]
    stage.write_segment(base_of(stage.mass_email.id), segment, members, stage.clock.now())
    place = stage.place(0, segment)
    stage.tracking.opened(place, BROWSER)
    stage.tracking.clicked(place, 0, BROWSER)
    stage.feedback.handle(an_event(stage, "Delivery", place=place))
    stage.unsubscribe.leave(place)
    assert stage.stats.of_mass_email(stage.mass_email) == Numbers(sent=60)
    assert sorted(stage.actions()) == ["Clicked", "Delivered", "Opened", "Opted Out"]


def test_a_campaign_is_the_sum_of_its_mass_emails(stage: Stage) -> None:
    """Those of other campaigns and of none left out."""
    stage.sent(stage.contacts[:3])
    stage.sent(stage.contacts[:3], campaign_id=None)
    assert stage.stats.of_campaign(stage.campaign.id).sent == 63
    with pytest.raises(NotFound):
        stage.stats.of_campaign("f" * 17)


def test_nothing_sent_is_all_zero(stage: Stage) -> None:
    """A mass email without recipients has numbers too."""
    assert not any(asdict(stage.stats.of_mass_email(stage.sent([]))).values())


def test_large_ones_are_at_most_a_minute_old(stage: Stage) -> None:
    """Beyond the limit the sums are kept for a minute, for every process."""
    stage.__dict__["stats"] = replace(stage.stats, live_segments=1)
    stage.stats.of_mass_email(stage.mass_email)
    stage.tracking.opened(stage.place(), BROWSER)
    stage.clock.sleep(59)
    assert stage.stats.of_mass_email(stage.mass_email) == Numbers(sent=60)
    stage.counted()
    stage.stats.of_mass_email(stage.mass_email)
    assert stage.counted() == 2
    stage.clock.sleep(1)
    assert stage.stats.of_mass_email(stage.mass_email) == Numbers(sent=60, opened=1)
