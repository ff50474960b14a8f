"""Preview and Send Test (rows 83 and 84 of the checklist)."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.ids import Place
from chalicelib.domain.ledger import RecipientStatus
from chalicelib.domain.previews import Chosen
from chalicelib.domain.public_tokens import TokenKind, verify
from chalicelib.domain.records import CampaignStatus, MassEmail, MassEmailStatus, TargetType, TrackingUrl
from chalicelib.domain.sending import Batch, Effect, Outcome
from chalicelib.errors import Conflict, Deferred, Invalid, NotFound
from chalicelib.flows import previewing
from tests.flows.readers import RING
from tests.flows.stage import SENT, Stage, answers, by_entry

S = MassEmailStatus
CONTACT = TargetType.CONTACT


@pytest.fixture
def stage() -> Stage:
    """Nobody yet."""
    return Stage()


def sent_to(
    stage: Stage, mass_email: MassEmail, *targets: str, address: str | None = None
) -> list[previewing.TestResult]:
    return list(
        stage.previewing.send_test(mass_email.id, [Chosen(CONTACT, each, address) for each in targets])
    )


def tracked(stage: Stage) -> tuple[MassEmail, str]:
    """A mass email with a tracked link, and the id of a contact."""
    url = TrackingUrl(**stage._record(), name="Shop", url="https://shop.example/")
    stage.tracking_url_store.add(url)
    stage.edit_template(
        body=f'<p>Hi {{Person.firstName}} <a href="{{trackingUrl:{url.id}}}">shop</a> {{optOutLink}}</p>'
    )
    return stage.to_people(1, campaign_id=stage.campaign().id), stage.person().id


def tokens_in(text: str) -> list[str]:
    """The signed tokens of all links."""
    return re.findall(r"/(?:t/[oc]|u|p)/([A-Za-z0-9_-]{31})", text)


# Preview


def test_a_preview_is_the_whole_message(stage: Stage) -> None:
    """Subject, both bodies, headers; what had no value is told."""
    stage.edit_template(body="<p>Hi {{ Person.firstName }} {{ Contact.account.name }}</p>")
    mass_email = stage.to_people(1)
    person = stage.person(first_name="Åse")
    message = stage.previewing.preview(mass_email.id, CONTACT, person.id)
    assert message.subject == "Hello Åse"
    assert message.html is not None
    assert "Hi Åse" in message.html
    assert "Hi Åse" in message.text
    assert list(message.empty_fields) == ["Contact.account.name"]


def test_a_preview_changes_nothing(stage: Stage) -> None:
    """No recipient, no link in the table, nothing stored at all; and its links record nothing."""
    mass_email, person = tracked(stage)
    before = sorted(map(repr, stage.dynamodb.items(stage.table.name)))
    message = stage.previewing.preview(mass_email.id, CONTACT, person)
    assert sorted(map(repr, stage.dynamodb.items(stage.table.name))) == before
    assert message.html is not None
    assert tokens_in(message.html) == []
    assert stage.post.batches == []


def test_a_preview_of_what_was_changed(stage: Stage) -> None:
    """It shows the template as it is now, in any status."""
    mass_email = stage.to_people(1)
    stage.tick()
    stage.edit_template(subject="Second")
    person = stage.person(None)
    assert stage.previewing.preview(mass_email.id, CONTACT, person.id).subject == "Second"


def test_previews_that_cannot_be(stage: Stage) -> None:
    """No mass email 404, no target 400 by field, a message that cannot be put together 409."""
    mass_email, person = stage.to_people(1), stage.person()
    with pytest.raises(NotFound):
        stage.previewing.preview("5" * 17, CONTACT, person.id)
    for kind, target_id in ((CONTACT, "5" * 17), (TargetType.LEAD, person.id)):
        with pytest.raises(Invalid) as refused:
            stage.previewing.preview(mass_email.id, kind, target_id)
        assert refused.value.errors[0].field == "targetId"
    stage.edit_template(body="<p>{{ Person.</p>")
    with pytest.raises(Conflict):
        stage.previewing.preview(mass_email.id, CONTACT, person.id)
    stage.org.set(outbound_email_from_address=None)
    with pytest.raises(Conflict):
        stage.previewing.preview(mass_email.id, CONTACT, person.id)


# Send Test


def test_a_test_is_sent_with_real_links(stage: Stage) -> None:
    """To the target's address; opting out there is real, for the token is a recipient's, marked as a test."""
    mass_email, person = tracked(stage)
    (result,) = sent_to(stage, mass_email, person)
    assert (result.state.status, result.state.message_id) == (RecipientStatus.SENT, "m1")
    place = Place.of(result.recipient_id)
    assert place.is_test
    (entry,) = stage.post.accepted
    assert entry.to_address == result.email_address
    assert entry.tags["recipient"] == result.recipient_id
    texts = " ".join([*entry.data.values(), *entry.headers.values()])
    found = [
        token
        for text in tokens_in(texts)
        for kind in TokenKind
        if (token := verify(text, kind, RING)) is not None
    ]
    assert {token.kind for token in found} >= {TokenKind.CLICK, TokenKind.UNSUBSCRIBE}
    assert {token.place for token in found} == {place}


def test_a_test_to_ones_own_address(stage: Stage) -> None:
    """Rendered as somebody else, any number of times; several targets get one call."""
    mass_email = stage.to_people(1)
    ada, eve = stage.person(first_name="Ada"), stage.person(first_name="Eve")
    for _ in range(2):
        results = sent_to(stage, mass_email, ada.id, eve.id, address="me@acme.example")
        assert [result.state.status for result in results] == [RecipientStatus.SENT] * 2
    assert stage.post.addresses == ["me@acme.example"] * 4
    assert len(stage.post.batches) == 2
    assert len({entry.tags["recipient"] for entry in stage.post.accepted}) == 4


@pytest.mark.parametrize("status", S)
def test_in_any_status(stage: Stage, status: MassEmailStatus) -> None:
    """It changes nothing: not the status, not the counts, not the portion, not the ledger of the send."""
    mass_email = stage.to_people(2)
    before = stage.mass_email_store.change(replace(mass_email, status=status), mass_email)
    run, counts, allowance = stage.run_of(mass_email), stage.counts(mass_email), stage.account.allowance()
    (result,) = sent_to(stage, mass_email, stage.person().id)
    assert result.state.status is RecipientStatus.SENT
    assert stage.now(mass_email) == before
    assert (stage.run_of(mass_email), stage.counts(mass_email)) == (run, counts)
    assert stage.account.allowance() == allowance
    assert stage.stats.of_mass_email(before).sent == 0


def test_an_inactive_campaign_can_be_tested(stage: Stage) -> None:
    """And lists are not needed (row 84)."""
    campaign = stage.campaign(status=CampaignStatus.INACTIVE)
    mass_email = stage.mass_email(campaign_id=campaign.id, status=S.DRAFT)
    (result,) = sent_to(stage, mass_email, stage.person().id)
    assert result.state.status is RecipientStatus.SENT


@pytest.mark.parametrize("effect", [each for each in Effect if each is not Effect.SENT])
def test_every_target_has_an_answer(stage: Stage, effect: Effect) -> None:
    """What would be tried again later has failed, with SES's reason; the mass email is not paused by it."""
    mass_email = stage.to_people(2)
    stage.org.set(mass_email_max_per_hour_count=0)
    stage.tick()
    stage.post.always = answers(effect, "someReason")
    results = sent_to(stage, mass_email, *(each.id for each in stage.contacts(3)))
    expected = (
        (RecipientStatus.UNKNOWN, "silent")
        if effect is Effect.UNKNOWN
        else (RecipientStatus.FAILED, "someReason")
    )
    assert [(result.state.status, result.state.reason) for result in results] == [expected] * 3
    assert stage.status(mass_email) is S.IN_PROCESS
    assert stage.account.state().hold is None
    stage.drain()
    assert stage.queues.due_in() is None


