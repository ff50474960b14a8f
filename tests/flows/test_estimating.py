"""Estimates: what they foresee is what the freeze then does."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.estimates import Estimate
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import CampaignType, MassEmail, MassEmailStatus, TargetType
from chalicelib.errors import Conflict, NotFound
from chalicelib.flows import estimating
from tests.flows.stage import Stage

S = MassEmailStatus


@pytest.fixture
def stage() -> Stage:
    """Nobody yet."""
    return Stage()


def estimated(stage: Stage, mass_email: MassEmail) -> Estimate:
    """The estimate, made through the queue as the cloud does."""
    job = stage.estimating.request(mass_email.id)
    stage.drain()
    assert stage.jobs.get(job.id).status == "Done"
    return stage.estimating.last(mass_email.id)


def frozen(stage: Stage, mass_email: MassEmail) -> tuple[int, Mapping[str, int]]:
    """Recipients and who was left out, by the freeze itself."""
    before = stage.run_of(mass_email).recipients
    stage.release.run()
    run = stage.run_of(mass_email)
    return run.recipients - before, run.left_out


def crowd(stage: Stage) -> tuple[str, str]:
    """Two lists that hold somebody for most reasons."""
    people = stage.contacts(4)
    twin = stage.person(people[0].email_address)
    idle = stage.person(kind=TargetType.USER, is_active=False)
    nowhere = stage.person(None)
    left, gone, bad = stage.contacts(3)
    one = stage.target_list([*people, twin, nowhere, left, gone, bad])
    other = stage.target_list([people[0], idle])
    stage.opt_out(left, one)
    stage.opt_out(gone)
    stage.invalidate(bad)
    return one, other


@pytest.mark.parametrize("kind", [CampaignType.NEWSLETTER, CampaignType.INFORMATIONAL])
def test_the_freeze_does_what_was_foreseen(stage: Stage, kind: CampaignType) -> None:
    """To the last reason, also where opting out does not count; and estimating changed nothing of it."""
    campaign = stage.campaign(type=kind)
    excluded = stage.target_list([stage.person()])
    mass_email = stage.mass_email(
        *crowd(stage), campaign_id=campaign.id, excluding_target_list_ids=(excluded,)
    )
    estimate = estimated(stage, mass_email)
    assert stage.run_of(mass_email).segments == 0
    assert frozen(stage, mass_email) == (estimate.recipients, estimate.left_out)
    assert len(estimate.left_out) >= 4


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_whatever_the_lists_hold(data: st.DataObject) -> None:
    """Any people on any lists, any of them excluded, before a first freeze and before a second."""
    stage = Stage()
    people = [
        stage.person(data.draw(st.sampled_from(["", "a@example.org", "b@example.org"]))) for _ in range(6)
    ]
    some = st.lists(st.sampled_from(people), unique_by=lambda each: each.id)
    lists = [stage.target_list(data.draw(some)) for _ in range(3)]
    for person in data.draw(some):
        stage.opt_out(person, *data.draw(st.lists(st.sampled_from(lists), unique=True)))
    mass_email = stage.mass_email(*lists[:2], excluding_target_list_ids=tuple(lists[2:]))
    estimate = estimated(stage, mass_email)
    assert frozen(stage, mass_email) == (estimate.recipients, estimate.left_out)
    stage.hours(1)
    stage.join(lists[0], stage.contacts(2))
    again = stage.drafting.edit(mass_email.id, {"status": S.PENDING})
    second = estimated(stage, again)
    assert frozen(stage, again) == (second.recipients, second.left_out)


def test_what_an_interrupted_freeze_wrote_is_not_counted(stage: Stage) -> None:
    """It is given up by the next one, so it is no reason to leave anybody out."""
    mass_email = stage.to_people(3)
    stage.release._begin(mass_email, stage.time.now())
    started = stage.now(mass_email)
    run = stage.freeze.begin(started, 50)
    stage.freeze.go_on(started, run, informational=False, until=stage.time.now())
    stage.steering.pause(mass_email.id)
    assert estimated(stage, stage.now(mass_email)).recipients == 3


def test_hours_and_dollars(stage: Stage) -> None:
    """The hourly limit gives the hours, SES's plan and our own use the dollars."""
    stage.org.set(mass_email_max_per_hour_count=2)
    stage.ses.set(pricing={"CurrentPlan": "ESSENTIALS"})
    stage.release.refresh_account()
    estimate = estimated(stage, stage.to_people(5))
    assert (estimate.recipients, estimate.hours) == (5, 2.0)
    assert estimate.cost.currency == "USD"
    assert estimate.cost.items["ses"] == pytest.approx(5 * 0.00016)
    assert estimate.cost.amount == pytest.approx(sum(estimate.cost.items.values()))
    assert estimate.as_of == stage.time.now()


