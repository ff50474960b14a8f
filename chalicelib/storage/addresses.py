"""What is known of an address, whoever holds it: one row per keyed hash, and never the address itself.

Events come late, twice and out of order, so every change says which side wins:

* Of several opt-outs, or bounces, the earliest says why and since when.
* An opt-out always counts. A cancel is passed over when a later opt-out is already known: the reader's last word counts.
* A bounce from before an administrator's "valid again" is passed over.
* Soft bounces are a set of (time, event), counted from the last delivery on: any order, any repetition gives one number.
  Whoever counts looks the last delivery up (``flows/feedback.py``), so that deliveries cost nothing here.
* An erased address comes back by an administrator alone (:meth:`DynamoAddresses.admit`).
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.records import AddressFlags
from chalicelib.storage import keys as at_key
from chalicelib.storage.codec import Item
from chalicelib.storage.table import ConditionFailed, Table

ERASED_REASON = "erased"
_TRUE = {"BOOL": True}
_EVENT_DIGITS = 16  # of an event id's hash: enough to tell the few events of one address apart


class DynamoAddresses:
    """``domain.ports.Addresses`` on the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def flags(self, keys: Collection[str], *, consistent: bool = True) -> Mapping[str, AddressFlags]:
        """The flags of those that have any."""
        items = self._table.get_many((at_key.address_flags(key) for key in keys), consistent=consistent)
        found = [flags_from_item(item) for item in items]
        return {flags.key: flags for flags in found}

    def opt_out(
        self,
        key: str,
        address: str,  # noqa: ARG002 - the port names it; what is not stored need not be erased
        *,
        everything: bool,
        list_ids: Collection[str],
        reason: str,
        at: datetime,
    ) -> None:
        """Opt out of everything and/or of these lists."""
        sets: list[str] = []
        values: dict[str, Any] = {}
        add = ""
        if everything:
            sets += [
                "optOut = :true",
                "optOutReason = if_not_exists(optOutReason, :reason)",
                "optOutSince = if_not_exists(optOutSince, :at)",
            ]
            values |= {":true": _TRUE, ":reason": {"S": reason}}
        if list_ids:
            add = " ADD lists :lists"
            values[":lists"] = {"SS": sorted(list_ids)}
        if not values:
            return
        values[":at"] = instant(at)
        try:
            row = self._update(
                key,
                "SET " + ", ".join([*sets, "leftAt = :at"]) + add,
                values,
                "attribute_not_exists(leftAt) OR leftAt <= :at",
            )
        except ConditionFailed:  # a later opt-out is known: keep its time, and do the rest
            if not sets:
                del values[":at"]
            row = self._update(key, ("SET " + ", ".join(sets) if sets else "") + add, values)
        if everything and _cause(row, "optOut") > (values[":at"]["S"], reason):
            self._opted_out_earlier(key, reason, at)

    def _opted_out_earlier(self, key: str, reason: str, at: datetime) -> None:
        """An event from before the opt-out that is known came later; an erased address stays just that."""
        self._update_if(
            key,
            "SET optOutReason = :reason, optOutSince = :at",
            {":reason": {"S": reason}, ":at": instant(at)},
            f"attribute_exists(optOut) AND attribute_not_exists(erased) AND {_is_earlier('optOut')}",
        )

    def cancel_opt_out(self, key: str, *, everything: bool, list_ids: Collection[str], at: datetime) -> None:
        """The reverse, for just this set."""
        parts: list[str] = []
        values: dict[str, Any] = {":at": instant(at)}
        if everything:
            parts.append("REMOVE optOut, optOutReason, optOutSince")
        if list_ids:
            parts.append("DELETE lists :lists")
            values[":lists"] = {"SS": sorted(list_ids)}
        if not parts:
            return
        self._update_if(
            key,
            " ".join(parts),
            values,
            "attribute_exists(PK) AND attribute_not_exists(erased)"
            " AND (attribute_not_exists(leftAt) OR leftAt <= :at)",
        )

    def mark_invalid(
        self,
        key: str,
        address: str,  # noqa: ARG002 - as in opt_out
        *,
        reason: str,
        at: datetime,
    ) -> None:
        """Never mail this address again until an administrator says so."""
        self._update_if(
            key,
            "SET invalid = :true, invalidReason = :reason, invalidSince = :at",
            {":true": _TRUE, ":reason": {"S": reason}, ":at": instant(at)},
            "(attribute_not_exists(validAgainAt) OR validAgainAt <= :at)"
            f" AND (attribute_not_exists(invalid) OR {_is_earlier('invalid')})",
        )

    def clear_invalid(self, key: str, *, at: datetime) -> None:
        """An administrator says so; its soft bounces until now no longer count either."""
        self._update_if(
            key,
            "SET validAgainAt = :at, softBouncesFrom = :at REMOVE invalid, invalidReason, invalidSince, softBounces",
            {":at": instant(at)},
            "attribute_exists(PK)",
        )

    def admit(self, key: str, *, at: datetime) -> None:
        """An administrator says that an erased or opted-out address may be mailed again."""
        self._update_if(
            key,
            "SET admittedAt = :at REMOVE erased, optOut, optOutReason, optOutSince",
            {":at": instant(at)},
            "attribute_exists(PK)",
        )

    def soft_bounce(
        self,
        key: str,
        address: str,  # noqa: ARG002 - as in opt_out
        *,
        at: datetime,
        event_id: str,
    ) -> Sequence[datetime]:
        """Count one soft bounce, once per event; answers the times of those that now are in a row, earliest first."""
        row = self._update(key, "ADD softBounces :event", {":event": {"SS": [_soft_bounce(at, event_id)]}})
        over = sorted(_bounces(row) - _in_a_row(row))
        if over:  # keeps the set as small as the row of bounces is long
            self._update(key, "DELETE softBounces :over", {":over": {"SS": over}})
        return [datetime.fromisoformat(bounce.partition("#")[0]) for bounce in sorted(_in_a_row(row))]

    def delivered(self, key: str, *, at: datetime) -> None:
        """A delivery at this time ends the row of earlier soft bounces; makes no row where there is none."""
        self._update_if(
            key,
            "SET softBouncesFrom = :at",
            {":at": instant(at)},
            "attribute_exists(softBounces) AND (attribute_not_exists(softBouncesFrom) OR softBouncesFrom < :at)",
        )

    def _update_if(self, key: str, expression: str, values: Mapping[str, Any], condition: str) -> None:
        """Update unless the condition says that there is nothing to do."""
        try:
            self._update(key, expression, values, condition)
        except ConditionFailed:
            return

    def _update(
        self, key: str, expression: str, values: Mapping[str, Any], condition: str | None = None
    ) -> Item:
        extra = {"ConditionExpression": condition} if condition else {}
        return self._table.update(
            at_key.address_flags(key),
            UpdateExpression=expression,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
            **extra,
        )


