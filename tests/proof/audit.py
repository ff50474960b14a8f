"""The recount: what SES has, what the ledger has, what the API says, and what the freeze was to come to must be one.

Every finding is a sentence; none is a send that went well. The count of messages is taken from SES's own mailbox.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Any

from chalicelib.domain.addresses import normalised
from chalicelib.domain.events import TAG_ATTEMPT, TAG_MASS_EMAIL, TAG_RECIPIENT
from chalicelib.domain.ids import Place, base_of
from chalicelib.domain.ledger import Member, RecipientState, RecipientStatus, states
from chalicelib.domain.portions import GRANT_COUNTS_FOR
from chalicelib.domain.records import MassEmail, MassEmailStatus
from chalicelib.domain.runs import Plan, Spot, chunks_of, sizes
from chalicelib.storage import keys
from tests.proof.company import Expected
from tests.proof.stage import Stage

FINAL = frozenset(RecipientStatus) - {RecipientStatus.PENDING, RecipientStatus.SENDING}
PAGE = 200  # recipients or log lines of one answer, the API's most


@dataclass(frozen=True)
class Line:
    """One recipient of the ledger."""

    recipient_id: str
    member: Member
    state: RecipientState


@dataclass(frozen=True)
class Letter:
    """One message that SES accepted and delivered, by its tags."""

    mass_email_id: str
    recipient_id: str
    attempt: int
    address: str
    message_id: str


def letters(stage: Stage) -> list[Letter]:
    """All that SES has accepted, in order; mail of tests and of others is none."""
    return [
        Letter(
            tags[TAG_MASS_EMAIL],
            tags[TAG_RECIPIENT],
            int(tags[TAG_ATTEMPT]),
            normalised(message.entry.recipients[0]),
            message.message_id,
        )
        for message in stage.ses.mailbox
        if TAG_MASS_EMAIL in (tags := message.entry.tags)
    ]


def lines(stage: Stage, mass_email: MassEmail) -> list[Line]:
    """The ledger of a mass email, as it is stored."""
    run, base = stage.eye.runs.get(mass_email.id), base_of(mass_email.id)
    return [
        Line(Place(base, segment.number, position).recipient_id, member, state)
        for segment in stage.eye.ledger.read(base, [number for number, _ in sizes(run.stretches, Spot())])
        for position, (member, state) in enumerate(
            zip(segment.members, states(segment, mass_email.status), strict=True)
        )
    ]


def doubled(stage: Stage) -> Mapping[tuple[str, str], int]:
    """(mass email, address) that SES has accepted more than once, and how often."""
    counted = Counter((letter.mass_email_id, letter.address) for letter in letters(stage))
    return {place: count for place, count in counted.items() if count > 1}


def findings(stage: Stage, mass_emails: Mapping[str, Expected]) -> list[str]:
    """All that is wrong after everybody was to be sent one message; empty when the proof holds."""
    found = [f"not quiet: {stage.waiting()} messages wait"] if not stage.is_quiet() else []
    found += [f"{count} messages to one address of {key[0]}" for key, count in doubled(stage).items()]
    for mass_email_id, expected in mass_emails.items():
        mass_email = stage.eye.mass_email_store.get(mass_email_id)
        if mass_email.status is not MassEmailStatus.COMPLETE:
            found.append(f"{mass_email_id} is {mass_email.status} ({mass_email.status_reason})")
        found += _ledger(stage, mass_email, expected)
        found += _freeze(stage, mass_email, expected)
        found += _api(stage, mass_email)
    found += over_allowance(stage, mass_emails)
    if stage.dead_letters:
        found.append(f"{stage.dead_letters} dead letters")
    return [*found, *stage.troubles]


def _ledger(stage: Stage, mass_email: MassEmail, expected: Expected) -> Iterator[str]:
    """Nobody is lost: every recipient is Sent, and SES has just one message for each; but for whom it takes none."""
    ledger = lines(stage, mass_email)
    got = {letter.recipient_id: letter for letter in letters(stage) if letter.mass_email_id == mass_email.id}
    if len(ledger) != expected.recipients:
        yield f"{mass_email.id}: {len(ledger)} recipients instead of {expected.recipients}"
    for line in ledger:
        letter = got.pop(line.recipient_id, None)
        if line.member.email_address in expected.failed:
            if letter or line.state.status is not RecipientStatus.FAILED or not line.state.reason:
                yield f"{line.recipient_id} is {line.state.status} ({line.state.reason}) instead of Failed"
        elif line.state.status is not RecipientStatus.SENT:
            yield f"{line.recipient_id} is {line.state.status} ({line.state.reason}), SES has {letter}"
        elif letter is None:
            yield f"{line.recipient_id} is Sent, but SES has nothing"
        elif line.member.email_address and letter.address != normalised(line.member.email_address):
            yield f"{line.recipient_id}: SES has it for another address"
        elif line.state.message_id not in (None, letter.message_id):
            yield f"{line.recipient_id}: SES has another message id"
    yield from (f"SES has a message of {mass_email.id} for nobody: {each}" for each in got)


def _freeze(stage: Stage, mass_email: MassEmail, expected: Expected) -> Iterator[str]:
    """Memberships are recipients and left-out, nobody twice, and each has the pointer that tells what they were sent."""
    run = stage.eye.runs.get(mass_email.id)
    if (run.memberships, dict(run.left_out)) != (expected.members, dict(expected.left_out)):
        yield f"{mass_email.id}: {run.memberships} members, left out {dict(run.left_out)}"
    listed = Counter(
        entry.reason for page in range(run.left_pages) for entry in stage.eye.runs.left_out(run, page)
    )
    if listed != Counter(expected.left_out):
        yield f"{mass_email.id}: {dict(listed)} are listed as left out"
    ledger = lines(stage, mass_email)
    for what in ({line.member.target_id for line in ledger}, {line.member.address_key for line in ledger}):
        if len(what) != len(ledger):
            yield f"{mass_email.id}: somebody is in the ledger twice"
    for line in ledger:
        pointers = stage.eye.target_store.sent_pointers(
            line.member.target_type, line.member.target_id, limit=9
        )
        if line.recipient_id not in [pointer.recipient_id for pointer in pointers]:
            yield f"{line.recipient_id} has no pointer"


def _api(stage: Stage, mass_email: MassEmail) -> Iterator[str]:
    """What callers are told is what the ledger and SES's mailbox hold."""
    path = f"/v1/mass-emails/{mass_email.id}"
    counts = stage.http("GET", path)[1]["counts"]
    run = stage.eye.runs.get(mass_email.id)
    recounted = Counter(line.state.status.value for line in lines(stage, mass_email))
    recounted[RecipientStatus.SKIPPED.value] += sum(run.left_out.values())
    if {status: count for status, count in counts.items() if count} != dict(+recounted):
        yield f"{mass_email.id}: the API counts {counts}, the ledger {dict(recounted)}"
    sent = sum(letter.mass_email_id == mass_email.id for letter in letters(stage))
    stats = stage.http("GET", f"{path}/stats")[1]
    if (stats["sentCount"], stats["deliveredCount"]) != (sent, sent):
        yield f"{mass_email.id}: {sent} sent, the statistics say {stats['sentCount']}, {stats['deliveredCount']}"
    for action in ("Sent", "Delivered"):
        logged = sum(1 for _ in listed(stage, f"{path}/log?action={action}&limit={PAGE}"))
        if logged != sent:
            yield f"{mass_email.id}: {sent} sent, the log has {logged} {action}"


