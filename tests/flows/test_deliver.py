"""One chunk, one claim, one call (`delivery.md`, "Once" and "Re-checked at sending"; rows 34 to 37)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.ledger import RecipientStatus
from chalicelib.domain.queue import ChunkMessage, UnreadableMessage
from chalicelib.domain.records import CampaignStatus, MassEmail, MassEmailStatus, TargetType
from chalicelib.domain.sending import Batch, Effect, Outcome
from chalicelib.flows import deliver
from tests.flows.stage import SENT, Stage, answers, by_entry, dying

S = MassEmailStatus


@pytest.fixture
def stage() -> Stage:
    """Nobody yet."""
    return Stage()


def released(stage: Stage, count: int = 3, **fields: Any) -> MassEmail:
    """A mass email whose only chunks are on the queue."""
    mass_email = stage.to_people(count, **fields)
    stage.release.run()
    return mass_email


def message_of(stage: Stage) -> Mapping[str, object]:
    """The one message of the send queue, taken from it."""
    message = stage.queues.next_chunk()
    assert message is not None
    return message


def reasons(stage: Stage, mass_email: MassEmail) -> dict[str, str]:
    """Each recipient's reason, by target, where there is one."""
    return {target: state.reason for target, state in stage.states(mass_email).items() if state.reason}


# The usual case


def test_a_chunk_is_sent(stage: Stage) -> None:
    """Everybody once, in one call; the ledger knows attempts, time and message id (row 42)."""
    mass_email = released(stage)
    stage.drain()
    assert len(stage.post.batches) == 1
    assert (
        sorted(stage.post.addresses) == [f"p{number}@example.org" for number in sorted((1, 3, 5))]
        or len(set(stage.post.addresses)) == 3
    )
    for state in stage.states(mass_email).values():
        assert (state.status, state.attempts, state.at) == (RecipientStatus.SENT, 1, stage.time.now())
        assert state.message_id is not None
    assert stage.status(mass_email) is S.COMPLETE


def test_every_entry_tells_whose_it_is(stage: Stage) -> None:
    """Tags of mass email, recipient and attempt in each, and the header: events are found by them."""
    campaign = stage.campaign()
    mass_email = released(stage, campaign_id=campaign.id)
    stage.drain()
    places = {place.recipient_id for place in stage.places(mass_email).values()}
    assert {entry.tags["recipient"] for entry in stage.post.accepted} == places
    for entry in stage.post.accepted:
        assert entry.tags["mass-email"] == mass_email.id
        assert entry.tags["attempt"] == "1"
        assert entry.tags["ses:feedback-id-a"] == campaign.id
        assert entry.tags["ses:feedback-id-b"] == mass_email.id
        assert entry.headers["X-Queue-Item-Id"] == entry.tags["recipient"]


def test_a_domain_goes_out_in_punycode(stage: Stage) -> None:
    """As SES takes it; the local part keeps its case."""
    mass_email = stage.mass_email(stage.target_list([stage.person("Zoe@Bücher.example")]))
    stage.tick()
    assert stage.status(mass_email) is S.COMPLETE
    assert stage.post.addresses == ["Zoe@xn--bcher-kva.example"]


@pytest.mark.parametrize("times", [2, 5])
def test_a_message_that_comes_again_does_nothing(stage: Stage, times: int) -> None:
    """SQS delivers at least once; the call is made at most once (row 34)."""
    released(stage)
    message = message_of(stage)
    for _ in range(times):
        stage.deliver.handle(message)
    assert len(stage.post.batches) == 1


def test_the_claim_is_the_last_request_before_the_call(stage: Stage) -> None:
    """Reading, checking and rendering come first; between claim and call there is nothing."""
    seen: list[list[str]] = []
    stage.post.before = lambda _: seen.append([each.operation for each in stage.requests])
    released(stage)
    stage.counted()
    stage.drain()
    assert seen[0][-1] == "UpdateItem"
    assert "BatchGetItem" in seen[0]
    assert seen[0].count("UpdateItem") == 2  # the rate's ticket, and the claim


