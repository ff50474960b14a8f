"""The first administrator's token."""

import json

import pytest

from chalicelib import admin
from tests.admin.conftest import Operator
from tests.world import World


def test_it_is_shown_once_and_opens_every_door(world: World, operator: Operator) -> None:
    """Alone on standard output; the table holds its hash and nothing of its secret."""
    said = operator("token", "--name", "Ops")
    assert said.status == 0
    (token,) = said.lines
    assert world.http("GET", "/v1/tokens", token=token).status == 200
    (stored,) = world.http("GET", "/v1/tokens", token=token).body["list"]
    assert (stored["name"], stored["role"]) == ("Ops", "admin")
    table = world.wiring.client("dynamodb").scan(TableName=world.wiring.environment.table)["Items"]
    secret = token.split("_", 2)[2]
    assert len(secret) == 43
    assert secret not in json.dumps(table, default=str)
    assert secret not in said.aside


def test_a_dry_run_makes_none(world: World, operator: Operator) -> None:
    """It names the table."""
    said = operator("token", "--dry-run")
    assert (said.status, said.lines) == (0, [])
    assert world.wiring.environment.table in said.aside
    assert world.wiring.token_store.page(limit=10).items == []


def test_a_stage_that_is_not_deployed_is_refused(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """By AWS's own code, without a traceback."""
    assert admin.main(["token", "--stage", "nowhere"]) == 1
    assert "GetFunctionConfiguration: ResourceNotFoundException" in capsys.readouterr().err


def test_a_missing_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a stage the process's own variables are taken."""
    monkeypatch.delenv("ENVOI_TABLE", raising=False)
    assert admin.main(["token", "--dry-run"]) == 1
    assert "ENVOI_TABLE is missing" in capsys.readouterr().err


def test_a_slip_in_the_command_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """With the verbs that there are."""
    with pytest.raises(SystemExit) as ended:
        admin.main(["frobnicate"])
    assert ended.value.code == 2
    assert "recount" in capsys.readouterr().err
