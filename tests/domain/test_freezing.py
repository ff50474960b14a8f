"""Who becomes a recipient, and the first reason why not (rows 19 to 28, as the design changed them)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.freezing import (
    Candidate,
    LeftOut,
    Seen,
    address_number,
    reason_left_out,
    target_number,
)
from chalicelib.domain.ports import Membership
from chalicelib.domain.records import AddressFlags, Contact, TargetType, User

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
LIST, KEY = "5" * 17, "ab" * 16


class Situation:
    """A candidate and who was seen so far; each of the functions below makes one reason apply."""

    def __init__(self) -> None:
        self.target: Contact | User | None = User(
            id="7" * 17, created_at=NOW, modified_at=NOW, email_address="ada@example.org"
        )
        self.membership = Membership(LIST, TargetType.USER, "7" * 17)
        self.key: str | None = KEY
        self.flags = AddressFlags(key=KEY)
        self.excluded, self.earlier, self.current = Seen(), Seen(), Seen()

    def reason(self, *, informational: bool = False) -> LeftOut | None:
        """Why they are left out."""
        candidate = Candidate(self.membership, self.target, self.key, self.flags)
        return reason_left_out(
            candidate,
            excluded=self.excluded,
            earlier=self.earlier,
            current=self.current,
            informational=informational,
        )

    def change(self, **fields: object) -> None:
        """Change the target."""
        if self.target is not None:
            self.target = replace(self.target, **fields)  # type: ignore[arg-type]  # names are checked by replace

    def flag(self, **fields: object) -> None:
        """Change the address's flags."""
        self.flags = replace(self.flags, **fields)  # type: ignore[arg-type]  # as above


def deleted(here: Situation) -> None:
    here.target = None


def no_address(here: Situation) -> None:
    here.key = None


REASONS: list[tuple[LeftOut, Callable[[Situation], object]]] = [
    (LeftOut.TARGET_DELETED, deleted),
    (LeftOut.ERASED, lambda here: here.change(erased_at=NOW)),
    (LeftOut.NO_ADDRESS, no_address),
    (LeftOut.INACTIVE_USER, lambda here: here.change(is_active=False)),
    (
        LeftOut.EXCLUDED_TARGET,
        lambda here: here.excluded.targets.add(target_number(TargetType.USER, "7" * 17)),
    ),
    (LeftOut.EXCLUDED_ADDRESS, lambda here: here.excluded.addresses.add(address_number(KEY))),
    (LeftOut.OPTED_OUT_OF_LIST, lambda here: here.flag(lists_left=frozenset({LIST}))),
    (LeftOut.OPTED_OUT, lambda here: here.flag(opt_out=True)),
    (LeftOut.INVALID, lambda here: here.flag(invalid=True)),
    (LeftOut.ALREADY_SENT, lambda here: here.earlier.addresses.add(address_number(KEY))),
    (
        LeftOut.DUPLICATE_TARGET,
        lambda here: here.current.targets.add(target_number(TargetType.USER, "7" * 17)),
    ),
    (LeftOut.DUPLICATE_ADDRESS, lambda here: here.current.addresses.add(address_number(KEY))),
]
"""The order of `delivery.md`; "deleted" and "erased" stand first, for who is gone has no address either."""


def test_the_table_is_whole() -> None:
    """Every reason has a row."""
    assert [reason for reason, _ in REASONS] == [
        LeftOut.TARGET_DELETED,
        LeftOut.ERASED,
        LeftOut.NO_ADDRESS,
        *list(LeftOut)[3:],
    ]


def test_nothing_speaks_against_it() -> None:
    """An active person with an address becomes a recipient, flags or none."""
    here = Situation()
    assert here.reason() is None
    here.flags = None  # type: ignore[assignment]  # an address of which nothing is known
    assert here.reason() is None


@pytest.mark.parametrize(("reason", "apply"), REASONS)
def test_each_reason_is_enough(reason: LeftOut, apply: Callable[[Situation], object]) -> None:
    """Alone."""
    here = Situation()
    apply(here)
    assert here.reason() is reason


@given(st.sets(st.integers(0, len(REASONS) - 1), min_size=1))
def test_the_first_reason_that_applies_counts(applying: set[int]) -> None:
    """Whichever others apply with it."""
    here = Situation()
    for place in sorted(applying, reverse=True):
        REASONS[place][1](here)
    assert here.reason() is REASONS[min(applying)][0]


@pytest.mark.parametrize(("reason", "apply"), REASONS)
def test_an_informational_mailing_goes_to_who_opted_out(
    reason: LeftOut, apply: Callable[[Situation], object]
) -> None:
    """And to nobody else whom another mailing would not reach (row 28)."""
    here = Situation()
    apply(here)
    passed = reason in (LeftOut.OPTED_OUT, LeftOut.OPTED_OUT_OF_LIST)
    assert here.reason(informational=True) is (None if passed else reason)


def test_the_membership_itself_may_be_opted_out() -> None:
    """Where the address row does not say it (yet)."""
    here = Situation()
    here.membership = replace(here.membership, opted_out=True)
    assert here.reason() is LeftOut.OPTED_OUT_OF_LIST


def test_another_list_may_have_been_left() -> None:
    """Opted out of list A, active on list B: through B they get it (row 24)."""
    here = Situation()
    here.flag(lists_left=frozenset({"6" * 17}))
    assert here.reason() is None


def test_an_erased_address_is_not_mailed_by_another_record() -> None:
    """The address's own row says so."""
    here = Situation()
    here.flag(erased=True)
    assert here.reason() is LeftOut.ERASED


def test_a_target_already_sent_under_another_address() -> None:
    """Once per target, too."""
    here = Situation()
    here.earlier.add(TargetType.USER, "7" * 17, "cd" * 16)
    assert here.reason() is LeftOut.ALREADY_SENT


@given(st.integers(0, (1 << 68) - 1), st.integers(0, (1 << 68) - 1))
def test_targets_are_told_apart(one: int, other: int) -> None:
    """By type and id."""
    numbers = {
        target_number(target_type, f"{each:017x}") for target_type in TargetType for each in {one, other}
    }
    assert len(numbers) == len(TargetType) * len({one, other})
