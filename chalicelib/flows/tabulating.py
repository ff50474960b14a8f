"""People with what is linked to them, as rows of a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.columns import fields_of, plain, row_of
from chalicelib.domain.people import type_of
from chalicelib.domain.ports import AnyTarget, Records, Targets
from chalicelib.domain.records import Campaign, Contact, Lead, TargetType
from chalicelib.domain.where import Field, Hop
from chalicelib.flows.people import People


def lookups(target_type: TargetType, columns: Sequence[str]) -> int:
    """How many items are read for a row of these columns, at most."""
    return len(_hops(fields_of(target_type, columns)))


def _hops(fields: Sequence[Field]) -> frozenset[Hop]:
    return frozenset(field.hop for field in fields if field.hop is not None)


@dataclass(frozen=True)
class Tabulating:
    """Looks up what the columns ask for, all rows together."""

    people: People
    targets: Targets
    campaigns: Records[Campaign]

    def rows(self, columns: Sequence[str], targets: Sequence[AnyTarget]) -> list[list[Any]]:
        """A row for each of these, who are of one type."""
        if not targets:
            return []
        fields = fields_of(type_of(targets[0]), columns)
        hops = _hops(fields)
        seen = self.people.seen(targets) if Hop.ADDRESS in hops else []
        flags = [{"optOut": each.is_opted_out, "invalid": each.is_invalid} for each in seen]
        accounts = self._accounts(targets) if Hop.ACCOUNT in hops else {}
        campaigns = self._campaigns(targets) if Hop.CAMPAIGN in hops else {}
        rows = []
        for place, target in enumerate(targets):
            linked = {
                Hop.ADDRESS: flags[place] if flags else {},
                Hop.ACCOUNT: accounts.get(getattr(target, "account_id", None), {}),
                Hop.CAMPAIGN: campaigns.get(getattr(target, "campaign_id", None), {}),
            }
            rows.append(row_of(fields, plain(target), linked))
        return rows

    def _accounts(self, targets: Sequence[AnyTarget]) -> dict[str | None, Any]:
        wanted = {each.account_id for each in targets if isinstance(each, Contact) and each.account_id}
        found = self.targets.find_many([(TargetType.ACCOUNT, each) for each in wanted])
        return {account.id: plain(account) for account in found.values()}

    def _campaigns(self, targets: Sequence[AnyTarget]) -> dict[str | None, Any]:
        wanted = {each.campaign_id for each in targets if isinstance(each, Lead) and each.campaign_id}
        return {found.id: plain(found) for found in self.campaigns.find_many(wanted).values()}
