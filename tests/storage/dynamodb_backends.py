"""The stores that the DynamoDB contract is held against, and one way to ask each of them something."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Context, Decimal
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from devstack import resources
from tests.storage.conftest import fresh_table

Item = dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """A ClientError: its code, and what the service's model puts beside it, in normal form."""

    code: str
    item: Item | None = None
    reasons: tuple[str, ...] = ()
    items: tuple[Item | None, ...] = ()


INVALID = Refusal("ValidationException")
FAILED = Refusal("ConditionalCheckFailedException")


def canceled(*reasons: str, items: tuple[Item | None, ...] | None = None) -> Refusal:
    """A cancelled transaction with one reason per operation."""
    return Refusal(
        "TransactionCanceledException",
        reasons=reasons,
        items=items if items is not None else (None,) * len(reasons),
    )


@dataclass
class Backend:
    """One store with the stage's table."""

    name: str
    client: Any
    table: str = resources.PREFIX
    _partitions: Iterator[int] = field(default_factory=count)

    def partition(self) -> str:
        """The name of a partition that nobody has used yet."""
        return f"{self.name}{next(self._partitions)}"

    def ask(self, operation: str, **request: Any) -> Any:
        """One request on the table; the answer, or a :class:`Refusal`, in normal form."""
        if operation not in ("batch_get_item", "batch_write_item", "transact_write_items"):
            request.setdefault("TableName", self.table)
        try:
            return normal(getattr(self.client, operation)(**request))
        except ClientError as error:
            return _refusal(error)
        except Exception as error:  # noqa: BLE001 - moto fails over some requests; that too is an outcome to compare
            return Refusal(f"fails itself: {type(error).__name__}")

    def put(self, item: Item, **request: Any) -> Any:
        """PutItem."""
        return self.ask("put_item", Item=item, **request)

    def get(self, key: Item, **request: Any) -> Any:
        """The item, or a refusal, or None."""
        answer = self.ask("get_item", Key=key, ConsistentRead=True, **request)
        return answer if isinstance(answer, Refusal) else answer.get("Item")

    def transact(self, *operations: Mapping[str, Any], **request: Any) -> Any:
        """TransactWriteItems; operations without TableName."""
        items = [
            {verb: {"TableName": self.table, **body}}
            for operation in operations
            for verb, body in operation.items()
        ]
        return self.ask("transact_write_items", TransactItems=items, **request)


@contextmanager
def backend(name: str) -> Iterator[Backend]:
    """The store of that name with an empty table."""
    with fresh_table(name) as table:
        yield Backend(name, table._client, table.name)


def normal(answer: Any) -> Any:
    """An answer without what differs from one time to the next; sets are sorted, for they have no order."""
    if not isinstance(answer, Mapping):
        return [normal(part) for part in answer] if isinstance(answer, list) else answer
    tidy = {
        name: _NORMAL.get(name, normal)(part)
        for name, part in answer.items()
        if name not in ("ResponseMetadata", "ConsumedCapacity", "ItemCollectionMetrics")
    }
    if not tidy.get(
        "Attributes", True
    ):  # an update that shows nothing: some leave the member out, some do not
        del tidy["Attributes"]
    return tidy


def _number(text: Any) -> Any:
    """DynamoDB Local shows a number of an update as it came; AWS, and a read of either, in its shortest form."""
    if not isinstance(text, str):
        return normal(text)
    number = Decimal(text).normalize(_WIDE)
    return format(number, "f") if number else "0"


def _sorted(members: Any) -> Any:
    return sorted(members) if isinstance(members, list) else normal(members)


def _sorted_numbers(members: Any) -> Any:
    return sorted(map(_number, members)) if isinstance(members, list) else normal(members)


_WIDE = Context(prec=400)
_NORMAL = {"N": _number, "SS": _sorted, "BS": _sorted, "NS": _sorted_numbers}


def _refusal(error: ClientError) -> Refusal:
    response: Any = error.response
    reasons = response.get("CancellationReasons", ())
    return Refusal(
        response["Error"]["Code"],
        item=normal(response.get("Item")),
        reasons=tuple(reason["Code"] for reason in reasons),
        items=tuple(normal(reason.get("Item")) for reason in reasons),
    )
