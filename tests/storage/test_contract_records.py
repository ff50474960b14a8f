"""The contract of ``domain.ports.Records``, on the fake, on moto and on DynamoDB Local."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.ids import new_id
from chalicelib.domain.ports import Records
from chalicelib.domain.records import Campaign, CampaignStatus, CampaignType
from chalicelib.errors import NotFound, PreconditionFailed
from chalicelib.storage.records import DynamoRecords
from tests.fakes.records import FakeRecords
from tests.storage.conftest import PARAMETERS, fresh_table

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
NOBODY = "0" * 17


@pytest.fixture(params=["fake", *PARAMETERS])
def campaigns(request: pytest.FixtureRequest) -> Iterator[Records[Campaign]]:
    """Empty records of one kind, on each store in turn."""
    if request.param == "fake":
        yield FakeRecords[Campaign]()
        return
    with fresh_table(request.param) as table:
        yield DynamoRecords(table, "Campaign", Campaign)


def campaign(number: int = 0, name: str = "Spring", **fields: object) -> Campaign:
    """A campaign that was made ``number`` milliseconds after the start."""
    at = START + timedelta(milliseconds=number)
    values = {"id": new_id(at, lambda _: number), "created_at": at, "modified_at": at, "name": name}
    return Campaign(**(values | fields))  # type: ignore[arg-type]


def test_what_was_added_is_found_as_it_was(campaigns: Records[Campaign]) -> None:
    """Every field comes back, set or not."""
    full = campaign(
        1,
        "Été 👩‍👩‍👧",
        type=CampaignType.INFORMATIONAL,
        status=CampaignStatus.INACTIVE,
        start_date=START.date(),
        description="a\nb",
        target_list_ids=(NOBODY, "1" * 17),
        mass_email_count=3,
    )
    for each in (full, campaign(2)):
        campaigns.add(each)
        assert campaigns.get(each.id) == campaigns.find(each.id) == each


def test_what_is_not_there_is_not_found(campaigns: Records[Campaign]) -> None:
    """``get`` raises, ``find`` answers None, ``find_many`` leaves out."""
    campaigns.add(campaign(1))
    assert campaigns.find(NOBODY) is None
    assert campaigns.find_many([NOBODY]) == {}
    assert campaigns.find_many([]) == {}
    with pytest.raises(NotFound):
        campaigns.get(NOBODY)


def test_what_was_deleted_is_gone_for_callers(campaigns: Records[Campaign]) -> None:
    """It is still there for those who ask for it; nobody can edit it any more."""
    kept, gone = campaign(1), campaign(2)
    campaigns.add(kept)
    campaigns.add(gone)
    deleted = campaigns.replace(replace(gone, deleted_at=START), expected_rev=1)
    with pytest.raises(NotFound):
        campaigns.get(gone.id)
    assert campaigns.find(gone.id) is None
    assert campaigns.find(gone.id, deleted=True) == deleted
    assert set(campaigns.find_many([kept.id, gone.id])) == {kept.id}
    assert [each.id for each in campaigns.page(limit=10).items] == [kept.id]
    with pytest.raises(PreconditionFailed):
        campaigns.replace(deleted, expected_rev=deleted.rev)


def test_an_edit_counts(campaigns: Records[Campaign]) -> None:
    """``rev`` grows by one, and a field that was emptied is empty."""
    campaigns.add(campaign(1, description="x"))
    edited = campaigns.replace(replace(campaign(1), name="Summer", description=None), expected_rev=1)
    assert edited == replace(campaign(1), name="Summer", rev=2)
    assert campaigns.get(edited.id) == edited


@pytest.mark.parametrize("expected", [0, 2, 7])
def test_an_edit_of_another_version_is_refused(campaigns: Records[Campaign], expected: int) -> None:
    """Nothing changes."""
    campaigns.add(campaign(1))
    with pytest.raises(PreconditionFailed):
        campaigns.replace(replace(campaign(1), name="Summer"), expected_rev=expected)
    assert campaigns.get(campaign(1).id) == campaign(1)


def test_an_edit_of_nothing_is_refused(campaigns: Records[Campaign]) -> None:
    """A record that was never there is not made by editing it."""
    with pytest.raises(PreconditionFailed):
        campaigns.replace(campaign(1), expected_rev=1)
    assert campaigns.find(campaign(1).id, deleted=True) is None


def test_an_edit_leaves_what_others_wrote(campaigns: Records[Campaign]) -> None:
    """With ``before``, only what differs is written: a counter that grew meanwhile keeps its growth."""
    before = campaign(1)
    campaigns.add(replace(before, mass_email_count=5))
    edited = campaigns.replace(replace(before, name="Summer"), expected_rev=1, before=before)
    assert (edited.name, edited.mass_email_count) == ("Summer", 5)
    assert campaigns.get(before.id) == edited


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_pages_are_newest_first_and_whole(campaigns: Records[Campaign], limit: int) -> None:
    """Every record once, in one order, and no cursor to an empty page."""
    made = [campaign(number, f"number {number}") for number in range(7)]
    for each in made:
        campaigns.add(each)
    found: list[Campaign] = []
    start = None
    while True:
        page = campaigns.page(limit=limit, start=start)
        assert 1 <= len(page.items) <= limit
        found += page.items
        if page.next_key is None:
            break
        start = page.next_key
    assert found == made[::-1]


def test_an_empty_list_is_one_empty_page(campaigns: Records[Campaign]) -> None:
    """No records, no cursor."""
    page = campaigns.page(limit=5)
    assert (list(page.items), page.next_key) == ([], None)


@pytest.mark.parametrize(
    ("equals", "numbers"),
    [
        ({"status": "Active"}, [4, 1]),
        ({"status": "Active", "type": "Email"}, [4]),
        ({"status": ("Active", "Inactive")}, [4, 2, 1]),
        ({"status": None}, [5, 4, 3, 2, 1, 0]),
        ({"status": "Complete"}, []),
    ],
)
def test_a_filter(campaigns: Records[Campaign], equals: dict[str, object], numbers: list[int]) -> None:
    """By value, by any of several, or not at all; page after page."""
    for number in range(6):
        status = {1: CampaignStatus.ACTIVE, 4: CampaignStatus.ACTIVE, 2: CampaignStatus.INACTIVE}
        kind = CampaignType.NEWSLETTER if number == 1 else CampaignType.EMAIL
        campaigns.add(
            campaign(number, str(number), status=status.get(number, CampaignStatus.PLANNING), type=kind)
        )
    found: list[str] = []
    start = None
    while True:
        page = campaigns.page(limit=1, start=start, equals=equals)
        found += [each.name for each in page.items]
        if page.next_key is None:
            break
        start = page.next_key
    assert found == [str(number) for number in numbers]
