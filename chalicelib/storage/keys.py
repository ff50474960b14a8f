"""Every key of the table, on one page; nobody else says PK. What stands under each: ``docs/data.md``."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain.clock import rfc3339
from chalicelib.domain.ids import Place
from chalicelib.domain.records import TargetType

Key = dict[str, dict[str, Any]]

BY_TIME = "byTime"
SPREAD = 8  # partitions per type of person, and per list
LOG_SHARDS: Mapping[str, int] = {"Delivered": 8, "Opened": 8, "Clicked": 4, "Bounced": 4}
LOG_SHARDS_OTHERWISE = 2
TEST = "test#"


def key(partition: str, sort: str) -> Key:
    """A primary key as DynamoDB takes it."""
    return {"PK": {"S": partition}, "SK": {"S": sort}}


def record(kind: str, record_id: str) -> Key:
    """A record of a small kind: one partition per kind, newest last."""
    return key(kind, record_id)


def spread_of(record_id: str) -> int:
    """Which of the partitions an id falls into: its last digit is random, so they fill evenly."""
    return int(record_id[-1], 16) % SPREAD


def targets_partition(target_type: TargetType, spread: int) -> str:
    """One of the partitions of a type of person."""
    return f"{target_type}#{spread}"


def names_partition(target_type: TargetType, spread: int) -> str:
    """The index partition (``TPK``) of a type of person in the order of names."""
    return f"{target_type}#name#{spread}"


def target(target_type: TargetType, target_id: str) -> Key:
    """A person or company."""
    return key(targets_partition(target_type, spread_of(target_id)), target_id)


def beside_target(target_type: TargetType, target_id: str) -> str:
    """The partition of what is kept beside a person: lists they are on, mass emails they were sent."""
    return f"{target_type}#{target_id}"


def reverse_membership(target_type: TargetType, target_id: str, list_id: str) -> Key:
    """Reads: this person is on that list."""
    return key(beside_target(target_type, target_id), f"list#{list_id}")


def sent_pointer(target_type: TargetType, target_id: str, mass_email_id: str) -> Key:
    """Reads: this person is a recipient of that mass email."""
    return key(beside_target(target_type, target_id), f"sent#{mass_email_id}")


def test_pointer(partition: str, recipient_id: str) -> Key:
    """Reads: beside this person or this address, they got that Send Test."""
    return key(partition, f"{TEST}{recipient_id}")


def grave(target_type: TargetType, target_id: str) -> Key:
    """What is left of a deleted or erased person: no personal data, only the address's keyed hash."""
    return key(beside_target(target_type, target_id), "grave")


def list_partition(list_id: str, spread: int) -> str:
    """One of the partitions of a list's members."""
    return f"list#{list_id}#{spread}"


def membership(list_id: str, target_type: TargetType, target_id: str) -> Key:
    """Reads: on that list is this person."""
    return key(list_partition(list_id, spread_of(target_id)), f"{target_type}#{target_id}")


def list_counts(list_id: str) -> Key:
    """The counts of a list."""
    return key(f"list#{list_id}", "counts")


def beside_address(address_key: str) -> str:
    """The partition of what is known of an address."""
    return f"addr#{address_key}"


def address_flags(address_key: str) -> Key:
    """What is known of an address."""
    return key(beside_address(address_key), "flags")


def address_holders(address_key: str) -> Key:
    """Who holds an address."""
    return key(beside_address(address_key), "holders")


def settings() -> Key:
    """The administrator's settings."""
    return key("Settings", "settings")


def base(eleven_digits: str) -> Key:
    """Which mass email owns these 44 bits."""
    return key(f"base#{eleven_digits}", "base")


def open_mass_email(mass_email_id: str) -> Key:
    """A mass email that the schedule must look at."""
    return key("open", mass_email_id)


def turn() -> Key:
    """The turn of those who take up references and those who delete what may have some."""
    return key("turn", "turn")


def run(mass_email_id: str, part: str = "run") -> Key:
    """A part of a mass email's run: ``run``, ``links``, ``tally``, ``frozen#…``, ``left#…``, ``plan#…``."""
    return key(f"run#{mass_email_id}", part)


def segment_partition(base_digits: str, segment: int) -> str:
    """The partition of one segment: at most 50 recipients and all that happens to them."""
    return f"seg#{base_digits}#{segment:05x}"


def segment(base_digits: str, number: int, part: str) -> Key:
    """``people``, ``state`` or ``activity`` of a segment, or a ``log#…`` or ``copy#…`` beside them."""
    return key(segment_partition(base_digits, number), part)


def at_place(place: Place, part: str) -> Key:
    """The same, by a recipient's place."""
    return segment(place.base, place.segment, part)


def plan_note(place: Place) -> Key:
    """What this recipient's preferences page has begun to change."""
    return at_place(place, f"plan#{place.position:02}")


def recipient_id(base_digits: str, number: int, position: int) -> str:
    """The id of the recipient at this place."""
    return Place(base_digits, number, position).recipient_id


def log_shards(action: str) -> int:
    """Over how many index partitions the rows of an action are spread; rows of one segment share one."""
    return LOG_SHARDS.get(action, LOG_SHARDS_OTHERWISE)


def log_index(scope: str, action: str, shard: int) -> str:
    """The index partition (``TPK``) of an action's rows; the scope is a mass email's base or a campaign's id."""
    return f"log#{scope}#{action}#{shard % log_shards(action)}"


def log_time(at: datetime, unique: str) -> str:
    """The index sort key (``TSK``): fixed-width time first, so that text order is time order."""
    return f"{at.strftime('%Y-%m-%dT%H:%M:%S.%f')}Z#{unique}"


def failed_tokens(source_key: str, window: datetime) -> Key:
    """How often tokens from a source failed in the window that began then."""
    return key(f"failed#{source_key}", str(int(window.timestamp())))


def account(part: str) -> Key:
    """``quota``, ``rate#…``, ``stream``, ``allowance`` or ``guard`` of the SES account."""
    return key("account", part)


def job(job_id: str) -> Key:
    """A job."""
    return key(job_partition(job_id), "job")


def job_partition(job_id: str) -> str:
    """The partition of a job and of what it keeps for itself."""
    return f"job#{job_id}"


def refused_rows(job_id: str, number: int) -> Key:
    """Rows that an import refused, from this one on."""
    return key(job_partition(job_id), f"refused#{number:08}")


def idempotency(digest: str) -> Key:
    """An Idempotency-Key's answer."""
    return key(f"idem#{digest}", "idem")


def event(event_id: str) -> Key:
    """A raw SES event."""
    return key(f"event#{event_id}", "event")


def stamp(at: datetime) -> dict[str, str]:
    """A time as an attribute value."""
    return {"S": rfc3339(at)}
