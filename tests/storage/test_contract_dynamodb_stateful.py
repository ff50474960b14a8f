"""Any sequence of requests leaves the fake and DynamoDB Local with the same answers and the same items.

CONTRACT_EXAMPLES multiplies the examples, for a longer look.
"""

import json
import os
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from devstack.dynamodb_local import DynamoDbLocal
from tests.storage import dynamodb_strategies as random
from tests.storage.dynamodb_backends import INVALID, Backend, Refusal, backend

TIMES = int(os.environ.get("CONTRACT_EXAMPLES", "1"))
PARTITIONS = ("one", "two")
SORTS = ("a", "b", "ba", "é")
TIMES_OF_LOG = ("1", "2", "3")

places = st.tuples(st.sampled_from(PARTITIONS), st.sampled_from(SORTS))
condition = st.one_of(
    st.none(), st.sampled_from(("attribute_exists(PK)", "attribute_not_exists(PK)")), random.conditions()
)
on_failure = st.sampled_from(("ALL_OLD", "NONE"))
index_keys = st.one_of(
    st.none(), st.tuples(st.sampled_from(PARTITIONS), st.one_of(st.none(), st.sampled_from(TIMES_OF_LOG)))
)
verbs = st.sampled_from(("Put", "Update", "Delete", "ConditionCheck"))

Place = tuple[str, str]
Request = dict[str, Any]
Part = tuple[str, Place, Request, random.Asked, Any]


