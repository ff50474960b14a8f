"""What recipients did and SES said of them: one small item beside each segment, whose sets only grow.

``ADD`` to a set is idempotent and needs no reading before, so an event may come twice, late or in any order. The marks are
number sets of positions (``delivered``: {0, 3, 17}); the touches are one string set per recipient and kind (``click17``).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.activity import NOTHING, Activity, Mark
from chalicelib.domain.ids import Place
from chalicelib.domain.touches import MAX_TOUCHES, Touch, counted, read_word
from chalicelib.storage import keys
from chalicelib.storage.codec import Item
from chalicelib.storage.table import Table

PART = "activity"
_KINDS: Mapping[str, bool] = {"open": False, "openM": True, "click": False, "clickM": True}
"""The sets of touches by their attributes' prefix, and whether a machine's are in them."""
MESSAGE_ID = "messageId"  # ``messageId3``: of position 3, whose send was never answered
_MARKS = {mark.value: mark for mark in Mark}


class DynamoActivity:
    """``domain.ports_log.ActivityStore`` on the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def mark(self, place: Place, *marks: Mark) -> None:
        """Put these marks on the recipient; those that are there stay."""
        self._table.update(keys.at_place(place, PART), **marking(place, marks))


def marking(place: Place, marks: Sequence[Mark]) -> dict[str, Any]:
    """The update that puts these marks on the recipient."""
    return {
        "UpdateExpression": "ADD " + ", ".join(f"{mark} :position" for mark in marks),
        "ExpressionAttributeValues": {":position": {"NS": [str(place.position)]}},
    }


def touching(place: Place, touch: Touch) -> dict[str, Any]:
    """The operation of a transaction that notes a touch, unless the recipient has as many as are kept."""
    kind = ("click" if touch.is_click else "open") + "M" * touch.machine
    return {
        "Update": {
            "Key": keys.at_place(place, PART),
            "UpdateExpression": "ADD #set :words",
            "ConditionExpression": "attribute_not_exists(#set) OR size(#set) < :most OR contains(#set, :word)",
            "ExpressionAttributeNames": {"#set": f"{kind}{place.position}"},
            "ExpressionAttributeValues": {
                ":words": {"SS": [touch.word]},
                ":word": {"S": touch.word},
                ":most": {"N": str(MAX_TOUCHES)},
            },
        }
    }


def activity_from_item(item: Item) -> Activity:
    """What an activity item says; an empty one says nothing."""
    if not item:
        return NOTHING
    marks: defaultdict[Mark, set[int]] = defaultdict(set)
    touches: defaultdict[int, set[Touch]] = defaultdict(set)
    for name, value in item.items():
        if "NS" in value and name in _MARKS:
            marks[_MARKS[name]].update(map(int, value["NS"]))
        elif "SS" in value and (kind := name.rstrip("0123456789")) in _KINDS:
            words = (read_word(word, machine=_KINDS[kind]) for word in value["SS"])
            touches[int(name[len(kind) :])].update(words)
    links: defaultdict[int, set[int]] = defaultdict(set)
    for position, own in touches.items():
        _count(position, own, marks, links)
    message_ids = {
        int(name[len(MESSAGE_ID) :]): value["S"]
        for name, value in item.items()
        if name.startswith(MESSAGE_ID)
    }
    return Activity(
        message_ids=message_ids,
        marks={mark: frozenset(positions) for mark, positions in marks.items()},
        links={link: frozenset(positions) for link, positions in links.items()},
        touches={position: frozenset(own) for position, own in touches.items()},
    )


def _count(
    position: int, own: set[Touch], marks: Mapping[Mark, set[int]], links: Mapping[int, set[int]]
) -> None:
    came_to = counted(own)
    for mark, holds in (
        (Mark.OPENED, came_to.opened is not None),
        (Mark.CLICKED, bool(came_to.clicked)),
        (Mark.OPENED_BY_MACHINE, came_to.opened_by_machine),
        (Mark.CLICKED_BY_MACHINE, came_to.clicked_by_machine),
    ):
        if holds:
            marks[mark].add(position)
    for link in came_to.clicked:
        links[link].add(position)
