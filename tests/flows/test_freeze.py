"""Turning lists into recipients (rows 17 to 30 of the checklist, as the design changed them)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.ids import Place
from chalicelib.domain.ports import AnyTarget, Membership
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.records import (
    CampaignStatus,
    CampaignType,
    MassEmail,
    MassEmailStatus,
    TargetType,
)
from chalicelib.domain.runs import Phase, Run, Spot, sizes
from chalicelib.flows import freeze, release
from tests.flows.stage import Stage, dying

S = MassEmailStatus


@pytest.fixture
def stage() -> Stage:
    """Nobody yet."""
    return Stage()


def frozen(stage: Stage, mass_email: MassEmail) -> Run:
    """Its run after the schedule's call, which must have made the freeze whole."""
    stage.release.run()
    run = stage.run_of(mass_email)
    assert run.phase is Phase.FROZEN
    assert run.memberships == run.recipients + sum(run.left_out.values()) or run.freeze > 1
    return run


def check_ledger(stage: Stage, mass_email: MassEmail) -> None:
    """What must hold of every whole freeze, whatever the lists and whoever died on the way."""
    run = stage.run_of(mass_email)
    assert run.phase is Phase.FROZEN
    assert run.pointers_to == run.segments
    base = mass_email.id[:11]
    size_of = dict(sizes(run.stretches, Spot()))
    segments = {each.number: each for each in stage.ledger.read(base, range(run.segments))}
    assert {number: len(each.members) for number, each in segments.items() if each.members} == size_of
    members = [
        (Place(base, number, place), member)
        for number, each in segments.items()
        for place, member in enumerate(each.members)
    ]
    assert len(members) == run.recipients
    assert len({(member.target_type, member.target_id) for _, member in members}) == len(members)
    assert len({member.address_key for _, member in members}) == len(members)
    for place, member in members:
        pointers = stage.target_store.sent_pointers(member.target_type, member.target_id, limit=9)
        assert [each.recipient_id for each in pointers] == [place.recipient_id]
    assert sum(run.left_out.values()) == len(stage.left_out(mass_email))


# When


def test_what_is_due_is_frozen(stage: Stage) -> None:
    """And what is not due yet, or a Draft, is not looked at (rows 7, 17)."""
    due = stage.to_people(2)
    later = stage.to_people(2, start_at=stage.time.now() + timedelta(seconds=1))
    draft = stage.to_people(2, status=S.DRAFT)
    stage.release.run()
    assert [stage.status(each) for each in (due, later, draft)] == [S.IN_PROCESS, S.PENDING, S.DRAFT]
    assert stage.recipients_of(later) == stage.recipients_of(draft) == []
    stage.time.advance(1)
    stage.release.run()
    assert len(stage.recipients_of(later)) == 2


def test_an_inactive_campaign_holds_it_back(stage: Stage) -> None:
    """Neither frozen nor sent until it is active again; any other status goes out (row 18)."""
    campaign = stage.campaign(status=CampaignStatus.INACTIVE)
    mass_email = stage.to_people(2, campaign_id=campaign.id)
    complete = stage.to_people(2, campaign_id=stage.campaign(status=CampaignStatus.COMPLETE).id)
    stage.tick()
    assert stage.status(mass_email) is S.PENDING
    assert stage.status(complete) is S.COMPLETE
    stage.set_campaign(campaign, status=CampaignStatus.ACTIVE)
    stage.hours(1)
    assert stage.status(mass_email) is S.COMPLETE


