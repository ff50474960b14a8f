"""What a run's numbers must be follows from its segments, its left-out and how far it is released."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.recounts import RunCount
from chalicelib.domain.runs import Run, Spot, Stretch, advance, sizes

REASONS = st.dictionaries(st.sampled_from(["optedOut", "invalid"]), st.integers(1, 9))
FREEZES = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=4
)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """A run after some freezes, of segments of these sizes, with gaps where one was broken off; released so far."""
    stretches, first = [], 0
    for size, people, gap in draw(FREEZES):
        whole, rest = divmod(people, size)
        stretches.append(Stretch(first, whole + bool(rest), size, rest or size))
        first += whole + bool(rest) + gap
    total = sum(size for _, size in sizes(stretches, Spot()))
    released = draw(st.integers(0, total))
    spot = advance(stretches, Spot(), released) if released else Spot()
    return Run(
        "5" * 17,
        stretches=tuple(stretches),
        segments=first,
        recipients=total,
        released=released,
        released_to=spot,
        left_out=draw(REASONS),
    )


def ledger_of(run: Run) -> Mapping[int, int]:
    return dict(sizes(run.stretches, Spot()))


@given(runs())
def test_the_numbers_of_a_run_are_right(run: Run) -> None:
    """Whatever was frozen and released."""
    count = RunCount(ledger_of(run), run.left_out)
    assert count.told_by(run) == count.counted(run)
    assert count.mended(run) == run


@given(runs(), st.integers(0, 99), st.integers(0, 99), REASONS)
def test_wrong_numbers_are_put_right(
    run: Run, recipients: int, released: int, left_out: Mapping[str, int]
) -> None:
    """Nothing else of the run changes."""
    wrong = replace(run, recipients=recipients, released=released, left_out=left_out)
    assert RunCount(ledger_of(run), run.left_out).mended(wrong) == run


@given(runs().filter(lambda run: run.recipients), st.data())
def test_nobody_is_made_up(run: Run, data: st.DataObject) -> None:
    """A place that has nobody in the ledger is told, even where another segment has one too many."""
    people = dict(ledger_of(run))
    short = data.draw(st.sampled_from(sorted(people)))
    people[short] -= 1
    for other in people.keys() - {short}:
        people[other] += 1
    count = RunCount(people, run.left_out)
    assert count.counted(run)["places"] == count.told_by(run)["places"] - 1
    assert count.mended(run) is None