def listed(stage: Stage, path: str) -> Iterator[Mapping[str, Any]]:
    """All of a listing of the API, page after page."""
    cursor = ""
    while True:
        status, page = stage.http("GET", path + cursor)
        assert status == 200, page
        yield from page["list"]
        if page["nextCursor"] is None:
            return
        cursor = f"&cursor={page['nextCursor']}"


def plans(stage: Stage, mass_email_ids: Collection[str]) -> list[Plan]:
    """Every plan that was ever stored, by the time of its grant."""
    known = [
        plan
        for mass_email_id in mass_email_ids
        for plan in stage.eye.runs.plans(mass_email_id, _plan_ids(stage, mass_email_id))
    ]
    return sorted(known, key=lambda plan: plan.created_at)


def _plan_ids(stage: Stage, mass_email_id: str) -> list[str]:
    items = stage.eye.table.query_all(
        KeyConditionExpression="PK = :run AND begins_with(SK, :plan)",
        ExpressionAttributeValues={":run": keys.run(mass_email_id)["PK"], ":plan": {"S": "plan#"}},
    )
    return [item["SK"]["S"].removeprefix("plan#") for item in items]


def over_allowance(stage: Stage, mass_email_ids: Collection[str]) -> Iterator[str]:
    """No hour released more than the hourly limit, and no recipient was released twice by plans of the send itself."""
    limit = stage.eye.settings_store.fresh().mass_email_max_per_hour_count
    known = plans(stage, mass_email_ids)
    for last in known:
        hour = [each for each in known if timedelta() <= last.created_at - each.created_at < GRANT_COUNTS_FOR]
        if (count := sum(each.count for each in hour)) > (limit or inf):
            yield f"{count} were released in the hour before {last.created_at}"
    for mass_email_id in mass_email_ids:
        run = stage.eye.runs.get(mass_email_id)
        released = Counter(
            (planned.segment, position, plan.wave)
            for plan in known
            if plan.mass_email_id == mass_email_id
            for planned in chunks_of(plan, run.stretches)
            for position in planned.chunk.positions
        )
        if released and max(released.values()) > 1:
            yield f"{mass_email_id}: somebody was released twice"
        counted = sum(plan.count for plan in known if plan.mass_email_id == mass_email_id)
        if counted != released.total():
            yield f"{mass_email_id}: plans over {counted} recipients have chunks for {released.total()}"
