"""The settings' item."""

from dataclasses import replace

import pytest

from chalicelib.domain.org_settings import OrgSettings
from chalicelib.errors import PreconditionFailed
from chalicelib.storage.settings import CACHED_FOR, DynamoSettings
from chalicelib.storage.table import Table
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """Time."""
    return FakeClock()


@pytest.fixture
def stores(table: Table, clock: FakeClock) -> tuple[DynamoSettings, DynamoSettings]:
    """The settings as two processes know them."""
    return DynamoSettings(table, clock), DynamoSettings(table, clock)


def test_null_is_not_the_default(stores: tuple[DynamoSettings, DynamoSettings]) -> None:
    """A limit that was lifted stays lifted."""
    mine, theirs = stores
    assert mine.get() == OrgSettings()
    mine.replace(OrgSettings(mass_email_max_per_hour_count=None), expected_rev=1)
    assert theirs.get().mass_email_max_per_hour_count is None
    assert theirs.get().rev == 2


def test_readers_are_at_most_half_a_minute_behind(
    stores: tuple[DynamoSettings, DynamoSettings], clock: FakeClock
) -> None:
    """Whoever changes reads fresh, and knows the change at once."""
    mine, theirs = stores
    before = theirs.get()
    changed = mine.replace(replace(before, language="fr"), expected_rev=1)
    assert mine.get() == changed
    assert theirs.get() == before
    assert theirs.fresh() == theirs.get() == changed
    mine.replace(replace(changed, language="en"), expected_rev=2)
    clock.advance(CACHED_FOR.total_seconds())
    assert theirs.get().language == "en"


def test_of_two_who_change_at_once_one_is_told(stores: tuple[DynamoSettings, DynamoSettings]) -> None:
    """At the first change and at every later one."""
    mine, theirs = stores
    for rev in (1, 2):
        mine.replace(OrgSettings(language="fr"), expected_rev=rev)
        with pytest.raises(PreconditionFailed):
            theirs.replace(OrgSettings(), expected_rev=rev)
    assert theirs.fresh() == OrgSettings(language="fr", rev=3)
