"""All that the API tells after a send, as numbers: what must not depend on who died over it."""

from collections import Counter
from collections.abc import Iterator

from tests.proof.audit import PAGE, listed
from tests.proof.company import Company
from tests.proof.stage import Stage

VISITS = ("Opened", "Clicked")
"""The first counts; a reader may come again, and does when the function died over the first time."""


def told(stage: Stage, company: Company) -> Counter[str]:
    """Every count by a name, over all mass emails."""
    numbers: Counter[str] = Counter()
    for mass_email_id in company.mass_emails:
        for name, count in _of_mass_email(stage, mass_email_id):
            numbers[name] += count
    for record in listed(stage, f"/v1/target-lists?limit={PAGE}"):
        numbers[f"{record['name']} members"] = record["entryCount"]
        numbers[f"{record['name']} optedOut"] = record["optedOutCount"]
        path = f"/v1/target-lists/{record['id']}/members?limit={PAGE}"
        numbers[f"{record['name']} rows"] = sum(1 for _ in listed(stage, path))
        numbers[f"{record['name']} rows optedOut"] = sum(1 for _ in listed(stage, f"{path}&optedOut=true"))
    for item in stage.items():
        if item["PK"]["S"].startswith("event#"):
            numbers["raw events"] += 1
        if item["PK"]["S"].startswith("addr#") and item["SK"]["S"] == "flags":
            numbers["addresses invalid"] += "invalid" in item
            numbers["addresses optOut"] += "optOut" in item
    return numbers


def _of_mass_email(stage: Stage, mass_email_id: str) -> Iterator[tuple[str, int]]:
    path = f"/v1/mass-emails/{mass_email_id}"
    yield from stage.http("GET", path)[1]["counts"].items()
    stats = stage.http("GET", f"{path}/stats")[1]
    yield from ((name, count) for name, count in stats.items() if name.endswith("Count"))
    lines = listed(stage, f"{path}/log?limit={PAGE}")
    counted = Counter(
        f"log {line['action']}" for line in lines if line["first"] or line["action"] not in VISITS
    )
    yield from counted.items()
