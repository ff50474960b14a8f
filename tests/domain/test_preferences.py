"""What a reader can choose and what a choice changes: properties over every way that an address can stand."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.preferences import (
    Audience,
    Choices,
    Everything,
    Plan,
    choices_of,
    plan_to_keep,
    plan_to_leave,
)
from chalicelib.domain.records import AddressFlags

LISTS = [f"{number:017x}" for number in range(6)]
some_lists = st.frozensets(st.sampled_from(LISTS))


@st.composite
def audiences(draw: st.DrawFn) -> Audience:
    """Any standing to six lists, some with a public name, some of the mailing."""
    return Audience(
        flags=AddressFlags(key="k", opt_out=draw(st.booleans()), lists_left=draw(some_lists)),
        on={list_id: draw(st.booleans()) for list_id in draw(some_lists)},
        of_mailing=draw(some_lists),
        names={list_id: f"List {list_id[-1]}" for list_id in draw(some_lists)},
    )


def after(audience: Audience, plan: Plan) -> Audience:
    """How the address stands when the plan is done: as ``OptOut`` does it, leaving first."""
    left = (audience.flags.lists_left | plan.leave) - plan.rejoin
    out = audience.flags.opt_out
    if plan.everything is not Everything.AS_IT_IS:
        out = plan.everything is Everything.LEAVE
    on = {
        list_id: list_id in plan.rejoin or (is_in and list_id not in plan.leave)
        for list_id, is_in in audience.on.items()
    }
    return replace(audience, flags=replace(audience.flags, opt_out=out, lists_left=left), on=on)


def kept(choices: Choices) -> set[str]:
    """The ids of the lines that are ticked."""
    return {line.id for line in choices.lines if line.is_kept}


@pytest.mark.parametrize(
    ("plan", "leaves", "comes_back"),
    [
        (Plan(), False, False),
        (Plan(leave=frozenset(LISTS[:1])), True, False),
        (Plan(everything=Everything.LEAVE), True, False),
        (Plan(rejoin=frozenset(LISTS[:1])), False, True),
        (Plan(everything=Everything.REJOIN), False, True),  # out of everything by a complaint, and of no list
    ],
)
def test_a_plan_tells_what_the_log_will_say(plan: Plan, leaves: bool, comes_back: bool) -> None:
    """Opted Out, Opted In."""
    assert (plan.opts_out, plan.opts_in) == (leaves, comes_back)


@given(audiences(), some_lists)
def test_what_is_ticked_is_what_the_reader_gets(audience: Audience, wanted: frozenset[str]) -> None:
    """After saving, exactly the lines with a ticked list are kept."""
    done = choices_of(after(audience, plan_to_keep(audience, wanted)))
    assert kept(done) == {line.id for line in done.lines if line.list_ids & wanted}


@given(audiences(), some_lists)
def test_saving_twice_changes_nothing_the_second_time(audience: Audience, wanted: frozenset[str]) -> None:
    """Neither a second save nor saving the page as it is shown does anything."""
    done = after(audience, plan_to_keep(audience, wanted))
    assert plan_to_keep(done, wanted) == Plan()
    assert plan_to_keep(audience, kept(choices_of(audience))).rejoin == frozenset()


@example(  # a mailing through two lists, of which one was left
    Audience(AddressFlags(key="k", lists_left=frozenset(LISTS[:1])), of_mailing=frozenset(LISTS[:2])),
    frozenset(LISTS[:1]),
)
@given(audiences(), some_lists)
def test_nobody_comes_back_to_what_they_did_not_tick(audience: Audience, wanted: frozenset[str]) -> None:
    """A box that was ticked before and still is brings nobody back: not to the list of this mailing that they left by itself."""
    ticked_before = {
        list_id for line in choices_of(audience).lines if line.is_kept for list_id in line.list_ids
    }
    assert not plan_to_keep(audience, wanted).rejoin & ticked_before


@given(audiences(), some_lists)
def test_what_is_not_shown_stays_unless_the_reader_comes_back(
    audience: Audience, wanted: frozenset[str]
) -> None:
    """Lists without a public name keep what they had; who comes back from leaving everything gets none of them."""
    shown = frozenset().union(*(line.list_ids for line in choices_of(audience).lines))
    hidden = audience.all_lists - shown
    plan = plan_to_keep(audience, wanted)
    assert not plan.rejoin & hidden
    if plan.everything is Everything.REJOIN:
        assert hidden <= after(audience, plan).flags.lists_left
    else:
        assert not plan.leave & hidden


@given(audiences())
def test_leaving_everything_leaves_every_list_too(audience: Audience) -> None:
    """So that coming back to one list later is no more than that."""
    done = after(audience, plan_to_leave(audience))
    assert done.flags.opt_out
    assert audience.all_lists <= done.flags.lists_left
    assert plan_to_leave(done) == Plan()


@given(audiences())
def test_internal_names_are_never_shown(audience: Audience) -> None:
    """A line has a public name or is this mailing, and there is at most one of these."""
    lines = choices_of(audience).lines
    assert all(line.name is None or line.name == audience.names[line.id] for line in lines)
    assert sum(line.name is None for line in lines) <= 1


@given(audiences(), some_lists)
def test_the_erased_can_change_nothing(audience: Audience, wanted: frozenset[str]) -> None:
    """An erased address stays out."""
    erased = replace(audience, flags=replace(audience.flags, erased=True, opt_out=True))
    assert choices_of(erased) == Choices(is_out=True, is_erased=True)
    assert plan_to_keep(erased, wanted) == Plan()
    assert plan_to_leave(erased) == Plan()
