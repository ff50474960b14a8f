"""What is stored of the SES account: its quota, a hold, the hour's allowance, when the last event came."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain.clock import parse_rfc3339
from chalicelib.domain.ports_account import AccountState, Allowance, Granted
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.sending import SesAccount
from chalicelib.storage import keys
from chalicelib.storage.codec import from_item, to_item, to_value
from chalicelib.storage.runs import plan_item, retry_items, run_put
from chalicelib.storage.table import ConditionFailed, Table, TransactionFailed

_HOLD = {"#hold": "hold"}  # a reserved word


class DynamoAccount:
    """Fulfils :class:`chalicelib.domain.ports_account.Account`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def state(self) -> AccountState:
        """As stored; consistent."""
        return from_item(AccountState, self._table.get(keys.account("quota")) or {})

    def state_and_allowance(self) -> tuple[AccountState, Allowance]:
        """Both as stored, in one request; consistent."""
        items = {
            item["SK"]["S"]: item
            for item in self._table.get_many((keys.account("quota"), keys.account("allowance")))
        }
        allowance = items.get("allowance")
        return (
            from_item(AccountState, items.get("quota", {})),
            from_item(Allowance, allowance) if allowance else Allowance(),
        )

    def store(self, account: SesAccount, at: datetime, *, ticked_at: datetime | None = None) -> AccountState:
        """SES's own answer, and that the schedule called ``release``, if it did; answers all that is stored now."""
        ticked = {":ticked": to_value(ticked_at)} if ticked_at else {}
        item = self._table.update(
            keys.account("quota"),
            UpdateExpression="SET account = :account, readAt = :at"
            + (", tickedAt = :ticked" if ticked else ""),
            ExpressionAttributeValues={":account": to_value(account), ":at": to_value(at), **ticked},
            ReturnValues="ALL_NEW",
        )
        return from_item(AccountState, item)

    def ticked(self, at: datetime) -> None:
        """The schedule called ``release``, and SES did not answer."""
        self._table.update(
            keys.account("quota"),
            UpdateExpression="SET tickedAt = :at",
            ExpressionAttributeValues={":at": to_value(at)},
        )

    def hold(self, reason: str, message: str, at: datetime) -> None:
        """Nothing is sent until it is lifted; the first of several reasons stays."""
        try:
            self._table.update(
                keys.account("quota"),
                UpdateExpression="SET #hold = :hold, holdMessage = :message, holdSince = :at",
                ConditionExpression="attribute_not_exists(#hold)",
                ExpressionAttributeNames=_HOLD,
                ExpressionAttributeValues={
                    ":hold": {"S": reason},
                    ":message": {"S": message},
                    ":at": to_value(at),
                },
            )
        except ConditionFailed:
            return

    def lift(self, reason: str) -> None:
        """Lift a hold for this reason; others stay."""
        try:
            self._table.update(
                keys.account("quota"),
                UpdateExpression="REMOVE #hold, holdMessage, holdSince",
                ConditionExpression="#hold = :hold",
                ExpressionAttributeNames=_HOLD,
                ExpressionAttributeValues={":hold": {"S": reason}},
            )
        except ConditionFailed:
            return

    def allowance(self) -> Allowance:
        """As stored; consistent."""
        item = self._table.get(keys.account("allowance"))
        return from_item(Allowance, item) if item else Allowance()

    def grant(self, allowance: Allowance, granted: Sequence[Granted]) -> None:
        """Allowance, plans and runs in one transaction."""
        operations: list[dict[str, Any]] = [{"Put": _allowance_put(allowance)}]
        for each in granted:
            operations += [{"Put": run_put(each.run)}, {"Put": {"Item": plan_item(each.plan)}}]
            if each.retries is not None:
                operations += [{"Put": {"Item": item}} for item in retry_items(each.run, each.retries)]
        try:
            self._table.transact(*operations)
        except TransactionFailed as error:
            raise Overtaken from error

    def last_send_event_at(self) -> datetime | None:
        """When a Send event of a message of ours last came in, to the minute."""
        item = self._table.get(keys.account("stream"))
        return parse_rfc3339(item["lastSendEventAt"]["S"]) if item else None


def _allowance_put(allowance: Allowance) -> dict[str, Any]:
    """``allowance.rev`` is what must be stored; the next one is written."""
    put: dict[str, Any] = {
        "Item": {**keys.account("allowance"), **to_item(replace(allowance, rev=allowance.rev + 1))},
        "ConditionExpression": "attribute_not_exists(PK)",
    }
    if allowance.rev:
        put["ConditionExpression"] = "#rev = :rev"
        put["ExpressionAttributeNames"] = {"#rev": "rev"}
        put["ExpressionAttributeValues"] = {":rev": {"N": str(allowance.rev)}}
    return put
