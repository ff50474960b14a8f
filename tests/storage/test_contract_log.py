"""The contracts of activity, log and what else stands beside segments, in memory, on moto and on DynamoDB Local."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from chalicelib.domain.activity import NOTHING, Activity, Mark
from chalicelib.domain.events import EventType, FeedbackEvent, Unreadable
from chalicelib.domain.ids import Place
from chalicelib.domain.log import NO_DETAILS, Action, BounceType, LogDetails
from chalicelib.domain.stats import Numbers
from chalicelib.domain.touches import MAX_TOUCHES, touch_at
from chalicelib.storage import keys
from chalicelib.storage.activity import DynamoActivity, activity_from_item
from chalicelib.storage.events import DynamoEvents
from chalicelib.storage.finding import DynamoMassEmailFinder
from chalicelib.storage.log import DynamoLogWriter
from chalicelib.storage.log_reading import DynamoLogReader
from chalicelib.storage.numbers import DynamoNumbers
from chalicelib.storage.table import Table
from devstack import resources
from tests.fakes.dynamodb.client import FakeDynamoDB
from tests.fakes.people import key_of
from tests.storage.conftest import PARAMETERS, fresh_table

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BASE = "0" * 10 + "1"
PLACE = Place(BASE, 0, 7)
CLICK = LogDetails(tracking_url_id="a" * 17, url="https://example.com/", user_agent="Firefox")


@pytest.fixture(params=["memory", *PARAMETERS])
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """An empty table, on each store in turn."""
    if request.param == "memory":
        client = FakeDynamoDB()
        resources._make_table(client)
        yield Table(client, resources.PREFIX, lambda seconds: None)
        return
    with fresh_table(request.param) as made:
        yield made


def activity_of(table: Table, place: Place) -> Activity:
    """The marks of the segment of this place."""
    return activity_from_item(table.get(keys.at_place(place, "activity")) or {})


def actions(table: Table, *wanted: Action, before: str | None = None) -> list[tuple[Action, datetime]]:
    """What the log says of these actions, newest first."""
    scopes = [(BASE, action) for action in wanted]
    entries = DynamoLogReader(table).newest(scopes, before=before, expected=10)
    return [(entry.action, entry.at) for entry in entries]


def test_marks_are_sets(table: Table) -> None:
    """Adding twice changes nothing."""
    store = DynamoActivity(table)
    store.mark(PLACE, Mark.DELIVERED, Mark.ACCEPTED)
    store.mark(PLACE, Mark.DELIVERED)
    store.mark(Place(BASE, 0, 8), Mark.DELIVERED)
    assert activity_of(table, PLACE).having(Mark.ACCEPTED) == {7}
    assert activity_of(table, PLACE).having(Mark.DELIVERED) == {7, 8}
    assert activity_of(table, Place(BASE, 1, 7)) == NOTHING


def test_marks_and_touches_at_once_lose_nothing(table: Table) -> None:
    """Twelve threads on one segment's item, half of them by transactions."""
    store, log = DynamoActivity(table), DynamoLogWriter(table)

    def act(number: int) -> None:
        if number % 2:
            store.mark(Place(BASE, 0, number), Mark.DELIVERED)
        else:
            log.touched(Place(BASE, 0, number), touch_at(NOW), NO_DETAILS)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(act, range(12)))
    activity = activity_of(table, PLACE)
    assert activity.having(Mark.DELIVERED) == {1, 3, 5, 7, 9, 11}
    assert activity.having(Mark.OPENED) == {0, 2, 4, 6, 8, 10}


def test_a_touch_and_its_row_are_one(table: Table) -> None:
    """The same touch twice is one; its row says all that the event said."""
    log = DynamoLogWriter(table)
    touch = touch_at(NOW, link=2, implies_open=True)
    for _ in range(2):
        assert log.touched(PLACE, touch, CLICK)
    entries = list(DynamoLogReader(table).newest([(BASE, Action.CLICKED)], before=None, expected=10))
    assert [(entry.place, entry.touch, entry.details) for entry in entries] == [(PLACE, touch, CLICK)]
    assert actions(table, Action.OPENED) == [(Action.OPENED, NOW)]
    activity = activity_of(table, PLACE)
    assert activity.links == {2: {7}}
    assert activity.having(Mark.OPENED) == {7}


