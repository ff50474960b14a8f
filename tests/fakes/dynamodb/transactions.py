"""TransactWriteItems: all or nothing, and once per token.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.dynamodb.errors import Canceled, ConditionFailed, Invalid, Refused
from tests.fakes.dynamodb.keyspace import Stored
from tests.fakes.dynamodb.store import Store
from tests.fakes.dynamodb.touched import Trace
from tests.fakes.dynamodb.writes import Action, Check, Delete, Put, Update

MAX_ACTIONS = 100
MAX_SIZE = 4 * 1024 * 1024  # bytes of all items
MAX_TOKEN = 36  # characters
TOKEN_LIFE = timedelta(minutes=10)

_VERBS: Mapping[str, type[Action]] = {"Put": Put, "Update": Update, "Delete": Delete, "ConditionCheck": Check}
_REQUIRED = {"Update": "UpdateExpression", "ConditionCheck": "ConditionExpression"}

Reason = Mapping[str, Any]
Tables = Callable[[str], Store]


def actions_of(items: Sequence[Mapping[str, Any]], tables: Tables) -> list[Action]:
    """The actions of a transaction, each read and placed.

    Raises:
        Refused: There are none or too many, one of them is malformed, or two are about one item.
    """
    if not 1 <= len(items) <= MAX_ACTIONS:
        raise Invalid(f"Member must have length greater than or equal to 1 and at most {MAX_ACTIONS}")
    actions = [_action(item, tables) for item in items]
    places = {(action.store.schema.name, action.place) for action in actions}
    if len(places) < len(actions):
        raise Invalid("Transaction request cannot include multiple operations on one item")
    return actions


def _action(item: Mapping[str, Any], tables: Tables) -> Action:
    if len(item) != 1:
        raise Invalid("TransactItems can only contain one of Check, Put, Update or Delete")
    ((verb, request),) = item.items()
    required = _REQUIRED.get(verb)
    if required and request.get(required) is None:
        raise Invalid(f"Value null at '{required}' failed to satisfy constraint: Member must not be null")
    return _VERBS[verb](tables(request["TableName"]), request)


def transact(actions: Sequence[Action], trace: Trace) -> None:
    """Do all of them.

    Raises:
        Refused: One of them cannot be, or they are too large together; nothing is changed.
    """
    found = [action.store.get(action.place) for action in actions]
    planned = [_planned(action, before) for action, before in zip(actions, found, strict=True)]
    if any(reason["Code"] != "None" for _, reason in planned):
        for action, before in zip(actions, found, strict=True):
            trace.wrote(action.attempted(before))
        raise Canceled([reason for _, reason in planned])
    afters = [after for after, _ in planned]
    _check_size(found, afters)
    for action, before, after in zip(actions, found, afters, strict=True):
        trace.wrote(action.store.write(action.place, before, after))


def _planned(action: Action, before: Stored | None) -> tuple[Stored | None, Reason]:
    """What becomes of the item, and why it cannot.

    Which errors cancel and which refuse the whole request is told by the page above under TransactionCanceledException;
    DynamoDB Local refuses the request also for an update that does not fit the item.
    """
    try:
        action.check_condition(before)
        return action.after(before), {"Code": "None"}
    except ConditionFailed as failed:
        return None, {"Code": "ConditionalCheckFailed", "Message": failed.message, **failed.members}
    except Invalid as invalid:
        return None, {"Code": "ValidationError", "Message": invalid.message}


def _check_size(found: Sequence[Stored | None], afters: Sequence[Stored | None]) -> None:
    """The items together, as they become; one that is deleted, as it was."""
    sizes = [(after or before) for before, after in zip(found, afters, strict=True)]
    if sum(stored.size for stored in sizes if stored) > MAX_SIZE:
        raise Invalid("Transaction payload size cannot exceed 4MB")


@dataclass(frozen=True)
class _Done:
    until: datetime
    items: Sequence[Mapping[str, Any]]


class Tokens:
    """Which transactions were done under which ClientRequestToken in the last ten minutes."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._done: dict[str, _Done] = {}

    def is_done(self, token: str | None, items: Sequence[Mapping[str, Any]]) -> bool:
        """Whether this very transaction was done under this token.

        Raises:
            Refused: Another one was, or the token is too long.
        """
        if token is None:
            return False
        if len(token) > MAX_TOKEN:
            raise Invalid(f"Member must have length less than or equal to {MAX_TOKEN}")
        done = self._done.get(token)
        if done is None or done.until < self._now():
            return False
        if done.items != items:
            raise Refused("IdempotentParameterMismatchException", "")
        return True

    def note(self, token: str | None, items: Sequence[Mapping[str, Any]]) -> None:
        """Remember that it was done."""
        if token is not None:
            self._done[token] = _Done(self._now() + TOKEN_LIFE, copy.deepcopy(items))

    def snapshot(self) -> Mapping[str, _Done]:
        """What is remembered."""
        return self._done.copy()

    def restore(self, done: Mapping[str, _Done]) -> None:
        """Remember just this."""
        self._done = dict(done)