def test_an_empty_audience_is_complete_at_once(stage: Stage) -> None:
    """An empty list, or one of which nobody is left (row 29)."""
    nobody = stage.mass_email(stage.target_list())
    left = stage.mass_email(stage.target_list([stage.person(None)]))
    stage.release.run()
    assert stage.status(nobody) is S.COMPLETE
    assert stage.status(left) is S.COMPLETE
    assert stage.counts(nobody) == {}
    assert stage.counts(left) == {"Skipped": 1}


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ("template", "templateMissing"),
        ("site", "noSiteUrl"),
        ("sender", "noSender"),
        ("body", "templateInvalid"),
    ],
)
def test_what_cannot_start_has_failed_with_the_reason(stage: Stage, missing: str, code: str) -> None:
    """Nobody is frozen; the others go on (rows 38, 40)."""
    mass_email, other = stage.to_people(1), stage.to_people(1)
    if missing == "template":
        template = stage.template_store.get(mass_email.email_template_id)
        gone = replace(template, id="1" * 17)
        stage.template_store.add(gone)
        mass_email = stage.mass_email_store.change(
            replace(mass_email, email_template_id="2" * 17), mass_email
        )
    elif missing == "site":
        stage.org.set(mass_email_site_url=None)
        stage.__dict__["environment"] = type("E", (), {"public_url": ""})()
    elif missing == "sender":
        stage.org.set(outbound_email_from_address=None)
    else:
        stage.edit_template(body="<p>{{ Person.</p>")
    stage.release.run()
    now = stage.now(mass_email)
    assert now.status is S.FAILED
    assert now.status_reason is not None
    assert (now.status_reason.code, now.status_reason.by) == (code, "system")
    assert stage.recipients_of(mass_email) == []
    if missing == "template":
        assert stage.status(other) is S.IN_PROCESS


def test_one_that_breaks_does_not_stop_the_others(stage: Stage) -> None:
    """It is reported and tried again by the next tick (row 40)."""
    broken, whole = stage.to_people(2), stage.to_people(2)
    walk = stage.memberships.walk

    def walking(list_id: str, *, start: str | None = None) -> Iterator[tuple[Membership, str]]:
        if list_id in broken.target_list_ids:
            raise ConnectionError("the table is down")
        return walk(list_id, start=start)

    stage.__dict__["freeze"] = replace(stage.freeze, memberships=Walker(stage.memberships, walking))
    stage.tick()
    assert stage.status(whole) is S.COMPLETE
    assert stage.status(broken) is S.IN_PROCESS
    stage.__dict__["release"] = replace(
        stage.release, freeze=replace(stage.freeze, memberships=stage.memberships)
    )
    stage.hours(1)
    assert stage.status(broken) is S.COMPLETE


class Walker:
    """The memberships with another walk."""

    def __init__(self, memberships: Any, walk: Any) -> None:
        self._memberships = memberships
        self.walk = walk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._memberships, name)


# Who


def test_lists_in_order_types_in_order_the_first_wins(stage: Stage) -> None:
    """Accounts, Contacts, Leads, Users within a list; the first list before the second (rows 19, 21)."""
    kinds = [TargetType.USER, TargetType.LEAD, TargetType.CONTACT, TargetType.ACCOUNT]
    same = [stage.person("info@example.org", kind) for kind in kinds]
    first = stage.person("ada@example.org", TargetType.USER)
    second = stage.person("ADA@Example.org", TargetType.ACCOUNT)
    mass_email = stage.mass_email(stage.target_list([*same, first]), stage.target_list([second]))
    frozen(stage, mass_email)
    assert stage.recipients_of(mass_email) == [same[3].id, first.id]
    assert dict(stage.left_out(mass_email)) == {
        same[0].id: "duplicateAddress",
        same[1].id: "duplicateAddress",
        same[2].id: "duplicateAddress",
        second.id: "duplicateAddress",
    }


def test_on_two_lists_is_sent_once(stage: Stage) -> None:
    """The second membership is left out, with its list (row 20)."""
    ada = stage.person()
    lists = stage.target_list([ada]), stage.target_list([ada])
    mass_email = stage.mass_email(*lists)
    run = frozen(stage, mass_email)
    assert stage.recipients_of(mass_email) == [ada.id]
    (entry,) = stage.runs.left_out(run, 0)
    assert (entry.target_id, entry.list_index, entry.reason) == (ada.id, 1, "duplicateTarget")


