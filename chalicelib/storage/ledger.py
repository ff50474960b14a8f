"""The segments: read whole, written chunk by chunk, each write conditional on the chunk's own state."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.domain.activity import NOTHING, Mark
from chalicelib.domain.ids import TEST_SEGMENTS_FROM, Place, base_of
from chalicelib.domain.ledger import Chunk, Member, Segment
from chalicelib.domain.ports_account import AccountState
from chalicelib.domain.ports_delivery import Opened, Overtaken
from chalicelib.domain.records import Campaign, MassEmail
from chalicelib.domain.sent_lines import reached
from chalicelib.storage import keys
from chalicelib.storage.activity import MESSAGE_ID, activity_from_item
from chalicelib.storage.addresses import flags_from_item
from chalicelib.storage.codec import Item, from_item
from chalicelib.storage.copies import DynamoCopies
from chalicelib.storage.ledger_codec import STATE, chunks_of, erased_line, member_of
from chalicelib.storage.ledger_items import (
    as_arguments,
    by_key,
    chunk_update,
    number_set,
    people_item,
    segment_number,
    sent_row,
)
from chalicelib.storage.table import ConditionFailed, Table, TransactionFailed
from chalicelib.storage.tests_sent import DynamoPlacesOfTests

READ_AT_ONCE = 33  # segments of three items each in one BatchGetItem of 100 keys
_PARTS = ("people", "state", "activity")


class DynamoLedger:
    """Segments in the table; fulfils :class:`chalicelib.domain.ports_delivery.Ledger`.

    Args:
        key_of: An address's keyed hash.
    """

    def __init__(self, table: Table, key_of: Callable[[str], str]) -> None:
        self._table = table
        self._key_of = key_of
        self._copies = DynamoCopies(table)
        self._test_places = DynamoPlacesOfTests(table)

    def open(
        self, mass_email_id: str, campaign_id: str | None, number: int, address_keys: Collection[str] = ()
    ) -> Opened:
        """One segment with all that decides about its chunks, and these address rows, in one request; consistent."""
        base = base_of(mass_email_id)
        wanted = [keys.segment(base, number, part) for part in _PARTS]
        wanted += [keys.record("MassEmail", mass_email_id), keys.account("quota")]
        wanted += map(keys.address_flags, address_keys)
        if campaign_id:
            wanted.append(keys.record("Campaign", campaign_id))
        items = by_key(self._table.get_many(wanted))
        campaign = items.get(("Campaign", campaign_id or ""))
        mass_email = items.get(("MassEmail", mass_email_id))
        parsed = from_item(Campaign, campaign) if campaign else None
        rows = {key: items.get((f"addr#{key}", "flags")) for key in address_keys}
        return Opened(
            from_item(MassEmail, mass_email) if mass_email else None,
            parsed.status if parsed else None,
            parsed.type if parsed else None,
            self._segment(base, number, items),
            from_item(AccountState, items.get(("account", "quota"), {})),
            {key: flags_from_item(row) if row else None for key, row in rows.items()},
        )

    def members(self, base: str, numbers: Collection[int]) -> Mapping[int, Sequence[Member]]:
        """The members of these segments; a hundred segments a request."""
        items = self._table.get_many(keys.segment(base, number, "people") for number in numbers)
        return {segment_number(item): self._members(item) for item in items}

    def read(self, base: str, numbers: Collection[int]) -> Iterator[Segment]:
        """Whole segments, in the order of their numbers; consistent."""
        return self._read(base, numbers, _PARTS)

    def progress(self, base: str, numbers: Collection[int]) -> Iterator[Segment]:
        """The same without the members (empty)."""
        return self._read(base, numbers, _PARTS[1:])

    def _read(self, base: str, numbers: Collection[int], parts: Sequence[str]) -> Iterator[Segment]:
        ordered = sorted(numbers)
        for start in range(0, len(ordered), READ_AT_ONCE):
            some = ordered[start : start + READ_AT_ONCE]
            items = by_key(
                self._table.get_many(keys.segment(base, number, part) for number in some for part in parts)
            )
            for number in some:
                yield self._segment(base, number, items)

    def _segment(self, base: str, number: int, items: Mapping[tuple[str, str], Item]) -> Segment:
        partition = keys.segment_partition(base, number)
        people, state, activity = (items.get((partition, part)) for part in _PARTS)
        return Segment(
            number,
            self._members(people) if people else [],
            chunks_of(state) if state else {},
            activity_from_item(activity) if activity else NOTHING,
        )

    def _members(self, people: Item) -> Sequence[Member]:
        return [member_of(line["S"], self._key_of) for line in people["p"]["L"]]

    def advance(
        self, base: str, number: int, before: Chunk, after: Chunk, *, children: Iterable[Chunk] = ()
    ) -> None:
        """Replace a chunk and add its children; when it is done, those whom its call may have reached get their log row.

        Raises:
            Overtaken: The chunk is no longer as ``before``.
        """
        update = chunk_update(base, number, before, (after, *children))
        sent = reached(after) if after.is_done and not before.is_done else ()
        try:
            if sent:
                self._table.transact(
                    {"Update": update}, {"Put": {"Item": sent_row(base, number, after, sent)}}
                )
            else:
                self._table.update(**as_arguments(update))
        except ConditionFailed as error:
            # botocore repeats a write whose answer was lost. A claim's token is ours alone: then it was we who wrote it.
            stored = (error.item or {}).get(STATE + after.name, {}).get("S")
            if not (after.is_claimed and stored == after.state):
                raise Overtaken from error
        except TransactionFailed as error:
            raise Overtaken from error

    def add_chunk(self, base: str, number: int, chunk: Chunk) -> bool:
        """Store a chunk that waits, unless one of its name is there."""
        try:
            self._table.update(**as_arguments(chunk_update(base, number, Chunk(chunk.name, ()), (chunk,))))
        except ConditionFailed:
            return False
        return True

    def add_test(self, base: str, members: Sequence[Member]) -> int:
        """Write a segment of Send Test's; answers its number."""
        counter = self._table.update(
            keys.key(f"seg#{base}", "tests"),
            UpdateExpression="ADD tests :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
            ReturnValues="UPDATED_NEW",
        )
        number = TEST_SEGMENTS_FROM + int(counter["tests"]["N"])
        self._test_places.add(base, number, members)
        self._table.put(people_item(base, number, members))
        return number

    def last_test(self, base: str) -> int:
        """The number of the last segment of Send Test's."""
        item = self._table.get(keys.key(f"seg#{base}", "tests"))
        return TEST_SEGMENTS_FROM + (int(item["tests"]["N"]) if item else 0)

    def witness(self, base: str, number: int, accepted: Mapping[int, str | None]) -> None:
        """Note that SES took these positions' messages, whatever their chunk says."""
        known = {position: text for position, text in accepted.items() if text}
        names = {f"#m{position}": f"{MESSAGE_ID}{position}" for position in known}
        expression = "ADD #accepted :positions"
        if known:
            expression += " SET " + ", ".join(f"#m{position} = :m{position}" for position in known)
        values: dict[str, Any] = {f":m{position}": {"S": text} for position, text in known.items()}
        self._table.update(
            keys.segment(base, number, "activity"),
            UpdateExpression=expression,
            ExpressionAttributeNames={"#accepted": Mark.ACCEPTED.value, **names},
            ExpressionAttributeValues={":positions": number_set(accepted), **values},
        )

    def refused_alone(self, mass_email_id: str, place: Place, text: str) -> bool:
        """Note what SES said when it refused this recipient alone; answers whether it said just that of another before.

        Whose refusal it was is kept, for botocore repeats an update whose answer was lost.
        """
        said, of = {"S": text}, {"S": place.recipient_id}
        before = self._table.update(
            keys.run(mass_email_id, "refusal"),
            UpdateExpression="SET #text = :text, recipientId = :recipient",
            ExpressionAttributeNames={"#text": "text"},
            ExpressionAttributeValues={":text": said, ":recipient": of},
            ReturnValues="ALL_OLD",  # moto leaves out of UPDATED_OLD what is set to what it was
        )
        return before.get("text") == said and before.get("recipientId") != of

    def settle(self, base: str, number: int, positions: Collection[int], *, sent: bool) -> None:
        """Note a person's decision on positions that are Unknown."""
        mark = Mark.SETTLED_SENT if sent else Mark.SETTLED_FAILED
        self._table.update(
            keys.segment(base, number, "activity"),
            UpdateExpression="ADD #mark :positions",
            ExpressionAttributeNames={"#mark": mark.value},
            ExpressionAttributeValues={":positions": number_set(positions)},
        )

    def unsettle(self, base: str, number: int, positions: Collection[int]) -> None:
        """Forget a person's decisions on these positions: they are sent again."""
        self._table.update(
            keys.segment(base, number, "activity"),
            UpdateExpression="DELETE #sent :positions, #failed :positions",
            ExpressionAttributeNames={
                "#sent": Mark.SETTLED_SENT.value,
                "#failed": Mark.SETTLED_FAILED.value,
            },
            ExpressionAttributeValues={":positions": number_set(positions)},
        )

    def forget(self, place: Place) -> None:
        """Take the address out of a recipient's entry, and what was kept of the message; the keyed hash stays."""
        self._copies.forget(place)
        item = self._table.get(keys.at_place(place, "people"))
        if item is None or place.position >= len(item["p"]["L"]):
            return
        line = item["p"]["L"][place.position]["S"]
        member = member_of(line, self._key_of)
        if member.email_address is None:
            return
        self._table.update(
            keys.at_place(place, "people"),
            UpdateExpression=f"SET p[{place.position}] = :line",
            ExpressionAttributeValues={":line": {"S": erased_line(line, member.address_key)}},
        )

    def store_copy(
        self, base: str, number: int, name: str, copies: Mapping[int, Mapping[str, object]]
    ) -> None:
        """Keep each recipient's own part of the message, under the name of one claim."""
        self._copies.store(base, number, name, copies)

    def copy_of(self, place: Place, name: str) -> Mapping[str, object] | None:
        """What was kept for this recipient under the name of a claim."""
        return self._copies.of(place, name)
