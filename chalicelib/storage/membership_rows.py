"""The three rows of a membership, and the operations of a transaction that change them together with the list's counts.

A membership stands under its list and, reversed, beside the person; both bear ``optedOut``. When an opted-out member is
removed the reverse row stays without ``addedAt``: so the opt-out is still there when they come back, address or not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.people import Ref
from chalicelib.domain.ports import ListCounts, Membership
from chalicelib.domain.records import TargetType
from chalicelib.storage import keys

Operation = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Standing:
    """How a person stands to a list: a member, or one who opted out before they were removed."""

    list_id: str
    ref: Ref
    is_member: bool
    opted_out: bool

    @property
    def membership(self) -> Membership:
        """As callers see it."""
        return Membership(self.list_id, *self.ref, opted_out=self.opted_out)


def standing_from_item(item: Mapping[str, Mapping[str, Any]]) -> Standing:
    """A reverse row as a value."""
    target_type, _, target_id = item["PK"]["S"].partition("#")
    return Standing(
        list_id=item["SK"]["S"].removeprefix("list#"),
        ref=(TargetType(target_type), target_id),
        is_member="addedAt" in item,
        opted_out=item["optedOut"]["BOOL"],
    )


def membership_from_item(item: Mapping[str, Mapping[str, Any]]) -> Membership:
    """A list's row as a value."""
    list_id = item["PK"]["S"].split("#")[1]
    target_type, _, target_id = item["SK"]["S"].partition("#")
    return Membership(list_id, TargetType(target_type), target_id, opted_out=item["optedOut"]["BOOL"])


def counts_from_item(item: Mapping[str, Mapping[str, Any]]) -> tuple[str, ListCounts]:
    """A list's id and counts."""
    entries, opted_out = (int(item.get(name, {"N": "0"})["N"]) for name in ("entryCount", "optedOutCount"))
    return item["PK"]["S"].removeprefix("list#"), ListCounts(entries, opted_out)


def counting(list_id: str, *, entries: int, opted_out: int) -> Operation:
    """Change a list's counts by this much."""
    return {
        "Update": {
            "Key": keys.list_counts(list_id),
            "UpdateExpression": "ADD entryCount :entries, optedOutCount :optedOut",
            "ExpressionAttributeValues": {
                ":entries": {"N": str(entries)},
                ":optedOut": {"N": str(opted_out)},
            },
        }
    }


def joining(
    membership: Membership, *, target_rev: int, before: Standing | None, at: datetime
) -> Sequence[Operation]:
    """Put a person on a list, as long as the person is as read and still stands to the list as ``before``."""
    ref = (membership.target_type, membership.target_id)
    row = {"optedOut": {"BOOL": membership.opted_out}, "addedAt": keys.stamp(at)}
    unchanged = (
        "attribute_not_exists(PK)"
        if before is None
        else "attribute_exists(PK) AND attribute_not_exists(addedAt)"
    )
    return [
        {
            "ConditionCheck": {
                "Key": keys.target(*ref),
                "ConditionExpression": "rev = :rev",
                "ExpressionAttributeValues": {":rev": {"N": str(target_rev)}},
            }
        },
        {"Put": {"Item": {**keys.membership(membership.list_id, *ref), **row}}},
        {
            "Put": {
                "Item": {**keys.reverse_membership(*ref, membership.list_id), **row},
                "ConditionExpression": unchanged,
            }
        },
    ]


def leaving(member: Standing) -> Sequence[Operation]:
    """Take a member off a list, as long as they stand to it as read; an opt-out stays behind."""
    reverse: dict[str, Any] = {
        "Key": keys.reverse_membership(*member.ref, member.list_id),
        **_as_read(member),
    }
    keep = {"Update": {**reverse, "UpdateExpression": "REMOVE addedAt"}}
    return [
        {"Delete": {"Key": keys.membership(member.list_id, *member.ref)}},
        keep if member.opted_out else {"Delete": reverse},
    ]


def vanishing(standing: Standing) -> Sequence[Operation]:
    """Leave nothing of a person's standing to a list, counts included."""
    reverse = {"Key": keys.reverse_membership(*standing.ref, standing.list_id), **_as_read(standing)}
    if not standing.is_member:
        return [{"Delete": reverse}]
    return [
        {"Delete": reverse},
        {"Delete": {"Key": keys.membership(standing.list_id, *standing.ref)}},
        counting(standing.list_id, entries=-1, opted_out=-int(standing.opted_out)),
    ]


def marking(standing: Standing, *, opted_out: bool) -> Sequence[Operation]:
    """Mark a member, or forget that one who was removed had opted out; counts apart."""
    reverse: dict[str, Any] = {
        "Key": keys.reverse_membership(*standing.ref, standing.list_id),
        **_as_read(standing),
    }
    if not standing.is_member:
        return [{"Delete": reverse}]
    values = {":new": {"BOOL": opted_out}}
    change: dict[str, Any] = {"UpdateExpression": "SET optedOut = :new"}
    read = reverse["ExpressionAttributeValues"]
    return [
        {"Update": {**reverse, **change, "ExpressionAttributeValues": {**read, **values}}},
        {
            "Update": {
                "Key": keys.membership(standing.list_id, *standing.ref),
                **change,
                "ExpressionAttributeValues": values,
            }
        },
    ]


def _as_read(standing: Standing) -> dict[str, Any]:
    """The condition that a reverse row is still as read."""
    exists = "attribute_exists" if standing.is_member else "attribute_exists(PK) AND attribute_not_exists"
    return {
        "ConditionExpression": f"{exists}(addedAt) AND optedOut = :read",
        "ExpressionAttributeValues": {":read": {"BOOL": standing.opted_out}},
    }
