"""Writes: put, update, delete and check, alone or as a part of a transaction."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from tests.fakes.dynamodb import updates
from tests.fakes.dynamodb.errors import ConditionFailed, Invalid, Refused
from tests.fakes.dynamodb.keyspace import Stored
from tests.fakes.dynamodb.projections import projected
from tests.fakes.dynamodb.request import expressions
from tests.fakes.dynamodb.schema import Place
from tests.fakes.dynamodb.store import Store
from tests.fakes.dynamodb.touched import Trace, Write
from tests.fakes.dynamodb.values import Item, admitted_item, copied_item

PUT_TOO_LARGE = "Item size has exceeded the maximum allowed size"
UPDATE_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"


class Action(ABC):
    """One write of a request, its expressions read and its place known, but nothing looked at yet."""

    allowed_return_values = frozenset({"NONE", "ALL_OLD"})

    def __init__(self, store: Store, request: Mapping[str, Any]) -> None:
        self.store = store
        self.request = request
        self.plan, self.values = expressions(request)
        self.place: Place = self._placed()
        self._check_choices()

    @abstractmethod
    def _placed(self) -> Place:
        """Where the item lies."""

    @abstractmethod
    def after(self, before: Stored | None) -> Stored | None:
        """What is to stand there in place of ``before``.

        Raises:
            Invalid: That cannot be.
        """

    def _check_choices(self) -> None:
        if self.request.get("ReturnValues", "NONE") not in self.allowed_return_values:
            raise Invalid("Return values set to invalid value")
        if self.request.get("ReturnValuesOnConditionCheckFailure", "NONE") not in ("NONE", "ALL_OLD"):
            raise Invalid(
                "Value at 'returnValuesOnConditionCheckFailure' failed to satisfy constraint: "
                "Member must satisfy enum value set: [ALL_OLD, NONE]"
            )

    def check(self) -> None:  # noqa: B027 - most writes have nothing to be told by themselves
        """Refuse what can be told before the item is looked at."""

    def check_condition(self, before: Stored | None) -> None:
        """Hold the condition against what stands there.

        Raises:
            ConditionFailed: It does not hold; with the item, if the request asks for it.
        """
        condition = self.plan.condition
        if condition is None or condition.holds(before.attributes if before else {}, self.values):
            return
        wants_item = self.request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        raise ConditionFailed(copied_item(before.attributes) if before and wants_item else None)

    def attempted(self, before: Stored | None) -> Write:
        """What the write would have touched; a failed condition costs as much."""
        try:
            after = self.after(before)
        except Refused:
            after = before
        return Write(before and before.size, after and after.size)

    def returned(self, before: Stored | None, after: Stored | None) -> Item:
        """The attributes that the request wants to see."""
        if self.request.get("ReturnValues") == "ALL_OLD" and before is not None:
            return copied_item(before.attributes)
        return {}


class Put(Action):
    """PutItem."""

    def _placed(self) -> Place:
        return self.store.schema.place(self._item)

    @cached_property
    def _item(self) -> Item:
        return admitted_item(self.request["Item"])

    @cached_property
    def _stored(self) -> Stored:
        return self.store.storable(self._item, self.place, too_large=PUT_TOO_LARGE)

    def check(self) -> None:
        """Refuse an item that cannot be stored, whatever stands there."""
        self.after(None)

    def after(self, before: Stored | None) -> Stored | None:
        """The item of the request."""
        return self._stored


class Delete(Action):
    """DeleteItem."""

    def _placed(self) -> Place:
        return self.store.schema.key_place(self.request["Key"])

    def after(self, before: Stored | None) -> Stored | None:
        """Nothing."""
        return None


class Check(Delete):
    """A transaction's ConditionCheck."""

    def after(self, before: Stored | None) -> Stored | None:
        """What stands there."""
        return before


class Update(Action):
    """UpdateItem."""

    allowed_return_values = frozenset({"NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"})

    def _placed(self) -> Place:
        return self.store.schema.place(self._key)

    @cached_property
    def _key(self) -> Item:
        return self.store.schema.admitted_key(self.request["Key"])

    def after(self, before: Stored | None) -> Stored | None:
        """What the expression makes of it; without one, the item is made if it is not there."""
        item = before.attributes if before else self._key
        update = self.plan.update
        if update is not None:
            self._check_key_kept(update)
            item = update.applied(item, self.values)
        return self.store.storable(item, self.place, too_large=UPDATE_TOO_LARGE)

    def _check_key_kept(self, update: updates.Update) -> None:
        changed = update.names & self._key.keys()
        if changed:
            raise Invalid(
                "One or more parameter values were invalid: "
                f"Cannot update attribute {min(changed)}. This attribute is part of the key"
            )

    def returned(self, before: Stored | None, after: Stored | None) -> Item:
        """All of the item, or what was updated, as it was or as it is.

        Of an update within a map only the part that was updated is shown, as by AWS; DynamoDB Local shows the whole
        attribute (https://github.com/nubo-db/dynoxide/issues/36).
        """
        asked = self.request.get("ReturnValues", "NONE")
        shown = before if asked.endswith("_OLD") else after
        if asked == "NONE" or shown is None:
            return {}
        if asked.startswith("ALL_"):
            return copied_item(shown.attributes)
        update = self.plan.update
        return projected(shown.attributes, update.wanted) if update else {}


def carry_out(action: Action, trace: Trace) -> Item:
    """Do one write; answers the attributes that the request wants to see.

    Raises:
        Refused: The condition does not hold, or the write cannot be; nothing is changed.
    """
    action.check()
    before = action.store.get(action.place)
    try:
        action.check_condition(before)
    except ConditionFailed:
        trace.wrote(action.attempted(before))
        raise
    after = action.after(before)
    trace.wrote(action.store.write(action.place, before, after))
    return action.returned(before, after)
