"""The contract of the ledger: segments, claims, evidence, copies; in memory, on moto and on DynamoDB Local."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.activity import Mark
from chalicelib.domain.ids import TEST_SEGMENTS_FROM, Place, base_of
from chalicelib.domain.ledger import Chunk, Member, RecipientStatus, Result, first_chunk
from chalicelib.domain.ports_account import AccountState
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.records import (
    AddressFlags,
    Campaign,
    CampaignStatus,
    CampaignType,
    MassEmail,
    TargetType,
)
from chalicelib.domain.sending import SesAccount
from chalicelib.storage import keys
from chalicelib.storage.account import DynamoAccount
from chalicelib.storage.activity import DynamoActivity
from chalicelib.storage.addresses import DynamoAddresses
from chalicelib.storage.ledger import DynamoLedger
from chalicelib.storage.ledger_codec import (
    chunk_attributes,
    chunks_of,
    erased_line,
    member_line,
    member_of,
    positions_of,
    positions_text,
)
from chalicelib.storage.ledger_items import people_item
from chalicelib.storage.records import DynamoRecords
from chalicelib.storage.table import Table
from tests.fakes.people import key_of
from tests.storage.conftest import EVERY_STORE, fresh_table

NOW = datetime(2026, 3, 2, 9, 30, 1, 250_000, tzinfo=UTC)
MASS_EMAIL = "19ca8a03ff100000e"
BASE = base_of(MASS_EMAIL)
S = RecipientStatus


@pytest.fixture(params=EVERY_STORE)
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """An empty table, on each store in turn."""
    with fresh_table(request.param) as made:
        yield made


@pytest.fixture
def ledger(table: Table) -> DynamoLedger:
    """With one segment of four, number 3."""
    table.put(people_item(BASE, 3, members(4)))
    return DynamoLedger(table, key_of)


def member(number: int, address: str | None = "") -> Member:
    told = f"p{number}@example.org" if address == "" else address
    key = key_of(told) if told else "ab" * 16
    return Member(TargetType.CONTACT, f"{number:017x}", told, key, (0, 2), "c" * 17 if number else None)


def members(count: int) -> list[Member]:
    return [member(number) for number in range(count)]


def a_claim(chunk: Chunk, name: str = "mine") -> Chunk:
    return replace(
        chunk, state=f"C{name}", claimed_at=NOW, call_by=NOW + timedelta(seconds=10), version=2, copy=name
    )


def an_end(chunk: Chunk, *results: Result) -> Chunk:
    return replace(
        chunk, state="D", done_at=NOW, results=dict(zip(chunk.open_positions, results, strict=False))
    )


SENT = Result(S.SENT, message_id="m-1")
RESULTS = (
    SENT,
    Result(S.FAILED, "messageRejected"),
    Result(S.SKIPPED, "optedOut"),
    Result(S.UNKNOWN, "silent"),
)


def test_a_segment_comes_back_as_it_was(ledger: DynamoLedger) -> None:
    """Whole, and without its members; where there is nothing, an empty one."""
    (whole,) = ledger.read(BASE, [3])
    assert list(whole.members) == members(4)
    assert (whole.number, dict(whole.chunks)) == (3, {})
    (bare,) = ledger.progress(BASE, [3])
    assert list(bare.members) == []
    (nothing,) = ledger.read(BASE, [99])
    assert list(nothing.members) == []
    assert ledger.members(BASE, [3, 99]) == {3: members(4)}


def test_many_segments_come_in_order(table: Table) -> None:
    """More than one request holds."""
    for number in range(70):
        table.put(people_item(BASE, number, [member(number)]))
    ledger = DynamoLedger(table, key_of)
    found = list(ledger.read(BASE, set(range(70))))
    assert [segment.number for segment in found] == list(range(70))
    assert [segment.members[0].target_id for segment in found] == [f"{number:017x}" for number in range(70)]


def test_a_chunk_through_its_life(ledger: DynamoLedger) -> None:
    """Planned, claimed, done with every kind of result and a child; everything comes back."""
    planned = first_chunk(0, 4)
    claimed = a_claim(planned)
    ledger.advance(BASE, 3, planned, claimed)
    (segment,) = ledger.progress(BASE, [3])
    assert segment.chunks == {"0.4": claimed}
    done = an_end(claimed, *RESULTS)
    child = Chunk("0.4a", (1, 3), "W1", attempts=2)
    ledger.advance(BASE, 3, claimed, done, children=[child])
    (segment,) = ledger.progress(BASE, [3])
    assert segment.chunks == {"0.4": done, "0.4a": child}
    assert segment.chunk("0.4a") == child


@pytest.mark.parametrize("other", ["C another", "W1", "D", ""])
def test_every_write_is_on_condition_of_the_state(ledger: DynamoLedger, other: str) -> None:
    """Whoever has read another state is overtaken, and nothing is written: neither the chunk, nor a child, nor a log row."""
    planned = first_chunk(0, 4)
    claimed = a_claim(planned)
    ledger.advance(BASE, 3, planned, claimed)
    stale = replace(planned, state=other.replace(" ", ""))
    for after in (a_claim(stale, "another"), an_end(stale, SENT), replace(stale, state="W5")):
        with pytest.raises(Overtaken):
            ledger.advance(BASE, 3, stale, after, children=[Chunk("0.4x", (0,), "W1")])
    (segment,) = ledger.progress(BASE, [3])
    assert segment.chunks == {"0.4": claimed}


def test_one_of_many_claims(table: Table) -> None:
    """Eight workers at once."""
    ledger = DynamoLedger(table, key_of)
    planned = first_chunk(0, 4)

    def claim(number: int) -> bool:
        try:
            ledger.advance(BASE, 3, planned, a_claim(planned, f"t{number}"))
        except Overtaken:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 1


def test_ones_own_claim_again_is_no_loss(ledger: DynamoLedger) -> None:
    """A write whose answer was lost is repeated; a claim is known by its token, anything else is another's."""
    planned = first_chunk(0, 4)
    claimed = a_claim(planned)
    ledger.advance(BASE, 3, planned, claimed)
    ledger.advance(BASE, 3, planned, claimed)
    with pytest.raises(Overtaken):
        ledger.advance(BASE, 3, planned, a_claim(planned, "other"))