class Agreement(RuleBasedStateMachine):
    """Two stores; every rule asks both."""

    fake: Backend
    local: Backend

    @initialize()
    def begin(self) -> None:
        """Partitions that nobody has used."""
        self.prefix = self.local.partition()
        self.token = 0

    def both(self, ask: Callable[[Backend], Any]) -> Any:
        """What both answer."""
        fake, local = ask(self.fake), ask(self.local)
        assert fake == local
        return fake

    def key(self, place: Place) -> Request:
        """A primary key."""
        return {"PK": {"S": self.prefix + place[0]}, "SK": {"S": place[1]}}

    def item(self, place: Place, attributes: Request, indexed: tuple[str, str | None] | None) -> Request:
        """An item; in the index by a time that no other item has, since the order of equal ones is nobody's promise."""
        item = {**self.key(place), **attributes}
        if indexed is not None:
            item["TPK"] = {"S": self.prefix + indexed[0]}
        if indexed is not None and indexed[1] is not None:
            item["TSK"] = {"S": f"{indexed[1]}#{place[0]}#{place[1]}"}
        return item

    @rule(
        place=places,
        attributes=random.attributes,
        indexed=index_keys,
        asked=condition,
        failing=on_failure,
        shown=st.sampled_from(("NONE", "ALL_OLD")),
    )
    def put(
        self, place: Place, attributes: Request, indexed: Any, asked: Any, failing: str, shown: str
    ) -> None:
        """PutItem."""
        item = self.item(place, attributes, indexed)
        extra = conditional(asked, failing)
        self.both(lambda store: store.put(item, ReturnValues=shown, **extra))

    @rule(
        place=places,
        asked=random.updates(),
        failing=on_failure,
        shown=st.sampled_from(("NONE", "ALL_OLD", "ALL_NEW")),
    )
    def update(self, place: Place, asked: random.Asked, failing: str, shown: str) -> None:
        """UpdateItem."""
        request = {"Key": self.key(place), **updating(asked), "ReturnValues": shown}
        self.both(
            lambda store: store.ask("update_item", **request, ReturnValuesOnConditionCheckFailure=failing)
        )

    @rule(
        place=places,
        section=st.sampled_from(("SET TPK = :v", "SET TSK = :v", "REMOVE TPK")),
        key=random.strings,
    )
    def reindex(self, place: Place, section: str, key: Request) -> None:
        """UpdateItem of an index's key."""
        value = {"S": f"{key['S'] and self.prefix}{key['S']}"} if "TPK" in section else key
        extra = {} if section.startswith("REMOVE") else {"ExpressionAttributeValues": {":v": value}}
        self.both(
            lambda store: store.ask("update_item", Key=self.key(place), UpdateExpression=section, **extra)
        )

    @rule(place=places, asked=condition, failing=on_failure, shown=st.sampled_from(("NONE", "ALL_OLD")))
    def delete(self, place: Place, asked: Any, failing: str, shown: str) -> None:
        """DeleteItem."""
        request = {"Key": self.key(place), "ReturnValues": shown, **conditional(asked, failing)}
        self.both(lambda store: store.ask("delete_item", **request))

    @rule(
        wanted=st.lists(places, min_size=1, max_size=4), projection=st.one_of(st.none(), random.projections())
    )
    def get_batch(self, wanted: list[Place], projection: str | None) -> None:
        """BatchGetItem; the answer has no order."""
        part: Request = {"Keys": [self.key(place) for place in wanted], "ConsistentRead": True}
        if projection:
            part["ProjectionExpression"] = projection

        def ask(store: Backend) -> Any:
            answer = store.ask("batch_get_item", RequestItems={store.table: part})
            if isinstance(answer, Refusal):
                return answer
            return sorted(map(text_of, answer["Responses"][store.table]))

        self.both(ask)

    @rule(parts=st.lists(st.tuples(places, st.one_of(st.none(), random.attributes)), min_size=1, max_size=4))
    def write_batch(self, parts: list[tuple[Place, Any]]) -> None:
        """BatchWriteItem."""
        requests = [
            {"DeleteRequest": {"Key": self.key(place)}}
            if attributes is None
            else {"PutRequest": {"Item": self.item(place, attributes, None)}}
            for place, attributes in parts
        ]
        self.both(lambda store: store.ask("batch_write_item", RequestItems={store.table: requests}))

    @rule(
        parts=st.lists(
            st.tuples(verbs, places, random.attributes, random.updates(), condition),
            min_size=1,
            max_size=3,
            unique_by=lambda part: part[1],
        ),
        failing=on_failure,
        repeats=st.booleans(),
    )
    def transact(self, parts: list[Part], failing: str, repeats: bool) -> None:
        """TransactWriteItems, maybe twice under one token."""
        self.token += 1
        operations = [self.operation(part, failing) for part in parts]
        token = f"{self.prefix}-{self.token}"
        for _ in range(2 if repeats else 1):
            fake, local = (
                store.transact(*operations, ClientRequestToken=token) for store in (self.fake, self.local)
            )
            if isinstance(fake, Refusal) and "ValidationError" in fake.reasons:
                # Local refuses the whole request for an update that does not fit the item, or answers as AWS.
                assert local in (INVALID, fake) or local.reasons == fake.reasons
                continue
            assert fake == local

    def operation(self, part: Part, failing: str) -> Request:
        """One part of a transaction."""
        verb, place, attributes, asked, checked = part
        if verb == "Put":
            return {"Put": {"Item": self.item(place, attributes, None), **conditional(checked, failing)}}
        if verb == "Update":
            return {"Update": {"Key": self.key(place), **updating(asked)}}
        if verb == "ConditionCheck":
            checked = checked or ("attribute_exists(PK)", {})
        return {verb: {"Key": self.key(place), **conditional(checked, failing)}}

    @rule(
        partition=st.sampled_from(PARTITIONS),
        comparison=st.sampled_from(
            ("", "SK > :s", "SK <= :s", "begins_with(SK, :s)", "SK BETWEEN :s AND :t", "SK = :s")
        ),
        bounds=st.tuples(st.sampled_from(SORTS), st.sampled_from(SORTS)),
        options=st.fixed_dictionaries(
            {},
            optional={
                "Limit": st.integers(1, 4),
                "ScanIndexForward": st.booleans(),
                "Select": st.sampled_from(("COUNT", "ALL_ATTRIBUTES")),
                "ConsistentRead": st.booleans(),
            },
        ),
        asked=st.one_of(st.none(), random.conditions()),
    )
    def query(
        self, partition: str, comparison: str, bounds: tuple[str, str], options: Request, asked: Any
    ) -> None:
        """Query of the table, page after page."""
        values = {
            f":{name}": {"S": bound}
            for name, bound in zip("st", bounds, strict=True)
            if f":{name}" in comparison
        }
        self.pages("PK", partition, comparison, values, options, asked)

    @rule(
        partition=st.sampled_from(PARTITIONS),
        comparison=st.sampled_from(("", "TSK > :s", "TSK < :s", "begins_with(TSK, :s)")),
        bound=st.sampled_from(TIMES_OF_LOG),
        options=st.fixed_dictionaries(
            {"IndexName": st.just("byTime")},
            optional={"Limit": st.integers(1, 4), "ScanIndexForward": st.booleans()},
        ),
    )
    def query_index(self, partition: str, comparison: str, bound: str, options: Request) -> None:
        """Query of the index, page after page."""
        self.pages("TPK", partition, comparison, {":s": {"S": bound}} if comparison else {}, options, None)

    def pages(
        self, hash_name: str, partition: str, comparison: str, values: Request, options: Request, asked: Any
    ) -> None:
        """All pages of a query."""
        request = {
            "KeyConditionExpression": " AND ".join(filter(None, (f"{hash_name} = :p", comparison))),
            "ExpressionAttributeValues": {":p": {"S": self.prefix + partition}, **values},
            **options,
        }
        if asked is not None:
            request["FilterExpression"] = asked[0]
            request["ExpressionAttributeValues"] |= asked[1]
        answer = self.both(lambda store: store.ask("query", **request))
        while not isinstance(answer, Refusal) and "LastEvaluatedKey" in answer:
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            answer = self.both(lambda store: store.ask("query", **request))

    @invariant()
    def same_items(self) -> None:
        """Both hold the same."""
        for partition in PARTITIONS:
            request: Request = {
                "KeyConditionExpression": "PK = :p",
                "ExpressionAttributeValues": {":p": {"S": self.prefix + partition}},
                "ConsistentRead": True,
            }
            self.both(partial(Backend.ask, operation="query", **request))


def conditional(asked: Any, failing: str) -> Request:
    """The parameters of a condition, if there is one."""
    if asked is None:
        return {"ReturnValuesOnConditionCheckFailure": failing}
    expression, values = asked if isinstance(asked, tuple) else (asked, {})
    extra = {"ExpressionAttributeValues": values} if values else {}
    return {"ConditionExpression": expression, "ReturnValuesOnConditionCheckFailure": failing, **extra}


def updating(asked: random.Asked) -> Request:
    """The parameters of an update."""
    expression, values = asked
    return {"UpdateExpression": expression, **({"ExpressionAttributeValues": values} if values else {})}


def text_of(item: Any) -> str:
    """Something to sort items by."""
    return json.dumps(item, sort_keys=True, default=repr)


if DynamoDbLocal.available():

    @pytest.mark.dynamodb_local
    def test_any_sequence_of_requests() -> None:
        """Whatever is asked of both, in whatever order, they answer the same and hold the same."""
        with backend("memory") as fake, backend("dynamodb_local") as local:
            Agreement.fake, Agreement.local = fake, local
            run_state_machine_as_test(
                Agreement,
                settings=settings(
                    max_examples=20 * TIMES,
                    stateful_step_count=20,
                    deadline=None,
                    phases=[
                        Phase.explicit,
                        Phase.generate,
                    ],  # a sequence is shrunk by hand, if one ever differs
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
                ),
            )