def test_an_excluding_list_excludes_persons_and_addresses(stage: Stage) -> None:
    """By identity, and by the address of another record, opted out there or not (rows 22, 23)."""
    ada, eve = stage.person("ada@example.org"), stage.person("eve@example.org")
    bob = stage.person("bob@example.org")
    other_eve = stage.person("EVE@example.org", TargetType.LEAD)
    without_address = stage.person(None)
    excluding = stage.target_list([ada, other_eve, without_address])
    stage.opt_out(ada, excluding)
    mass_email = stage.mass_email(
        stage.target_list([ada, eve, bob, without_address]), excluding_target_list_ids=(excluding,)
    )
    frozen(stage, mass_email)
    assert stage.recipients_of(mass_email) == [bob.id]
    assert dict(stage.left_out(mass_email)) == {
        ada.id: "excludedTarget",
        eve.id: "excludedAddress",
        without_address.id: "noAddress",
    }


def test_opted_out_of_one_list_and_active_on_another(stage: Stage) -> None:
    """Through the other they get it, and both memberships are accounted for (row 24)."""
    ada = stage.person()
    left, kept = stage.target_list([ada]), stage.target_list([ada])
    stage.opt_out(ada, left)
    mass_email = stage.mass_email(left, kept)
    frozen(stage, mass_email)
    assert stage.recipients_of(mass_email) == [ada.id]
    assert stage.left_out(mass_email) == [(ada.id, "optedOutOfList")]
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 1, "Skipped": 1}


def test_an_opt_out_of_a_list_holds_for_the_address(stage: Stage) -> None:
    """Whoever of two records with one address left it, neither is mailed through it."""
    ada = stage.person("ada@example.org")
    readers = stage.target_list([ada])
    stage.opt_out(ada, readers)
    lead = stage.person("Ada@Example.org", TargetType.LEAD)
    stage.join(readers, [lead])
    mass_email = stage.mass_email(readers)
    frozen(stage, mass_email)
    assert stage.recipients_of(mass_email) == []
    assert {reason for _, reason in stage.left_out(mass_email)} == {"optedOutOfList"}


def test_flags_of_the_address_and_of_the_person(stage: Stage) -> None:
    """Opted out, invalid, inactive, without an address (rows 25 to 27)."""
    people = {
        "optedOut": stage.person(),
        "invalid": stage.person(),
        "inactiveUser": stage.person(kind=TargetType.USER, is_active=False),
        "noAddress": stage.person(None),
    }
    stage.opt_out(people["optedOut"])
    stage.invalidate(people["invalid"])
    mass_email = stage.mass_email(stage.target_list(people.values()))
    frozen(stage, mass_email)
    assert stage.recipients_of(mass_email) == []
    assert {reason: target for target, reason in stage.left_out(mass_email)} == {
        reason: person.id for reason, person in people.items()
    }


def test_an_informational_mailing_goes_to_those_who_opted_out(stage: Stage) -> None:
    """Of the list and of everything; an invalid address is skipped all the same (row 28)."""
    left_all, left_list, broken = stage.contacts(3)
    readers = stage.target_list([left_all, left_list, broken])
    stage.opt_out(left_all)
    stage.opt_out(left_list, readers)
    stage.invalidate(broken)
    campaign = stage.campaign(type=CampaignType.INFORMATIONAL)
    mass_email = stage.mass_email(readers, campaign_id=campaign.id)
    frozen(stage, mass_email)
    assert set(stage.recipients_of(mass_email)) == {left_all.id, left_list.id}
    assert stage.left_out(mass_email) == [(broken.id, "invalid")]
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 2, "Skipped": 1}


PERSON = st.fixed_dictionaries(
    {
        "address": st.none() | st.integers(0, 4),
        "kind": st.sampled_from(TargetType),
        "flag": st.sampled_from(["", "", "", "optOut", "invalid"]),
        "lists": st.lists(st.integers(0, 2), unique=True),
        "left": st.none() | st.integers(0, 2),
    }
)


