"""The fake and DynamoDB Local agree on whatever they are asked: hypothesis asks them.

Where DynamoDB Local itself differs from AWS, ``test_contract_dynamodb.py`` says so, and nothing of it is asked here.
CONTRACT_EXAMPLES multiplies the examples, for a longer look.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from devstack.dynamodb_local import DynamoDbLocal
from tests.storage import dynamodb_strategies as random
from tests.storage.dynamodb_backends import INVALID, Backend, Refusal, backend

TIMES = int(os.environ.get("CONTRACT_EXAMPLES", "1"))

Pair = tuple[Backend, Backend]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """The fake and DynamoDB Local."""
    with backend("memory") as fake, backend("dynamodb_local") as local:
        yield fake, local


def bounded(examples: int) -> settings:
    """So many examples, whatever time a busy machine takes for each."""
    return settings(
        max_examples=examples * TIMES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )


def given_values(values: dict[str, Any]) -> dict[str, Any]:
    """The parameter, left out where it would be empty."""
    return {"ExpressionAttributeValues": values} if values else {}


if DynamoDbLocal.available():

    @pytest.mark.dynamodb_local
    @bounded(60)
    @given(item=random.attributes, asked=st.lists(random.conditions(), min_size=4, max_size=4))
    def test_conditions(pair: Pair, item: dict[str, Any], asked: list[random.Asked]) -> None:
        """Both say the same of any condition on any item."""
        key = {"PK": {"S": pair[1].partition()}, "SK": {"S": "s"}}
        assert pair[0].put({**key, **item}) == pair[1].put({**key, **item})
        for expression, values in asked:
            check = {"Key": key, "ConditionExpression": expression, **given_values(values)}
            fake, local = (each.transact({"ConditionCheck": check}) for each in pair)
            note(f"{expression} {values} of {item}")
            assert fake == local

    @pytest.mark.dynamodb_local
    @bounded(120)
    @given(item=random.attributes, asked=random.updates(), projection=random.projections())
    def test_updates(pair: Pair, item: dict[str, Any], asked: random.Asked, projection: str) -> None:
        """Both make the same of any item by any update, and show the same of it by any projection."""
        key = {"PK": {"S": pair[1].partition()}, "SK": {"S": "s"}}
        for each in pair:
            each.put({**key, **item})
        expression, values = asked
        request = {"Key": key, "UpdateExpression": expression, **given_values(values)}
        fake, local = (each.ask("update_item", ReturnValues="ALL_NEW", **request) for each in pair)
        note(f"{expression} {values} of {item}")
        assert fake == local
        assert not isinstance(fake, Refusal) or fake == INVALID
        fake, local = (each.get(key, ProjectionExpression=projection) for each in pair)
        assert fake == local
