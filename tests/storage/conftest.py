"""Fresh tables for the contract suites: of our fake and of moto in this process, and Amazon's where it can run."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from chalicelib.storage.table import Table
from devstack import moto_remedy, resources
from devstack.dynamodb_local import DynamoDbLocal
from tests.fakes.dynamodb.client import FakeDynamoDB

STORES = ["moto"]
if DynamoDbLocal.available():
    STORES.append("dynamodb_local")
else:
    print("DynamoDB Local left out of the storage contracts: run `make dynamodb-local` (needs Java)")  # noqa: T201 - the run's reader must know

PARAMETERS = [
    pytest.param(name, marks=pytest.mark.dynamodb_local if name == "dynamodb_local" else ())
    for name in STORES
]
EVERY_STORE = ["memory", *PARAMETERS]
_open = ExitStack()
_endpoints: dict[str, str] = {}


@pytest.fixture(scope="session", autouse=True)
def _stop_what_was_started() -> Iterator[None]:
    with _open:
        yield


@contextmanager
def fresh_table(store: str) -> Iterator[Table]:
    """An empty table of this store."""
    with ExitStack() as stack:
        if store == "moto":
            moto_remedy.install()
            stack.enter_context(mock_aws())
        client = _client(store)
        resources._make_table(client)
        yield Table(client, resources.PREFIX, lambda seconds: None)
        client.delete_table(TableName=resources.PREFIX)


def _local_endpoint() -> str:
    """One process of it for the whole run."""
    if "dynamodb_local" not in _endpoints:
        _endpoints["dynamodb_local"] = _open.enter_context(DynamoDbLocal())
    return _endpoints["dynamodb_local"]


def _client(store: str) -> Any:
    if store == "memory":
        return FakeDynamoDB()
    return boto3.client(
        "dynamodb",
        endpoint_url=_local_endpoint() if store == "dynamodb_local" else None,
        region_name=resources.REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(parameter_validation=False),
    )


@pytest.fixture(params=EVERY_STORE)
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """An empty table, on each store in turn."""
    with fresh_table(request.param) as made:
        yield made