def test_the_sent_have_a_row_in_the_log(ledger: DynamoLedger, table: Table) -> None:
    """One per chunk, written with its end; also those whose fate was known before the call."""
    planned = first_chunk(0, 4)
    claimed = replace(a_claim(planned), results={2: SENT})
    ledger.advance(BASE, 3, planned, claimed)
    done = replace(claimed, state="D", done_at=NOW, results={0: SENT, 1: SENT, 2: SENT, 3: RESULTS[1]})
    ledger.advance(BASE, 3, claimed, done)
    row = table.get(keys.segment(BASE, 3, "log#sent#0.4"))
    assert row is not None
    assert row["positions"] == {"S": "0-2"}
    assert row["TPK"] == {"S": keys.log_index(BASE, "Sent", 3)}
    other = first_chunk(0, 1)
    ledger.advance(BASE, 4, other, an_end(a_claim(other), RESULTS[1]))
    assert table.get(keys.segment(BASE, 4, "log#sent#0.1")) is None


def test_whoever_may_be_sent_has_a_row_too(ledger: DynamoLedger, table: Table) -> None:
    """At the time of the call, in the row of their chunk; those whose end SES has told, or who were left out, have none."""
    planned = first_chunk(0, 4)
    claimed = a_claim(planned)
    ledger.advance(BASE, 3, planned, claimed)
    ledger.advance(BASE, 3, claimed, replace(an_end(claimed, *RESULTS), done_at=NOW + timedelta(hours=6)))
    row = table.get(keys.segment(BASE, 3, "log#sent#0.4"))
    assert row is not None
    assert row["positions"] == {"S": "0,3"}
    assert row["at"] == keys.stamp(NOW)


def test_a_chunk_that_waits_is_added_once(ledger: DynamoLedger) -> None:
    """What became of it since is not overwritten."""
    chunk = Chunk("1/0", (0, 2), "W1")
    assert ledger.add_chunk(BASE, 3, chunk)
    claimed = a_claim(chunk)
    ledger.advance(BASE, 3, chunk, claimed)
    assert not ledger.add_chunk(BASE, 3, chunk)
    (segment,) = ledger.progress(BASE, [3])
    assert segment.chunks == {"1/0": claimed}