def test_a_send_that_never_ends(stage: Stage) -> None:
    """With an hourly limit of zero nobody is ever sent to, and the estimate says so."""
    stage.org.set(mass_email_max_per_hour_count=0)
    assert estimated(stage, stage.to_people(1)).hours is None


@pytest.mark.parametrize("act", ["release", "cancel"])
def test_who_has_recipients_needs_no_estimate(stage: Stage, act: str) -> None:
    """In Process they stand in the ledger; Canceled there are none to come."""
    stage.org.set(mass_email_max_per_hour_count=0)
    mass_email = stage.to_people(2)
    if act == "release":
        stage.release.run()
    else:
        stage.steering.cancel(mass_email.id)
    with pytest.raises(Conflict, match="recipients already"):
        stage.estimating.request(mass_email.id)


@pytest.mark.parametrize("meanwhile", ["release", "delete"])
def test_what_happened_before_the_job_came(stage: Stage, meanwhile: str) -> None:
    """A mass email that has started or is gone fails the job with its reason."""
    mass_email = stage.to_people(2)
    stage.org.set(mass_email_max_per_hour_count=0)
    job = stage.estimating.request(mass_email.id)
    if meanwhile == "release":
        stage.release.run()
    else:
        stage.drafting.delete(mass_email.id)
    stage.drain()
    failed = stage.jobs.get(job.id)
    assert (failed.status, bool(failed.error)) == ("Failed", True)


def test_progress_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of how many members, and how many were looked at; a finished job is not done again."""
    monkeypatch.setattr(estimating, "NOTED_EVERY", 1)
    saved: list[Job] = []
    plain = stage.jobs.save

    def save(job: Job) -> None:
        saved.append(job)
        plain(job)

    monkeypatch.setattr(stage.jobs, "save", save)
    job = stage.estimating.request(stage.to_people(3).id)
    stage.drain()
    assert [(each.status, each.done, each.total) for each in saved] == [("Running", 3, 3), ("Done", 3, 3)]
    stage.work.handle({"kind": "job", "jobId": job.id})
    assert len(saved) == 2


def test_too_many_for_one_call(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job fails and says how far it came, rather than telling a part for the whole."""
    monkeypatch.setattr(estimating, "TIME", timedelta())
    job = stage.estimating.request(stage.to_people(2).id)
    stage.drain()
    failed = stage.jobs.get(job.id)
    assert (failed.status, failed.error) == ("Failed", "only 2 of 2 members could be looked at in time")


def test_none_was_made(stage: Stage) -> None:
    """Asked for before, and asked of nothing."""
    with pytest.raises(NotFound):
        stage.estimating.last(stage.to_people(1).id)
    with pytest.raises(NotFound):
        stage.estimating.request("0" * 17)


def test_an_empty_audience_costs_nothing(stage: Stage) -> None:
    """Nobody, no time, no money."""
    estimate = estimated(stage, stage.mass_email(stage.target_list()))
    assert (estimate.recipients, estimate.left_out, estimate.hours) == (0, {}, 0)
    assert estimate.cost.amount == 0
