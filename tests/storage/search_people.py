"""A small town of people to search, with every value of the operators' cases, and the plain answer to any search."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import cycle, islice
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.domain.ids import new_id
from chalicelib.domain.people import Ref, ref_of
from chalicelib.domain.ports import AnyTarget, Membership
from chalicelib.domain.records import Account, Campaign, Contact, Lead, TargetType, User
from chalicelib.domain.where import Hop, Node
from chalicelib.domain.where_dates import with_moments
from chalicelib.domain.where_matching import Around, matches
from chalicelib.domain.where_parsing import parse
from chalicelib.storage.addresses import DynamoAddresses
from chalicelib.storage.codec import from_value, to_item
from chalicelib.storage.memberships import DynamoMemberships
from chalicelib.storage.records import DynamoRecords
from chalicelib.storage.table import Table
from chalicelib.storage.targets import DynamoTargets
from tests.domain.where_cases import FREE, NOW, NULL, TEXTS, TIMES, ZONE, Case
from tests.fakes.people import key_of
from tests.storage.people_stores import START, StillClock

LISTS = ("1" * 17, "2" * 17)
PEOPLE = 48  # each type; enough for several pages of every partition


def tree(where: object, target_type: TargetType = TargetType.CONTACT) -> Node:
    """As a search takes it."""
    return with_moments(parse(target_type, where), NOW, ZoneInfo(ZONE))


def values(cases: tuple[Case, ...]) -> list[Any]:
    """Every value that the cases speak of, once; null too."""
    found = {
        json.dumps(each): each for case in cases for each in (*case.fits, *case.fits_not) if each is not NULL
    }
    return [*found.values(), None]


class Town:
    """Everybody who lives there, in the table and beside it."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.people: dict[Ref, AnyTarget] = {}
        self.lists: dict[Ref, set[str]] = {}
        self.flags: dict[str, dict[str, bool]] = {}
        self.campaigns: dict[str, Campaign] = {}
        self.targets = DynamoTargets(self.table, key_of)
        self.memberships = DynamoMemberships(self.table, key_of, StillClock())
        self.addresses = DynamoAddresses(self.table)

    def settle(self) -> "Town":
        """Have everybody move in."""
        self._make_campaigns()
        texts, free, times = (cycle(values(cases)) for cases in (TEXTS, FREE, TIMES))
        accounts = list(islice(self._accounts(texts, free), PEOPLE))
        for place in range(max(PEOPLE, len(values(TEXTS)), len(values(FREE)), len(values(TIMES)))):
            at = next(times) or "2020-01-01T00:00:00Z"
            shared: dict[str, Any] = {
                "created_at": datetime.fromisoformat(at),
                "modified_at": START,
                "first_name": ("Kari", "kari", None, "Åse")[place % 4],
                "last_name": next(texts),
                "email_address": f"Reader{place % 20}@Example.com" if place % 3 else None,
                "attributes": {"shade": next(free), "deep": {"a.b": place}},
            }
            account = accounts[place % len(accounts)].id if place % 2 else None
            self.add(Contact(id=self._id(place, 1), account_id=account, **shared))
            if place < PEOPLE:
                campaign = list(self.campaigns)[place % 2] if place % 5 else None
                self.add(
                    Lead(id=self._id(place, 2), campaign_id=campaign, status=shared["last_name"], **shared)
                )
                self.add(User(id=self._id(place, 3), is_active=bool(place % 2), **shared))
        self._join()
        return self

    def _make_campaigns(self) -> None:
        records = DynamoRecords(self.table, "Campaign", Campaign)
        for place, name in enumerate(("Spring", "Gone")):
            made = Campaign(id=self._id(place, 9), created_at=START, modified_at=START, name=name)
            records.add(replace(made, deleted_at=START if name == "Gone" else None))
            self.campaigns[made.id] = made

    def _accounts(self, texts: Iterator[Any], free: Iterator[Any]) -> Iterator[Account]:
        for place in range(PEOPLE):
            account = Account(
                id=self._id(place, 0),
                created_at=START,
                modified_at=START,
                name=next(texts) or "Fjord AS",
                attributes={"a.b": {"c": next(free)}},
            )
            self.add(account)
            yield account

    def _join(self) -> None:
        for place, ref in enumerate(self.people):
            for number, list_id in enumerate(LISTS):
                if place % (7 - 2 * number) < 2:  # sevenths and fifths, whatever the type
                    self.memberships.add(list_id, [Membership(list_id, *ref)])
                    self.lists.setdefault(ref, set()).add(list_id)
                if place % 11 == 0:  # removed while opted out: a trace stays
                    self.memberships.mark([list_id], [ref], opted_out=True)
                    self.memberships.remove(list_id, [ref])
                    self.lists.get(ref, set()).discard(list_id)
        for number in range(0, 20, 3):
            key = key_of(f"reader{number}@example.com")
            self.addresses.opt_out(key, "", everything=bool(number % 2), list_ids=LISTS, reason="x", at=START)
            if not number % 2:
                self.addresses.mark_invalid(key, "", reason="x", at=START)
            self.flags[key] = {"optOut": bool(number % 2), "invalid": not number % 2}

    def add(self, target: AnyTarget) -> None:
        """One more moves in."""
        self.targets.add(target)
        self.people[ref_of(target)] = target

    def plain(self, where: object, target_type: TargetType = TargetType.CONTACT) -> set[str]:
        """Who fits, asked one by one of what is known here, without the table."""
        asked = tree(where, target_type)
        return {
            ref[1]
            for ref, target in self.people.items()
            if ref[0] is target_type and matches(asked, _values(target), self._around(ref, target))
        }

    def _around(self, ref: Ref, target: AnyTarget) -> Around:
        lists = frozenset(self.lists.get(ref, ()))
        key = key_of(target.email_address) if target.email_address else ""
        linked: dict[Hop, Any] = {Hop.ADDRESS: self.flags.get(key, {"optOut": False, "invalid": False})}
        if isinstance(target, Contact):
            account = self.people.get((TargetType.ACCOUNT, target.account_id or ""))
            linked[Hop.ACCOUNT] = _values(account) if account else {}
        if isinstance(target, Lead):
            campaign = self.campaigns.get(target.campaign_id or "")
            linked[Hop.CAMPAIGN] = _values(campaign) if campaign and campaign.name != "Gone" else {}
        return Around(linked, lists, bool(lists))

    @staticmethod
    def _id(place: int, kind: int) -> str:
        """Ids whose last digit runs through all partitions."""
        at = START.timestamp() + place / 1000
        return new_id(datetime.fromtimestamp(at, START.tzinfo), lambda _: kind * 256 + place * 7 % 16)


def _values(record: object) -> dict[str, Any]:
    return {name: from_value(value) for name, value in to_item(record).items()}
