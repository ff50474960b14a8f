"""What a preferences page has begun: found until it is ended, one recipient's apart from another's."""

from datetime import timedelta

from chalicelib.domain.ids import Place
from chalicelib.storage.plan_notes import KEPT_FOR, DynamoPlanNotes
from chalicelib.storage.table import Table
from tests.storage.people_stores import START

PLACE, NEIGHBOUR = Place("0" * 11, 0, 3), Place("0" * 11, 0, 33)
FIRST, SECOND = {"leave": ["a"], "at": "1"}, {"leave": ["b"], "at": "2"}


def test_a_note_stays_until_it_is_done(table: Table) -> None:
    """The later takes the place of the earlier, whose end does not end it; neighbours have notes of their own."""
    notes = DynamoPlanNotes(table)
    assert notes.begun(PLACE) is None
    notes.begin(PLACE, FIRST, START)
    notes.begin(NEIGHBOUR, SECOND, START)
    assert (notes.begun(PLACE), notes.begun(NEIGHBOUR)) == (FIRST, SECOND)
    notes.begin(PLACE, SECOND, START)
    notes.done(PLACE, FIRST)
    assert notes.begun(PLACE) == SECOND
    notes.done(PLACE, SECOND)
    notes.done(PLACE, SECOND)
    assert (notes.begun(PLACE), notes.begun(NEIGHBOUR)) == (None, SECOND)


def test_a_note_expires(table: Table) -> None:
    """DynamoDB takes away what nobody came back to."""
    DynamoPlanNotes(table).begin(PLACE, FIRST, START)
    [item] = table.query(
        KeyConditionExpression="PK = :partition",
        ExpressionAttributeValues={":partition": {"S": f"seg#{PLACE.base}#00000"}},
    ).items
    assert int(item["expiresAt"]["N"]) == (START + KEPT_FOR).timestamp()
    assert timedelta(days=1) <= KEPT_FOR
