"""The administrator's settings: one item, kept for half a minute by whoever only reads it."""

from dataclasses import fields, replace
from datetime import datetime, timedelta

from chalicelib.domain.clock import Clock
from chalicelib.domain.org_settings import OrgSettings
from chalicelib.errors import PreconditionFailed
from chalicelib.storage import keys
from chalicelib.storage.codec import Item, camel, from_item, to_value
from chalicelib.storage.table import ConditionFailed, Table

CACHED_FOR = timedelta(seconds=30)


class DynamoSettings:
    """Fulfils :class:`chalicelib.domain.ports.SettingsStore` and :class:`chalicelib.flows.settings.FreshSettings`."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._cached: OrgSettings | None = None
        self._until: datetime | None = None

    def get(self) -> OrgSettings:
        """As stored; at most 30 s old."""
        if self._cached is not None and self._until is not None and self._clock.now() < self._until:
            return self._cached
        return self.fresh()

    def fresh(self) -> OrgSettings:
        """As stored now."""
        item = self._table.get(keys.settings())
        return self._remembered(OrgSettings() if item is None else from_item(OrgSettings, item))

    def replace(self, settings: OrgSettings, *, expected_rev: int) -> OrgSettings:
        """Store with ``rev = expected_rev + 1``.

        Raises:
            PreconditionFailed: Somebody was faster.
        """
        stored = replace(settings, rev=expected_rev + 1)
        try:
            self._table.put(
                _item(stored),
                # Nothing is stored until somebody changes something: what is not there has the first rev.
                ConditionExpression="rev = :rev" if expected_rev > 1 else "attribute_not_exists(PK)",
                **(
                    {"ExpressionAttributeValues": {":rev": to_value(expected_rev)}}
                    if expected_rev > 1
                    else {}
                ),
            )
        except ConditionFailed as error:
            raise PreconditionFailed(
                "somebody changed the settings in the meantime: read them again"
            ) from error
        return self._remembered(stored)

    def _remembered(self, settings: OrgSettings) -> OrgSettings:
        self._cached, self._until = settings, self._clock.now() + CACHED_FOR
        return settings


def _item(settings: OrgSettings) -> Item:
    """Every field, nulls too: a limit that was set to null is not one that was never set."""
    values = {camel(field.name): to_value(getattr(settings, field.name)) for field in fields(settings)}
    return {**keys.settings(), **values}
