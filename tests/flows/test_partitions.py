"""Where a campaign's writes go: to no partition all of them, for one takes 1,000 write units a second at most.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.storage.keys import LOG_SHARDS
from devstack import resources
from tests.flows.readers import BROWSER, Client
from tests.flows.stage import Stage

PEOPLE = 1_200
LARGEST_SHARE = 1 / 10  # of all writes; with PEOPLE in segments of 50 one segment's is 1/24


class Watched(Client):
    """The client, with the partition of each item that was written."""

    written: Counter[str]

    def __getattr__(self, name: str) -> Any:
        method = super().__getattr__(name)

        def call(**request: Any) -> Any:
            self.written.update(_partitions(name, request))
            return method(**request)

        return call


def _partitions(operation: str, request: Mapping[str, Any]) -> Iterator[str]:
    if operation in {"put_item", "update_item", "delete_item"}:
        yield (request.get("Item") or request["Key"])["PK"]["S"]
    if operation == "batch_write_item":
        for writes in request["RequestItems"].values():
            for write in writes:
                [part] = write.values()
                yield (part.get("Item") or part["Key"])["PK"]["S"]
    if operation == "transact_write_items":
        for write in request["TransactItems"]:
            [part] = write.values()
            yield (part.get("Item") or part["Key"])["PK"]["S"]


def test_no_partition_takes_all_of_a_campaigns_writes() -> None:
    """Freeze, send, events, opens and clicks of 1,200 people: none takes a tenth, nor does one of the index take a log."""
    stage = Stage(rate=600)
    mass_email = stage.to_people(PEOPLE, campaign_id=stage.campaign().id)
    watched = Watched(stage.dynamodb)
    watched.written = Counter()
    stage.table._client = watched
    stage.tick(patience=60)
    stage.events(mass_email)
    for place in stage.places(mass_email).values():
        stage.tracking.opened(place, BROWSER)
    assert stage.counts(mass_email) == {"Sent": PEOPLE}
    written = watched.written
    assert written.total() > 3 * PEOPLE  # a pointer, an event and an open of each, and what the chunks need
    assert max(written.values()) < LARGEST_SHARE * written.total(), written.most_common(3)
    opened = Counter(
        item["TPK"]["S"]
        for item in stage.dynamodb.items(resources.PREFIX)
        if item["SK"]["S"].startswith("log#") and "#Opened#" in item["TPK"]["S"]
    )
    assert opened.total() == PEOPLE
    assert len(opened) == LOG_SHARDS["Opened"]