@settings(max_examples=40, deadline=None)
@given(st.lists(PERSON, max_size=12), st.booleans())
def test_memberships_are_recipients_and_left_out(rows: list[Mapping[str, Any]], excluding: bool) -> None:
    """Always, and the counts say so; no target and no address is there twice."""
    stage = Stage(rate=2)  # segments of two
    people: list[AnyTarget] = []
    lists = [stage.target_list() for _ in range(3)]
    for row in rows:
        address = None if row["address"] is None else f"p{row['address']}@example.org"
        person = stage.person(address, row["kind"])
        people.append(person)
        for number in row["lists"]:
            stage.join(lists[number], [person])
        if address and row["flag"] == "optOut":
            stage.opt_out(person)
        if address and row["flag"] == "invalid":
            stage.invalidate(person)
        if address and row["left"] is not None:
            stage.opt_out(person, lists[row["left"]])
    targets = lists[:2] if excluding else lists
    mass_email = stage.mass_email(*targets, excluding_target_list_ids=tuple(lists[2:]) if excluding else ())
    stage.release.run()
    check_ledger(stage, mass_email)
    run = stage.run_of(mass_email)
    memberships = sum(counts.entries for counts in stage.memberships.counts(targets).values())
    assert run.memberships == memberships == run.recipients + sum(run.left_out.values())
    assert sum(stage.counts(mass_email).values()) == memberships


# Again


def test_freezing_again_appends_only_the_unseen(stage: Stage) -> None:
    """Who is in the ledger is left out as alreadySent, by person and by address; the new ones are sent, once."""
    old, new = stage.contacts(2), stage.contacts(2)
    readers = stage.target_list(old)
    mass_email = stage.mass_email(readers)
    stage.tick()
    assert stage.status(mass_email) is S.COMPLETE
    moved = stage.target_store.replace(replace(old[0], email_address="moved@example.org"), old[0])
    heir = stage.person(old[1].email_address, TargetType.LEAD)
    stage.join(readers, [*new, heir])
    done = stage.now(mass_email)
    stage.mass_email_store.change(replace(done, status=S.PENDING, frozen=False), done)
    stage.hours(1)
    assert stage.status(mass_email) is S.COMPLETE
    check_ledger(stage, mass_email)
    recipients = stage.recipients_of(mass_email)
    assert set(recipients[:2]) == {each.id for each in old}
    assert set(recipients[2:]) == {each.id for each in new}
    assert dict(stage.left_out(mass_email)) == {
        moved.id: "alreadySent",
        old[1].id: "alreadySent",
        heir.id: "alreadySent",
    }
    assert len(stage.post.addresses) == len(set(stage.post.addresses)) == 4
    assert stage.counts(mass_email) == {"Sent": 4, "Skipped": 3}


def test_lists_may_change_between_two_freezes(stage: Stage) -> None:
    """Each recipient keeps the list it came through."""
    first, second = stage.target_list(stage.contacts(1)), stage.target_list(stage.contacts(1))
    mass_email = stage.mass_email(first)
    stage.tick()
    done = stage.now(mass_email)
    stage.mass_email_store.change(
        replace(done, status=S.PENDING, frozen=False, target_list_ids=(second,)), done
    )
    stage.hours(1)
    from chalicelib.flows.recipients import Search  # noqa: PLC0415 - one look at the listing

    page = stage.recipients.page(mass_email.id, Search(), limit=10, start=None)
    assert [tuple(each.list_ids) for each in page.items] == [(second,), (first,)]


# Whoever dies, and however often it is tried


def test_two_freezers_at_once(stage: Stage) -> None:
    """One is overtaken and has written nothing; the other's freeze is whole."""
    mass_email = stage.to_people(120)
    stage.freeze.begin(replace(mass_email, freezes=1), 50)
    started = stage.mass_email_store.change(
        replace(mass_email, status=S.IN_PROCESS, freezes=1, frozen_list_ids=mass_email.target_list_ids),
        mass_email,
    )
    run = stage.run_of(mass_email)
    until = stage.time.now() + timedelta(minutes=1)
    stage.freeze.go_on(started, run, informational=False, until=until)
    with pytest.raises(Overtaken):
        stage.freeze.go_on(started, run, informational=False, until=until)
    check_ledger(stage, mass_email)
    assert stage.run_of(mass_email).recipients == 120


