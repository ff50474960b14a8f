"""Where people and addresses got a Send Test, on every store."""

from collections.abc import Iterator

import pytest

from chalicelib.domain.ids import TEST_SEGMENTS_FROM, Place
from chalicelib.domain.ledger import Member
from chalicelib.domain.records import TargetType
from chalicelib.storage.ledger import DynamoLedger
from chalicelib.storage.table import Table
from chalicelib.storage.tests_sent import DynamoPlacesOfTests
from tests.fakes.people import key_of
from tests.storage.conftest import EVERY_STORE, fresh_table

BASE = "55f2c87b09a"
KARI, OLA = (TargetType.CONTACT, "a" * 17), (TargetType.LEAD, "b" * 17)
HERS, MINE = "kari@example.com", "me@example.com"


@pytest.fixture(params=EVERY_STORE)
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    with fresh_table(request.param) as made:
        yield made


def member(ref: tuple[TargetType, str], address: str) -> Member:
    return Member(*ref, address, key_of(address), (), None)


def test_a_test_is_found_by_whom_it_shows_and_by_where_it_went(table: Table) -> None:
    """A person's data and somebody's own address may meet in one message: either leads to it."""
    number = DynamoLedger(table, key_of).add_test(
        BASE, [member(KARI, HERS), member(KARI, MINE), member(OLA, HERS), member(OLA, MINE)]
    )
    assert number == TEST_SEGMENTS_FROM + 1
    places = DynamoPlacesOfTests(table)
    by_position = [Place(BASE, number, position) for position in range(4)]
    assert places.of(KARI, key_of(HERS), limit=9) == by_position[:3]
    assert places.of(KARI, None, limit=9) == by_position[:2]
    assert places.of(KARI, None, limit=1) == by_position[:1]
    places.remove(KARI, key_of(HERS), by_position[:3])
    places.remove(KARI, key_of(HERS), by_position[:3])
    assert places.of(KARI, key_of(HERS), limit=9) == []
    assert places.of(OLA, key_of(MINE), limit=9) == [by_position[1], *by_position[2:]]
