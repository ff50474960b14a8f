"""The three ports of people, joined, over the fakes or over a table."""

# ruff: noqa: D102 - the clock's port says what each method does

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.ids import new_id
from chalicelib.domain.people import Ref
from chalicelib.domain.ports import AnyTarget
from chalicelib.domain.records import TARGET_CLASSES, Account, Contact, Lead, TargetType, User
from chalicelib.storage.addresses import DynamoAddresses
from chalicelib.storage.memberships import DynamoMemberships
from chalicelib.storage.targets import DynamoTargets
from tests.fakes.people import FakeAddresses, FakeMemberships, FakeTargets, key_of
from tests.storage.conftest import EVERY_STORE, fresh_table

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
PEOPLE_STORES = ["fake", *EVERY_STORE]


class StillClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return START

    def sleep(self, seconds: float) -> None:
        return


@dataclass(frozen=True)
class People:
    """The ports under test, and a way to make people."""

    targets: FakeTargets | DynamoTargets
    memberships: FakeMemberships | DynamoMemberships
    addresses: FakeAddresses | DynamoAddresses

    def person(self, kind: TargetType, number: int = 0, address: str | None = None) -> AnyTarget:
        """Store a person whose id tells of ``number`` milliseconds after the start."""
        at = START + timedelta(milliseconds=number)
        target = a_target(kind, new_id(at, lambda _: number * 7 % 16), address)
        self.targets.add(target)
        return target


def a_target(kind: TargetType, target_id: str, address: str | None = None) -> AnyTarget:
    """A person or company that is not stored yet."""
    if kind is TargetType.ACCOUNT:
        return Account(
            id=target_id, created_at=START, modified_at=START, email_address=address, name="Fjord AS"
        )
    cls: type[Contact | Lead | User] = TARGET_CLASSES[kind]  # type: ignore[assignment]
    return cls(id=target_id, created_at=START, modified_at=START, email_address=address, first_name="Åse")


def other(target: AnyTarget) -> Ref:
    """A reference to somebody of the same type who was never stored."""
    return TargetType(type(target).__name__), "f" * 17


@pytest.fixture(params=PEOPLE_STORES)
def people(request: pytest.FixtureRequest) -> Iterator[People]:
    """The three ports, on the fakes, on moto and on DynamoDB Local."""
    with ExitStack() as stack:
        if request.param == "fake":
            addresses = FakeAddresses()
            targets = FakeTargets(addresses)
            yield People(targets, FakeMemberships(targets, addresses), addresses)
            return
        table = stack.enter_context(fresh_table(request.param))
        yield People(
            DynamoTargets(table, key_of),
            DynamoMemberships(table, key_of, StillClock()),
            DynamoAddresses(table),
        )