@pytest.mark.parametrize("dies_after", [False, True])
def test_death_at_any_request(dies_after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was written, the next one goes on from there, in whichever list: everybody once, each pointer, nothing twice."""
    monkeypatch.setattr(freeze, "STEP_SEGMENTS", 2)
    monkeypatch.setattr(freeze, "STEP_MEMBERS", 5)
    stage = Stage(rate=3)
    people = stage.contacts(20)
    people[3] = stage.person(people[4].email_address)
    mass_email = stage.mass_email(stage.target_list(people[:8]), stage.target_list(people[8:]))
    deaths = 0
    for _ in dying(stage, stage.release.run, after=dies_after):
        stage.time.advance(700)
        stage.tick()
        stage.tick()
        check_ledger(stage, mass_email)
        run = stage.run_of(mass_email)
        assert (run.memberships, run.recipients) == (20, 19)
        deaths += 1
    assert deaths > 30


def test_the_deadline_comes_in_between(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on where it was, in another call, until it is whole; nothing is released before."""
    monkeypatch.setattr(release, "FREEZE_FOR", timedelta())
    monkeypatch.setattr(freeze, "STEP_MEMBERS", 30)
    mass_email = stage.to_people(100)
    stage.release.run()
    run = stage.run_of(mass_email)
    assert (run.phase, run.recipients, run.open_plans) == (Phase.FREEZING, 30, ())
    for expected in (60, 90, 100):
        stage.work.handle({"kind": "freeze", "massEmailId": mass_email.id})
        assert stage.run_of(mass_email).recipients == expected
        assert stage.post.accepted == []
    stage.work.handle({"kind": "freeze", "massEmailId": mass_email.id})
    check_ledger(stage, mass_email)
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 100}


