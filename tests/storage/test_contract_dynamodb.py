"""What AWS promises of DynamoDB holds of the fake; and where DynamoDB Local or moto differ, it is said here.

A deviation is asserted too: the day it is mended upstream, its line here has to go.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.storage.conftest import EVERY_STORE
from tests.storage.dynamodb_backends import FAILED, INVALID, Backend, Refusal, backend
from tests.storage.dynamodb_conditions import CONDITIONS, ITEM, REFUSED
from tests.storage.dynamodb_deviations import case_name, differs
from tests.storage.dynamodb_scenes import Place, Scene
from tests.storage.dynamodb_scenes_items import ITEMS
from tests.storage.dynamodb_scenes_queries import QUERIES
from tests.storage.dynamodb_scenes_transactions import TRANSACTIONS
from tests.storage.dynamodb_updates import UPDATES


@pytest.fixture(scope="module", params=EVERY_STORE)
def store(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Each store in turn, with a table for this module."""
    with backend(request.param) as made:
        yield made


def name_of(case: Any) -> str:
    """What a case is known by."""
    return case_name(case[0], case[1])


@pytest.mark.parametrize("case", CONDITIONS, ids=name_of)
def test_condition(store: Backend, case: Any) -> None:
    """A condition holds, does not hold or is refused as on AWS, and nothing is written unless it holds."""
    expression, values, expected = case
    key = {"PK": {"S": store.partition()}, "SK": {"S": "s"}}
    store.put({**key, **ITEM})
    extra = {} if values is None else {"ExpressionAttributeValues": values}
    answer = store.ask("delete_item", Key=key, ConditionExpression=expression, **extra)
    outcome = {INVALID: REFUSED, FAILED: False}.get(answer, answer) if isinstance(answer, Refusal) else True
    if differs(store.name, name_of(case)):
        assert outcome != expected
        return
    assert outcome == expected
    assert (store.get(key) is None) is (outcome is True)


@pytest.mark.parametrize("case", UPDATES, ids=name_of)
def test_update(store: Backend, case: Any) -> None:
    """An update changes just what it says, as on AWS, or is refused and changes nothing."""
    expression, values, expected = case
    key = {"PK": {"S": store.partition()}, "SK": {"S": "s"}}
    before = {**key, **ITEM}
    store.put(before)
    extra = {} if values is None else {"ExpressionAttributeValues": values}
    answer = store.ask("update_item", Key=key, UpdateExpression=expression, ReturnValues="ALL_NEW", **extra)
    outcome = (
        {INVALID: REFUSED}.get(answer, answer) if isinstance(answer, Refusal) else _changes(before, answer)
    )
    if differs(store.name, name_of(case)):
        assert outcome != expected
        return
    assert outcome == expected
    assert store.get(key) == (before if outcome == REFUSED else answer["Attributes"])


def _changes(before: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    after = answer["Attributes"]
    names = before.keys() | after.keys()
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}


@pytest.mark.parametrize("scene", [*ITEMS, *QUERIES, *TRANSACTIONS], ids=lambda scene: scene.name)
def test_scene(store: Backend, scene: Scene) -> None:
    """What AWS answers, or, where a store is known to differ, something else."""
    outcome = played(scene, Place(store, store.partition()))
    assert (outcome == scene.expected) is (store.name not in scene.differs), outcome


def played(scene: Scene, place: Place) -> Any:
    """The outcome, or the exception of a store that fails itself half-way."""
    if place.store.name not in scene.differs:
        return scene.play(place)
    try:
        return scene.play(place)
    except (TypeError, KeyError, AssertionError) as error:  # a refusal where an answer was looked into
        return error
