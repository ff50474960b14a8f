"""A search among 100,000 contacts on DynamoDB Local: how much one page reads; and what freezing them all takes."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import apart, freezing
from benchmarks.figures import Figure, at_most, published
from benchmarks.population import populate
from benchmarks.stage import StageWiring, stage
from chalicelib.domain.ids import new_id
from chalicelib.domain.ports import Membership
from chalicelib.domain.records import TargetList, TargetType
from chalicelib.domain.search import MAX_READ, Sort

FAST = 100_000.0  # nothing is sent here
PEOPLE = 100_000
PAGE = 50  # results
FEW = 500  # members of a small list
RARE = [{"type": "endsWith", "attribute": "lastName", "value": "777"}]  # one in a thousand
COMMON = [{"type": "equals", "attribute": "attributes.city", "value": "Lyon"}]  # one in three


@dataclass(frozen=True)
class Pages:
    """What it took to get at so many results."""

    results: int
    reads: Sequence[int]  # items, request by request
    cpu: float  # seconds
    calls: int  # to DynamoDB


def first_results(wiring: StageWiring, where: list[Any], wanted: int = PAGE) -> Pages:
    """Ask for a page, and go on by its cursor until there are so many results or no more."""
    wiring.reset()
    begun, start, results, reads = time.process_time(), None, 0, []
    while results < wanted:
        page = wiring.searching.page(TargetType.CONTACT, where, Sort.NEWEST, limit=wanted, start=start)
        results += len(page.items)
        reads.append(page.read)
        start = page.next_key
        if start is None:
            break
    return Pages(results, reads, time.process_time() - begun, wiring.counted["dynamodb"].requests)


def small_list(wiring: StageWiring, list_id: str) -> str:
    """A list with a few of the members of another, from its beginning on."""
    now = wiring.clock.now()
    made = TargetList(id=new_id(now), created_at=now, modified_at=now, name="A few")
    wiring.list_store.add(made)
    walk = wiring.memberships.walk(list_id)
    members = [
        Membership(made.id, each.target_type, each.target_id) for each, _ in (next(walk) for _ in range(FEW))
    ]
    wiring.memberships.add(made.id, members)
    return made.id


def figures(count: int = PEOPLE) -> Iterator[Figure]:
    """A selective filter, one that a third fits, members of a small list; then the freeze."""
    with stage(FAST) as wiring:
        list_id = populate(wiring, count, seed=1)
        linked = {"type": "linkedWith", "attribute": "targetLists", "value": [small_list(wiring, list_id)]}
        first_results(wiring, COMMON)  # warm
        rare, common = first_results(wiring, RARE), first_results(wiring, COMMON)
        members = first_results(wiring, [linked], FEW)
        assert rare.results >= min(PAGE, count // 1000), rare
        assert members.results == FEW, members
        alone = wiring.people_search.page(wiring.searching.search(TargetType.CONTACT, [linked]), limit=FEW)
        assert len(alone.items) == FEW, alone
        yield from _told(rare, common, members, count)
        note = f"all of a list of {FEW} among {count:,}; the flags that each is answered with are one more"
        yield at_most("search_items_read_per_member", alone.read / FEW, 2, "items", note)
        yield from freezing.of_list(wiring, list_id, count)


def _told(rare: Pages, common: Pages, members: Pages, count: int) -> Iterator[Figure]:
    most = max(*rare.reads, *common.reads, *members.reads)
    found = f"{rare.results} results among {count:,} in {len(rare.reads)} requests, {sum(rare.reads):,} items"
    yield at_most("search_items_read_in_a_request", most, MAX_READ, "items", found)
    yield published(
        "search_cpu_ms_of_a_request", 1000 * rare.cpu / len(rare.reads), "ms", "one in 1,000 fits"
    )
    yield published("search_dynamodb_calls_of_a_request", rare.calls / len(rare.reads), "requests")
    yield published("search_items_read_common", sum(common.reads), "items", f"{PAGE} results, one in 3 fits")


if __name__ == "__main__":
    apart.tell(figures(*map(int, sys.argv[1:])))
