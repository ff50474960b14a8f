"""The contracts of mass emails and of the turn, on the fake, on moto and on DynamoDB Local."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.ids import base_of, new_id
from chalicelib.domain.mass_email_edits import USER, deleted, edited
from chalicelib.domain.mass_emails import Act
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.records import Campaign, CampaignType, MassEmail, MassEmailStatus, StatusReason
from chalicelib.errors import Conflict, NotFound
from chalicelib.storage import keys
from chalicelib.storage.mass_emails import DynamoMassEmails
from chalicelib.storage.records import DynamoRecords
from chalicelib.storage.table import Table
from chalicelib.storage.turns import DynamoTurns
from tests.fakes.mass_emails import FakeMassEmails, FakeTurns
from tests.fakes.records import FakeRecords
from tests.storage.conftest import PARAMETERS, fresh_table

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
S = MassEmailStatus
CAMPAIGN = Campaign(id="c" * 17, created_at=NOW, modified_at=NOW, name="Spring")
REASON = StatusReason(code="paused", message="paused by a user", since=NOW, by=USER)


@dataclass(frozen=True)
class Stores:
    """The stores under test; ``table`` is None for the fakes."""

    mass_emails: FakeMassEmails | DynamoMassEmails
    turns: FakeTurns | DynamoTurns
    campaigns: FakeRecords[Campaign] | DynamoRecords[Campaign]
    table: Table | None = None

    def create(self, mass_email: MassEmail) -> MassEmail:
        """At the turn as it is."""
        return self.mass_emails.create(mass_email, turn=self.turns.current())

    def made(self, number: int = 0, **others: object) -> MassEmail:
        """Store a mass email that was made ``number`` milliseconds after the first."""
        return self.create(a_mass_email(number, **others))


def a_mass_email(number: int = 0, **others: object) -> MassEmail:
    at = NOW + timedelta(milliseconds=number)
    values: dict[str, object] = {
        "id": new_id(at, lambda _: number),
        "created_at": at,
        "modified_at": at,
        "name": f"No. {number}",
        "start_at": NOW,
        "email_template_id": "2" * 17,
        "target_list_ids": ("3" * 17, "4" * 17),
    }
    return MassEmail(**{**values, **others})  # type: ignore[arg-type]


@pytest.fixture(params=["fake", *PARAMETERS])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Each in turn, with one campaign."""
    if request.param == "fake":
        turns, campaigns = FakeTurns(), FakeRecords(CAMPAIGN)
        turns.stores[Campaign] = campaigns
        yield Stores(FakeMassEmails(turns, campaigns), turns, campaigns)
        return
    with fresh_table(request.param) as table:
        records = DynamoRecords(table, "Campaign", Campaign)
        records.add(CAMPAIGN)
        yield Stores(DynamoMassEmails(table), DynamoTurns(table), records, table)


def test_keeps_what_it_is_given(stores: Stores) -> None:
    """Every field comes back as it was, the times to the microsecond."""
    given = a_mass_email(
        campaign_id=CAMPAIGN.id,
        from_address="news@example.com",
        from_name="Fjord æøå",
        excluding_target_list_ids=("5" * 17,),
        opt_out_entirely=True,
        start_at=NOW + timedelta(microseconds=1),
        status_reason=REASON,
    )
    assert stores.create(given) == given
    assert stores.mass_emails.get(given.id) == given


def test_what_is_open_is_listed_oldest_first(stores: Stores) -> None:
    """A Draft is not; what is Pending is."""
    second, first = stores.made(2), stores.made(1)
    stores.made(3, status=S.DRAFT)
    assert stores.mass_emails.open_ids() == [first.id, second.id]


def test_a_taken_base_leads_to_the_next(stores: Stores) -> None:
    """Two made in one millisecond do not share the 44 bits of their recipients."""
    made = [stores.create(replace(a_mass_email(), id=a_mass_email().id[:-1] + digit)) for digit in "0123"]
    bases = [int(base_of(each.id), 16) for each in made]
    assert bases == [bases[0] + step for step in range(4)]
    assert [stores.mass_emails.get(each.id).id for each in made] == [each.id for each in made]


