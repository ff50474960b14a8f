"""What became of a send, as SES's mailbox and the API tell it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.proof.audit import PAGE, findings, letters, listed
from tests.proof.company import Company
from tests.proof.plays import small_steps
from tests.proof.stage import HOUR, Stage


def over(stage: Stage, made: Company) -> list[str]:
    """Live until all is over; what is wrong, if everybody was to be sent one message."""
    with small_steps():
        assert stage.settle(), stage.troubles
        stage.live(HOUR)
        return findings(stage, made.mass_emails)


def attempts(stage: Stage) -> Counter[int]:
    """How many messages SES has of each attempt."""
    return Counter(letter.attempt for letter in letters(stage))


def recipients(stage: Stage, made: Company, status: str) -> list[Mapping[str, Any]]:
    """The recipients of this status, as the API lists them; those left out at the freeze are not among them."""
    return [
        each
        for mass_email_id in made.mass_emails
        for each in listed(stage, f"/v1/mass-emails/{mass_email_id}/recipients?status={status}&limit={PAGE}")
        if each["id"] is not None
    ]


def sent_lines(stage: Stage, made: Company) -> int:
    """How many lines the log has for what was sent."""
    paths = (f"/v1/mass-emails/{each}/log?action=Sent&limit={PAGE}" for each in made.mass_emails)
    return sum(len(list(listed(stage, path))) for path in paths)


def records(stage: Stage, made: Company) -> Sequence[Mapping[str, Any]]:
    """The mass emails as the API answers them."""
    return [stage.http("GET", f"/v1/mass-emails/{each}")[1] for each in made.mass_emails]


def list_counts(stage: Stage, list_id: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """A list's members, and those of them who opted out: as it counts them, and as many as are listed."""
    record = stage.http("GET", f"/v1/target-lists/{list_id}")[1]
    path = f"/v1/target-lists/{list_id}/members?limit={PAGE}"
    out = sum(1 for _ in listed(stage, f"{path}&optedOut=true"))
    return (record["entryCount"], sum(1 for _ in listed(stage, path))), (record["optedOutCount"], out)