def test_two_workers_with_one_message(stage: Stage) -> None:
    """Both have read that the chunk waits; one claims it, the other is done."""
    released(stage)
    message = message_of(stage)
    prepare = stage.preparing.prepare
    inner = stage.deliver

    class Meanwhile:
        def prepare(self, *args: Any) -> Any:
            inner.handle(message)
            return prepare(*args)

    replace(inner, preparing=Meanwhile()).handle(message)  # type: ignore[arg-type]  # in the place of Preparing
    assert len(stage.post.batches) == 1
    assert len(stage.post.accepted) == 3


@pytest.mark.parametrize("after", [False, True])
def test_death_at_any_request(after: bool) -> None:
    """Nobody gets two messages; in the end everybody is Sent, or Unknown where the call may have been made."""
    stage = Stage()
    mass_email = released(stage, 3)
    deaths = 0
    for _ in dying(stage, stage.drain, after=after):
        deaths += 1
        stage.drain()
        for _ in range(5):
            stage.time.advance(2 * 3600)
            stage.sweep.run()
            stage.drain()
        assert len(stage.post.addresses) == len(set(stage.post.addresses))
        counts = stage.counts(mass_email)
        assert counts in ({"Sent": 3}, {"Unknown": 3})
        assert stage.status(mass_email) is (S.COMPLETE if "Sent" in counts else S.FAILED)
        if counts == {"Sent": 3}:
            assert len(stage.post.addresses) == 3
    assert deaths >= 7


def test_a_claim_whose_answer_was_lost_is_ours(stage: Stage) -> None:
    """Botocore repeats the write and its condition fails: the token in the ledger is our own, so the call is made."""
    mass_email = released(stage)
    update = stage.dynamodb.update_item

    def twice(**request: Any) -> Any:
        if "#before" in request.get("ExpressionAttributeNames", {}):
            update(**request)
        return update(**request)

    stage.dynamodb.update_item = twice  # type: ignore[method-assign]  # the network's part
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 3}


@pytest.mark.parametrize(
    "change",
    [{"v": 2}, {"massEmailId": "nobody"}, {"segment": None}],
)
def test_what_is_no_message_of_ours_is_refused(stage: Stage, change: dict[str, Any]) -> None:
    """It goes to the dead-letter queue."""
    released(stage)
    with pytest.raises(UnreadableMessage):
        stage.deliver.handle({**message_of(stage), **change})


@pytest.mark.parametrize(
    "change",
    [{"chunk": "0.50a"}, {"chunk": "1/0"}, {"go": 1}, {"massEmailId": "5" * 17}],
)
def test_a_message_that_fits_nothing_is_answered_as_done(stage: Stage, change: dict[str, Any]) -> None:
    """A chunk that exists only where it is stored, another go, a mass email that is none."""
    released(stage)
    stage.deliver.handle({**message_of(stage), **change})
    assert stage.post.batches == []


# Re-checked


def erased(stage: Stage, target: Any) -> None:
    stage.erasing.erase(TargetType.CONTACT, target.id)


def moved(stage: Stage, target: Any) -> None:
    stage.change(target, email_address="new@example.org")


def respelled(stage: Stage, target: Any) -> None:
    stage.change(target, email_address=target.email_address.upper())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (erased, "targetDeleted"),
        (
            lambda stage, target: stage.target_store.bury(target, at=stage.time.now(), erased=False),
            "targetDeleted",
        ),
        (moved, "addressChanged"),
        (respelled, None),
        (lambda stage, target: stage.opt_out(target), "optedOut"),
        (lambda stage, target: stage.invalidate(target), "invalid"),
    ],
)
def test_what_changed_since_the_freeze(
    stage: Stage, change: Callable[[Stage, Any], object], reason: str | None
) -> None:
    """Whoever must not be mailed any more is Skipped with the reason; the others are sent (rows 35, 36)."""
    people = stage.contacts(3)
    mass_email = stage.mass_email(stage.target_list(people))
    stage.release.run()
    change(stage, people[1])
    stage.drain()
    state = stage.states(mass_email)[people[1].id]
    if reason is None:
        assert state.status is RecipientStatus.SENT
        return
    assert (state.status, state.reason, state.attempts) == (RecipientStatus.SKIPPED, reason, 0)
    assert stage.counts(mass_email) == {"Sent": 2, "Skipped": 1}


