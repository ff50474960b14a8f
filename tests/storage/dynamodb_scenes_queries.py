"""Queries: conditions on keys, order, pages, filters and the index."""

from typing import Any

from tests.storage.dynamodb_backends import INVALID
from tests.storage.dynamodb_conditions import N, S
from tests.storage.dynamodb_scenes import Place, Scenes

QUERIES = Scenes()
scene = QUERIES.scene

ALL = ["a", "b", "ba", "c"]


def filled(place: Place) -> Place:
    """Four items, also in the index, there in reverse."""
    for number, sort in enumerate(ALL):
        place.store.put(place.item(sort, n=N(number), TPK=S(place.partition), TSK=S(str(9 - number))))
    return place


def by_time(place: Place, condition: str = "", **request: Any) -> Any:
    """Query the index."""
    return place.query(IndexName="byTime", KeyConditionExpression=f"TPK = :p{condition}", **request)


@scene(
    [ALL, ["c"], ["ba", "c"], ["a"], ["a", "b"], ["b", "ba"], ["b", "ba"], ["b"], ["ba", "c"], []],
    moto="moto does not read a mirrored condition",
)
def each_condition_on_the_sort_key(place: Place) -> Any:
    """All six, a mirrored one and none."""
    filled(place)
    asked = [
        place.query(),
        place.query(" AND SK > :s", s="ba"),
        place.query(" AND SK >= :s", s="ba"),
        place.query(" AND SK < :s", s="b"),
        place.query(" AND SK <= :s", s="b"),
        place.query(" AND begins_with(SK, :s)", s="b"),
        place.query(" AND SK BETWEEN :s AND :t", s="b", t="bz"),
        place.query(" AND SK = :s", s="b"),
        place.query(" AND :s < SK", s="b"),
        place.query(" AND SK > :s", s="z"),
    ]
    return [sorts for sorts, _ in asked]


@scene(["Z", "z", "é", "\uffff", "😀"])
def strings_are_ordered_by_their_utf_8_bytes(place: Place) -> Any:
    """Not by UTF-16 units, by which the last two would change places."""
    return place.has("😀", "\uffff", "é", "z", "Z").sorts


@scene(
    [(["a", "b"], "b"), (["ba", "c"], "c"), ([], None), (["c", "ba"], "ba"), (["b", "a"], "a")],
    moto="moto never says that there may be more where there is not",
)
def pages_follow_one_another(place: Place) -> Any:
    """A page that its limit ends says so even at the end; the next one is empty then. Backwards alike."""
    filled(place)

    def page(after: str | None, **request: Any) -> Any:
        start: dict[str, Any] = {} if after is None else {"ExclusiveStartKey": place.key(after)}
        return place.query(answer="sorts", Limit=2, **start, **request)

    forward = [page(None), page("b"), page("c")]
    return [*forward, page(None, ScanIndexForward=False), page("ba", ScanIndexForward=False)]


@scene(
    [(ALL, None), (["a", "b"], None), (["ba", "c"], None), (["b"], "b")],
    moto="as above, also of an equal key",
)
def at_an_included_bound_nothing_follows(place: Place) -> Any:
    """Then a page that its limit ends does not say that there may be more, but for an equal key."""
    filled(place)
    return [
        place.query(" AND SK BETWEEN :s AND :t", s="a", t="c", Limit=4),
        place.query(" AND SK <= :s", s="b", Limit=2),
        ascending(place.query(" AND SK >= :s", s="ba", Limit=2, ScanIndexForward=False)),
        place.query(" AND SK = :s", s="b", Limit=1),
    ]


def ascending(answer: Any) -> Any:
    """The page in ascending order."""
    return answer[0][::-1], answer[1]


@scene([INVALID] * 5, moto="moto goes on wherever it is told to")
def a_page_starts_where_a_query_reads(place: Place) -> Any:
    """The start key is a whole key, of the partition, within the condition on the sort key, and of the index."""
    filled(place)
    return [
        place.query(ExclusiveStartKey={"PK": S(place.partition)}),
        place.query(ExclusiveStartKey={**place.key("a"), "PK": S("another")}),
        place.query(" AND SK > :s", s="b", ExclusiveStartKey=place.key("a")),
        by_time(place, ExclusiveStartKey=place.key("a")),
        by_time(place, ExclusiveStartKey={**place.key("a"), "TPK": S("another"), "TSK": S("9")}),
    ]


