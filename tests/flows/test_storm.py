"""Anything, in any order, with duplicates, losses and deaths: everybody has an end, and nobody gets two messages."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.ids import Place
from chalicelib.domain.records import MassEmail, MassEmailStatus
from chalicelib.domain.sending import Batch, Effect, Outcome
from chalicelib.errors import Conflict
from tests.flows.readers import Died
from tests.flows.stage import SENT, Stage

S = MassEmailStatus
FINAL = {"Sent", "Failed", "Skipped", "Unknown"}


class Storm:
    """One mass email in bad weather. Messages of the queues are in ``letters``, in no order; each may come again."""

    def __init__(self, count: int, rate: int) -> None:
        self.stage = Stage(rate=rate)
        self.stage.org.set(resend_after_silence=False, mass_email_max_per_hour_count=7)
        self.people = self.stage.contacts(count)
        self.mass_email = self.stage.mass_email(self.stage.target_list(self.people))
        self.letters: list[tuple[str, Mapping[str, object]]] = []
        self.lost: set[str] = set()

    def post(self) -> None:
        """What was put on the queues can come from now on."""
        for number in range(2):
            queue = (self.stage.queues._send, self.stage.queues._jobs)[number]
            self.letters += [("chunk" if number == 0 else "job", message) for _, _, message in queue]
            queue.clear()

    def letter(self, number: int, *, again: bool) -> None:
        """One message comes; ``again``: it will come once more."""
        if not self.letters:
            return
        place = number % len(self.letters)
        kind, message = self.letters[place] if again else self.letters.pop(place)
        (self.stage.deliver if kind == "chunk" else self.stage.work).handle(message)

    def answer(self, effect: Effect) -> None:
        """What the next call comes to; UNKNOWN after SES took it."""

        def script(batch: Batch) -> Sequence[Outcome]:
            if effect is Effect.UNKNOWN:
                self.lost.update(entry.to_address for entry in batch.entries)
                return self.stage.post.lost_answer(batch)
            mixed = [Outcome(effect, "someReason", message="text"), SENT] * len(batch.entries)
            return (
                mixed[: len(batch.entries)] if effect is not Effect.SPLIT else mixed[:1] * len(batch.entries)
            )

        self.stage.post.scripts.append(script)

    def steer(self, act: str) -> None:
        """A person does something."""
        with suppress(Conflict):
            getattr(self.stage.steering, act)(self.mass_email.id)

    def event(self, number: int) -> None:
        """An event about one whose message SES took."""
        taken = [Place.of(entry.tags["recipient"]) for entry in self.stage.post.accepted]
        if taken:
            self.stage.event(taken[number % len(taken)])

    def happen(self, step: tuple[str, Any]) -> None:
        """One thing happens; the process may die at one of its requests."""
        kind, what = step
        self.post()
        if kind == "letter":
            self.letter(what, again=False)
        elif kind == "letter again":
            self.letter(what, again=True)
        elif kind == "schedule":
            getattr(self.stage, what).run()
        elif kind == "time":
            self.stage.time.advance(what)
        elif kind == "steer":
            self.steer(what)
        elif kind == "answer":
            self.answer(what)
        elif kind == "event":
            self.event(what)
        elif kind == "opt out":
            self.stage.opt_out(self.people[what % len(self.people)])
        elif kind == "loss":
            self.letters.clear()

    def dying(self, step: tuple[str, Any], at: int | None) -> None:
        """The same, with a death at this request."""
        self.stage.api.calls.clear()
        self.stage.api.dies_at = at
        try:
            self.happen(step)
        except Died:
            pass
        finally:
            self.stage.api.dies_at = None

    def calm(self) -> None:
        """The weather clears: two days pass, with everything that AWS does by itself."""
        self.stage.post.scripts.clear()
        self.stage.org.set(mass_email_max_per_hour_count=None)
        for _ in range(24):
            if self.stage.status(self.mass_email) is S.PAUSED:
                self.steer("resume")
            self.stage.account.lift("dailyQuota")
            self.stage.time.advance(2 * 3600)
            self.stage.release.run()
            self.stage.sweep.run()
            self.post()
            while self.letters:
                self.letter(0, again=False)
                self.post()


STEPS = st.one_of(
    st.tuples(st.just("letter"), st.integers(0, 9)),
    st.tuples(st.just("letter"), st.integers(0, 9)),
    st.tuples(st.just("letter again"), st.integers(0, 9)),
    st.tuples(st.just("schedule"), st.sampled_from(["release", "sweep"])),
    st.tuples(st.just("time"), st.sampled_from([1, 130, 1_000, 3_600, 25_000])),
    st.tuples(st.just("steer"), st.sampled_from(["pause", "resume", "retry_failed", "cancel"])),
    st.tuples(st.just("answer"), st.sampled_from(Effect)),
    st.tuples(st.just("event"), st.integers(0, 9)),
    st.tuples(st.just("opt out"), st.integers(0, 30)),
    st.tuples(st.just("loss"), st.none()),
)
DEATHS = st.none() | st.integers(0, 12)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 16), st.integers(2, 9), st.lists(st.tuples(STEPS, DEATHS), max_size=30))
def test_whatever_happens(count: int, rate: int, weather: list[tuple[tuple[str, Any], int | None]]) -> None:
    """One message per address at most; in the end each recipient has just one end, and the counts say so."""
    storm = Storm(count, rate)
    storm.dying(("schedule", "release"), None)
    for step, death in weather:
        storm.dying(step, death)
    storm.calm()
    check(storm, storm.mass_email)


def check(storm: Storm, mass_email: MassEmail) -> None:
    """What must hold after every storm."""
    stage = storm.stage
    addresses = stage.post.addresses
    assert len(addresses) == len(set(addresses))
    assert stage.status(mass_email) in (S.COMPLETE, S.FAILED, S.CANCELED)
    assert stage.run_of(mass_email).open_plans == ()
    assert mass_email.id not in stage.mass_email_store.open_ids()
    counts = stage.counts(mass_email)
    assert counts.keys() <= FINAL
    states = stage.states(mass_email)
    assert len(states) == sum(counts.values()) - sum(stage.run_of(mass_email).left_out.values())
    by_target = {person.id: person.email_address for person in storm.people}
    for target, state in states.items():
        took = by_target[target] in addresses
        if str(state.status) == "Sent":
            assert took
        if took:
            assert (
                str(state.status) == "Sent"
                or by_target[target] in storm.lost
                or str(state.status) == "Unknown"
            )
        if str(state.status) in ("Failed", "Skipped"):
            assert not took
            assert state.reason
