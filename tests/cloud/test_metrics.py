"""Numbers for CloudWatch: in its own format, and each counted once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain.activity import Mark
from chalicelib.domain.ids import TEST_SEGMENTS_FROM, Place
from chalicelib.domain.ledger import Chunk, RecipientStatus, Result
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.metrics import NAMESPACE, UNITS, Metrics, embedded
from chalicelib.storage.measured import METRIC_OF_MARK, MeasuredActivity, MeasuredLedger
from chalicelib.storage.table import Table
from devstack.resources import PREFIX, _make_table
from infrastructure.stages import read_stage
from infrastructure.template import merge_template
from tests.docs.posting import Post, open_post
from tests.fakes.dynamodb import FakeDynamoDB
from tests.world import World

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BASE = "55f2c87b09a"
SENT, SKIPPED = Result(RecipientStatus.SENT, message_id="m"), Result(RecipientStatus.SKIPPED, "optedOut")
Noted = list[tuple[Mapping[str, float], str]]


class Recorder:
    """Keeps what is measured."""

    def __init__(self) -> None:
        self.noted: Noted = []

    def __call__(self, numbers: Mapping[str, float], *, reason: str = "") -> None:
        """Keep it."""
        self.noted.append((dict(numbers), reason))


def test_a_line_is_as_cloudwatch_reads_it() -> None:
    """The specification's members; a number stands at the top, under the metric's name."""
    assert embedded({"Failed": 2}, stage="prod", at=NOW, reason="renderError") == {
        "_aws": {
            "Timestamp": 1772442000000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Envoi",
                    "Dimensions": [["Stage"], ["Stage", "Reason"]],
                    "Metrics": [{"Name": "Failed", "Unit": "Count"}],
                }
            ],
        },
        "Stage": "prod",
        "Reason": "renderError",
        "Failed": 2,
    }


def test_a_metric_that_nobody_knows_is_a_mistake() -> None:
    """It would cost money and stand on no dashboard."""
    with pytest.raises(KeyError):
        embedded({"Snet": 1}, stage="prod", at=NOW)


def test_no_numbers_are_no_line(world: World, lines: list[dict[str, Any]]) -> None:
    """CloudWatch would reject it."""
    measure = Metrics("dev", world.clock)
    measure({})
    measure({"Sent": 3})
    assert [each["Sent"] for each in lines] == [3]


def test_alarms_and_dashboard_look_at_metrics_that_are_written() -> None:
    """By their names; and every metric is looked at."""
    resources: Any = merge_template(read_stage("prod"))["Resources"]
    alarms = {
        each["Properties"]["MetricName"]
        for each in resources.values()
        if each.get("Properties", {}).get("Namespace") == NAMESPACE
    }
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    shown = set(re.findall(rf'"{NAMESPACE}", "(\w+)"', body))
    assert alarms <= shown
    assert shown == set(UNITS)


def test_every_end_of_a_recipient_has_a_metric() -> None:
    """And so has what SES says of it."""
    ends = set(RecipientStatus) - {RecipientStatus.PENDING, RecipientStatus.SENDING}
    assert {each.value for each in ends} | set(METRIC_OF_MARK.values()) <= UNITS.keys()


def test_recipients_are_counted_when_their_end_is_written(world: World) -> None:
    """By status and reason; who was skipped at the claim counts there, and not again at the end."""
    measure = Recorder()
    ledger = MeasuredLedger(world.wiring.table, world.wiring.key_of, measure)
    waiting = Chunk("0.3", (0, 1, 2))
    claimed = replace(waiting, state="Ct", results={0: SKIPPED}, claimed_at=NOW, call_by=NOW)
    ledger.advance(BASE, 1, waiting, claimed)
    assert measure.noted == [({"Skipped": 1}, "optedOut")]
    measure.noted.clear()
    ledger.advance(
        BASE, 1, claimed, replace(claimed, state="D", results={0: SKIPPED, 1: SENT, 2: SENT}, done_at=NOW)
    )
    assert measure.noted == [({"Sent": 2}, "")]


def test_who_comes_second_counts_nothing(world: World) -> None:
    """What another worker wrote first stands; its numbers do, too."""
    measure = Recorder()
    ledger = MeasuredLedger(world.wiring.table, world.wiring.key_of, measure)
    waiting = Chunk("0.1", (0,))
    done = replace(waiting, state="D", results={0: SKIPPED}, done_at=NOW)
    ledger.advance(BASE, 1, waiting, done)
    with pytest.raises(Overtaken):
        ledger.advance(BASE, 1, waiting, replace(done, results={0: Result(RecipientStatus.FAILED, "x")}))
    assert measure.noted == [({"Skipped": 1}, "optedOut")]


def test_an_event_that_comes_twice_is_counted_once() -> None:
    """And what has no metric not at all. On the fake: moto tells no old value of what did not change."""
    measure, client = Recorder(), FakeDynamoDB()
    _make_table(client)
    activity = MeasuredActivity(Table(client, PREFIX), measure)
    for _ in range(2):
        activity.mark(Place(BASE, 1, 7), Mark.DELIVERED)
        activity.mark(Place(BASE, 1, 7), Mark.OPTED_OUT)
    assert measure.noted == [({"Delivered": 1}, "")]


def test_tests_are_in_no_statistic(world: World) -> None:
    """Send Test's recipients have segments of their own."""
    measure = Recorder()
    ledger = MeasuredLedger(world.wiring.table, world.wiring.key_of, measure)
    waiting = Chunk("0.1", (0,))
    ledger.advance(
        BASE, TEST_SEGMENTS_FROM, waiting, replace(waiting, state="D", results={0: SKIPPED}, done_at=NOW)
    )
    MeasuredActivity(world.wiring.table, measure).mark(Place(BASE, TEST_SEGMENTS_FROM, 0), Mark.DELIVERED)
    assert measure.noted == []