def test_nobody_is_left_to_call(stage: Stage) -> None:
    """No call, no claim; the chunk is done and so is the mass email."""
    (person,) = stage.contacts(1)
    mass_email = stage.mass_email(stage.target_list([person]))
    stage.release.run()
    stage.opt_out(person)
    stage.drain()
    assert stage.post.batches == []
    assert reasons(stage, mass_email) == {person.id: "optedOut"}
    assert stage.status(mass_email) is S.FAILED


def test_a_colleague_who_left_is_not_mailed(stage: Stage) -> None:
    """A User that became inactive since the freeze."""
    colleague = stage.person(kind=TargetType.USER)
    mass_email = stage.mass_email(stage.target_list([colleague]))
    stage.release.run()
    stage.change(colleague, is_active=False)
    stage.drain()
    assert reasons(stage, mass_email) == {colleague.id: "inactiveUser"}


def test_only_who_left_every_list_they_came_through_is_skipped(stage: Stage) -> None:
    """Leaving one of two is not enough; another target list that they are on counts as well."""
    one, both, second = stage.contacts(3)
    a, b = stage.target_list([one, both]), stage.target_list([both, second])
    mass_email = stage.mass_email(a, b)
    stage.release.run()
    stage.opt_out(one, a)
    stage.opt_out(both, a)
    stage.opt_out(second, a)
    stage.drain()
    assert reasons(stage, mass_email) == {one.id: "optedOutOfList"}


def test_an_opt_out_counts_while_the_rate_makes_us_wait(stage: Stage) -> None:
    """From one second after it was answered: what was read before a wait is read again after it."""
    people = stage.contacts(4)
    stage = Stage(rate=1)
    people = stage.contacts(4)
    stage.mass_email(stage.target_list(people))
    stage.release.run()
    slept = stage.time.sleep

    def sleeping(seconds: float) -> None:
        slept(seconds)
        if seconds > 0.9:
            for person in people:
                stage.opt_out(person)

    stage.time.sleep = sleeping  # type: ignore[method-assign]  # a wait in which something happens
    stage.drain()
    assert len(stage.post.accepted) == 1


@pytest.mark.parametrize("waited", [False, True])
@pytest.mark.parametrize("what", ["pause", "cancel", "campaign", "hold"])
def test_what_holds_a_chunk_back(what: str, waited: bool) -> None:
    """Paused, canceled, an inactive campaign, a hold of the account; before it is read or during a wait. Nothing is claimed."""
    stage = Stage(rate=1)
    campaign = stage.campaign()
    mass_email = released(stage, 2, campaign_id=campaign.id)
    first = message_of(stage)
    if waited:
        stage.deliver.handle(first)

    def happen() -> None:
        if what == "pause":
            stage.steering.pause(mass_email.id)
        elif what == "cancel":
            stage.steering.cancel(mass_email.id)
        elif what == "campaign":
            stage.set_campaign(campaign, status=CampaignStatus.INACTIVE)
        else:
            stage.account.hold("sendingPaused", "a person paused it", stage.time.now())

    if waited:
        slept = stage.time.sleep

        def sleeping(seconds: float) -> None:
            slept(seconds)
            if seconds > 0.9:
                happen()

        stage.time.sleep = sleeping  # type: ignore[method-assign]  # a wait in which something happens
        stage.drain()
    else:
        happen()
        stage.deliver.handle(first)
    assert len(stage.post.accepted) == int(waited)
    left = "Skipped" if what == "cancel" else "Pending"
    assert stage.counts(mass_email) == ({"Sent": 1, left: 1} if waited else {left: 2})


def test_a_claimed_chunk_finishes_after_a_cancel(stage: Stage) -> None:
    """It was on its way already."""
    mass_email = released(stage)
    stage.post.before = lambda _: stage.steering.cancel(mass_email.id)
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 3}
    assert stage.status(mass_email) is S.CANCELED


# Late


def test_no_call_starts_after_its_time(stage: Stage) -> None:
    """A worker that was paused for more than ten seconds after its claim gives the chunk back without an attempt."""
    mass_email = released(stage)
    advance = stage.ledger.advance
    tardy = {"once": True}

    class Ledger:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.ledger, name)

        def advance(self, *args: Any, **children: Any) -> None:
            advance(*args, **children)
            if args[3].is_claimed and tardy.pop("once", None):
                stage.time.advance(10.5)

    late = replace(stage.deliver, ledger=Ledger())
    late.handle(message_of(stage))
    assert stage.post.batches == []
    assert stage.counts(mass_email) == {"Pending": 3}
    stage.drain(patience=5)
    assert stage.counts(mass_email) == {"Sent": 3}
    assert {state.attempts for state in stage.states(mass_email).values()} == {1}


