"""What the demo prints at the end: the funnel, who was left out and why, and whether the numbers add up."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devstack.demo.audience import COMPETITORS, Audience
from devstack.demo.people import CUSTOMERS, NEWSLETTER, REFUSED
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
    changed_their_mind: int = 0


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


def came(audience: Audience) -> Iterator[str]:
    """How the people came in, and onto which lists."""
    for each in audience.imported:
        lines = f"{each.file.name:<14}{len(each.file.rows):>5} lines"
        yield f"  {lines}, {each.created:>4} people stored, {len(each.refused):>2} refused"
    reasons = ", ".join(f"{audience.refused(role)} {role}" for role in sorted(REFUSED))
    yield f"  Refused: {reasons}"
    ways = {CUSTOMERS: "from a search", NEWSLETTER: "from a report, and the fair", COMPETITORS: "by hand"}
    yield f"  Lists: {'; '.join(f'{name} {audience.entries[name]} {way}' for name, way in ways.items())}"


def sums(made: Made, outcome: Outcome, deeds: Deeds, inbox: Sequence[str]) -> list[Sum]:
    """What the files, the inbox and the readers say, against what Envoi says."""
    return [
        *of_audience(made.audience),
        *_of_freeze(made.audience, outcome),
        *_of_sending(outcome, deeds, inbox),
    ]


def of_audience(audience: Audience) -> Iterator[Sum]:
    """How many came in, and how many were refused for what."""
    rows = [row for each in audience.imported for row in each.file.rows]
    for role in sorted(REFUSED):
        yield Sum(f"refused: {role}", sum(row.role == role for row in rows), audience.refused(role))
    created = sum(each.created for each in audience.imported)
    yield Sum("stored = lines less refused", sum(not row.is_refused for row in rows), created)
    for name, way in ((CUSTOMERS, "search"), (NEWSLETTER, "report")):
        wanted = sum(name in row.lists for row in audience.stored)
        yield Sum(f"on the list from a {way}", wanted, audience.entries[name])


def _of_freeze(audience: Audience, outcome: Outcome) -> Iterator[Sum]:
    counts = outcome.mass_email["counts"]
    roles = Counter(row.role for row in audience.stored)
    skipped = Counter(each["reason"] for each in outcome.skipped)
    memberships = sum(len(row.lists) for row in audience.stored)
    yield Sum("memberships = recipients + left out", memberships, sum(counts.values()))
    yield Sum("left out: on the excluding list", roles["excluded"], skipped["excludedTarget"])
    yield Sum("left out: same address in other case", roles["same address"], skipped["duplicateAddress"])
    yield Sum("left out: on two lists", roles["two lists"], skipped["duplicateTarget"])
    yield Sum("left out: opted out of the list", roles["left a list"], skipped["optedOutOfList"])
    opted_out = roles["opted out"] + outcome.changed_their_mind
    yield Sum("left out: opted out", opted_out, skipped["optedOut"])


def _of_sending(outcome: Outcome, deeds: Deeds, inbox: Sequence[str]) -> list[Sum]:
    stats, counts = outcome.stats, outcome.mass_email["counts"]
    sent_roles = Counter(_role(address) for address in inbox)
    return [
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
