"""What the demo prints at the end: the funnel, who was left out and why, and whether the numbers add up."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devstack.demo.people import Row
from devstack.demo.readers import Deeds
from devstack.demo.world import Made

WIDTH = 34  # characters of a bar


@dataclass(frozen=True)
class Outcome:
    """What Envoi says in the end."""

    mass_email: Mapping[str, Any]
    stats: Mapping[str, Any]
    skipped: Sequence[Mapping[str, Any]]
    log: Mapping[str, int]


@dataclass(frozen=True)
class Sum:
    """One line of the adding up."""

    what: str
    expected: int
    found: int

    @property
    def holds(self) -> bool:
        """Whether it adds up."""
        return self.expected == self.found


def lines(outcome: Outcome) -> Iterator[str]:
    """The report."""
    stats = outcome.stats
    top = max(1, stats["sentCount"])
    yield f"  Campaign “Spring”, mass email “{outcome.mass_email['name']}”: {outcome.mass_email['status']}"
    yield ""
    for name in ("sent", "delivered", "opened", "clicked"):
        count = stats[f"{name}Count"]
        share = f"{100 * count / top:6.2f} %"
        yield f"    {name.capitalize():<12}{count:>7}  {share}  {'█' * max(1 if count else 0, round(WIDTH * count / top))}"
    yield ""
    for name, label in (
        ("optedOut", "Opted out"),
        ("hardBounced", "Hard bounces"),
        ("softBounced", "Soft bounces"),
        ("complained", "Complaints"),
    ):
        count = stats[f"{name}Count"]
        yield f"    {label:<12}{count:>7}  {100 * count / top:6.2f} %"
    yield ""
    yield "  Not mailed, and why"
    for reason, count in Counter(each["reason"] for each in outcome.skipped).most_common():
        yield f"    {reason:<20}{count:>6}"


def sums(rows: Sequence[Row], made: Made, outcome: Outcome, deeds: Deeds, inbox: Sequence[str]) -> list[Sum]:
    """What the file, the inbox and the readers say, against what Envoi says."""
    stats, counts = outcome.stats, outcome.mass_email["counts"]
    stored = [row for line, row in enumerate(rows) if line in made.contacts]
    memberships = sum(len(row.lists) for row in stored)
    skipped = Counter(each["reason"] for each in outcome.skipped)
    sent_roles = Counter(_role(address) for address in inbox)
    missing = sum(row.role == "missing address" for row in stored)
    return [
        Sum(
            "refused by the API: broken addresses",
            sum(row.role == "broken address" for row in rows),
            made.refused,
        ),
        Sum("memberships = recipients + left out", memberships, sum(counts.values())),
        Sum("left out: no address", missing, skipped["noAddress"]),
        Sum(
            "left out: on the excluding list",
            sum(row.role == "excluded" for row in stored),
            skipped["excludedTarget"],
        ),
        Sum(
            "left out: same address in other case",
            sum(row.role == "same address" for row in stored),
            skipped["duplicateAddress"],
        ),
        Sum(
            "left out: on two lists",
            sum(row.role == "two lists" for row in stored),
            skipped["duplicateTarget"],
        ),
        Sum(
            "left out: opted out of the list",
            sum(row.role == "opted out" for row in stored),
            skipped["optedOutOfList"],
        ),
        Sum("sent = messages in the inbox", len(inbox), stats["sentCount"]),
        Sum("nobody twice", len(inbox), len({address.lower() for address in inbox})),
        Sum(
            "sent + bounced etc. wait for nobody",
            0,
            counts["Pending"] + counts["Sending"] + counts["Unknown"],
        ),
        Sum("bounced hard", sent_roles["bounce"] + sent_roles["suppressionlist"], stats["hardBouncedCount"]),
        Sum("complained", sent_roles["complaint"], stats["complainedCount"]),
        Sum(
            "delivered = sent less hard bounces",
            len(inbox) - stats["hardBouncedCount"],
            stats["deliveredCount"],
        ),
        Sum("opened", len(deeds.opened), stats["openedCount"]),
        Sum("clicked, scanners left out", len(deeds.clicked), stats["clickedCount"]),
        Sum("opted out", len(deeds.opted_out), stats["optedOutCount"]),
        *(Sum(f"log: {action}", stats[name], outcome.log[action]) for action, name in LOGGED.items()),
    ]


LOGGED = {
    "Sent": "sentCount",
    "Delivered": "deliveredCount",
    "Opted Out": "optedOutCount",
    "Bounced": "bouncedCount",
}


def _role(address: str) -> str:
    local, _, domain = address.partition("@")
    return local.partition("+")[0] if domain.endswith("simulator.amazonses.com") else "reader"