def test_tests_have_segments_of_their_own(ledger: DynamoLedger) -> None:
    """Numbered from where no other segment is."""
    assert ledger.last_test(BASE) == TEST_SEGMENTS_FROM
    first, second = ledger.add_test(BASE, members(2)), ledger.add_test(BASE, members(1))
    assert (first, second) == (TEST_SEGMENTS_FROM + 1, TEST_SEGMENTS_FROM + 2)
    assert ledger.last_test(BASE) == second
    (segment,) = ledger.read(BASE, [first])
    assert list(segment.members) == members(2)
    assert Place(BASE, first, 0).is_test


def test_a_witness(ledger: DynamoLedger) -> None:
    """Evidence with message ids, whatever the chunk says; and beside what others have marked."""
    DynamoActivity(ledger._table).mark(Place(BASE, 3, 1), Mark.DELIVERED)
    ledger.witness(BASE, 3, {0: "m-0", 2: None})
    ledger.witness(BASE, 3, {0: "m-0"})
    (segment,) = ledger.progress(BASE, [3])
    assert segment.activity.accepted == {0, 1, 2}
    assert segment.activity.message_ids == {0: "m-0"}


def test_settling_and_taking_it_back(ledger: DynamoLedger) -> None:
    """A person's decisions; those on places that are sent again are forgotten, the others stay."""
    ledger.settle(BASE, 3, {0, 1}, sent=True)
    ledger.settle(BASE, 3, {2}, sent=False)
    ledger.unsettle(BASE, 3, {1, 2})
    ledger.unsettle(BASE, 3, {1, 2})
    (segment,) = ledger.progress(BASE, [3])
    assert segment.activity.having(Mark.SETTLED_SENT) == {0}
    assert segment.activity.having(Mark.SETTLED_FAILED) == frozenset()


def test_two_single_refusals_with_one_text(ledger: DynamoLedger) -> None:
    """The same text of two people is a pattern; another text in between begins anew, and the same person does not count."""
    refusals = [(1, "a"), (2, "b"), (3, "b"), (4, "a"), (4, "a"), (5, "a")]
    found = [ledger.refused_alone(MASS_EMAIL, Place(BASE, 3, who), text) for who, text in refusals]
    assert found == [False, False, True, False, False, True]
    assert not ledger.refused_alone("5" * 17, Place(BASE, 3, 6), "a")


def test_forgetting_a_person(ledger: DynamoLedger) -> None:
    """The address is gone, its key and everything else stays; the copies too are rid of them. Again changes nothing."""
    ledger.store_copy(BASE, 3, "token", {0: {"data": {"n": "Ada"}}, 1: {"data": {"n": "Eve"}}})
    for _ in range(2):
        ledger.forget(Place(BASE, 3, 1))
    (segment,) = ledger.read(BASE, [3])
    assert segment.members[1] == replace(member(1), email_address=None)
    assert [each for each in segment.members if each.email_address is None] == [segment.members[1]]
    assert ledger.copy_of(Place(BASE, 3, 0), "token") == {"data": {"n": "Ada"}}
    assert ledger.copy_of(Place(BASE, 3, 1), "token") is None
    ledger.forget(Place(BASE, 3, 40))
    ledger.forget(Place(BASE, 77, 0))


def test_copies_are_kept_by_claim(ledger: DynamoLedger) -> None:
    """Two claims of one chunk overwrite nothing of each other; any Unicode comes back."""
    first = {0: {"data": {"name": "Zoë 😀"}, "headers": {"X": "1"}}}
    ledger.store_copy(BASE, 3, "one", first)
    ledger.store_copy(BASE, 3, "two", {0: {"data": {}, "headers": {}}})
    assert ledger.copy_of(Place(BASE, 3, 0), "one") == first[0]
    assert ledger.copy_of(Place(BASE, 3, 0), "two") == {"data": {}, "headers": {}}
    assert ledger.copy_of(Place(BASE, 3, 0), "three") is None
    assert ledger.copy_of(Place(BASE, 3, 9), "one") is None


def test_large_copies_take_several_items(ledger: DynamoLedger) -> None:
    """Fifty bodies of 100 kB."""
    text = "Lorem ipsum dolor sit amet, consectetur adipiscing elit. " * 1_800
    copies = {place: {"data": {"body": f"{place} {text}"}} for place in range(50)}
    ledger.store_copy(BASE, 3, "token", copies)
    for place in (0, 9, 10, 49):
        assert ledger.copy_of(Place(BASE, 3, place), "token") == copies[place]


