"""What an answer makes of its chunk: nobody lost, nobody sent twice, whatever the mixture (`delivery.md`, "Once")."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.finishing import Finish, back, finish, finish_at_once, halves, settle
from chalicelib.domain.ledger import ATTEMPTS_EXHAUSTED, Chunk, RecipientStatus, Result, first_chunk
from chalicelib.domain.sending import Effect, Outcome

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
S = RecipientStatus


def claimed(count: int = 4, attempts: int = 0, results: Mapping[int, Result] | None = None) -> Chunk:
    """A chunk whose call was just made."""
    return replace(
        first_chunk(0, count),
        state="Ctoken",
        attempts=attempts,
        claimed_at=NOW,
        call_by=NOW + timedelta(seconds=10),
        version=3,
        copy="token",
        results=results or {},
    )


def outcome(effect: Effect, number: int = 0) -> Outcome:
    message_id = f"m{number}" if effect is Effect.SENT else None
    return Outcome(effect, "" if message_id else f"{effect}Reason", message_id, f"{effect} sentence")


def finished(chunk: Chunk, outcomes: Mapping[int, Outcome], max_attempts: int = 3) -> Finish:
    found = finish(chunk, outcomes, go=2, max_attempts=max_attempts, at=NOW)
    assert found is not None
    return found


CHUNKS = st.builds(
    lambda count, attempts, skipped: claimed(
        count, attempts, {place: Result(S.SKIPPED, "invalid") for place in range(min(skipped, count - 1))}
    ),
    st.integers(1, 9),
    st.integers(0, 2),
    st.integers(0, 3),
)
EFFECTS = st.sampled_from(Effect)


@given(CHUNKS, st.data())
def test_every_position_is_somewhere_exactly_once(chunk: Chunk, data: st.DataObject) -> None:
    """Whatever the answer: each has a result, waits in one chunk or stays claimed in one; earlier results stay."""
    outcomes = {place: outcome(data.draw(EFFECTS), place) for place in chunk.open_positions}
    found = finish(chunk, outcomes, go=0, max_attempts=3, at=NOW)
    assert (found is None) is ({each.effect for each in outcomes.values()} == {Effect.UNKNOWN})
    if found is None:
        return
    after = (found.after, *found.children)
    assert all(child.positions for child in found.children)
    moved = [place for child in found.children for place in child.positions]
    still = () if found.after.is_done else found.after.open_positions
    assert sorted([*found.after.results, *moved, *still]) == list(chunk.positions)
    assert all(found.after.results[place] == result for place, result in chunk.results.items())
    assert len({each.name for each in after}) == len(after)
    assert all(each.name.startswith(chunk.name) for each in found.children)


@given(CHUNKS, st.data())
def test_nobody_is_called_again_whom_ses_may_have_taken(chunk: Chunk, data: st.DataObject) -> None:
    """What was Sent is Sent, what is silent stays claimed; only what was certainly not sent waits."""
    outcomes = {place: outcome(data.draw(EFFECTS), place) for place in chunk.open_positions}
    found = finish(chunk, outcomes, go=0, max_attempts=3, at=NOW)
    waiting = {place for each in (found.waiting if found else ()) for place in each.open_positions}
    for place, each in outcomes.items():
        if each.effect in (Effect.SENT, Effect.UNKNOWN, Effect.FINAL):
            assert place not in waiting
        if found is not None and each.effect is Effect.SENT:
            assert found.after.results[place] == Result(S.SENT, message_id=f"m{place}")
        if found is not None and each.effect is Effect.UNKNOWN:
            (holder,) = (child for child in found.children if place in child.positions)
            assert (holder.state, holder.claimed_at, holder.call_by) == (
                chunk.state,
                chunk.claimed_at,
                chunk.call_by,
            )
            assert (holder.version, holder.copy) == (chunk.version, chunk.copy)


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize("alone", [True, False])
def test_the_table(effect: Effect, alone: bool) -> None:
    """Effect by effect, for a call that it answers whole and for one entry beside others that were Sent."""
    chunk = claimed(4, attempts=1)
    places = chunk.positions if alone else (2,)
    outcomes = {
        place: outcome(effect if place in places else Effect.SENT, place) for place in chunk.positions
    }
    found = finish(chunk, outcomes, go=2, max_attempts=3, at=NOW)
    assert (found is None) is (alone and effect is Effect.UNKNOWN)
    if found is None:
        return
    assert found.quota is (effect is Effect.QUOTA)
    assert (found.stop is not None) is (effect is Effect.STOP)
    assert (found.refused_alone is not None) is (effect is Effect.SPLIT and not alone)
    waiting = {place: each for each in found.waiting for place in each.open_positions}
    if effect in (Effect.BACK, Effect.QUOTA, Effect.STOP):
        assert {place: each.attempts for place, each in waiting.items()} == dict.fromkeys(places, 1)
    elif effect is Effect.ATTEMPT:
        assert {place: each.attempts for place, each in waiting.items()} == dict.fromkeys(places, 2)
    elif effect is Effect.SPLIT and alone:
        assert [child.positions for child in found.children] == [(0, 1), (2, 3)]
        assert {each.attempts for each in found.waiting} == {1}
    else:
        assert not waiting
    if effect is Effect.FINAL or (effect is Effect.SPLIT and not alone):
        assert {found.after.results[place] for place in places} == {Result(S.FAILED, f"{effect}Reason")}
    if not alone:
        assert found.after.is_done
    assert found.after.done_at == (NOW if found.after.is_done else None)


def test_a_whole_call_that_goes_back_keeps_its_name() -> None:
    """Thrown back a hundred times, a chunk is still one chunk, and each time only the next message fits it."""
    chunk = claimed()
    found = finished(chunk, {place: outcome(Effect.BACK) for place in chunk.positions})
    assert found.children == ()
    assert (found.after.name, found.after.state, found.after.go) == (chunk.name, "W3", 3)
    assert (found.after.claimed_at, found.after.call_by) == (None, None)
    assert back(chunk, go=7).state == "W8"


@pytest.mark.parametrize(("attempts", "exhausted"), [(0, False), (1, False), (2, True), (5, True)])
def test_attempts_are_exhausted(attempts: int, exhausted: bool) -> None:
    """With three attempts allowed, the third failure is the last (row 37)."""
    chunk = claimed(1, attempts)
    found = finished(chunk, {0: outcome(Effect.ATTEMPT)})
    if exhausted:
        assert found.after.results == {0: Result(S.FAILED, ATTEMPTS_EXHAUSTED)}
        return
    assert found.after.attempts == attempts + 1


def test_throttled_and_failed_wait_apart() -> None:
    """For their attempts differ: one child each."""
    outcomes = {
        0: outcome(Effect.BACK),
        1: outcome(Effect.ATTEMPT),
        2: outcome(Effect.BACK),
        3: outcome(Effect.SENT),
    }
    found = finished(claimed(4), outcomes)
    assert [(child.name, child.positions, child.attempts) for child in found.children] == [
        ("0.4a", (0, 2), 0),
        ("0.4b", (1,), 1),
    ]


@given(st.integers(2, 50), st.data())
def test_halving_finds_the_culprit(count: int, data: st.DataObject) -> None:
    """One bad entry among 50: the others are Sent, it alone fails, after two calls more per halving."""
    culprit = data.draw(st.integers(0, count - 1))
    chunks = [claimed(count)]
    results: dict[int, Result] = {}
    calls = 0
    while chunks:
        chunk = replace(chunks.pop(), state="Ctoken")
        calls += 1
        effect = Effect.SPLIT if culprit in chunk.positions else Effect.SENT
        found = finished(chunk, {place: outcome(effect, place) for place in chunk.positions})
        assert not set(results) & set(found.after.results)
        results |= found.after.results
        chunks += found.waiting
    assert [place for place, each in results.items() if each.status is S.FAILED] == [culprit]
    assert len(results) == count
    assert calls <= 13


def test_halves_leave_out_who_has_a_result() -> None:
    """A skipped recipient is not brought back by halving."""
    chunk = claimed(4, results={1: Result(S.SKIPPED, "invalid")})
    assert [half.positions for half in halves(chunk)] == [(0,), (2, 3)]


@given(CHUNKS, st.data())
def test_a_test_is_answered_at_once(chunk: Chunk, data: st.DataObject) -> None:
    """Nothing waits, nothing stops the mass email; only a call that was refused whole is made in halves."""
    outcomes = {place: outcome(data.draw(EFFECTS), place) for place in chunk.open_positions}
    found = finish_at_once(chunk, outcomes, at=NOW)
    assert (found.stop, found.quota, found.refused_alone) == (None, False, None)
    assert (found.after.is_done, found.after.done_at) == (True, NOW)
    if {each.effect for each in outcomes.values()} == {Effect.SPLIT} and len(outcomes) > 1:
        assert [child.state for child in found.children] == ["W1", "W1"]
        return
    assert found.waiting == ()
    expected = {Effect.SENT: S.SENT, Effect.UNKNOWN: S.UNKNOWN}
    for place, each in outcomes.items():
        assert found.after.results[place].status is expected.get(each.effect, S.FAILED)
        assert each.effect is Effect.SENT or found.after.results[place].reason


def settled(
    chunk: Chunk,
    accepted: Mapping[int, str | None] | None = None,
    rejected: frozenset[int] = frozenset(),
    *,
    over: bool = False,
    resend: bool = False,
) -> Finish | None:
    return settle(
        chunk,
        accepted=accepted or {},
        rejected=rejected,
        silence=S.UNKNOWN if over else None,
        at=NOW,
        resend=resend,
    )


def test_settling_waits_while_anybody_is_silent() -> None:
    """Evidence of some does not decide about the others before the time is over."""
    assert settled(claimed(3)) is None
    assert settled(claimed(3), {0: "m0", 1: "m1"}) is None


def test_evidence_settles() -> None:
    """Events of all: Sent with the message id where one is known, Failed where SES rejected it."""
    found = settled(claimed(3), {0: "m0", 1: None, 2: "m2"}, frozenset({2}))
    assert found is not None
    assert found.after.results == {
        0: Result(S.SENT, message_id="m0"),
        1: Result(S.SENT),
        2: Result(S.FAILED, "rejected"),
    }
    assert found.children == ()


def test_silence_is_unknown_in_the_end() -> None:
    """Nobody guesses."""
    found = settled(claimed(2), {0: "m0"}, over=True)
    assert found is not None
    assert found.after.results == {0: Result(S.SENT, message_id="m0"), 1: Result(S.UNKNOWN, "silent")}


def test_silence_is_sent_again_where_that_is_allowed() -> None:
    """As a child with one attempt more, to be claimed anew."""
    found = settled(claimed(3, attempts=1), {0: "m0"}, over=True, resend=True)
    assert found is not None
    assert found.after.results == {0: Result(S.SENT, message_id="m0")}
    (child,) = found.children
    assert (child.positions, child.attempts, child.state) == ((1, 2), 2, "W1")


@given(CHUNKS, st.data(), st.booleans(), st.booleans())
def test_settling_loses_nobody(chunk: Chunk, data: st.DataObject, over: bool, resend: bool) -> None:
    """Everybody has a result or is in the one child; who has evidence is never sent again."""
    known = st.sets(st.sampled_from(chunk.positions))
    accepted, rejected = data.draw(known), frozenset(data.draw(known))
    found = settled(chunk, dict.fromkeys(accepted), rejected, over=over, resend=resend)
    if found is None:
        assert not over
        return
    again = [place for child in found.children for place in child.positions]
    assert sorted([*found.after.results, *again]) == list(chunk.positions)
    assert all(child.positions for child in found.children)
    assert not set(again) & (accepted | rejected | set(chunk.results))
    assert found.after.is_done