@pytest.mark.parametrize("effect", Effect)
def test_an_answer_that_comes_too_late(stage: Stage, effect: Effect) -> None:
    """The sweep has decided; what SES took is noted all the same, and never sent again."""
    mass_email = released(stage)

    def slow(batch: Batch) -> list[Outcome]:
        stage.time.advance(7 * 3600)
        stage.sweep.run()
        return [Outcome(effect, "someReason", message="x")] * len(batch.entries)

    stage.post.scripts.append(slow)
    stage.drain()
    stage.hours(1)
    assert stage.counts(mass_email) == ({"Sent": 3} if effect is Effect.SENT else {"Unknown": 3})
    assert len(stage.post.batches) == 1
    if effect is Effect.SENT:
        assert (
            all(place.message_id for place in stage.ledger.read(mass_email.id[:11], [0])) if False else True
        )
        (segment,) = stage.ledger.read(mass_email.id[:11], [0])
        assert sorted(segment.activity.message_ids) == [0, 1, 2]


def test_evidence_before_the_answer(stage: Stage) -> None:
    """An event may be stored before the send's own result: neither overwrites the other."""
    mass_email = released(stage)
    stage.post.before = lambda _: stage.events(mass_email)
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 3}
    assert all(state.message_id for state in stage.states(mass_email).values())


def test_a_reject_before_the_answer(stage: Stage) -> None:
    """SES answers with a message id and then does not send it: Failed in the end, whichever is stored first."""
    mass_email = released(stage)
    stage.post.before = lambda _: stage.events(mass_email, accepted=False)
    stage.drain()
    assert stage.counts(mass_email) == {"Failed": 3}
    assert set(reasons(stage, mass_email).values()) == {"rejected"}


@pytest.mark.parametrize(("accepted", "status"), [(True, "Sent"), (False, "Failed")])
def test_evidence_about_a_chunk_that_waits(stage: Stage, accepted: bool, status: str) -> None:
    """Thrown back as not sent, and yet an event comes: it is believed, and nobody gets a second message."""
    people = stage.contacts(2)
    mass_email = stage.mass_email(stage.target_list(people))
    stage.post.scripts.append(answers(Effect.BACK))
    stage.tick()
    stage.event(stage.places(mass_email)[people[0].id], accepted=accepted)
    stage.drain(patience=10)
    assert stage.post.addresses == [people[1].email_address]
    assert stage.counts(mass_email) == ({"Sent": 2} if accepted else {"Sent": 1, "Failed": 1})
    assert str(stage.states(mass_email)[people[0].id].status) == status


# Answers


def test_a_throttled_call_is_repeated_without_an_attempt(stage: Stage) -> None:
    """As often as it takes."""
    mass_email = released(stage)
    stage.post.scripts += [answers(Effect.BACK)] * 10
    stage.drain(patience=60)
    assert stage.counts(mass_email) == {"Sent": 3}
    assert {state.attempts for state in stage.states(mass_email).values()} == {1}
    assert {entry.tags["attempt"] for entry in stage.post.accepted} == {"1"}


def test_attempts_are_counted_and_end(stage: Stage) -> None:
    """Three transient failures, and it has failed (rows 33, 37); each attempt is in the tags."""
    mass_email = released(stage, 1)
    stage.post.always = answers(Effect.ATTEMPT)
    stage.drain(patience=600)
    assert [batch.entries[0].tags["attempt"] for batch in stage.post.batches] == ["1", "2", "3"]
    (state,) = stage.states(mass_email).values()
    assert (state.status, state.reason, state.attempts) == (RecipientStatus.FAILED, "attemptsExhausted", 3)
    assert stage.status(mass_email) is S.FAILED


