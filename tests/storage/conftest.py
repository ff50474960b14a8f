"""Fresh tables for the contract suites: moto's in this process, and Amazon's DynamoDB Local where it can run."""

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

STORES = ["moto"]
if DynamoDbLocal.available():
    STORES.append("dynamodb_local")
else:
    print("DynamoDB Local left out of the storage contracts: run `make dynamodb-local` (needs Java)")  # noqa: T201 - the run's reader must know

PARAMETERS = [
    pytest.param(name, marks=pytest.mark.dynamodb_local if name != "moto" else ()) for name in STORES
]
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
        client = _client(None if store == "moto" else _local_endpoint())
        resources._make_table(client)
        yield Table(client, resources.PREFIX, lambda seconds: None)
        client.delete_table(TableName=resources.PREFIX)


def _local_endpoint() -> str:
    """One process of it for the whole run."""
    if "dynamodb_local" not in _endpoints:
        _endpoints["dynamodb_local"] = _open.enter_context(DynamoDbLocal())
    return _endpoints["dynamodb_local"]


def _client(endpoint_url: str | None) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint_url,
        region_name=resources.REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(parameter_validation=False),
    )


@pytest.fixture(params=PARAMETERS)
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """An empty table, on each store in turn."""
    with fresh_table(request.param) as made:
        yield made