def test_mixed_answers(stage: Stage) -> None:
    """Each target has its own."""
    mass_email = stage.to_people(1)
    stage.post.scripts.append(by_entry(Outcome(Effect.ATTEMPT, "transientFailure"), SENT))
    results = sent_to(stage, mass_email, *(each.id for each in stage.contacts(2)))
    assert [str(result.state.status) for result in results] == ["Failed", "Sent"]
    assert results[0].state.attempts == 1


def test_a_refused_test_is_halved(stage: Stage) -> None:
    """One bad target does not fail the others."""
    mass_email = stage.to_people(1)
    people = stage.contacts(5)

    def refuse(batch: Batch) -> list[Outcome]:
        bad = any(entry.to_address == people[3].email_address for entry in batch.entries)
        return [Outcome(Effect.SPLIT, "badRequest") if bad else SENT] * len(batch.entries)

    stage.post.always = refuse
    results = sent_to(stage, mass_email, *(each.id for each in people))
    assert [str(result.state.status) for result in results] == ["Sent", "Sent", "Sent", "Failed", "Sent"]


def test_who_must_not_be_mailed_is_skipped(stage: Stage) -> None:
    """The address opted out or is invalid, whoever's it is."""
    mass_email = stage.to_people(1)
    left, broken = stage.contacts(2)
    stage.opt_out(left)
    stage.invalidate(broken)
    results = sent_to(stage, mass_email, left.id, broken.id)
    assert [(str(each.state.status), each.state.reason) for each in results] == [
        ("Skipped", "optedOut"),
        ("Skipped", "invalid"),
    ]