def test_a_base_is_found_from_its_digits(stores: Stores) -> None:
    """What is known of an event by a recipient's id alone."""
    made = stores.made()
    if stores.table is None:
        assert isinstance(stores.mass_emails, FakeMassEmails)
        assert stores.mass_emails.bases == {base_of(made.id): made.id}
        return
    item = stores.table.get(keys.base(base_of(made.id)))
    assert item is not None
    assert item["massEmailId"] == {"S": made.id}


def test_a_campaign_counts_its_mass_emails(stores: Stores) -> None:
    """Its version stays: a counter is no edit."""
    stores.made(1, campaign_id=CAMPAIGN.id)
    stores.made(2, campaign_id=CAMPAIGN.id, status=S.DRAFT)
    assert stores.campaigns.get(CAMPAIGN.id) == replace(CAMPAIGN, mass_email_count=2)


@pytest.mark.parametrize("kind", CampaignType)
def test_no_mass_email_for_a_campaign_that_can_have_none(stores: Stores, kind: CampaignType) -> None:
    """The type is looked at in the very write that stores the mass email."""
    stores.campaigns.replace(replace(CAMPAIGN, type=kind), expected_rev=1, before=CAMPAIGN)
    if kind in (CampaignType.EMAIL, CampaignType.NEWSLETTER, CampaignType.INFORMATIONAL):
        assert stores.made(campaign_id=CAMPAIGN.id).campaign_id == CAMPAIGN.id
        return
    with pytest.raises(Overtaken):
        stores.made(campaign_id=CAMPAIGN.id)
    assert stores.mass_emails.page(limit=10).items == []
    assert stores.mass_emails.open_ids() == []


def test_no_mass_email_for_a_campaign_that_is_gone(stores: Stores) -> None:
    """Never there, or deleted."""
    with pytest.raises(Overtaken):
        stores.made(1, campaign_id="d" * 17)
    stores.campaigns.replace(replace(CAMPAIGN, deleted_at=NOW), expected_rev=1, before=CAMPAIGN)
    with pytest.raises(Overtaken):
        stores.made(2, campaign_id=CAMPAIGN.id)


def test_who_comes_at_a_turn_that_is_over_writes_nothing(stores: Stores) -> None:
    """Creation, taking up and deleting all ask for the turn that they looked around in."""
    turn = stores.turns.current()
    first = stores.made(1, status=S.DRAFT)
    assert stores.turns.current() == turn + 1
    with pytest.raises(Overtaken):
        stores.mass_emails.create(a_mass_email(2), turn=turn)
    pending = edited(first, {"status": S.PENDING}, at=NOW)
    with pytest.raises(Overtaken):
        stores.mass_emails.change(pending, first, turn=turn)
    with pytest.raises(Overtaken):
        stores.turns.replace(replace(CAMPAIGN, deleted_at=NOW), CAMPAIGN, turn=turn)
    assert stores.mass_emails.get(first.id) == first
    assert stores.mass_emails.open_ids() == []
    assert stores.campaigns.get(CAMPAIGN.id) == CAMPAIGN


def test_a_record_is_replaced_in_turn(stores: Stores) -> None:
    """Once; its next version counts from there, and what others count meanwhile stays."""
    stores.made(campaign_id=CAMPAIGN.id)
    renamed = replace(CAMPAIGN, name="Summer")
    stores.turns.replace(renamed, CAMPAIGN, turn=stores.turns.current())
    assert stores.campaigns.get(CAMPAIGN.id) == replace(renamed, rev=2, mass_email_count=1)
    with pytest.raises(Overtaken):
        stores.turns.replace(renamed, CAMPAIGN, turn=stores.turns.current())


