"""What one request of a search reads, counted at DynamoDB's door: a named number of items at most, whatever is asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.domain.records import Lead
from chalicelib.domain.search import MAX_READ
from chalicelib.storage.targets import target_item
from tests.fakes.clock import NINE_ON_A_MONDAY
from tests.routes.resources import Api
from tests.world import World

PEOPLE = MAX_READ + 300
RARE = 700  # one in so many
AROUND = (
    12  # items that every request reads beside its search: the token, the settings, the lists that it names
)
WRITTEN_AT_ONCE = 25  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html


def leads() -> Iterator[Lead]:
    """All of them have an address; a few are rare."""
    for number in range(PEOPLE):
        yield Lead(
            id=f"{number * 16 + number % 16:017x}",
            created_at=NINE_ON_A_MONDAY,
            modified_at=NINE_ON_A_MONDAY,
            last_name=f"Lead {number}",
            email_address=f"lead-{number}@example.com",
            status="Rare" if number % RARE == 7 else "New",
        )


@pytest.fixture
def api(world: World) -> Api:
    client, table = world.wiring.client("dynamodb"), world.wiring.environment.table
    puts = [{"PutRequest": {"Item": target_item(lead)}} for lead in leads()]
    for start in range(0, len(puts), WRITTEN_AT_ONCE):
        client.batch_write_item(RequestItems={table: puts[start : start + WRITTEN_AT_ONCE]})
    return Api(world)


@contextmanager
def counted(world: World) -> Iterator[list[int]]:
    """The items that each request to DynamoDB asks for; those that are not there are read, too."""
    reads: list[int] = []

    def asked(params: Any, model: Any, **_: Any) -> None:
        if model.name == "BatchGetItem":
            reads.extend(len(wanted["Keys"]) for wanted in params["RequestItems"].values())

    def found(parsed: Any, model: Any, **_: Any) -> None:
        if model.name == "Query":
            reads.append(parsed["ScannedCount"])
        elif model.name == "GetItem":
            reads.append(1)

    events = world.wiring.client("dynamodb").meta.events
    hooks = (("before-parameter-build.dynamodb", asked), ("after-call.dynamodb", found))
    for event, hook in hooks:
        events.register_first(event, hook)
    try:
        yield reads
    finally:
        for event, hook in hooks:
            events.unregister(event, hook)


def test_no_request_reads_more_than_a_named_number(api: Api) -> None:
    """Selective or not, with the flags that each person is answered with; the header tells the truth of it."""
    rare = {"type": "equals", "attribute": "status", "value": "Rare"}
    common = {"type": "notEquals", "attribute": "status", "value": "Rare"}
    mailed = {"type": "isFalse", "attribute": "emailAddressIsOptedOut"}
    stray = {"type": "isNotLinked", "attribute": "targetLists"}
    few = {"type": "like", "attribute": "name", "value": "%_33"}
    for where, limit in (([rare], 50), ([common], 200), ([rare, mailed], 50), ([mailed, stray, few], 200)):
        path = "/v1/leads?" + urlencode({"where": json.dumps(where), "limit": limit})
        with counted(api.world) as reads:
            reply = api.world.http("GET", path)
        told = int(reply.headers["X-Items-Read"])
        assert told <= MAX_READ, where
        assert sum(reads) <= told + AROUND, where
        assert told <= sum(max(read, 1) for read in reads), (
            where
        )  # a query that finds nothing is paid for, too


def test_a_selective_search_goes_on_by_its_cursor(api: Api) -> None:
    """A request that came to the number answers what it has; over all of them everybody is found once, though others write."""
    rare = [{"type": "equals", "attribute": "status", "value": "Rare"}]
    parameters: dict[str, object] = {"where": json.dumps(rare), "limit": 50, "order": "asc"}
    found, requests = list[str](), 0
    while True:
        with counted(api.world) as reads:
            page = api.get("/v1/leads?" + urlencode(parameters))
        assert sum(reads) <= MAX_READ + AROUND
        found += [each["lastName"] for each in page["list"]]
        requests += 1
        if page["nextCursor"] is None:
            break
        parameters["cursor"] = page["nextCursor"]
        api.delete(f"/v1/leads/{16 * 2 + 2:017x}")  # looked at before, and gone now
        api.post("/v1/leads", {"lastName": "Newcomer", "status": "Rare"})
    assert requests == 2
    assert found == [f"Lead {number}" for number in range(7, PEOPLE, RARE)] + ["Newcomer"]


def test_a_report_reads_no_more_either(api: Api) -> None:
    """What its columns look up beside each person is counted, too."""
    body = {
        "name": "All",
        "entityType": "Lead",
        "columns": ["lastName", "emailAddressIsInvalid", "campaign.name"],
        "where": [{"type": "contains", "attribute": "name", "value": "99"}],
    }
    path = f"/v1/reports/{api.post('/v1/reports', body)['id']}/run?limit=200"
    with counted(api.world) as reads:
        reply = api.world.http("GET", path)
    told = int(reply.headers["X-Items-Read"])
    assert 0 < sum(reads) - AROUND <= told <= MAX_READ