def test_opening_a_chunk(ledger: DynamoLedger, table: Table) -> None:
    """Everything that decides, in one request; what is not there is None."""
    empty = ledger.open(MASS_EMAIL, None, 3)
    assert (empty.mass_email, empty.campaign_status, empty.campaign_type) == (None, None, None)
    assert empty.account == AccountState()
    campaign = Campaign(
        id="c" * 17,
        created_at=NOW,
        modified_at=NOW,
        name="Spring",
        type=CampaignType.INFORMATIONAL,
        status=CampaignStatus.INACTIVE,
    )
    DynamoRecords(table, "Campaign", Campaign).add(campaign)
    mass_email = MassEmail(
        id=MASS_EMAIL, created_at=NOW, modified_at=NOW, name="M", start_at=NOW, email_template_id="e" * 17
    )
    DynamoRecords(table, "MassEmail", MassEmail).add(mass_email)
    account = SesAccount(
        200, 14, 3, production_access=True, sending_enabled=True, enforcement_status="HEALTHY"
    )
    DynamoAccount(table).store(account, NOW)
    DynamoAddresses(table).mark_invalid(key_of("p1@example.org"), "", reason="bounced", at=NOW)
    DynamoActivity(table).mark(Place(BASE, 3, 0), Mark.DELIVERED)
    asked = [key_of("p1@example.org"), key_of("p2@example.org")]
    opened = ledger.open(MASS_EMAIL, campaign.id, 3, asked)
    assert opened.mass_email == mass_email
    assert opened.informational
    assert opened.campaign_status is CampaignStatus.INACTIVE
    assert opened.account.account == account
    assert list(opened.segment.members) == members(4)
    assert opened.segment.activity.accepted == {0}
    flags = opened.flags[asked[0]]
    assert isinstance(flags, AddressFlags)
    assert flags.invalid
    assert opened.flags[asked[1]] is None


# The codec


POSITIONS = st.sets(st.integers(0, 49))


@given(POSITIONS)
def test_positions_come_back(positions: set[int]) -> None:
    """As ranges."""
    text = positions_text(positions)
    assert positions_of(text) == tuple(sorted(positions))
    assert len(text) <= 150


RESULT = st.one_of(
    st.sampled_from([Result(S.SENT), Result(S.SENT, message_id="0102-a")]),
    st.builds(
        Result, st.sampled_from([S.FAILED, S.SKIPPED, S.UNKNOWN]), st.sampled_from(["silent", 'a"\\é'])
    ),
)
MOMENTS = st.sampled_from([None, NOW, NOW.replace(microsecond=0), NOW + timedelta(days=300)])
CHUNK = st.builds(
    Chunk,
    st.sampled_from(["0.50", "0.50ab", "12/3"]),
    st.sampled_from([(), (7,), (0, 1, 2, 49), tuple(range(50)), tuple(range(1, 50, 2))]),
    st.sampled_from(["W1", "Ctoken", "D"]),
    attempts=st.integers(0, 9),
    claimed_at=MOMENTS,
    call_by=MOMENTS,
    done_at=MOMENTS,
    version=st.integers(0, 9),
    copy=st.sampled_from(["", "token"]),
    results=st.dictionaries(st.integers(0, 49), RESULT, max_size=3),
)


@given(CHUNK, CHUNK)
def test_chunks_come_back(one: Chunk, other: Chunk) -> None:
    """Side by side in one item."""
    item = {**keys.segment(BASE, 0, "state"), **chunk_attributes(other), **chunk_attributes(one)}
    assert chunks_of(item) == {other.name: other, one.name: one}


MEMBER = st.builds(
    lambda kind, number, lists, address: Member(
        kind,
        f"{number:017x}",
        address,
        key_of(address),
        tuple(lists),
        f"{number:017x}" if number % 2 else None,
    ),
    st.sampled_from(TargetType),
    st.integers(0, (1 << 68) - 1),
    st.lists(st.integers(0, 300), max_size=4),
    st.sampled_from(["ada@example.org", "Zoë@bücher.example", "#hash@example.org", "o'x+y@example.org"]),
)


@given(MEMBER)
def test_members_come_back(told: Member) -> None:
    """And erased, they are the same without the address."""
    line = member_line(told)
    assert member_of(line, key_of) == told
    erased = erased_line(line, told.address_key)
    assert member_of(erased, key_of) == replace(told, email_address=None)
    assert "example" not in erased