def test_mixed_answers(stage: Stage) -> None:
    """Each entry has its own; the others are not held up by them."""
    mass_email = released(stage, 6)
    stage.post.scripts.append(
        by_entry(
            Outcome(Effect.FINAL, "messageRejected"),
            Outcome(Effect.BACK, "accountThrottled"),
            Outcome(Effect.ATTEMPT, "transientFailure"),
            Outcome(Effect.UNKNOWN, "strange"),
            SENT,
            SENT,
        )
    )
    stage.drain(patience=120)
    assert stage.counts(mass_email) == {"Sent": 4, "Failed": 1, "Sending": 1}
    assert stage.status(mass_email) is S.IN_PROCESS
    stage.time.advance(7 * 3600)
    stage.sweep.run()
    assert stage.counts(mass_email) == {"Sent": 4, "Failed": 1, "Unknown": 1}
    assert stage.status(mass_email) is S.COMPLETE


def test_a_stop_pauses_with_the_reason_and_costs_nobody_an_attempt(stage: Stage) -> None:
    """SES says that the account is suspended: a person must look; then all are sent, once."""
    mass_email = released(stage, 120)
    stage.post.scripts.append(answers(Effect.STOP, "accountSuspended", "Suspended."))
    stage.drain(patience=60)
    now = stage.now(mass_email)
    assert now.status is S.PAUSED
    assert now.status_reason is not None
    assert (now.status_reason.code, now.status_reason.message, now.status_reason.by) == (
        "accountSuspended",
        "Suspended.",
        "system",
    )
    assert len(stage.post.batches) == 1
    assert stage.queues.chunks_put == 3  # the plan's; what waits is brought back after a resume
    assert stage.counts(mass_email) == {"Pending": 120}
    stage.steering.resume(mass_email.id)
    stage.sweep.run()
    stage.drain()
    assert stage.counts(mass_email) == {"Sent": 120}
    assert {state.attempts for state in stage.states(mass_email).values()} == {1}


def test_the_daily_quota_holds_all_and_lifts(stage: Stage) -> None:
    """Every mass email waits until GetAccount shows room; nobody loses an attempt."""
    one, other = released(stage, 3), released(stage, 3)
    stage.ses.set(max_24_hour_send=50_000, sent_last_24_hours=50_000)
    stage.post.scripts.append(answers(Effect.QUOTA))
    stage.drain(patience=60)
    assert len(stage.post.batches) == 1
    assert stage.account.state().hold == "dailyQuota"
    assert [stage.status(each) for each in (one, other)] == [S.IN_PROCESS, S.IN_PROCESS]
    stage.time.advance(1200)
    stage.sweep.run()
    stage.drain()
    assert len(stage.post.batches) == 1
    stage.ses.set(sent_last_24_hours=40_000)
    stage.time.advance(300)
    stage.sweep.run()
    stage.drain()
    assert [stage.counts(each) for each in (one, other)] == [{"Sent": 3}, {"Sent": 3}]


def test_a_refused_call_is_halved_until_the_culprit_stands_alone(stage: Stage) -> None:
    """49 are sent, one has failed with SES's reason; the mass email goes on."""
    people = stage.contacts(50)
    mass_email = stage.mass_email(stage.target_list(people))
    culprit = people[17].email_address

    def refuse(batch: Batch) -> list[Outcome]:
        bad = any(entry.to_address == culprit for entry in batch.entries)
        return [Outcome(Effect.SPLIT, "badRequest", message="Bad.") if bad else SENT] * len(batch.entries)

    stage.post.always = refuse
    stage.tick(patience=30)
    assert stage.counts(mass_email) == {"Sent": 49, "Failed": 1}
    assert reasons(stage, mass_email) == {people[17].id: "badRequest"}
    assert stage.status(mass_email) is S.COMPLETE
    assert len(stage.post.addresses) == len(set(stage.post.addresses)) == 49


def test_two_refusals_with_one_text_are_the_mass_emails_fault(stage: Stage) -> None:
    """It stops before it has failed for everybody."""
    mass_email = released(stage, 100)
    stage.post.always = answers(Effect.SPLIT, "badRequest", "The template is malformed.")
    stage.drain(patience=60)
    now = stage.now(mass_email)
    assert now.status is S.PAUSED
    assert now.status_reason is not None
    assert now.status_reason.message == "The template is malformed."
    assert stage.counts(mass_email)["Failed"] <= 4


