"""The one door to DynamoDB: whole batches, paged queries, and failed conditions as values of ours.

Items and keys are DynamoDB's own (``{"S": …}``): nothing here knows what they mean.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.errors import Deferred
from chalicelib.storage.codec import Item

BATCH_GET = 100  # keys; https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
BATCH_WRITE = (
    25  # items; https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
)
TRANSACT_WRITE = 100  # items, 4 MB; https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
ATTEMPTS = 8  # for what DynamoDB left unprocessed, or a transaction that another one was in the way of


class ConditionFailed(Exception):
    """The condition of a write did not hold; ``item`` is what stands there, as far as DynamoDB says so."""

    def __init__(self, item: Item | None = None) -> None:
        super().__init__("condition failed")
        self.item = item


class TransactionFailed(Exception):
    """A transaction was refused; ``failed`` are the places of the operations whose condition did not hold."""

    def __init__(self, failed: Sequence[int], items: Mapping[int, Item]) -> None:
        super().__init__(f"conditions {list(failed)} failed")
        self.failed = tuple(failed)
        self.items = items


@dataclass(frozen=True)
class QueryPage:
    """One page of a query; ``last_key`` is None at the end, ``scanned`` counts what was looked at."""

    items: Sequence[Item]
    last_key: Item | None
    scanned: int


class Table:
    """One table through one client."""

    def __init__(self, client: Any, name: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self.name = name
        self._sleep = sleep

    def get(self, key: Mapping[str, Any], *, consistent: bool = True) -> Item | None:
        """One item or None."""
        answer = self._client.get_item(TableName=self.name, Key=key, ConsistentRead=consistent)
        item: Item | None = answer.get("Item")
        return item

    def get_many(
        self, keys: Iterable[Mapping[str, Any]], *, consistent: bool = True, **projection: Any
    ) -> list[Item]:
        """Those that exist, in no order; each key once. ``projection``: ProjectionExpression, ExpressionAttributeNames."""
        unique = list({(key["PK"]["S"], key["SK"]["S"]): key for key in keys}.values())
        found: list[Item] = []
        for start in range(0, len(unique), BATCH_GET):
            found += self._get_batch(unique[start : start + BATCH_GET], consistent=consistent, **projection)
        return found

    def _get_batch(
        self, keys: Sequence[Mapping[str, Any]], *, consistent: bool, **projection: Any
    ) -> list[Item]:
        request: Any = {self.name: {"Keys": keys, "ConsistentRead": consistent, **projection}}
        found: list[Item] = []
        for attempt in range(ATTEMPTS):
            answer = self._client.batch_get_item(RequestItems=request)
            found += answer.get("Responses", {}).get(self.name, ())
            # A batch may come back in part, over 16 MB or when throttled: the rest is ours to ask for again (same page).
            request = answer.get("UnprocessedKeys")
            if not request:
                return found
            self._back_off(attempt)
        raise Deferred("the table is busy")

    def put(self, item: Item, **condition: Any) -> None:
        """Write one item.

        Raises:
            ConditionFailed: ``ConditionExpression`` was given and did not hold.
        """
        self._conditional(self._client.put_item, Item=item, **condition)

    def update(self, key: Mapping[str, Any], **expression: Any) -> Item:
        """Change one item; answers what ``ReturnValues`` asks for.

        Raises:
            ConditionFailed: ``ConditionExpression`` was given and did not hold.
        """
        attributes: Item = self._conditional(self._client.update_item, Key=key, **expression).get(
            "Attributes", {}
        )
        return attributes

    def delete(self, key: Mapping[str, Any], **condition: Any) -> Item:
        """Remove one item; answers what ``ReturnValues`` asks for.

        Raises:
            ConditionFailed: ``ConditionExpression`` was given and did not hold.
        """
        attributes: Item = self._conditional(self._client.delete_item, Key=key, **condition).get(
            "Attributes", {}
        )
        return attributes

    def write_many(self, puts: Iterable[Item] = (), deletes: Iterable[Mapping[str, Any]] = ()) -> None:
        """Write and remove without conditions, 25 a request; not atomic, so only what may be repeated."""
        requests: list[Any] = [{"PutRequest": {"Item": item}} for item in puts]
        requests += [{"DeleteRequest": {"Key": key}} for key in deletes]
        for start in range(0, len(requests), BATCH_WRITE):
            self._write_batch(requests[start : start + BATCH_WRITE])

    def _write_batch(self, requests: Sequence[Any]) -> None:
        pending: Any = {self.name: requests}
        for attempt in range(ATTEMPTS):
            pending = self._client.batch_write_item(RequestItems=pending).get("UnprocessedItems")
            if not pending:
                return
            self._back_off(attempt)
        raise Deferred("the table is busy")

    def query(self, **request: Any) -> QueryPage:
        """One page of a query; ``start`` is the ``last_key`` of the page before."""
        start = request.pop("start", None)
        if start is not None:
            request["ExclusiveStartKey"] = start
        answer = self._client.query(TableName=self.name, **request)
        return QueryPage(
            answer.get("Items", ()), answer.get("LastEvaluatedKey"), answer.get("ScannedCount", 0)
        )

    def query_all(self, **request: Any) -> Iterator[Item]:
        """All items of a query, page after page."""
        page = self.query(**request)
        yield from page.items
        while page.last_key is not None:
            page = self.query(**request, start=page.last_key)
            yield from page.items

    def transact(self, *operations: Mapping[str, Any], token: str | None = None) -> None:
        """All or nothing; each operation is ``{"Put" | "Update" | "Delete" | "ConditionCheck": {…}}`` without TableName.

        Raises:
            TransactionFailed: A condition did not hold.
            Deferred: Other transactions stayed in the way.
        """
        items = [
            {verb: {"TableName": self.name, "ReturnValuesOnConditionCheckFailure": "ALL_OLD", **body}}
            for operation in operations
            for verb, body in operation.items()
        ]
        extra = {"ClientRequestToken": token} if token else {}
        for attempt in range(ATTEMPTS):
            try:
                self._client.transact_write_items(TransactItems=items, **extra)
            except ClientError as error:
                self._raise_unless_conflict(error)
                self._back_off(attempt)
            else:
                return
        raise Deferred("the table is busy")

    @staticmethod
    def _raise_unless_conflict(error: ClientError) -> None:
        """A conflict with another transaction changed nothing and may be tried again.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
        """
        code = error.response.get("Error", {}).get("Code")
        if code == "TransactionInProgressException":
            return
        if code != "TransactionCanceledException":
            raise error
        reasons: Any = error.response.get("CancellationReasons", [])
        failed = [
            place for place, reason in enumerate(reasons) if reason.get("Code") == "ConditionalCheckFailed"
        ]
        if failed:
            raise TransactionFailed(
                failed, {place: reasons[place].get("Item", {}) for place in failed}
            ) from error
        if not any(reason.get("Code") in ("TransactionConflict", "ThrottlingError") for reason in reasons):
            raise error

    def _conditional(self, call: Callable[..., Any], **request: Any) -> Any:
        if "ConditionExpression" in request:
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        for attempt in range(ATTEMPTS):
            try:
                return call(TableName=self.name, **request)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code")
                if code == "ConditionalCheckFailedException":
                    raise ConditionFailed(error.response.get("Item")) from error  # type: ignore[arg-type]
                # A transaction on the same item was in the way and nothing was written; botocore does not try this again
                # (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).
                if code != "TransactionConflictException":
                    raise
            self._back_off(attempt)
        raise Deferred("the table is busy")

    def _back_off(self, attempt: int) -> None:
        self._sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - full jitter, no secret