def test_it_keeps_to_the_rate(stage: Stage) -> None:
    """One a second in the sandbox: ten take ten seconds; beyond twenty seconds there is no room, and no trace."""
    stage = Stage(rate=1)
    mass_email = stage.to_people(1)
    people = stage.contacts(20)
    began = stage.time.now()
    results = sent_to(stage, mass_email, *(each.id for each in people[:10]))
    assert {str(result.state.status) for result in results} == {"Sent"}
    assert stage.time.now() - began >= timedelta(seconds=9)
    for _ in range(15):
        stage.deliver.tickets.take(1, stage.time.now())
    some = sent_to(stage, mass_email, *(each.id for each in people))
    statuses = [(str(result.state.status), result.state.reason) for result in some]
    assert set(statuses) == {("Sent", ""), ("Failed", previewing.NO_ROOM)}
    for _ in range(60):
        stage.deliver.tickets.take(1, stage.time.now())
    before = stage.ledger.last_test(mass_email.id[:11])
    with pytest.raises(Deferred):
        sent_to(stage, mass_email, people[0].id)
    assert stage.ledger.last_test(mass_email.id[:11]) == before


def test_a_held_account_sends_no_test(stage: Stage) -> None:
    """503, and nothing is written."""
    mass_email = stage.to_people(1)
    stage.account.hold("sendingPaused", "by a person", stage.time.now())
    with pytest.raises(Deferred):
        sent_to(stage, mass_email, stage.person().id)
    assert stage.post.batches == []


def test_tests_that_cannot_be(stage: Stage) -> None:
    """Each with the target's index; nothing is sent to the others."""
    mass_email, good = stage.to_people(1), stage.person()
    without = stage.person(None)
    with pytest.raises(NotFound):
        sent_to(stage, replace(mass_email, id="5" * 17), good.id)
    with pytest.raises(Invalid) as refused:
        sent_to(stage, mass_email, good.id, "5" * 17)
    assert refused.value.errors[0].field == "targets.1.id"
    with pytest.raises(Invalid) as refused:
        sent_to(stage, mass_email, "5" * 17, address="me@acme.example")
    assert refused.value.errors[0].field == "targets.0.as.id"
    with pytest.raises(Invalid) as refused:
        sent_to(stage, mass_email, good.id, without.id)
    assert refused.value.errors[0].field == "targets.1.emailAddress"
    stage.org.set(outbound_email_from_address=None)
    with pytest.raises(Conflict):
        sent_to(stage, mass_email, good.id)
    assert stage.post.batches == []


def test_a_test_of_a_changed_template_leaves_the_frozen_message_alone(stage: Stage) -> None:
    """It shows what a resume would send; the send goes on with what was frozen."""
    mass_email = stage.to_people(100)
    stage.release.run()
    stage.edit_template(subject="Second")
    sent_to(stage, mass_email, stage.person().id)
    assert stage.post.batches[0].template.subject == "Second"
    stage.drain()
    assert "Second" not in stage.post.batches[1].template.subject
    assert stage.counts(mass_email) == {"Sent": 100}
