"""The contract of runs: progress, plans, frozen messages, links, tallies, retries; on every store."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ids import base_of
from chalicelib.domain.message import Link, MessageSource
from chalicelib.domain.ports_delivery import LeftOutEntry, Overtaken, StoredTally
from chalicelib.domain.records import CampaignType, TargetType, TrackLinks, UrlAction
from chalicelib.domain.runs import Phase, Plan, Run, Spot, Stretch
from chalicelib.errors import NotFound
from chalicelib.storage import keys, runs
from chalicelib.storage.codec import from_item
from chalicelib.storage.ledger import DynamoLedger
from chalicelib.storage.runs import DynamoRuns, plan_item, run_put
from chalicelib.storage.table import Table
from tests.fakes.people import key_of
from tests.storage.conftest import EVERY_STORE, fresh_table
from tests.storage.test_contract_ledger import BASE, MASS_EMAIL, members

NOW = datetime(2026, 3, 2, 9, 30, 1, 250_000, tzinfo=UTC)
RUN = Run(
    MASS_EMAIL,
    Phase.FREEZING,
    freeze=2,
    freeze_from=3,
    cursor="1|Contact#0",
    stretches=(Stretch(0, 2, 50, 20), Stretch(3, 1, 14, 14)),
    segments=4,
    recipients=84,
    memberships=90,
    left_out={"optedOut": 5, "noAddress": 1},
    left_pages=2,
    pointers_to=3,
    released_to=Spot(1, 7),
    released=57,
    retry_wave=1,
    retry_left=3,
    retry_pages=1,
    open_plans=("a" * 17, "b" * 17),
    discard_from=1,
    discard_to=3,
    resumed_at=NOW,
    touched_at=NOW,
)
PLAN = Plan(
    "a" * 17,
    MASS_EMAIL,
    57,
    43,
    NOW,
    start=Spot(0, 3),
    end=Spot(1, 10),
    wave=2,
    retries=((3, 1, 4), (9, 0)),
    enqueued_at=NOW,
    settled_to=1,
)
SOURCE = MessageSource(
    subject="Grüße 😀",
    body="<p>{{ Person.firstName }}</p>" * 500,
    is_html=True,
    body_plain=None,
    campaign_type=CampaignType.NEWSLETTER,
    track_links=TrackLinks.ALL,
    open_tracking=True,
    mandatory_opt_out=False,
    language="fr",
    time_zone="Europe/Paris",
    date_format="DD.MM.YYYY",
    base_url="https://mail.example",
    from_address="news@example.com",
    from_name="Zoë",
    reply_to_address=None,
    reply_to_name=None,
    sender_postal_address="1 rue\nParis",
    campaign={"id": "c" * 17, "name": "Été", "description": None},
    mass_email={"id": MASS_EMAIL, "name": "M"},
    links=(
        Link(UrlAction.REDIRECT, "https://example.com/", tracking_url_id="f" * 17),
        Link(UrlAction.SHOW_MESSAGE, None, "**Hi**"),
    ),
)


@pytest.fixture(params=EVERY_STORE)
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """An empty table, on each store in turn."""
    with fresh_table(request.param) as made:
        yield made


@pytest.fixture
def store(table: Table) -> DynamoRuns:
    """The store under test."""
    return DynamoRuns(table)


def test_a_run_comes_back_as_it_was(store: DynamoRuns) -> None:
    """Every field; a new one where nothing is stored."""
    assert store.get(MASS_EMAIL) == Run(MASS_EMAIL)
    saved = store.save(RUN)
    assert saved == replace(RUN, rev=1)
    assert store.get(MASS_EMAIL) == saved


def test_a_run_is_guarded(store: DynamoRuns) -> None:
    """Whoever has read an older one is overtaken."""
    first = store.save(Run(MASS_EMAIL))
    with pytest.raises(Overtaken):
        store.save(Run(MASS_EMAIL))
    second = store.save(replace(first, released=5))
    with pytest.raises(Overtaken):
        store.save(replace(first, released=9))
    assert store.get(MASS_EMAIL) == second


def test_one_of_many_writers(store: DynamoRuns) -> None:
    """Eight at once."""
    run = store.save(Run(MASS_EMAIL))

    def save(number: int) -> bool:
        try:
            store.save(replace(run, released=number))
        except Overtaken:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(save, range(8))) == 1


LEFT = [
    LeftOutEntry(TargetType.LEAD, "1" * 17, 0, "optedOut"),
    LeftOutEntry(TargetType.USER, "2" * 17, 3, "duplicateAddress"),
]


def test_a_step_is_all_or_nothing(store: DynamoRuns, table: Table) -> None:
    """Segments, left-out entries and the run; an overtaken freezer has written none of them."""
    run = replace(Run(MASS_EMAIL), freeze=1, left_pages=1, segments=2)
    after = store.write_step(run, {0: members(3), 1: members(1)}, LEFT)
    assert after == replace(run, rev=1) == store.get(MASS_EMAIL)
    ledger = DynamoLedger(table, key_of)
    assert ledger.members(BASE, [0, 1]) == {0: members(3), 1: members(1)}
    assert list(store.left_out(after, 0)) == LEFT
    assert list(store.left_out(after, 1)) == []
    with pytest.raises(Overtaken):
        store.write_step(replace(run, left_pages=2), {5: members(1)}, LEFT[:1])
    assert ledger.members(BASE, [5]) == {}
    assert list(store.left_out(after, 1)) == []


def test_a_step_of_full_size(store: DynamoRuns) -> None:
    """Thirty segments of fifty with the longest addresses, and three thousand left out: within a transaction's 4 MB."""
    long = [
        replace(each, email_address=f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example")
        for each in members(50)
    ]
    left = [
        LeftOutEntry(TargetType.CONTACT, f"{place * 7_919:017x}", place % 50, "optedOutOfList")
        for place in range(3_000)
    ]
    run = store.write_step(replace(Run(MASS_EMAIL), left_pages=1), dict.fromkeys(range(30), long), left)
    assert list(store.left_out(run, 0)) == left


def test_pointers(store: DynamoRuns, table: Table) -> None:
    """One row per recipient beside the person; written again they are the same."""
    for _ in range(2):
        store.write_pointers(MASS_EMAIL, {2: members(30), 3: members(1)[:0]})
    for position, member in enumerate(members(30)):
        row = table.get(keys.sent_pointer(member.target_type, member.target_id, MASS_EMAIL))
        assert row is not None
        assert row["recipientId"] == {"S": keys.recipient_id(BASE, 2, position)}


def test_taking_a_segment_back(store: DynamoRuns, table: Table) -> None:
    """Its pointers and itself are gone; the neighbours stay, and again changes nothing."""
    store.write_step(replace(Run(MASS_EMAIL), segments=2), {0: members(3), 1: members(5)[4:]}, [])
    store.write_pointers(MASS_EMAIL, {0: members(3), 1: members(5)[4:]})
    for _ in range(2):
        store.take_back(MASS_EMAIL, 0, members(3))
    assert DynamoLedger(table, key_of).members(BASE, [0, 1]) == {1: members(5)[4:]}
    pointers = [
        table.get(keys.sent_pointer(each.target_type, each.target_id, MASS_EMAIL)) for each in members(5)
    ]
    assert [pointer is not None for pointer in pointers] == [False, False, False, False, True]


def test_a_frozen_message_never_changes(store: DynamoRuns) -> None:
    """It comes back whole, and a second one of its version is refused."""
    store.put_message(MASS_EMAIL, 1, SOURCE)
    assert store.message(MASS_EMAIL, 1) == SOURCE
    with pytest.raises(Overtaken):
        store.put_message(MASS_EMAIL, 1, replace(SOURCE, subject="Other"))
    store.put_message(MASS_EMAIL, 2, replace(SOURCE, subject="Other"))
    assert [store.message(MASS_EMAIL, version).subject for version in (1, 2)] == ["Grüße 😀", "Other"]
    with pytest.raises(NotFound):
        store.message(MASS_EMAIL, 3)


def test_the_table_of_links_only_grows(store: DynamoRuns) -> None:
    """On condition of its length; so no index is ever given twice."""
    assert list(store.links(MASS_EMAIL)) == []
    first, both = list(SOURCE.links[:1]), list(SOURCE.links)
    store.append_links(MASS_EMAIL, 0, first)
    with pytest.raises(Overtaken):
        store.append_links(MASS_EMAIL, 0, both)
    store.append_links(MASS_EMAIL, 1, both)
    with pytest.raises(Overtaken):
        store.append_links(MASS_EMAIL, 1, both)
    assert list(store.links(MASS_EMAIL)) == both


def test_runs_at_once(store: DynamoRuns) -> None:
    """Each as it is told alone; new ones where nothing is stored."""
    other = "f" * 17
    stored = store.save(Run(MASS_EMAIL, released=3))
    assert store.get_many([MASS_EMAIL, other]) == {MASS_EMAIL: stored, other: Run(other)}
    assert store.get_many([]) == {}


def test_a_run_with_one_of_its_plans(store: DynamoRuns) -> None:
    """None for a plan that is none."""
    assert store.with_plan(MASS_EMAIL, PLAN.id) == (Run(MASS_EMAIL), None)
    stored = store.save(Run(MASS_EMAIL, released=3, open_plans=(PLAN.id,)))
    store.save_plan(PLAN)
    assert store.with_plan(MASS_EMAIL, PLAN.id) == (stored, PLAN)


def test_plans(store: DynamoRuns) -> None:
    """As they were, oldest first; those that are asked for."""
    later = replace(PLAN, id="b" * 17, wave=0, retries=(), enqueued_at=None)
    store.save_plan(later)
    store.save_plan(PLAN)
    assert list(store.plans(MASS_EMAIL, [later.id, PLAN.id])) == [PLAN, later]
    assert list(store.plans(MASS_EMAIL, [later.id])) == [later]
    assert list(store.plans(MASS_EMAIL, [])) == []
    store.save_plan(replace(later, enqueued_at=NOW))
    assert list(store.plans(MASS_EMAIL, [later.id])) == [replace(later, enqueued_at=NOW)]


def test_a_disturbed_tally_is_not_overwritten(store: DynamoRuns) -> None:
    """What was counted before the disturbance is stale, and its counter sees that."""
    assert store.tally(MASS_EMAIL) == StoredTally()
    counted = StoredTally({"Sent": 3}, NOW)
    store.store_tally(MASS_EMAIL, counted)
    assert store.tally(MASS_EMAIL) == counted
    store.disturb_tally(MASS_EMAIL)
    disturbed = store.tally(MASS_EMAIL)
    assert (disturbed.at, disturbed.version) == (None, 1)
    store.store_tally(MASS_EMAIL, counted)
    assert store.tally(MASS_EMAIL) == disturbed
    store.store_tally(MASS_EMAIL, replace(disturbed, at=NOW, counts={"Sent": 4}))
    assert store.tally(MASS_EMAIL) == StoredTally({"Sent": 4}, NOW, 1)
    store.disturb_tally("5" * 17)
    assert store.tally("5" * 17).version == 1


def test_retries(store: DynamoRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over as many pages as they need; fewer of the next wave leave nothing of the last behind."""
    monkeypatch.setattr(runs, "PLACES_PER_PAGE", 5)
    many = [(number, 0, 1) for number in range(4)]
    run = replace(Run(MASS_EMAIL), retry_wave=1)
    pages = store.put_retries(run, many)
    assert pages == 4
    run = replace(run, retry_pages=pages)
    assert list(store.retries(run)) == many
    assert store.put_retries(run, many[:1]) == pages
    assert list(store.retries(run)) == many[:1]
    assert list(store.retries(replace(run, retry_wave=2))) == []


SPOTS = st.builds(Spot, st.integers(0, 1 << 17), st.integers(0, 49))
RUNS = st.builds(
    Run,
    st.just(MASS_EMAIL),
    st.sampled_from(Phase),
    st.integers(0, 9),
    st.integers(0, 99),
    cursor=st.none() | st.text("0|Contact#", max_size=9),
    stretches=st.lists(st.builds(Stretch, *[st.integers(0, 99)] * 4), max_size=3).map(tuple),
    left_out=st.dictionaries(st.sampled_from(["optedOut", "noAddress"]), st.integers(0, 9)),
    released_to=SPOTS,
    open_plans=st.lists(st.just("a" * 17), max_size=2).map(tuple),
)


@given(RUNS)
def test_the_codec_of_runs(run: Run) -> None:
    """There and back; the write counts the revision up."""
    assert from_item(Run, run_put(run)["Item"]) == replace(run, rev=run.rev + 1)


@given(
    st.lists(st.lists(st.integers(0, 60), min_size=2, max_size=5).map(tuple), max_size=4).map(tuple),
    SPOTS,
    SPOTS,
)
def test_the_codec_of_plans(retries: tuple[tuple[int, ...], ...], start: Spot, end: Spot) -> None:
    """There and back, the retry's places packed."""
    plan = replace(PLAN, retries=retries, start=start, end=end)
    item = plan_item(plan)
    assert base_of(item["PK"]["S"].partition("#")[2]) == BASE
    assert from_item(Plan, runs._unpacked_retries(item)) == plan
