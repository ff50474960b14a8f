"""Transactions: all or nothing, once per token, and each refusal with its reasons."""

from typing import Any

from tests.storage.dynamodb_backends import INVALID, Refusal, canceled
from tests.storage.dynamodb_conditions import N, S
from tests.storage.dynamodb_scenes import Place, Scenes

TRANSACTIONS = Scenes()
scene = TRANSACTIONS.scene

NEVER = {"ConditionExpression": "attribute_exists(nope)"}
ALL_OLD = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def put(place: Place, sort: str, **body: Any) -> dict[str, Any]:
    """A Put."""
    return {"Put": {"Item": place.item(sort), **body}}


def update(place: Place, sort: str, expression: str, **values: Any) -> dict[str, Any]:
    """An Update."""
    extra = (
        {"ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}} if values else {}
    )
    return {"Update": {"Key": place.key(sort), "UpdateExpression": expression, **extra}}


@scene([{}, ["b", "c", "d"]])
def all_are_done_together(place: Place) -> Any:
    """Put, Update, Delete and ConditionCheck."""
    place.has("a", "d")
    answer = place.transact(
        put(place, "b"),
        update(place, "c", "SET x = :v", v=N(1)),
        {"Delete": {"Key": place.key("a")}},
        {"ConditionCheck": {"Key": place.key("d"), "ConditionExpression": "attribute_exists(PK)"}},
    )
    return [answer, place.sorts]


@scene([True, ["a"]])
def none_is_done_if_one_cannot_be(place: Place) -> Any:
    """Each has its reason, and its item where that was asked for and is there."""
    place.has("a")
    answer = place.transact(
        {"Delete": {"Key": place.key("a"), **NEVER, **ALL_OLD}},
        put(place, "b"),
        put(place, "c", **NEVER, **ALL_OLD),
        update(place, "d", "SET x = :v", v=N(1)),
    )
    failed = ("ConditionalCheckFailed", "None", "ConditionalCheckFailed", "None")
    return [answer == canceled(*failed, items=(place.item("a"), None, None, None)), place.sorts]


@scene([INVALID] * 4 + [[]], moto="moto takes no action for one, and fails itself over two verbs")
def a_transaction_has_its_bounds(place: Place) -> Any:
    """At least one and at most 100, each on another item, each just one verb."""
    check = {"ConditionCheck": {"Key": place.key("a"), "ConditionExpression": "attribute_exists(PK)"}}
    return [
        place.transact(),
        place.transact(*(put(place, str(number)) for number in range(101))),
        place.transact(put(place, "a"), check),
        place.store.ask(
            "transact_write_items",
            TransactItems=[
                {
                    verb: {"TableName": place.store.table, "Key": place.key("a")}
                    for verb in ("Delete", "Update")
                }
            ],
        ),
        place.sorts,
    ]


@scene(
    [INVALID, INVALID],
    moto="moto does nothing and says nothing",
    dynamodb_local="it takes an Update without an expression as one that makes the item",
)
def what_a_verb_needs(place: Place) -> Any:
    """An Update its expression, a ConditionCheck its condition."""
    return [
        place.transact({"Update": {"Key": place.key("a")}}),
        place.transact({"ConditionCheck": {"Key": place.key("a")}}),
    ]


@scene(
    [
        canceled("ValidationError", "None"),
        canceled("ValidationError", "None"),
        canceled("ValidationError"),
        [],
    ],
    moto="moto refuses the whole request, or takes it",
    dynamodb_local="it refuses the whole request for an update that does not fit the item",
)
def what_does_not_fit_the_item_cancels(place: Place) -> Any:
    """The reasons are those that the API reference lists under ValidationError."""
    answers = [
        place.transact(update(place, "a", "SET q.w = :v", v=N(1)), put(place, "b")),
        place.transact(update(place, "a", "SET x = SK + :v", v=N(1)), put(place, "b")),
        place.transact(update(place, "a", "SET PK = :v", v=S("x"))),
    ]
    return [*answers, place.sorts]


@scene([INVALID, INVALID, INVALID], moto="moto checks neither placeholders nor sets here")
def what_is_no_request_is_refused_whole(place: Place) -> Any:
    """What can be told without looking at an item has no reasons."""
    return [
        place.transact(update(place, "a", "SET x = :v, y = :w", v=N(1))),
        place.transact(put(place, "a", ConditionExpression="attribute_exists(")),
        place.transact({"Put": {"Item": place.item(x={"SS": []})}}),
    ]


@scene(INVALID, moto="moto takes more")
def a_transaction_has_a_greatest_size(place: Place) -> Any:
    """4 MB of items."""
    items = [place.item(str(number), x=S("x" * 400_000)) for number in range(11)]
    return place.transact(*({"Put": {"Item": item}} for item in items))


@scene(
    INVALID,
    moto="moto counts what is sent",
    dynamodb_local="it counts what is sent, not the items that are changed",
)
def items_that_are_changed_count_too(place: Place) -> Any:
    """The size is that of the items: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html."""
    for number in range(11):
        place.store.put(place.item(str(number), x=S("x" * 400_000)))
    return place.transact(*(update(place, str(number), "SET y = :v", v=N(1)) for number in range(11)))


@scene([{}, {}, {"x": N(1)}, Refusal("IdempotentParameterMismatchException")], moto="moto does it each time")
def a_token_makes_it_once(place: Place) -> Any:
    """The same again changes nothing, another transaction under the token is refused."""
    token = {"ClientRequestToken": f"{place.partition}-1"}
    add = update(place, "a", "ADD x :v", v=N(1))
    answers = [place.transact(add, **token), place.transact(add, **token)]
    answers.append(place.store.get(place.key(), ProjectionExpression="x"))
    return [*answers, place.transact(put(place, "a"), **token)]


@scene([canceled("ConditionalCheckFailed"), {}])
def a_token_of_a_cancelled_transaction_is_free(place: Place) -> Any:
    """Only what was done is remembered."""
    token = {"ClientRequestToken": f"{place.partition}-2"}
    only = put(place, "a", ConditionExpression="attribute_exists(PK)")
    answers = [place.transact(only, **token)]
    place.has("a")
    return [*answers, place.transact(only, **token)]
