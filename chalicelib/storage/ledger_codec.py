"""Segments as items: members one line of text each, a chunk as one state and one JSON text, activity as number sets.

Few and flat attributes, because the sender reads and writes these items on its hottest path.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain.clock import rfc3339
from chalicelib.domain.ledger import Chunk, Member, RecipientStatus, Result
from chalicelib.domain.records import TargetType
from chalicelib.storage.codec import Item

_TYPE_LETTERS = {
    TargetType.ACCOUNT: "A",
    TargetType.CONTACT: "C",
    TargetType.LEAD: "L",
    TargetType.USER: "U",
}
_TYPES = {letter: target_type for target_type, letter in _TYPE_LETTERS.items()}
_STATUS_LETTERS = {
    RecipientStatus.SENT: "S",
    RecipientStatus.FAILED: "F",
    RecipientStatus.SKIPPED: "K",
    RecipientStatus.UNKNOWN: "U",
}
_STATUSES = {letter: status for status, letter in _STATUS_LETTERS.items()}
_ERASED = "@"  # no address begins with it
STATE, DETAIL = "t:", "d:"

dumps: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def member_line(member: Member) -> str:
    """One member; the address last, for it may hold anything but a tab."""
    address = member.email_address if member.email_address is not None else _ERASED + member.address_key
    lists = ",".join(map(str, member.lists))
    return "\t".join(
        (_TYPE_LETTERS[member.target_type], member.target_id, lists, member.account_id or "", address)
    )


def erased_line(line: str, address_key: str) -> str:
    """The same member without the address."""
    return line.rpartition("\t")[0] + "\t" + _ERASED + address_key


def member_of(line: str, key_of: Callable[[str], str]) -> Member:
    """Read one member."""
    letter, target_id, lists, account_id, address = line.split("\t", 4)
    erased = address.startswith(_ERASED)
    return Member(
        _TYPES[letter],
        target_id,
        None if erased else address,
        address[1:] if erased else key_of(address),
        tuple(map(int, lists.split(","))) if lists else (),
        account_id or None,
    )


def chunk_attributes(chunk: Chunk) -> Mapping[str, Any]:
    """(attribute name → value) of a chunk."""
    detail = {
        "p": positions_text(chunk.positions),
        "n": chunk.attempts,
        "v": chunk.version,
        "k": chunk.copy,
        "c": _time(chunk.claimed_at),
        "b": _time(chunk.call_by),
        "e": _time(chunk.done_at),
        "r": {
            str(position): [_STATUS_LETTERS[result.status], result.message_id or result.reason]
            for position, result in chunk.results.items()
        },
    }
    return {STATE + chunk.name: {"S": chunk.state}, DETAIL + chunk.name: {"S": dumps(detail)}}


def chunks_of(item: Item) -> Mapping[str, Chunk]:
    """The chunks of a ``state`` item."""
    return {
        name[len(STATE) :]: _chunk(
            name[len(STATE) :], value["S"], json.loads(item[DETAIL + name[len(STATE) :]]["S"])
        )
        for name, value in item.items()
        if name.startswith(STATE)
    }


def _chunk(name: str, state: str, detail: Mapping[str, Any]) -> Chunk:
    return Chunk(
        name,
        positions_of(detail["p"]),
        state,
        detail["n"],
        _read_time(detail["c"]),
        _read_time(detail["b"]),
        _read_time(detail["e"]),
        detail["v"],
        detail["k"],
        {int(position): _result(letter, text) for position, (letter, text) in detail["r"].items()},
    )


def _result(letter: str, text: str) -> Result:
    if letter == "S":
        return Result(RecipientStatus.SENT, message_id=text or None)
    return Result(_STATUSES[letter], text)


def positions_text(positions: Iterable[int]) -> str:
    """``0-13,17``: positions as ranges."""
    ranges: list[list[int]] = []
    for position in sorted(positions):
        if ranges and ranges[-1][1] == position - 1:
            ranges[-1][1] = position
        else:
            ranges.append([position, position])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def positions_of(text: str) -> tuple[int, ...]:
    """Read ranges."""
    positions: list[int] = []
    for part in text.split(",") if text else ():
        low, _, high = part.partition("-")
        positions.extend(range(int(low), int(high or low) + 1))
    return tuple(positions)


def _time(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None


def _read_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
