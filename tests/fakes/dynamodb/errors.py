"""What DynamoDB refuses.

Inside the fake a refusal is a :class:`Refused`, which knows nothing of clients; the client's surface turns it into the
``ClientError`` that boto3 raises, with the members that the service's model puts beside ``Error``.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class Refused(Exception):
    """A request that is not carried out; ``members`` stand beside ``Error`` in the answer (``Item``, for one)."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.members = members


class Invalid(Refused):
    """``ValidationException``: the request, or what it would make of the item, breaks a rule."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


class ConditionFailed(Refused):
    """``ConditionalCheckFailedException``; ``item`` is handed out where the caller asked for ALL_OLD."""

    def __init__(self, item: Mapping[str, Any] | None) -> None:
        members = {"Item": item} if item is not None else {}
        super().__init__("ConditionalCheckFailedException", "The conditional request failed", **members)


class Canceled(Refused):
    """``TransactionCanceledException``; one reason per operation, in order.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html#API_TransactWriteItems_Errors
    """

    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        codes = ", ".join(reason["Code"] for reason in reasons)
        message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
        super().__init__("TransactionCanceledException", message, CancellationReasons=list(reasons))


def unknown_table() -> Refused:
    """``ResourceNotFoundException``."""
    return Refused("ResourceNotFoundException", "Requested resource not found")
