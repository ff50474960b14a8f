"""An operator at a stage as it was deployed: its own functions say where everything is."""

import boto3
import pytest

from chalicelib import admin
from infrastructure import __main__ as infrastructure
from tests.cloud.stacks import Stack


def test_the_first_token_goes_into_the_stages_own_table(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    """``make token STAGE=prod`` needs no variable but the stage's name."""
    assert admin.main(["token", "--stage", "prod"]) == 0
    token = capsys.readouterr().out.strip()
    assert token.startswith("envoi_")
    (item,) = boto3.client("dynamodb").scan(TableName=stack.outputs["TableName"])["Items"]
    assert item["PK"]["S"] == "Token"
    assert item["id"]["S"] == token.split("_")[1]


def test_every_verb_finds_the_stage(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """Its dead-letter queues, its ledger, its secret."""
    assert admin.main(["redrive", "--stage", "prod", "--dry-run"]) == 0
    assert admin.main(["recount", "--stage", "prod"]) == 0
    assert admin.main(["rotate-keys", "--stage", "prod", "--dry-run"]) == 0
    assert "key 2 would be added" in capsys.readouterr().out


def test_the_smoke_test_of_a_stage_that_is_not_deployed_says_so(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    """And is a failure."""
    assert infrastructure.main(["smoke", "--stage", "dev"]) == 1
    assert "envoi-dev could not be tried" in capsys.readouterr().err
