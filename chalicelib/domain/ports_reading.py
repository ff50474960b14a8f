"""What a chunk reads of people just before it is sent, as a Protocol."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.ledger import Member
from chalicelib.domain.records import AddressFlags, TargetType


class People(Protocol):
    """The two reads of a chunk: targets with just the fields that the message uses, and address rows."""

    def read(
        self,
        members: Collection[Member],
        target_fields: Mapping[TargetType, frozenset[str]],
        account_fields: frozenset[str],
        known: Mapping[str, AddressFlags | None],
    ) -> "ReadPeople":
        """Consistent: an opt-out counts at once. ``known`` are address rows that were read just before."""
        ...


@dataclass(frozen=True)
class ReadPeople:
    """What was found; a target that is missing is deleted. Keys in camelCase, as in the API."""

    targets: Mapping[str, Mapping[str, object]]
    accounts: Mapping[str, Mapping[str, object]]
    flags: Mapping[str, AddressFlags]
