"""People's items as a search sees them, and the index rows that keep them in the order of their names."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.domain.ports import AnyTarget
from chalicelib.domain.records import Account, TargetType
from chalicelib.domain.search import Found
from chalicelib.domain.where import Node, Test, leaves
from chalicelib.domain.where_fields import TO_ONE
from chalicelib.storage import keys
from chalicelib.storage.codec import Item, from_value

MAX_NAME_BYTES = 900  # of an index's sort key, which may have 1,024 (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html)
_BEFORE_ID = "\t"  # sorts before whatever may stand in a name, so that Ann comes before Ann Lee
_KEYS = ("PK", "SK", "TPK", "TSK")


def name_order(target: AnyTarget) -> Item:
    """The index attributes of a person: companies by name, persons by last name and first name, as in an address book."""
    if isinstance(target, Account):
        parts = [target.name]
    else:
        parts = [target.last_name or "", target.first_name or ""]
    kind = TargetType(type(target).__name__)
    text = _BEFORE_ID.join([*map(_order_of, parts), target.id])
    return {"TPK": {"S": keys.names_partition(kind, keys.spread_of(target.id))}, "TSK": {"S": text}}


def _order_of(name: str) -> str:
    """Without case and accents: Ä stands with A, whatever language the reader's is."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return plain.encode()[: MAX_NAME_BYTES // 2].decode(errors="ignore")


def values_of(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A person's item as plain values."""
    return {name: from_value(value) for name, value in item.items() if name not in _KEYS}


def found_from_item(item: Mapping[str, Mapping[str, Any]]) -> Found:
    """Who it is, from as little as :func:`projection` reads."""
    kind = TargetType(item["PK"]["S"].partition("#")[0])
    address = item.get("emailAddress")
    target_id = item["SK"]["S"]
    return Found((kind, target_id), int(item["rev"]["N"]), address["S"] if address else None, target_id)


def projection(node: Node, target_type: TargetType) -> dict[str, Any]:
    """Only what joining a list and this search need; names go by placeholder, since many are reserved words."""
    asked = {leaf.field.path[0] for leaf in leaves(node) if isinstance(leaf, Test) and leaf.field.hop is None}
    if "name" in asked:
        asked |= {"firstName", "lastName"}
    links = set(TO_ONE.get(target_type, {}).values())
    return projecting({"PK", "SK", "rev", "emailAddress", *asked, *links})


def projecting(names: Iterable[str]) -> dict[str, Any]:
    """These attributes alone."""
    marks = {f"#p{place}": name for place, name in enumerate(sorted(names))}
    return {"ProjectionExpression": ",".join(marks), "ExpressionAttributeNames": marks}
