"""Amazon's DynamoDB Local starts, keeps what it is told to keep, and stops."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from devstack import dynamodb_local
from devstack.dynamodb_local import DynamoDbLocal, DynamoDbLocalFailed


def client(endpoint_url: str) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint_url,
        region_name="eu-west-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def make_table(endpoint_url: str) -> None:
    client(endpoint_url).create_table(
        TableName="kept",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_says_how_to_fetch_it_when_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the jar, the error names the command that fetches it."""
    monkeypatch.setattr(dynamodb_local, "HOME", tmp_path)
    with pytest.raises(DynamoDbLocalFailed, match="make dynamodb-local"):
        DynamoDbLocal().start()


if DynamoDbLocal.available():

    @pytest.mark.dynamodb_local
    def test_keeps_its_tables_in_a_directory(tmp_path: Path) -> None:
        """Started again on the same directory, it still has its tables; afterwards nobody listens."""
        first = DynamoDbLocal(data=tmp_path / "data")
        with first as endpoint_url:
            make_table(endpoint_url)
        assert first.pid is None
        with DynamoDbLocal(data=tmp_path / "data") as endpoint_url:
            assert client(endpoint_url).list_tables()["TableNames"] == ["kept"]