def test_there_is_room_for_so_many(table: Table) -> None:
    """The set of one kind of one recipient is full, the others are not; what is in it may come again."""
    log = DynamoLogWriter(table)
    for number in range(MAX_TOUCHES):
        assert log.touched(PLACE, touch_at(NOW + timedelta(seconds=number)), NO_DETAILS)
    assert not log.touched(PLACE, touch_at(NOW - timedelta(seconds=1)), NO_DETAILS)
    assert log.touched(PLACE, touch_at(NOW), NO_DETAILS)
    assert log.touched(PLACE, touch_at(NOW, machine=True), NO_DETAILS)
    assert log.touched(PLACE, touch_at(NOW, link=0), NO_DETAILS)
    assert log.touched(Place(BASE, 0, 8), touch_at(NOW - timedelta(seconds=1)), NO_DETAILS)
    assert len(actions(table, Action.OPENED)) == MAX_TOUCHES + 2


@pytest.mark.parametrize("order", list(permutations((0, 1, 2))))
def test_of_what_happens_once_the_earliest_stays(table: Table, order: tuple[int, ...]) -> None:
    """Events come in any order."""
    log = DynamoLogWriter(table)
    for number in order:
        log.happened(PLACE, Action.DELIVERED, NOW + timedelta(seconds=number), NO_DETAILS)
    assert actions(table, Action.DELIVERED) == [(Action.DELIVERED, NOW)]


def test_hard_and_soft_bounces_are_both_kept(table: Table) -> None:
    """One line of each."""
    log = DynamoLogWriter(table)
    for kind in (BounceType.SOFT, BounceType.HARD, BounceType.SOFT):
        log.happened(PLACE, Action.BOUNCED, NOW, LogDetails(bounce_type=kind))
    assert len(actions(table, Action.BOUNCED)) == 2


def test_renewed_ones_all_stay(table: Table) -> None:
    """Each change of mind is a line, the same one twice is one."""
    log = DynamoLogWriter(table)
    log.happened(PLACE, Action.OPTED_OUT, NOW, NO_DETAILS)
    for minutes in (1, 2, 2):
        log.happened(PLACE, Action.OPTED_OUT, NOW + timedelta(minutes=minutes), NO_DETAILS, renewed=True)
    entries = list(DynamoLogReader(table).newest([(BASE, Action.OPTED_OUT)], before=None, expected=10))
    assert [entry.is_renewed for entry in entries] == [True, True, False]


def test_the_last_wish_is_known(table: Table) -> None:
    """Of leaving and coming back the later, whatever order the lines were written in; of others' lines nothing."""
    log = DynamoLogWriter(table)
    other = Place(BASE, 0, 8)
    assert log.last_wish(PLACE) is None
    log.happened(PLACE, Action.OPTED_IN, NOW + timedelta(minutes=2), NO_DETAILS)
    log.happened(PLACE, Action.OPTED_OUT, NOW, NO_DETAILS)
    log.happened(PLACE, Action.DELIVERED, NOW + timedelta(minutes=5), NO_DETAILS)
    log.happened(other, Action.OPTED_OUT, NOW + timedelta(minutes=9), NO_DETAILS)
    assert log.last_wish(PLACE) is Action.OPTED_IN
    log.happened(PLACE, Action.OPTED_OUT, NOW + timedelta(minutes=3), NO_DETAILS, renewed=True)
    assert log.last_wish(PLACE) is Action.OPTED_OUT


