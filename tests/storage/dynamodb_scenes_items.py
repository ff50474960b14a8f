"""Single items and batches: keys, values, limits, and what is answered."""

from typing import Any

from tests.storage.dynamodb_backends import FAILED, INVALID, Refusal
from tests.storage.dynamodb_conditions import N, S
from tests.storage.dynamodb_scenes import Place, Scenes

ITEMS = Scenes()
scene = ITEMS.scene

LIMIT = 400 * 1024  # bytes
VALUES_TAKEN = "moto takes values as they come"


def sized(place: Place, size: int) -> dict[str, Any]:
    """An item of just this many bytes."""
    item = place.item(x=S(""))
    known = sum(len(name) + len(value["S"]) for name, value in item.items())
    return {**item, "x": S("x" * (size - known))}


@scene(INVALID)
def an_empty_key_is_refused(place: Place) -> Any:
    """No key attribute may be empty."""
    return place.store.put({**place.item(), "SK": S("")})


@scene(INVALID)
def a_missing_key_is_refused(place: Place) -> Any:
    """An item needs its whole key."""
    return place.store.put({"PK": S(place.partition)})


@scene(INVALID)
def a_key_of_another_type_is_refused(place: Place) -> Any:
    """Keys are strings here."""
    return place.store.put({**place.item(), "SK": N(1)})


@scene([INVALID, INVALID])
def a_key_is_read_whole_and_alone(place: Place) -> Any:
    """GetItem takes neither half a key nor more."""
    half, more = {"PK": S(place.partition)}, {**place.key(), "x": S("x")}
    return [place.store.get(half), place.store.get(more)]


@scene([{}, INVALID, {}, INVALID])
def keys_have_a_greatest_size(place: Place) -> Any:
    """2048 bytes of a partition key, 1024 of a sort key."""
    long = place.partition.ljust(2048, "x")
    return [
        place.store.put({**place.item(), "PK": S(long)}),
        place.store.put({**place.item(), "PK": S(f"{long}x")}),
        place.store.put(place.item("x" * 1024)),
        place.store.put(place.item("é" * 513)),
    ]


@scene([{}, INVALID], moto="moto estimates sizes")
def an_item_has_a_greatest_size(place: Place) -> Any:
    """400 KB, names and values, to the byte."""
    return [place.store.put(sized(place, LIMIT)), place.store.put(sized(place, LIMIT + 1))]


@scene([INVALID, INVALID, INVALID], moto=VALUES_TAKEN)
def the_index_takes_strings_only(place: Place) -> Any:
    """An item whose index key is of another type, or empty, is not stored at all."""
    wrong: tuple[dict[str, Any], ...] = (N(1), S(""), {"NULL": True})
    return [place.store.put(place.item(TPK=value)) for value in wrong]


@scene([{}, INVALID], moto=VALUES_TAKEN)
def nesting_has_an_end(place: Place) -> Any:
    """32 levels."""
    value: dict[str, Any] = S("x")
    for _ in range(31):
        value = {"L": [value]}
    return [place.store.put(place.item(x=value)), place.store.put(place.item(x={"L": [value]}))]


@scene([INVALID] * 6, moto=VALUES_TAKEN)
def wrong_values_are_refused(place: Place) -> Any:
    """Two types, none, an empty set, doubles, no number, an empty name."""
    wrong: tuple[dict[str, Any], ...] = (
        {"S": "a", "N": "1"},
        {},
        {"SS": []},
        {"NS": ["1", "1.0"]},
        {"N": "1_0"},
        {"M": {"": S("x")}},
    )
    return [place.store.put(place.item(x=value)) for value in wrong]


@scene(["1", "10000", "0.0012", "0", "-0.5"], moto=VALUES_TAKEN)
def numbers_are_read_in_their_shortest_form(place: Place) -> Any:
    """Whatever they were written as."""
    written = ("1.0", "1E4", "00.00120", "-0", "-.5")
    place.has("a", **{f"n{place_}": N(text) for place_, text in enumerate(written)})
    item = place.store.client.get_item(TableName=place.store.table, Key=place.key())["Item"]
    return [item[f"n{place_}"]["N"] for place_ in range(len(written))]


