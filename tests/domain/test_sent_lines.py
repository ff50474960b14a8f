"""Everybody who is Sent has one Sent line, whatever their calls came to and whenever that was found out."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.activity import Activity, Mark
from chalicelib.domain.finishing import finish, settle
from chalicelib.domain.ledger import Chunk, RecipientStatus, Result, Segment, first_chunk, states
from chalicelib.domain.records import MassEmailStatus
from chalicelib.domain.sending import Effect, Outcome
from chalicelib.domain.sent_lines import reached, sent_by

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
S = RecipientStatus
SIZE = 5
SILENT = Result(S.UNKNOWN, "silent")


def claimed(name: str, positions: tuple[int, ...], *, minutes: int = 0) -> Chunk:
    return Chunk(name, positions, "Ctoken", claimed_at=NOW + timedelta(minutes=minutes))


def ended(chunk: Chunk, **results: Result) -> Chunk:
    """The chunk, done; ``p3`` is the result of position 3."""
    return replace(
        chunk, state="D", done_at=NOW, results={int(name[1:]): each for name, each in results.items()}
    )


def segment(
    *chunks: Chunk, accepted: frozenset[int] = frozenset(), rejected: frozenset[int] = frozenset()
) -> Segment:
    marks = {Mark.ACCEPTED: accepted, Mark.REJECTED: rejected}
    return Segment(0, (), {chunk.name: chunk for chunk in chunks}, Activity(marks))


def test_the_unknown_have_a_line_once_they_are_proven_sent() -> None:
    """And none before; nor have those whom SES rejected in the end."""
    chunk = ended(claimed("0.2", (0, 1)), p0=SILENT, p1=SILENT)
    assert reached(chunk) == [0, 1]
    assert sent_by(segment(chunk)) == {}
    assert sent_by(segment(chunk, accepted=frozenset({1}))) == {1: "0.2"}
    assert sent_by(segment(chunk, accepted=frozenset({0, 1}), rejected=frozenset({0}))) == {1: "0.2"}


def test_of_two_calls_the_answered_one_counts() -> None:
    """Silence, then once more: the line is that of the call which has a MessageId."""
    first = ended(claimed("0.1", (0,)))
    again = ended(claimed("0.1s", (0,), minutes=400), p0=Result(S.SENT, message_id="m"))
    assert sent_by(segment(first, again)) == {0: "0.1s"}
    assert sent_by(segment(first, again, accepted=frozenset({0}))) == {0: "0.1s"}


def test_of_two_silent_calls_the_first_counts() -> None:
    """Nobody can say which of them it was, so both would be one line too many."""
    first = ended(claimed("0.1", (0,)), p0=SILENT)
    again = ended(claimed("1/0.1", (0,), minutes=400), p0=SILENT)
    assert sent_by(segment(again, first, accepted=frozenset({0}))) == {0: "0.1"}


def test_a_chunk_without_a_call_reached_nobody() -> None:
    """Split for the rate before any claim, or found to be known by events already."""
    split = replace(first_chunk(0, 2), state="D", done_at=NOW)
    assert reached(split) == []
    assert reached(replace(split, results={1: Result(S.SENT)})) == [1]


@dataclass
class History:
    """One segment's calls, played by the domain's own rules. ``taken``: whom SES really sent a message."""

    choices: st.DataObject
    chunks: dict[str, Chunk] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)

    def play(self) -> None:
        """Until nothing waits any more; a child is called as its parent was."""
        waiting = [first_chunk(0, SIZE)]
        for minutes in range(60):
            if not waiting:
                return
            chunk = waiting.pop()
            self.chunks[chunk.name] = chunk
            waiting += self._call(
                replace(chunk, state=f"C{minutes}", claimed_at=NOW + timedelta(minutes=minutes)), chunk.go
            )

    def _call(self, chunk: Chunk, go: int) -> list[Chunk]:
        kinds = st.sampled_from(
            [
                Effect.SENT,
                Effect.UNKNOWN,
                Effect.UNKNOWN,
                Effect.FINAL,
                Effect.ATTEMPT,
                Effect.BACK,
                Effect.SPLIT,
            ]
        )
        whole = self.choices.draw(st.booleans())
        one = self.choices.draw(kinds)
        effects = {each: one if whole else self.choices.draw(kinds) for each in chunk.open_positions}
        accepted = {each for each, effect in effects.items() if effect is Effect.SENT}
        accepted |= {
            each
            for each, effect in effects.items()
            if effect is Effect.UNKNOWN and self.choices.draw(st.booleans())
        }
        self.taken |= accepted
        outcomes = {
            each: Outcome(effect, message_id="m" if effect is Effect.SENT else None)
            for each, effect in effects.items()
        }
        finished = finish(chunk, outcomes, go=go, max_attempts=3, at=NOW)
        if finished is None:
            return self._settle(chunk)
        self.chunks[chunk.name] = finished.after
        silent = [each for each in finished.children if each.is_claimed]
        return [*finished.waiting, *(left for each in silent for left in self._settle(each))]

    def _settle(self, chunk: Chunk) -> list[Chunk]:
        heard = {
            each: None
            for each in chunk.open_positions
            if each in self.taken and self.choices.draw(st.booleans())
        }
        finished = settle(
            chunk,
            accepted=heard,
            rejected=frozenset(),
            silence=S.UNKNOWN,
            at=NOW,
            resend=self.choices.draw(st.booleans()) and chunk.attempts < 2,
        )
        assert finished is not None
        self.chunks[chunk.name] = finished.after
        return list(finished.children)


@settings(deadline=None)
@given(st.data())
def test_whoever_is_sent_has_just_one_line(choices: st.DataObject) -> None:
    """After any history of calls and whatever was heard of them since: a row for each line, and a line for each Sent."""
    history = History(choices)
    history.play()
    heard = frozenset(each for each in history.taken if choices.draw(st.booleans()))
    found = segment(*history.chunks.values(), accepted=heard)
    known = states(found, MassEmailStatus.COMPLETE, size=SIZE)
    settled = {each for chunk in history.chunks.values() if chunk.is_done for each in chunk.positions}
    lines = sent_by(found)
    assert set(lines) == {each for each in settled if known[each].status is S.SENT}
    rows = Counter(
        (each, chunk.name) for chunk in history.chunks.values() if chunk.is_done for each in reached(chunk)
    )
    assert all(rows[line] == 1 for line in lines.items())
