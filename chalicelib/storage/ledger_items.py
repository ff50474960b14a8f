"""Segments as DynamoDB takes them: items, conditional updates, rows of the log."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.domain.ledger import Chunk, Member
from chalicelib.storage import keys
from chalicelib.storage.codec import Item
from chalicelib.storage.ledger_codec import STATE, chunk_attributes, member_line, positions_text


def people_item(base: str, number: int, members: Sequence[Member]) -> Item:
    """The ``people`` item of a segment."""
    lines = [{"S": member_line(member)} for member in members]
    return {**keys.segment(base, number, "people"), "p": {"L": lines}}


def segment_number(item: Item) -> int:
    """Which segment an item beside it belongs to."""
    return int(item["PK"]["S"].rpartition("#")[2], 16)


def by_key(items: Iterable[Item]) -> Mapping[tuple[str, str], Item]:
    """Items by their keys."""
    return {(item["PK"]["S"], item["SK"]["S"]): item for item in items}


def number_set(positions: Iterable[int]) -> dict[str, list[str]]:
    """A number set of positions."""
    return {"NS": [str(position) for position in positions]}


def chunk_update(base: str, number: int, before: Chunk, chunks: Iterable[Chunk]) -> dict[str, Any]:
    """Replace a chunk and write others beside it, on condition that it still is as ``before``."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    sets = []
    for place, chunk in enumerate(chunks):
        for letter, (name, value) in zip("sd", chunk_attributes(chunk).items(), strict=True):
            names[f"#{letter}{place}"] = name
            values[f":{letter}{place}"] = value
            sets.append(f"#{letter}{place} = :{letter}{place}")
    names["#before"] = STATE + before.name
    condition = "attribute_not_exists(#before)"
    if before.state:
        condition = "#before = :before"
        values[":before"] = {"S": before.state}
    return {
        "Key": keys.segment(base, number, "state"),
        "UpdateExpression": "SET " + ", ".join(sets),
        "ConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def as_arguments(update: Mapping[str, Any]) -> dict[str, Any]:
    """An operation of a transaction as the arguments of ``Table.update``."""
    return {"key" if name == "Key" else name: value for name, value in update.items()}


def sent_row(base: str, number: int, chunk: Chunk, positions: Sequence[int]) -> Item:
    """One log row for all that one call may have sent, at the time of the call: its answer may come hours later."""
    at = chunk.claimed_at or chunk.done_at
    assert at is not None  # noqa: S101 - a done chunk has its time
    sort = f"log#sent#{chunk.name}"
    return {
        **keys.segment(base, number, sort),
        "TPK": {"S": keys.log_index(base, "Sent", number)},
        "TSK": {"S": keys.log_time(at, f"{number:05x}{sort}")},
        "action": {"S": "Sent"},
        "positions": {"S": positions_text(positions)},
        "at": keys.stamp(at),
    }