@scene({"b": {"B": b"\x00\xff"}, "e": S(""), "l": {"L": []}, "m": {"M": {}}})
def what_is_empty_can_be_stored(place: Place) -> Any:
    """All but sets and keys; binaries come back as bytes."""
    attributes: dict[str, Any] = {"b": {"B": b"\x00\xff"}, "e": S(""), "l": {"L": []}, "m": {"M": {}}}
    item = place.has("a", **attributes).store.get(place.key())
    return {name: value for name, value in item.items() if name in attributes}


@scene([{}, {"x": N(1)}, {"x": N(2)}, {}])
def writes_answer_what_stood_there(place: Place) -> Any:
    """With ReturnValues=ALL_OLD, if anything did."""
    old = {"ReturnValues": "ALL_OLD"}
    answers = [place.store.put(place.item(x=N(number)), **old) for number in (1, 2)]
    answers += [place.store.ask("delete_item", Key=place.key(), **old) for _ in range(2)]
    return [{"x": each["Attributes"]["x"]} if "Attributes" in each else {} for each in answers]


@scene([INVALID, INVALID, INVALID])
def not_every_write_answers_everything(place: Place) -> Any:
    """ALL_NEW is for updates, and nothing else than the five words is known."""
    return [
        place.store.put(place.item(), ReturnValues="ALL_NEW"),
        place.store.ask("delete_item", Key=place.key(), ReturnValues="UPDATED_OLD"),
        place.store.ask("update_item", Key=place.key(), ReturnValues="SOMETHING"),
    ]


@scene(
    [{}, ["PK", "SK", "l", "m", "n"], ["PK", "SK", "l", "m", "n", "q"], ["l", "n"], ["l", "n", "q"]],
)
def an_update_answers_what_is_asked_for(place: Place) -> Any:
    """The whole item or the attributes that were updated, as they were or as they are."""
    answers: list[Any] = []
    for kind in ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"):
        place.has("a", n=N(1), l={"L": [N(1)]}, m={"M": {}})
        answer = place.store.ask(
            "update_item",
            Key=place.key(),
            UpdateExpression="SET q = :v, l = :l ADD n :v",
            ExpressionAttributeValues={":v": N(1), ":l": {"L": []}},
            ReturnValues=kind,
        )
        answers.append(sorted(answer.get("Attributes", ())) or {})
    return answers


@scene(
    {"m": {"M": {"a": N(2)}}},
    dynamodb_local="it shows the whole attribute (https://github.com/nubo-db/dynoxide/issues/36)",
)
def an_update_within_a_map_shows_that_part(place: Place) -> Any:
    """UPDATED_NEW shows the path that was updated, not its neighbours."""
    place.has("a", m={"M": {"a": N(1), "b": N(1)}})
    change = {"UpdateExpression": "SET m.a = :v", "ExpressionAttributeValues": {":v": N(2)}}
    return place.store.ask("update_item", Key=place.key(), ReturnValues="UPDATED_NEW", **change)["Attributes"]


@scene([["a", "b"], ["b"]])
def an_update_makes_the_item(place: Place) -> Any:
    """Where there is none, with or without an expression, also if it only removes."""
    place.store.ask("update_item", Key=place.key("a"))
    place.store.ask("update_item", Key=place.key("b"), UpdateExpression="REMOVE x")
    found = place.sorts
    place.store.ask("delete_item", Key=place.key("a"))
    return [found, place.sorts]