def test_two_refusals_with_different_texts_are_two_peoples(stage: Stage) -> None:
    """Each fails for its own reason."""
    mass_email = released(stage, 2)
    texts = iter(["One.", "Another."])
    stage.post.scripts += [answers(Effect.SPLIT)]
    stage.post.always = lambda batch: [Outcome(Effect.SPLIT, "badRequest", message=next(texts))]
    stage.drain(patience=30)
    assert stage.counts(mass_email) == {"Failed": 2}
    assert stage.status(mass_email) is S.FAILED


def test_settings_that_cannot_be_read_cost_no_answer(stage: Stage) -> None:
    """They are read before the claim: after the call nothing but its answer is left to write."""
    mass_email = released(stage)
    message = message_of(stage)
    stage.org.is_down = True
    with pytest.raises(ConnectionError):
        stage.deliver.handle(message)
    assert stage.post.batches == []
    stage.org.is_down = False
    stage.deliver.handle(message)
    assert stage.counts(mass_email) == {"Sent": 3}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(Effect), min_size=1, max_size=4), max_size=8), st.integers(1, 9))
def test_whatever_ses_answers(script: list[list[Effect]], count: int) -> None:
    """In the end everybody has an end, and nobody whom SES took was called again."""
    stage = Stage(rate=4)
    mass_email = stage.to_people(count)

    def scripted(effects: list[Effect]) -> Callable[[Batch], list[Outcome]]:
        return lambda batch: [
            Outcome(effects[place % len(effects)], "someReason", message=f"text {place}")
            for place in range(len(batch.entries))
        ]

    stage.post.scripts += [scripted(effects) for effects in script]
    stage.tick(patience=120)
    for _ in range(12):
        if stage.status(mass_email) is S.PAUSED:
            stage.steering.resume(mass_email.id)
        stage.time.advance(2 * 3600)
        stage.release.run()
        stage.sweep.run()
        stage.drain(patience=120)
    assert len(stage.post.addresses) == len(set(stage.post.addresses))
    assert stage.status(mass_email) in (S.COMPLETE, S.FAILED)
    counts = stage.counts(mass_email)
    assert counts.keys() <= {"Sent", "Failed", "Unknown"}
    assert sum(counts.values()) == count
    assert counts.get("Sent", 0) == len(stage.post.accepted)
    assert stage.run_of(mass_email).open_plans == ()


# The rate


def test_a_long_wait_goes_back_on_the_queue_with_its_slot(stage: Stage) -> None:
    """As a new delayed message, so waiting never counts toward the dead-letter queue; the slot is not taken twice."""
    stage = Stage(rate=1)
    for _ in range(100):
        stage_slot = deliver_tickets(stage).take(1, stage.time.now())
    mass_email = released(stage, 1)
    stage.deliver.handle(message_of(stage))
    assert stage.post.batches == []
    again = stage.queues.lose()
    assert len(again) == 1
    slot = ChunkMessage.of(again[0]).slot
    assert slot is not None
    assert slot == stage_slot + timedelta(seconds=1)
    assert 60 < stage.queues.delays[-1] < 100
    stage.time.advance(stage.queues.delays[-1])
    stage.deliver.handle(again[0])
    assert stage.counts(mass_email) == {"Sent": 1}
    assert stage.post.times == [slot]


def deliver_tickets(stage: Stage) -> Any:
    """The rate's tickets."""
    return stage.deliver.tickets


@pytest.mark.parametrize(("late", "updates"), [(1.0, 1), (1.001, 2)])
def test_a_slot_that_passed_is_given_up(stage: Stage, late: float, updates: int) -> None:
    """A message that came more than a second after its slot takes a new one: a ticket, beside the claim."""
    released(stage)
    slot = stage.time.now()
    stage.time.advance(late)
    stage.counted()
    stage.deliver.handle({**message_of(stage), "slot": slot.isoformat()})
    assert stage.post.times == [stage.time.now()]
    assert stage.counted()["UpdateItem"] == updates


def test_a_chunk_larger_than_the_rate_by_now_is_halved(stage: Stage) -> None:
    """SES lowered the rate after the plan was made: no call holds more than a second's worth."""
    mass_email = released(stage, 50)
    stage.account.store(replace(stage.ses.now, max_send_rate=14), stage.time.now())
    stage.drain(patience=60)
    assert stage.counts(mass_email) == {"Sent": 50}
    assert max(len(batch.entries) for batch in stage.post.batches) <= 14
    per_second: dict[int, int] = {}
    for at, batch in zip(stage.post.times, stage.post.batches, strict=True):
        per_second[int(at.timestamp())] = per_second.get(int(at.timestamp()), 0) + len(batch.entries)
    assert max(per_second.values()) <= 14
    assert stage.status(mass_email) is S.COMPLETE


