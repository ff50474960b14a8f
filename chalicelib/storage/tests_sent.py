"""Where a person or an address got a Send Test: rows beside both, so that erasing finds them.

A test's place may bear somebody's own address and another's data, so it is noted for each of the two.
"""

from collections.abc import Collection, Sequence

from chalicelib.domain.ids import Place
from chalicelib.domain.ledger import Member
from chalicelib.domain.people import Ref
from chalicelib.storage import keys
from chalicelib.storage.table import Table


class DynamoPlacesOfTests:
    """``domain.ports_people.PlacesOfTests`` on the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, base: str, number: int, members: Sequence[Member]) -> None:
        """Note a segment of Send Test's, before it is written; again changes nothing."""
        self._table.write_many(
            keys.test_pointer(partition, Place(base, number, position).recipient_id)
            for position, member in enumerate(members)
            for partition in _partitions((member.target_type, member.target_id), member.address_key)
        )

    def of(self, ref: Ref, address_key: str | None, *, limit: int) -> Sequence[Place]:
        """Some of the places of this person, and of this address; at most ``limit`` of each."""
        found = [
            item["SK"]["S"].removeprefix(keys.TEST)
            for partition in _partitions(ref, address_key)
            for item in self._table.query(
                KeyConditionExpression="PK = :partition AND begins_with(SK, :test)",
                ExpressionAttributeValues={":partition": {"S": partition}, ":test": {"S": keys.TEST}},
                ConsistentRead=True,
                Limit=limit,
            ).items
        ]
        return [Place.of(recipient_id) for recipient_id in sorted(set(found))]

    def remove(self, ref: Ref, address_key: str | None, places: Collection[Place]) -> None:
        """Forget these places."""
        self._table.write_many(
            deletes=[
                keys.test_pointer(partition, place.recipient_id)
                for place in places
                for partition in _partitions(ref, address_key)
            ]
        )


def _partitions(ref: Ref, address_key: str | None) -> Sequence[str]:
    beside = [keys.beside_target(*ref)]
    return [*beside, keys.beside_address(address_key)] if address_key else beside