@scene([FAILED, True, FAILED])
def a_failed_condition_shows_the_item_on_demand(place: Place) -> Any:
    """With ReturnValuesOnConditionCheckFailure=ALL_OLD, if there is one."""
    place.has("a", x=N(1))
    condition = {"ConditionExpression": "attribute_exists(nope)"}
    shown = {**condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    answers = [
        place.store.ask("delete_item", Key=place.key(sort), **asked)
        for sort, asked in (("a", condition), ("a", shown), ("none", shown))
    ]
    return [answers[0], answers[1] == Refusal(FAILED.code, item=place.item(x=N(1))), answers[2]]


@scene(Refusal("ResourceNotFoundException"))
def an_unknown_table_is_none(place: Place) -> Any:
    """Whatever is asked of it."""
    return place.store.ask("get_item", TableName="none", Key=place.key())


@scene([INVALID, INVALID, {"x": N(1)}, {}])
def placeholders_are_used_or_left_out(place: Place) -> Any:
    """Names without an expression are refused; a projection shows what is there, maybe nothing."""
    place.has("a", x=N(1))
    return [
        place.store.get(place.key(), ExpressionAttributeNames={"#x": "x"}),
        place.store.get(place.key(), ProjectionExpression="x, x"),
        place.store.get(place.key(), ProjectionExpression="#x", ExpressionAttributeNames={"#x": "x"}),
        place.store.get(place.key(), ProjectionExpression="nope.a[0]"),
    ]


@scene(
    {"l": {"L": [N(1), {"M": {"k": N(3)}}]}, "m": {"M": {"a": {"M": {"b": N(1)}}}}},
    moto="moto leaves the projection of lists' elements out",
)
def a_projection_keeps_the_shape(place: Place) -> Any:
    """Maps stay maps; the elements of lists close up."""
    elements = {"L": [N(1), N(2), {"M": {"k": N(3), "j": N(4)}}]}
    place.has("a", l=elements, m={"M": {"a": {"M": {"b": N(1), "c": N(2)}}}})
    return place.store.get(place.key(), ProjectionExpression="l[2].k, m.a.b, l[0], l[9]")


def get_batch(place: Place, *sorts: str, **part: Any) -> Any:
    """BatchGetItem; the sort keys found, in order."""
    keys = [place.key(sort) for sort in sorts]
    answer = place.store.ask("batch_get_item", RequestItems={place.store.table: {"Keys": keys, **part}})
    if isinstance(answer, Refusal):
        return answer
    return sorted(item["SK"]["S"] for item in answer["Responses"][place.store.table])


def write_batch(place: Place, *parts: dict[str, Any]) -> Any:
    """BatchWriteItem."""
    return place.store.ask("batch_write_item", RequestItems={place.store.table: list(parts)})


@scene([["a", "b"], INVALID, INVALID, INVALID], moto="moto takes a batch of no keys")
def a_batch_of_gets(place: Place) -> Any:
    """Finds what is there; takes each key once, at least one and at most 100."""
    place.has("a", "b")
    return [
        get_batch(place, "a", "b", "none"),
        get_batch(place, "a", "a"),
        get_batch(place),
        get_batch(place, *map(str, range(101))),
    ]


@scene((41, 3))
def a_batch_of_gets_stops_at_16_mb(place: Place) -> Any:
    """The rest comes back as unprocessed keys."""
    keys = []
    for number in range(44):
        place.store.put(place.item(str(number), x=S("x" * 400_000)))
        keys.append(place.key(str(number)))
    part = {"Keys": keys, "ConsistentRead": True}
    answer = place.store.ask("batch_get_item", RequestItems={place.store.table: part})
    left = answer["UnprocessedKeys"].get(place.store.table, {"Keys": []})["Keys"]
    return len(answer["Responses"][place.store.table]), len(left)


@scene([{"UnprocessedItems": {}}, ["b"]])
def a_batch_of_writes(place: Place) -> Any:
    """Puts and deletes, also of what is not there."""
    place.has("a")
    answer = write_batch(
        place,
        {"PutRequest": {"Item": place.item("b")}},
        {"DeleteRequest": {"Key": place.key("a")}},
        {"DeleteRequest": {"Key": place.key("none")}},
    )
    return [answer, place.sorts]


@scene([INVALID, INVALID, INVALID, INVALID, []], moto=VALUES_TAKEN)
def a_wrong_batch_of_writes_writes_nothing(place: Place) -> Any:
    """One item twice, none, more than 25, or one that cannot be: all are refused."""
    put = {"PutRequest": {"Item": place.item("a")}}
    answers = [
        write_batch(place, put, {"DeleteRequest": {"Key": place.key("a")}}),
        write_batch(place),
        write_batch(place, *({"PutRequest": {"Item": place.item(str(number))}} for number in range(26))),
        write_batch(place, put, {"PutRequest": {"Item": place.item("b", TPK=N(1))}}),
    ]
    return [*answers, place.sorts]