def test_only_what_differs_is_written(stores: Stores) -> None:
    """An edit of the name and the sender's own progress do not undo each other."""
    before = stores.made()
    stores.mass_emails.change(replace(before, message_version=3), before)
    renamed = edited(before, {"name": "Spring"}, at=NOW)
    assert stores.mass_emails.change(renamed, before) == renamed
    assert stores.mass_emails.get(before.id) == replace(renamed, message_version=3)


def test_a_change_of_nothing_is_no_write(stores: Stores) -> None:
    """It answers what is there."""
    before = stores.made()
    assert stores.mass_emails.change(before, before) is before


@pytest.mark.parametrize(
    "meanwhile",
    [{"name": "faster", "rev": 2}, {"status": S.IN_PROCESS}, {"frozen": True}, {"deleted_at": NOW}],
    ids=lambda change: next(iter(change)),
)
def test_who_was_overtaken_writes_nothing(stores: Stores, meanwhile: dict[str, object]) -> None:
    """Version, status, freeze and being there at all are what decisions rest on."""
    before = stores.made()
    stores.mass_emails.change(replace(before, **meanwhile), before)  # type: ignore[arg-type]
    with pytest.raises(Overtaken):
        stores.mass_emails.change(edited(before, {"name": "slower", "status": S.DRAFT}, at=NOW), before)
    found = stores.mass_emails.find(before.id, deleted=True)
    assert found == replace(before, **meanwhile)  # type: ignore[arg-type]
    assert stores.mass_emails.open_ids() == [before.id]


def test_a_value_can_be_taken_away(stores: Stores) -> None:
    """None is stored as nothing at all."""
    before = stores.made(from_name="Fjord", status_reason=REASON)
    after = edited(before, {"from_name": None, "status": S.DRAFT}, at=NOW)
    stores.mass_emails.change(after, before)
    assert stores.mass_emails.get(before.id) == after
    assert after.from_name is None
    assert after.status_reason is None


def test_a_transition_takes_its_row_along(stores: Stores) -> None:
    """The whole life of one, and whether the schedule looks at it."""
    made = stores.made()
    started = stores.mass_emails.transition(
        made.id, Act.START, at=NOW, changes={"frozen": True, "freezes": 1, "message_version": 1}
    )
    assert (started.status, started.frozen, started.rev) == (S.IN_PROCESS, True, 1)
    paused = stores.mass_emails.transition(made.id, Act.PAUSE, at=NOW, reason=REASON)
    assert (paused.status_reason, paused.rev) == (REASON, 2)
    stores.mass_emails.transition(made.id, Act.RESUME, at=NOW)
    assert stores.mass_emails.open_ids() == [made.id]
    complete = stores.mass_emails.transition(made.id, Act.FINISH, at=NOW)
    assert stores.mass_emails.get(made.id) == complete
    assert stores.mass_emails.open_ids() == []
    stores.mass_emails.transition(made.id, Act.RETRY_FAILED, at=NOW, changes={"retry_pass": 1})
    assert stores.mass_emails.open_ids() == [made.id]


def test_a_known_record_saves_only_the_reading(stores: Stores) -> None:
    """Where it is stale, what stands there decides: whether the act is allowed, and what it is done to."""
    made = stores.made()
    changes = {"frozen": True, "freezes": 1, "message_version": 1}
    started = stores.mass_emails.transition(made.id, Act.START, at=NOW, changes=changes, known=made)
    assert (started.status, stores.mass_emails.get(made.id)) == (S.IN_PROCESS, started)
    with pytest.raises(Conflict, match="In Process"):
        stores.mass_emails.transition(made.id, Act.START, at=NOW, known=made)
    stores.mass_emails.transition(made.id, Act.PAUSE, at=NOW, reason=REASON)
    with pytest.raises(Conflict, match="Paused"):
        stores.mass_emails.transition(made.id, Act.FINISH, at=NOW, known=started)
    resumed = stores.mass_emails.transition(made.id, Act.RESUME, at=NOW, known=started)
    assert stores.mass_emails.get(made.id) == resumed
    finished = stores.mass_emails.transition(made.id, Act.FINISH, at=NOW, known=started)
    assert (finished.status, stores.mass_emails.get(made.id)) == (S.COMPLETE, finished)
    assert finished.rev >= resumed.rev


