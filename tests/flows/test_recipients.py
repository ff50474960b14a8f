"""The recipients as callers see them: listed exactly, filtered, settled by a person."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.ids import TEST_SEGMENTS_FROM, Place
from chalicelib.domain.ledger import RecipientStatus
from chalicelib.domain.previews import Chosen
from chalicelib.domain.records import MassEmail, MassEmailStatus, TargetType
from chalicelib.domain.sending import Effect, Outcome
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.flows import freeze, recipients, tallying
from chalicelib.flows.recipients import Recipient, Search
from tests.flows.stage import SENT, Stage, answers, by_entry

S = RecipientStatus


@pytest.fixture
def stage() -> Stage:
    """Nobody yet."""
    return Stage()


def listed(stage: Stage, mass_email: MassEmail, limit: int = 10, **search: Any) -> list[Recipient]:
    """All pages of a listing, none of them longer than the limit."""
    found: list[Recipient] = []
    start: str | None = None
    for _ in range(10_000):
        page = stage.recipients.page(mass_email.id, Search(**search), limit=limit, start=start)
        assert len(page.items) <= limit
        found += page.items
        start = page.next_key
        if start is None:
            return found
    raise AssertionError("the pages do not end")


def mixed(stage: Stage) -> MassEmail:
    """Six recipients of every fate, and two who were left out."""
    people = [*stage.contacts(6), stage.person(None), stage.person(None)]
    mass_email = stage.mass_email(stage.target_list(people))
    stage.post.scripts.append(
        by_entry(
            Outcome(Effect.FINAL, "messageRejected"), Outcome(Effect.UNKNOWN), Outcome(Effect.STOP, "x"), SENT
        )
    )
    stage.tick()
    return mass_email


def test_a_recipient_tells_everything(stage: Stage) -> None:
    """Id, status, target, address, list, attempts, time and message id."""
    ada = stage.person("Ada@example.org", TargetType.LEAD)
    readers = stage.target_list([ada])
    mass_email = stage.mass_email(readers)
    stage.tick()
    (found,) = listed(stage, mass_email)
    assert found.id == stage.places(mass_email)[ada.id].recipient_id
    assert (found.target_type, found.target_id, found.email_address) == (
        TargetType.LEAD,
        ada.id,
        "Ada@example.org",
    )
    assert (found.status, found.reason, list(found.list_ids)) == (S.SENT, "", [readers])
    assert found.state is not None
    assert (found.state.attempts, found.state.at, found.state.message_id) == (1, stage.time.now(), "m1")
    assert not found.is_test


def test_filters(stage: Stage) -> None:
    """By status and by reason; the left-out are Skipped, with theirs."""
    mass_email = mixed(stage)
    by_status = {status: len(listed(stage, mass_email, status=status)) for status in S}
    assert by_status == {S.PENDING: 1, S.SENDING: 1, S.SENT: 3, S.FAILED: 1, S.SKIPPED: 2, S.UNKNOWN: 0}
    (rejected,) = listed(stage, mass_email, reason="messageRejected")
    assert rejected.status is S.FAILED
    left = listed(stage, mass_email, reason="noAddress")
    assert [(each.id, each.email_address, each.status) for each in left] == [(None, None, S.SKIPPED)] * 2
    assert listed(stage, mass_email, status=S.SENT, reason="noAddress") == []
    assert sum(by_status.values()) == len(listed(stage, mass_email)) == 8


def test_who_was_left_out_is_told_with_the_address_that_they_have_now(stage: Stage) -> None:
    """Nothing but who it was is kept of them: an edit shows, and the deleted have none."""
    stays, goes = stage.person("ada@example.org"), stage.person("bo@example.org")
    for each in (stays, goes):
        stage.addresses.mark_invalid(
            stage.key_of(each.email_address or ""), each.email_address or "", reason="x", at=stage.time.now()
        )
    mass_email = stage.mass_email(stage.target_list([stays, goes]))
    stage.tick()
    stage.target_store.replace(replace(stays, email_address="ada@new.example"), stays)
    stage.target_store.bury(goes, at=stage.time.now(), erased=True)
    left = {each.target_id: each.email_address for each in listed(stage, mass_email, status=S.SKIPPED)}
    assert left == {stays.id: "ada@new.example", goes.id: None}


def test_the_newest_first(stage: Stage) -> None:
    """The last of the ledger first, the left-out at the end, in the order of the freeze."""
    people = [*stage.contacts(3), stage.person(None)]
    mass_email = stage.mass_email(stage.target_list(people))
    stage.tick()
    order = [each.target_id for each in listed(stage, mass_email)]
    assert order == [*reversed(stage.recipients_of(mass_email)), people[3].id]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 25),
    st.integers(0, 8),
    st.integers(1, 12),
    st.integers(1, 3),
    st.sampled_from([None, S.SENT, S.FAILED, S.SKIPPED]),
)
def test_paging_is_exact(sent: int, left: int, limit: int, at_most: int, status: S | None) -> None:
    """Every recipient and every left-out once, whatever the page's size and the filter, and however few segments are read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipients, "READ_AT_MOST", at_most)
        patch.setattr(recipients, "SEGMENTS_AT_ONCE", 2)
        patch.setattr(freeze, "STEP_LEFT_OUT", 3)
        stage = Stage(rate=4)
        people = [*stage.contacts(sent), *(stage.person(None) for _ in range(left))]
        mass_email = stage.mass_email(stage.target_list(people))
        stage.post.scripts.append(answers(Effect.FINAL, "failed"))
        stage.tick(patience=60)
        found = listed(stage, mass_email, limit, status=status)
        targets = [each.target_id for each in found]
        assert len(set(targets)) == len(targets)
        counts = stage.counts(mass_email)
        assert len(targets) == (sent + left if status is None else counts.get(str(status), 0))
        ids = [each.id for each in found if each.id]
        assert ids == sorted(ids, reverse=True)