@pytest.fixture
def post(world: World) -> Iterator[Post]:
    """A stage that posts mail."""
    with open_post(world) as made:
        yield made


def test_who_is_left_out_at_the_freeze_is_skipped_by_reason(post: Post, lines: list[dict[str, Any]]) -> None:
    """As the counts have it; a second tick freezes nobody, and counts nobody."""
    list_id = post.target_list("anna@example.org", "ben@example.org", "cleo@example.org")
    nobody = post.api.post("/v1/contacts", {"firstName": "Dora"})["id"]
    post.api.post(f"/v1/target-lists/{list_id}/members", {"type": "Contact", "ids": [nobody]})
    for address in ("ben@example.org", "cleo@example.org"):
        member = {"type": "Contact", "id": post.contacts[address]}
        post.api.post(f"/v1/target-lists/{list_id}/opt-out", member, 200)
    mass_email = post.mass_email(targetListIds=[list_id])
    for _ in range(2):
        post.hour()
    skipped = {line["Reason"]: line["Skipped"] for line in lines if "Skipped" in line}
    assert skipped == {"noAddress": 1, "optedOutOfList": 2}
    assert [line["Skipped"] for line in lines if "Skipped" in line] == list(skipped.values())
    assert post.api.get(f"/v1/mass-emails/{mass_email}")["counts"]["Skipped"] == 3


def measured(lines: list[dict[str, Any]], name: str) -> float:
    """The last value of a metric."""
    value: float = [line[name] for line in lines if name in line][-1]
    return value


def test_the_age_of_what_was_released_is_measured(post: Post, lines: list[dict[str, Any]]) -> None:
    """Since its release, however often it goes on the queue anew; a pause and what is sent do not count."""
    mass_email = post.mass_email("anna@example.org")
    post.world.tick("sweep")
    assert measured(lines, "QueueAge") == 0
    post.released()
    for age in (600, 1200, 1800):
        post.world.clock.advance(600)
        post.world.tick("sweep")
        assert measured(lines, "QueueAge") == pytest.approx(age, abs=2)
    post.api.post(f"/v1/mass-emails/{mass_email}/pause", None, 200)
    post.world.clock.advance(600)
    post.world.tick("sweep")
    assert measured(lines, "QueueAge") == 0
    post.api.post(f"/v1/mass-emails/{mass_email}/resume", None, 200)
    post.world.clock.advance(60)
    post.world.tick("sweep")
    assert measured(lines, "QueueAge") == pytest.approx(60, abs=2)
    post.settle()
    assert post.api.get(f"/v1/mass-emails/{mass_email}")["status"] == "Complete"
    assert measured(lines, "QueueAge") == 0


def test_the_rate_and_what_ses_allows_are_measured(post: Post, lines: list[dict[str, Any]]) -> None:
    """Recipients a second are Sent over time; the dashboard shows them beside ``MaxSendRate``."""
    post.mass_email("anna@example.org", "ben@example.org")
    post.hour()
    assert measured(lines, "Sent") == 2
    quota = post.api.get("/v1/quota")
    assert measured(lines, "MaxSendRate") == quota["maxSendRate"]
    post.world.tick("sweep")
    assert measured(lines, "QuotaUsed") == pytest.approx(100 * 2 / quota["max24HourSend"])