def test_a_transition_that_is_not_allowed_changes_nothing(stores: Stores) -> None:
    """Nor does one of a mass email that is none."""
    made = stores.made()
    with pytest.raises(Conflict, match="Pending"):
        stores.mass_emails.transition(made.id, Act.RESUME, at=NOW)
    assert stores.mass_emails.get(made.id) == made
    with pytest.raises(NotFound):
        stores.mass_emails.transition("f" * 17, Act.PAUSE, at=NOW)


@pytest.mark.parametrize("frozen", [False, True])
def test_canceled_stays_open_until_its_plans_are_closed(stores: Stores, frozen: bool) -> None:
    """Chunks of what was frozen may still be under way; of anything else there are none."""
    made = stores.made(status=S.IN_PROCESS, frozen=frozen)
    stores.mass_emails.close(made.id)
    assert stores.mass_emails.open_ids() == [made.id], "what is under way cannot be closed"
    stores.mass_emails.transition(made.id, Act.CANCEL, at=NOW, reason=REASON)
    assert stores.mass_emails.open_ids() == ([made.id] if frozen else [])
    stores.mass_emails.close(made.id)
    stores.mass_emails.close(made.id)
    assert stores.mass_emails.open_ids() == []


def test_what_is_deleted_is_hidden_and_stopped(stores: Stores) -> None:
    """Gone for callers, canceled for the sender, who still finds it while its plans are open."""
    before = stores.made(status=S.PAUSED, frozen=True)
    after = stores.mass_emails.change(deleted(before, at=NOW), before)
    with pytest.raises(NotFound):
        stores.mass_emails.get(before.id)
    assert stores.mass_emails.find_many([before.id]) == {}
    assert stores.mass_emails.page(limit=5).items == []
    assert stores.mass_emails.find(before.id, deleted=True) == after
    assert stores.mass_emails.find_many([before.id, "f" * 17], deleted=True) == {before.id: after}
    assert after.status is S.CANCELED
    assert stores.mass_emails.open_ids() == [before.id]
    with pytest.raises(NotFound):
        stores.mass_emails.transition(before.id, Act.PAUSE, at=NOW)
    stores.mass_emails.close(before.id)
    assert stores.mass_emails.open_ids() == []


def test_pages_by_campaign_and_status(stores: Stores) -> None:
    """Newest first; every page continues where the one before ended."""
    made = [
        stores.made(
            number,
            campaign_id=CAMPAIGN.id if number % 2 else None,
            status=S.DRAFT if number % 3 else S.PENDING,
        )
        for number in range(12)
    ]
    equals = {"campaignId": CAMPAIGN.id, "status": (S.DRAFT, S.PENDING)}
    found: list[MassEmail] = []
    start: str | None = None
    for _ in range(10):
        page = stores.mass_emails.page(limit=2, start=start, equals=equals)
        found += page.items
        start = page.next_key
        if start is None:
            break
    assert [each.name for each in found] == [each.name for each in reversed(made) if each.campaign_id]
    drafts = stores.mass_emails.page(limit=50, equals={"status": (S.DRAFT,)})
    assert {each.status for each in drafts.items} == {S.DRAFT}
    assert len(drafts.items) == 8


def test_many_at_once_all_get_through(stores: Stores) -> None:
    """Four threads make mass emails in one millisecond: each gets a base of its own, the campaign counts them all."""

    def make(number: int) -> MassEmail:
        while True:
            try:
                return stores.create(
                    replace(
                        a_mass_email(campaign_id=CAMPAIGN.id), id=a_mass_email().id[:-2] + f"{number:02x}"
                    )
                )
            except Overtaken:
                continue

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, range(8)))
    assert len({base_of(each.id) for each in made}) == 8
    assert stores.campaigns.get(CAMPAIGN.id).mass_email_count == 8
    assert len(stores.mass_emails.open_ids()) == 8
    assert stores.turns.current() == 8
