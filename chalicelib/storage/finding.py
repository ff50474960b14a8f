"""Mass emails by what links, events and campaigns know of them, deleted ones included."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from chalicelib.domain.ids import base_of
from chalicelib.domain.records import MassEmail
from chalicelib.storage import keys
from chalicelib.storage.codec import from_item
from chalicelib.storage.mass_emails import KIND
from chalicelib.storage.table import Table

REMEMBERED = 10_000  # bases; who owns one never changes


class DynamoMassEmailFinder:
    """``domain.ports_log.MassEmailFinder`` on the table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._ids: dict[str, str] = {}

    def id_of_base(self, base: str) -> str | None:
        """The id of the mass email that owns this base; remembered for good once found."""
        return self._ids_of([base]).get(base)

    def by_base(self, base: str) -> MassEmail | None:
        """The mass email that owns this base."""
        return self.by_bases([base]).get(base)

    def by_bases(self, bases: Collection[str]) -> Mapping[str, MassEmail]:
        """The mass emails that own these bases."""
        ids = self._ids_of(bases)
        items = self._table.get_many(keys.record(KIND, mass_email_id) for mass_email_id in ids.values())
        found = (from_item(MassEmail, item) for item in items)
        return {base_of(mass_email.id): mass_email for mass_email in found}

    def of_campaign(self, campaign_id: str) -> Sequence[MassEmail]:
        """All mass emails that a campaign ever had, oldest first.

        None is older than its campaign, and ids are in the order of time: what was there before is not looked at.
        """
        request: dict[str, Any] = {
            "KeyConditionExpression": "PK = :kind AND SK BETWEEN :oldest AND :last",
            "FilterExpression": "campaignId = :campaign",
            "ExpressionAttributeValues": {
                ":kind": {"S": KIND},
                ":oldest": {"S": base_of(campaign_id)},
                ":last": {"S": "g"},  # above every hex digit
                ":campaign": {"S": campaign_id},
            },
        }
        return [from_item(MassEmail, item) for item in self._table.query_all(**request)]

    def _ids_of(self, bases: Collection[str]) -> Mapping[str, str]:
        unknown = [base for base in bases if base not in self._ids]
        if len(self._ids) + len(unknown) > REMEMBERED:
            self._ids.clear()
            unknown = list(bases)
        for item in self._table.get_many((keys.base(base) for base in unknown), consistent=False):
            self._ids[item["PK"]["S"].removeprefix("base#")] = item["massEmailId"]["S"]
        return {base: self._ids[base] for base in bases if base in self._ids}
