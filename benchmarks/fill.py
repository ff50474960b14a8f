"""Lists filled from a search on DynamoDB Local: members per CPU second, and memory from 10,000 members to 200,000."""

import sys
import time
from collections.abc import Iterator
from itertools import islice

from benchmarks import apart
from benchmarks.figures import Figure, at_least, at_most, published
from benchmarks.memory import begin_peak, peak_mib
from benchmarks.stage import StageWiring, stage
from chalicelib.domain.ids import new_id
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import Contact, TargetList, TargetType
from chalicelib.storage.targets import target_item

FAST = 100_000.0  # nothing is sent here
SMALL, LARGE = 10_000, 200_000  # people
AT_ONCE = 1_000  # people that are made together
WHERE = [{"type": "equals", "attribute": "attributes.size", "value": "L"}]
ON_ANY_LIST = [{"type": "isLinked", "attribute": "targetLists"}]


def settle(wiring: StageWiring, count: int, size: str) -> None:
    """So many contacts with an address and some attributes; never many in memory, whose peak is measured."""
    rest = contacts(wiring, count, size)
    while some := [target_item(contact) for contact in islice(rest, AT_ONCE)]:
        wiring.table.write_many(puts=some)


def contacts(wiring: StageWiring, count: int, size: str) -> Iterator[Contact]:
    """One a millisecond."""
    for number in range(count):
        wiring.clock.sleep(0.001)
        now = wiring.clock.now()
        yield Contact(
            id=new_id(now),
            created_at=now,
            modified_at=now,
            first_name="Zoé",
            last_name=f"Müller{number}",
            email_address=f"reader{size}{number}@example.org",
            attributes={"size": size, "city": "Lyon", "phone": f"+33 6 {number:08}"},
        )


def a_list(wiring: StageWiring) -> str:
    """An empty list."""
    now = wiring.clock.now()
    made = TargetList(id=new_id(now), created_at=now, modified_at=now, name="Readers")
    wiring.list_store.add(made)
    return made.id


def run(wiring: StageWiring, job: Job) -> tuple[Job, float]:
    """Work a job off: as it stands then, and CPU seconds."""
    begun = time.process_time()
    while job.status != "Done":
        job = wiring.filling.run(job)
    return job, time.process_time() - begun


def figures(small: int = SMALL, large: int = LARGE) -> Iterator[Figure]:
    """A fill, the same again, the removal, and a fill that is twenty times as long, whose list is copied and emptied."""
    with stage(FAST) as wiring:
        settle(wiring, small, "S")
        settle(wiring, 500, "L")
        run(wiring, wiring.filling.add(a_list(wiring), TargetType.CONTACT, WHERE))  # warm
        first = a_list(wiring)
        wiring.reset()
        job, cpu = run(wiring, wiring.filling.add(first, TargetType.CONTACT, []))
        requests = wiring.counted["dynamodb"].requests
        assert job.result == {"added": small + 500}, job
        again, cpu_again = run(wiring, wiring.filling.add(first, TargetType.CONTACT, []))
        assert again.result == {"added": 0}, again
        linked, cpu_linked = run(wiring, wiring.filling.add(a_list(wiring), TargetType.CONTACT, ON_ANY_LIST))
        assert linked.result == {"added": small + 500}, linked
        _, cpu_removal = run(wiring, wiring.filling.remove(first, TargetType.CONTACT, []))
        settle(wiring, large - 500, "L")
        second = a_list(wiring)
        start = begin_peak()
        _, cpu_large = run(wiring, wiring.filling.add(second, TargetType.CONTACT, WHERE))
        grown = peak_mib() - start
        counts = wiring.memberships.counts([first, second])
        others = dict(_others(wiring, second))
    assert (counts[first].entries, counts[second].entries) == (0, large), counts
    members = small + 500
    yield at_least("fill_members_per_cpu_second", members / cpu, 2_500, "members/CPU s", "aim 4,000")
    yield at_least(
        "fill_members_per_cpu_second_large", large / cpu_large, 2_500, "members/CPU s", f"{large:,}"
    )
    yield at_least(
        "fill_by_any_list_members_per_cpu_second", members / cpu_linked, 2_500, "members/CPU s", "isLinked"
    )
    yield published(
        "fill_again_members_per_cpu_second", members / cpu_again, "members/CPU s", "nothing to change"
    )
    yield published(
        "empty_members_per_cpu_second", members / cpu_removal, "members/CPU s", "taken off by a search"
    )
    yield published("fill_requests_per_1000", 1000 * requests / members, "requests")
    yield at_most("fill_memory_growth", grown, 64, "MiB", f"from {small:,} to {large:,} members")
    for name, more in others.items():
        yield at_most(f"{name}_memory_growth", more, 64, "MiB", f"{large:,} members")


def _others(wiring: StageWiring, list_id: str) -> Iterator[tuple[str, float]]:
    """MiB over what was in use at the start, of a long list's copy and of taking everybody off it."""
    start = begin_peak()
    _, job = wiring.members.duplicate(list_id)
    while job is not None and job.status != "Done":
        job = wiring.members.copy_members(job)
    yield "copy", peak_mib() - start
    start = begin_peak()
    run(wiring, wiring.filling.remove(list_id, TargetType.CONTACT, []))
    yield "empty", peak_mib() - start


if __name__ == "__main__":
    apart.tell(figures(*map(int, sys.argv[1:])))