@scene(["ba", "c"])
def a_page_starts_behind_a_key_that_is_gone(place: Place) -> Any:
    """Nobody has to be at the start key."""
    return filled(place).query(ExclusiveStartKey=place.key("b!"))[0]


@scene([8, "007"], moto="moto estimates sizes")
def a_page_ends_at_1_mb(place: Place) -> Any:
    """The item that reaches it is on the page."""
    for number in range(9):
        place.store.put(place.item(f"{number:03}", x=S("x" * 131_072)))
    sorts, last = place.query()
    return [len(sorts), last]


@scene([(1, 4, None), (0, 2, "b"), (4, 4, None)])
def filters_are_applied_to_what_was_read(place: Place) -> Any:
    """The limit is one of reading; COUNT answers numbers alone."""
    filled(place)
    values = {":n": N(2)}
    answers = [
        place.query(answer="all", FilterExpression="n > :n", values=values),
        place.query(answer="all", FilterExpression="n > :n", values=values, Limit=2),
        place.query(answer="all", Select="COUNT"),
    ]
    assert "Items" not in answers[2]
    return [
        (each["Count"], each["ScannedCount"], each.get("LastEvaluatedKey", {}).get("SK", {}).get("S"))
        for each in answers
    ]


@scene([INVALID] * 16, moto="moto checks few of these")
def what_no_query_can_ask(place: Place) -> Any:
    """Another operator, another attribute, a key twice, a key in the filter, a strange limit or selection."""
    filled(place)
    value = {":s": S("a")}
    return [
        place.query(" AND SK <> :s", s="a"),
        place.query(" AND contains(SK, :s)", s="a"),
        place.query(" AND SK IN (:s)", s="a"),
        place.query(" AND n = :s", s="a"),
        place.query(" OR SK = :s", s="a"),
        place.query(" AND SK = :s AND SK = :s", s="a"),
        place.query(" AND SK BETWEEN :s AND :t", s="b", t="a"),
        place.query(" AND SK = :s", values={":s": N(1)}),
        place.query(" AND begins_with(SK, :s)", s=""),
        place.query(KeyConditionExpression="PK > :p"),
        place.query(FilterExpression="SK > :s", values=value),
        place.query(Limit=0),
        place.query(Select="SOME"),
        place.query(Select="SPECIFIC_ATTRIBUTES"),
        place.query(Select="COUNT", ProjectionExpression="n"),
        place.query(Select="ALL_PROJECTED_ATTRIBUTES"),
    ]


@scene(
    [ALL[::-1], ["c", "ba"], ["ba"], INVALID, INVALID, INVALID],
    moto="moto's error for an unknown index is that for an unknown table",
)
def the_index_is_another_order(place: Place) -> Any:
    """By its own keys, with pages of its own; never consistently, and only where there is one."""
    filled(place)
    first = by_time(place, Limit=2)[0]
    start = {**place.key("ba"), "TPK": S(place.partition), "TSK": S("7")}
    assert by_time(place, ExclusiveStartKey=start)[0] == ["b", "a"]
    return [
        by_time(place)[0],
        first,
        by_time(place, " AND TSK = :s", s="7")[0],
        by_time(place, ConsistentRead=True),
        place.query(IndexName="none"),
        place.query(IndexName="byTime"),
    ]


@scene([["a"], [], ["a"], []])
def the_index_holds_what_has_its_whole_key(place: Place) -> Any:
    """An item enters and leaves it with its attributes."""
    whole = {"TPK": S(place.partition), "TSK": S("1")}
    found = [by_time(place.has("a", **whole))[0]]
    place.store.ask("update_item", Key=place.key(), UpdateExpression="REMOVE TSK")
    found.append(by_time(place)[0])
    found.append(by_time(place.has("a", **whole))[0])
    place.store.ask("delete_item", Key=place.key())
    found.append(by_time(place)[0])
    return found