def test_the_log_is_merged_over_partitions(table: Table) -> None:
    """Segments fall into different partitions of the index: read, they are in one order, from any point on."""
    log = DynamoLogWriter(table)
    for number in range(40):
        place = Place(BASE, number % 9, number)
        log.happened(place, Action.DELIVERED, NOW + timedelta(seconds=number // 2), NO_DETAILS)
    entries = list(DynamoLogReader(table).newest([(BASE, Action.DELIVERED)], before=None, expected=4))
    assert len({entry.order for entry in entries}) == 40
    assert [entry.order for entry in entries] == sorted((entry.order for entry in entries), reverse=True)
    for given in (0, 13, 39):
        rest = DynamoLogReader(table).newest(
            [(BASE, Action.DELIVERED)], before=entries[given].order, expected=4
        )
        assert list(rest) == entries[given + 1 :]


def test_of_one_recipient(table: Table) -> None:
    """Everything of this one, nothing of the neighbours."""
    log, reader = DynamoLogWriter(table), DynamoLogReader(table)
    for position in (7, 70 % 50, 8):
        log.happened(Place(BASE, 0, position), Action.DELIVERED, NOW, NO_DETAILS)
        log.touched(Place(BASE, 0, position), touch_at(NOW), NO_DETAILS)
    table.put({**keys.at_place(PLACE, "log#sent#0.9"), **_sent("0-8")})
    table.put({**keys.at_place(PLACE, "log#sent#9.20"), **_sent("9-20")})
    found = reader.of_places([PLACE])
    assert sorted(entry.action for entry in found) == [Action.DELIVERED, Action.OPENED, Action.SENT]
    assert {entry.place for entry in found} == {PLACE}
    assert reader.last_delivery([PLACE, Place(BASE, 3, 3)]) == NOW
    assert reader.last_delivery([Place(BASE, 3, 3)]) is None
    assert reader.last_delivery([]) is None


def test_leads(table: Table) -> None:
    """A lead is one line of its campaign's log, however often it is told."""
    log, reader = DynamoLogWriter(table), DynamoLogReader(table)
    campaign, leads = "c" * 17, [f"{number:017x}" for number in range(20)]
    for lead in (*leads, leads[0]):
        log.lead_created(campaign, lead, NOW)
    assert reader.leads_created(campaign) == 20
    assert reader.leads_created("d" * 17) == 0
    [(told, entry)] = reader.of_lead(leads[3])
    assert (told, entry.lead_id, entry.action) == (campaign, leads[3], Action.LEAD_CREATED)


def test_events(table: Table) -> None:
    """The same event twice is one item; whatever is no event is kept too."""
    events = DynamoEvents(table, key_of)
    event = FeedbackEvent(
        "e" * 32, EventType.BOUNCE, "Bounce", "m", NOW, (), None, None, None, raw={"a": "é"}
    )
    for _ in range(2):
        events.keep(event, matched=True, now=NOW)
    events.keep_unreadable(Unreadable("notJson", "\ud800 [" * 3), now=NOW)
    item = table.get(keys.event("e" * 32))
    assert item is not None
    assert item["expiresAt"] == {"N": str(int((NOW + timedelta(days=90)).timestamp()))}


def test_the_stream_is_noted_once_a_minute(table: Table) -> None:
    """Several processes may each write once."""
    events = DynamoEvents(table, key_of)
    events.stream_is_alive(NOW)
    events.stream_is_alive(NOW + timedelta(seconds=59))
    item = table.get(keys.account("stream"))
    assert item is not None
    assert item["lastSendEventAt"] == keys.stamp(NOW)
    events.stream_is_alive(NOW + timedelta(seconds=60))
    item = table.get(keys.account("stream"))
    assert item is not None
    assert item["lastSendEventAt"] == keys.stamp(NOW + timedelta(seconds=60))


def test_sums_are_kept(table: Table) -> None:
    """What is put is what is got, with its time."""
    store = DynamoNumbers(table)
    assert store.get("f" * 17) is None
    store.put("f" * 17, Numbers(sent=3, opened=1), NOW)
    assert store.get("f" * 17) == (Numbers(sent=3, opened=1), NOW)


def test_bases_are_remembered(table: Table) -> None:
    """Who owns one never changes; an unknown one is asked for again."""
    finder = DynamoMassEmailFinder(table)
    assert finder.id_of_base(BASE) is None
    table.put({**keys.base(BASE), "massEmailId": {"S": f"{BASE}000000"}})
    assert finder.id_of_base(BASE) == f"{BASE}000000"
    table.delete(keys.base(BASE))
    assert finder.id_of_base(BASE) == f"{BASE}000000"
    assert finder.by_base(BASE) is None


def _sent(positions: str) -> dict[str, dict[str, str]]:
    return {
        "TPK": {"S": keys.log_index(BASE, "Sent", 0)},
        "TSK": {"S": keys.log_time(NOW, positions)},
        "action": {"S": "Sent"},
        "at": keys.stamp(NOW),
        "positions": {"S": positions},
    }