def erasing(key: str, at: datetime) -> dict[str, Any]:
    """The operation of a transaction that erases an address: only its keyed hash stays, opted out."""
    return {
        "Update": {
            "Key": at_key.address_flags(key),
            "UpdateExpression": "SET erased = :true, optOut = :true, optOutReason = :reason, optOutSince = :at",
            "ExpressionAttributeValues": {
                ":true": _TRUE,
                ":reason": {"S": ERASED_REASON},
                ":at": instant(at),
            },
        }
    }


def flags_from_item(item: Mapping[str, Mapping[str, Any]]) -> AddressFlags:
    """An address row as a value; of its two reasons the later one is *the* reason."""
    since, reason = max(_cause(item, flag) for flag in ("optOut", "invalid"))
    bounces = _in_a_row(item)
    return AddressFlags(
        key=item["PK"]["S"].removeprefix("addr#"),
        opt_out="optOut" in item,
        invalid="invalid" in item,
        reason=reason or None,
        since=datetime.fromisoformat(since) if since else None,
        soft_bounces=len(bounces),
        last_soft_bounce_at=datetime.fromisoformat(max(bounces).partition("#")[0]) if bounces else None,
        lists_left=frozenset(item.get("lists", {}).get("SS", ())),
        erased="erased" in item,
    )


def instant(at: datetime) -> dict[str, str]:
    """A time of fixed width, so that DynamoDB's order of texts is the order of times."""
    return {"S": f"{at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%f')}Z"}


def _is_earlier(flag: str) -> str:
    """The condition that ``:at`` and ``:reason`` are from before what is known; of one moment the first by the alphabet."""
    return f"({flag}Since > :at OR ({flag}Since = :at AND {flag}Reason > :reason))"


def _cause(item: Mapping[str, Mapping[str, Any]], flag: str) -> tuple[str, str]:
    """Since when and why; empty where the flag is not set."""
    return _text(item, f"{flag}Since") or "", _text(item, f"{flag}Reason") or ""


def _text(item: Mapping[str, Mapping[str, Any]], name: str) -> str | None:
    return item.get(name, {}).get("S")


def _soft_bounce(at: datetime, event_id: str) -> str:
    return f"{instant(at)['S']}#{hashlib.sha256(event_id.encode()).hexdigest()[:_EVENT_DIGITS]}"


def _bounces(row: Mapping[str, Mapping[str, Any]]) -> set[str]:
    return set(row.get("softBounces", {}).get("SS", ()))


def _in_a_row(row: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The soft bounces later than the last delivery that is known."""
    after = _text(row, "softBouncesFrom") or ""
    return {bounce for bounce in _bounces(row) if bounce.partition("#")[0] > after}