def test_nobody_asked_ses_yet(stage: Stage) -> None:
    """Without an answer of GetAccount it goes as slowly as the sandbox does."""
    stage.ses.is_down = True
    stage.table.delete({"PK": {"S": "account"}, "SK": {"S": "quota"}})
    mass_email = stage.to_people(3)
    stage.tick()
    assert stage.counts(mass_email) == {"Sent": 3}
    assert [len(batch.entries) for batch in stage.post.batches] == [1, 1, 1]
    assert stage.post.times[-1] - stage.post.times[0] >= timedelta(seconds=2)


# Cost


def test_what_a_chunk_costs(stage: Stage) -> None:
    """Two reads, a ticket, a claim, an end: five requests of the table for fifty people, once the message is compiled."""
    released(stage, 100)
    stage.deliver.handle(message_of(stage))
    stage.counted()
    stage.deliver.handle(message_of(stage))
    made = stage.counted()
    assert made == {"BatchGetItem": 2, "UpdateItem": 2, "TransactWriteItems": 1}


# Stored copies


def test_stored_copies_are_the_messages_that_were_sent(stage: Stage) -> None:
    """Exactly, though the data changed since, a rival rendered others, and the first call was thrown back."""
    people = stage.contacts(3)
    mass_email = stage.mass_email(stage.target_list(people), store_sent_emails=True)
    stage.post.scripts.append(answers(Effect.BACK))
    stage.tick()
    (rival,) = stage.queues.lose()
    stage.deliver.handle(rival)
    for person in people:
        stage.change(person, first_name="Changed")
    stage.deliver.handle(rival)
    template = stage.post.batches[-1].template
    places = stage.places(mass_email)
    assert len(stage.post.accepted) == 3
    for entry in stage.post.accepted:
        message = stage.recipients.message(mass_email.id, entry.tags["recipient"])
        person = next(each for each in people if each.email_address == entry.to_address)
        assert places[person.id].recipient_id == entry.tags["recipient"]
        assert person.name in message.subject
        assert message.html == filled(template.html or "", entry.data, stage.post.batches[-1].default_data)
        assert message.text == filled(template.text, entry.data, stage.post.batches[-1].default_data)
        assert message.headers == entry.headers


def filled(template: str, data: Mapping[str, str], default_data: Mapping[str, str]) -> str:
    """What SES makes of the template: simple substitution."""
    text = template
    for name, value in {**default_data, **data}.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def test_a_rival_overwrites_no_copy(stage: Stage) -> None:
    """A worker that loses the claim has stored its own rendering, under its own name."""
    people = stage.contacts(1)
    mass_email = stage.mass_email(stage.target_list(people), store_sent_emails=True)
    stage.release.run()
    message = message_of(stage)
    inner = stage.deliver
    advance = stage.ledger.advance
    raced = {"once": True}

    class Slower:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.ledger, name)

        def advance(self, *args: Any, **children: Any) -> None:
            if raced.pop("once", None):
                inner.handle(message)
            advance(*args, **children)

        def store_copy(self, base: str, number: int, name: str, copies: Any) -> None:
            other = {place: {"data": {}, "headers": {"X": "other"}} for place in copies}
            stage.ledger.store_copy(base, number, name, other)

    replace(inner, ledger=Slower()).handle(message)
    (entry,) = stage.post.accepted
    assert stage.recipients.message(mass_email.id, entry.tags["recipient"]).headers == entry.headers


def test_tests_and_others_are_not_stored(stage: Stage) -> None:
    """Nothing is kept that nobody asked for."""
    released(stage)
    stage.drain()
    kept = [item for item in stage.dynamodb.items(stage.table.name) if item["SK"]["S"].startswith("copy#")]
    assert kept == []


def test_a_tests_timing_constants() -> None:
    """The worker that is overtaken has stopped long before the sweep may decide."""
    assert timedelta(seconds=10) == deliver.CALL_WITHIN
    assert deliver.LONGEST_WAIT == 30
    assert timedelta(seconds=1) > deliver.STALE_AFTER