def test_a_page_reads_only_so_much(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that fits nobody does not read a million recipients in one request."""
    assert recipients.READ_AT_MOST == 100
    monkeypatch.setattr(recipients, "READ_AT_MOST", 2)
    mass_email = stage.to_people(150)
    stage.tick()
    page = stage.recipients.page(mass_email.id, Search(status=S.UNKNOWN), limit=10, start=None)
    assert page.items == []
    assert page.next_key is not None
    assert page.read == recipients.READ_AT_MOST


def test_tests_are_listed_apart(stage: Stage) -> None:
    """Only when asked for; and the others only when not."""
    mass_email = stage.to_people(2)
    stage.tick()
    ada = stage.person("ada@example.org")
    for _ in range(2):
        stage.previewing.send_test(mass_email.id, [Chosen(TargetType.CONTACT, ada.id)])
    tests = listed(stage, mass_email, limit=1, is_test=True)
    assert [(each.target_id, each.is_test) for each in tests] == [(ada.id, True)] * 2
    assert all(each.id and Place.of(each.id).segment >= TEST_SEGMENTS_FROM for each in tests)
    assert len(listed(stage, mass_email)) == 2
    assert listed(stage, mass_email, is_test=True, status=S.FAILED) == []


def test_of_a_draft(stage: Stage) -> None:
    """Nobody; and of no mass email 404."""
    assert listed(stage, stage.to_people(2, status=MassEmailStatus.DRAFT)) == []
    with pytest.raises(NotFound):
        stage.recipients.page("5" * 17, Search(), limit=1, start=None)


def test_of_one_that_froze_again(stage: Stage) -> None:
    """Its left-out are those of the last freeze; who was sent before is there as Sent."""
    people = stage.contacts(2)
    readers = stage.target_list(people)
    mass_email = stage.mass_email(readers)
    stage.tick()
    from chalicelib.domain.mass_emails import Act  # noqa: PLC0415 - one test needs it

    stage.mass_email_store.transition(mass_email.id, Act.TO_PENDING, at=stage.time.now())
    stage.hours(1)
    found = listed(stage, mass_email)
    assert [each.reason for each in found] == ["", "", "alreadySent", "alreadySent"]
    assert stage.counts(mass_email) == {"Sent": 2, "Skipped": 2}


# Settling


def unknown(stage: Stage, count: int = 3) -> MassEmail:
    """A mass email of whose recipients nobody knows anything."""
    mass_email = stage.to_people(count)
    stage.post.always = answers(Effect.UNKNOWN)
    stage.tick()
    stage.time.advance(7 * 3600)
    stage.sweep.run()
    assert stage.counts(mass_email) == {"Unknown": count}
    return mass_email


@pytest.mark.parametrize(("sent", "status"), [(True, "Sent"), (False, "Failed")])
def test_settling_all(stage: Stage, sent: bool, status: str) -> None:
    """A person decides about everybody who is Unknown; again there is nobody left."""
    mass_email = unknown(stage)
    assert stage.recipients.settle(mass_email.id, None, sent=sent) == 3
    assert stage.counts(mass_email) == {status: 3}
    assert stage.recipients.settle(mass_email.id, None, sent=not sent) == 0
    assert stage.counts(mass_email) == {status: 3}


def test_settling_some(stage: Stage) -> None:
    """Only these."""
    mass_email = unknown(stage)
    ids = [place.recipient_id for place in stage.places(mass_email).values()]
    assert stage.recipients.settle(mass_email.id, ids[:2], sent=True) == 2
    assert stage.counts(mass_email) == {"Sent": 2, "Unknown": 1}
    assert [each.reason for each in listed(stage, mass_email, status=S.UNKNOWN)] == ["silent"]


def test_settling_is_counted_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large it is: other counts of a large one may be a minute old, a person's decision is seen."""
    monkeypatch.setattr(tallying, "LIVE_SEGMENTS", 0)
    mass_email = unknown(stage)
    assert stage.counts(mass_email) == {"Unknown": 3}
    stage.recipients.settle(mass_email.id, None, sent=True)
    assert stage.counts(mass_email) == {"Sent": 3}


def wrong_ids(stage: Stage, mass_email: MassEmail) -> Iterator[str]:
    """Ids that are none of its recipients."""
    place = next(iter(stage.places(mass_email).values()))
    yield mass_email.id[:-1] + "g"
    yield "5" * 17
    yield Place(place.base, place.segment, 49).recipient_id
    yield Place(place.base, place.segment + 1, 0).recipient_id
    yield Place(place.base, TEST_SEGMENTS_FROM + 1, 0).recipient_id


def test_what_cannot_be_settled(stage: Stage) -> None:
    """Who is none of its recipients, with the index; who is not Unknown. Nothing is changed."""
    mass_email = unknown(stage)
    good = next(iter(stage.places(mass_email).values())).recipient_id
    for wrong in wrong_ids(stage, mass_email):
        with pytest.raises(Invalid) as refused:
            stage.recipients.settle(mass_email.id, [good, wrong], sent=True)
        assert refused.value.errors[0].field == "ids.1"
    assert stage.counts(mass_email) == {"Unknown": 3}
    stage.recipients.settle(mass_email.id, [good], sent=True)
    with pytest.raises(Conflict):
        stage.recipients.settle(mass_email.id, [good], sent=False)
    with pytest.raises(NotFound):
        stage.recipients.settle("5" * 17, None, sent=True)


# Stored messages


def test_a_message_that_was_not_kept(stage: Stage) -> None:
    """404: without storeSentEmails, of nobody, of another mass email, of one who was not sent to."""
    kept = stage.to_people(2, store_sent_emails=True)
    stage.post.scripts.append(by_entry(Outcome(Effect.FINAL, "failed")))
    stage.tick()
    not_kept = stage.to_people(1)
    stage.hours(1)
    by_status = {
        str(state.status): place
        for state, place in zip(stage.states(kept).values(), stage.places(kept).values(), strict=True)
    }
    assert stage.recipients.message(kept.id, by_status["Sent"].recipient_id).subject.startswith("Hello")
    other = next(iter(stage.places(not_kept).values())).recipient_id
    for mass_email, recipient_id in [
        (kept, by_status["Failed"].recipient_id),
        (kept, Place(by_status["Sent"].base, 0, 49).recipient_id),
        (kept, other),
        (kept, "nobody"),
        (not_kept, other),
    ]:
        with pytest.raises(NotFound):
            stage.recipients.message(mass_email.id, recipient_id)


def test_the_message_of_one_whose_answer_was_lost(stage: Stage) -> None:
    """An event proved that it was sent: what was kept before the call is what they got."""
    mass_email = stage.to_people(1, store_sent_emails=True)
    stage.post.scripts.append(stage.post.lost_answer)
    stage.tick()
    (place,) = stage.places(mass_email).values()
    with pytest.raises(NotFound):
        stage.recipients.message(mass_email.id, place.recipient_id)
    stage.event(place)
    message = stage.recipients.message(mass_email.id, place.recipient_id)
    assert message.headers == stage.post.accepted[0].headers


def test_the_message_of_the_last_wave(stage: Stage) -> None:
    """Failed, retried and sent: the message that was sent, not the one that was not."""
    mass_email = stage.to_people(1, store_sent_emails=True)
    stage.post.scripts.append(answers(Effect.FINAL, "failed"))
    stage.tick()
    (person,) = stage.recipients_of(mass_email)
    stage.change(stage.target_store.get(TargetType.CONTACT, person), first_name="Later")
    stage.steering.retry_failed(mass_email.id)
    stage.drain()
    (place,) = stage.places(mass_email).values()
    assert stage.recipients.message(mass_email.id, place.recipient_id).subject == "Hello Later"