def test_many_members_are_frozen_by_the_jobs_queue(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over 5,000 members, the excluding lists' counted with them; 5,000 are frozen at once."""
    assert release.FROZEN_HERE == 5_000
    monkeypatch.setattr(release, "FROZEN_HERE", 50)
    here = stage.to_people(50)
    excluding = stage.target_list(stage.contacts(1))
    there = stage.to_people(50, excluding_target_list_ids=(excluding,))
    report = stage.release.run()
    assert report.frozen == 1
    assert len(stage.recipients_of(here)) == 50
    assert stage.recipients_of(there) == []
    assert {"kind": "freeze", "massEmailId": there.id} in stage.queues.jobs_put
    stage.drain()
    assert stage.counts(there) == {"Sent": 50}


def test_steps_of_full_size() -> None:
    """More than a step's segments, more than its memberships: every segment but the last is full."""
    stage = Stage()
    people = stage.contacts(2_600)
    mass_email = stage.mass_email(stage.target_list(people))
    run = frozen(stage, mass_email)
    assert run.recipients == 2_600
    assert [size for _, size in sizes(run.stretches, Spot())] == [50] * 52
    check_ledger(stage, mass_email)


def test_many_left_out_fill_a_step(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their pages stay small, and the recipients between them are all there."""
    monkeypatch.setattr(freeze, "STEP_LEFT_OUT", 4)
    people = [stage.person(None if number % 3 else "") for number in range(40)]
    mass_email = stage.mass_email(stage.target_list(people))
    run = frozen(stage, mass_email)
    assert run.left_out == {"noAddress": 26}
    assert all(len(stage.runs.left_out(run, page)) <= 4 for page in range(run.left_pages))
    check_ledger(stage, mass_email)
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 14, "Skipped": 26}


def interrupted(stage: Stage, monkeypatch: pytest.MonkeyPatch, mass_email: MassEmail) -> None:
    """Paused in the middle of its freeze."""
    with monkeypatch.context() as patch:
        patch.setattr(release, "FREEZE_FOR", timedelta())
        patch.setattr(freeze, "STEP_MEMBERS", 30)
        stage.release.run()
    assert stage.run_of(mass_email).phase is Phase.FREEZING
    stage.steering.pause(mass_email.id)


def test_an_interrupted_freeze_is_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paused while it froze, resumed with other lists: only who is on these is mailed, and no trace of the first is left."""
    people = stage.contacts(100)
    mass_email = stage.mass_email(stage.target_list(people))
    interrupted(stage, monkeypatch, mass_email)
    frozen_first = stage.recipients_of(mass_email)
    assert len(frozen_first) == 30
    stage.steering.resume(mass_email.id)
    pending = stage.now(mass_email)
    assert pending.status is S.PENDING
    others = [people[0], *stage.contacts(3)]
    stage.mass_email_store.change(replace(pending, target_list_ids=(stage.target_list(others),)), pending)
    stage.hours(1)
    check_ledger(stage, mass_email)
    assert set(stage.recipients_of(mass_email)) == {each.id for each in others}
    assert stage.counts(mass_email) == {"Sent": 4}
    assert stage.left_out(mass_email) == []
    gone = set(frozen_first) - {people[0].id}
    assert all(stage.target_store.sent_pointers(TargetType.CONTACT, each, limit=1) == [] for each in gone)
    queued = {"kind": "freeze", "massEmailId": mass_email.id}
    stage.work.handle(queued)  # a message of the first freeze that comes late
    assert stage.status(mass_email) is S.COMPLETE


def test_a_freeze_may_be_interrupted_again_and_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that was ever written of it is removed by the one that becomes whole."""
    mass_email = stage.to_people(100)
    for _ in range(3):
        interrupted(stage, monkeypatch, mass_email)
        stage.steering.resume(mass_email.id)
    stage.hours(1)
    check_ledger(stage, mass_email)
    assert stage.counts(mass_email) == {"Sent": 100}


def test_canceled_while_it_froze(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is in the ledger already is Skipped; nobody is mailed."""
    mass_email = stage.to_people(100)
    with monkeypatch.context() as patch:
        patch.setattr(release, "FREEZE_FOR", timedelta())
        patch.setattr(freeze, "STEP_MEMBERS", 30)
        stage.release.run()
    stage.steering.cancel(mass_email.id)
    stage.drain()
    stage.hours(1)
    assert stage.counts(mass_email) == {"Skipped": 30}
    assert stage.post.accepted == []


def test_paused_at_the_very_end_of_the_freeze(stage: Stage) -> None:
    """The freezer died before it could note that the freeze is whole: resuming finds out, and does not start over."""
    mass_email = stage.to_people(3)
    stage.org.set(mass_email_max_per_hour_count=0)
    stage.release.run()
    now = stage.now(mass_email)
    stage.mass_email_store.change(replace(now, frozen=False), now)
    stage.steering.pause(mass_email.id)
    stage.steering.resume(mass_email.id)
    assert stage.status(mass_email) is S.IN_PROCESS
    assert stage.now(mass_email).frozen
    stage.org.set(mass_email_max_per_hour_count=None)
    stage.hours(1)
    assert stage.counts(mass_email) == {"Sent": 3}


def test_a_freeze_costs_little_per_person() -> None:
    """For 1,000 people on one list: well under what the whole send may cost (`delivery.md`, "What it may cost")."""
    stage = Stage()
    mass_email = stage.to_people(1_000)
    stage.counted()
    stage.freeze.begin(replace(mass_email, freezes=1), 50)
    started = stage.mass_email_store.change(
        replace(mass_email, status=S.IN_PROCESS, freezes=1, frozen_list_ids=mass_email.target_list_ids),
        mass_email,
    )
    run = stage.run_of(mass_email)
    stage.freeze.go_on(started, run, informational=False, until=stage.time.now() + timedelta(minutes=1))
    made = stage.counted()
    assert made["BatchWriteItem"] == 40  # pointers, 25 at a time
    assert made.total() <= 110
