"""A stack that was removed left its data; the next deployment takes it up instead of failing on its names."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.deploy import DATA, Declined, Deployment
from infrastructure.deploy_adoption import adopting, left_behind, resources_to_import
from infrastructure.deploy_needs import NotReady, Place, find_place
from infrastructure.packaging import Package
from infrastructure.stages import read_stage
from infrastructure.template import merge_template
from tests.infrastructure.scripted import ANYTHING, Scripted

PROD = read_stage("prod")
BUCKET = "envoi-prod-files-123456789012-eu-west-1"
CHANGE = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/deploy/1"
IMPORTED = {"Action": "Import", "LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table"}
ADDED = {"Action": "Add", "LogicalResourceId": "SendQueue", "ResourceType": "AWS::SQS::Queue"}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An account in which there is nothing."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with mock_aws():
        yield boto3.Session(region_name="eu-west-1")


@pytest.fixture
def template() -> dict[str, Any]:
    """The production stage's own, without what only Chalice's part gives a type."""
    whole = merge_template(PROD)
    return {**whole, "Resources": {name: each for name, each in whole["Resources"].items() if "Type" in each}}


def leave(session: Any) -> str:
    """What a removed stack leaves; answers the secret's ARN."""
    session.client("dynamodb").create_table(
        TableName="envoi-prod",
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    session.client("s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    made = session.client("secretsmanager").create_secret(Name="envoi-prod-key-ring", SecretString="{}")
    arn: str = made["ARN"]
    return arn


def test_in_an_empty_account_there_is_nothing(session: Any, template: dict[str, Any]) -> None:
    """And nothing is imported."""
    assert left_behind(session, find_place(session, PROD), PROD, template) == {}


def test_all_that_was_kept_is_found(session: Any, template: dict[str, Any]) -> None:
    """By what CloudFormation knows each by; the part of the template says just that, and keeps it again."""
    arn = leave(session)
    found = left_behind(session, find_place(session, PROD), PROD, template)
    assert found == {
        "Table": {"TableName": "envoi-prod"},
        "KeyRing": {"Id": arn},
        "Files": {"BucketName": BUCKET},
    }
    assert found.keys() == DATA
    part = adopting(template, found)
    assert part["Resources"].keys() == DATA
    assert {each["DeletionPolicy"] for each in part["Resources"].values()} == {"Retain"}
    assert set(part["Parameters"]) == {"Stage"}
    wanted = resources_to_import(template, found)
    assert wanted[0] == {
        "ResourceType": "AWS::DynamoDB::Table",
        "LogicalResourceId": "Table",
        "ResourceIdentifier": {"TableName": "envoi-prod"},
    }


def test_the_part_refers_to_nothing_that_is_not_in_it(template: dict[str, Any]) -> None:
    """CloudFormation would refuse the import."""
    part = adopting(template, {name: {} for name in DATA})
    text = json.dumps(part["Resources"])
    assert '"Ref"' not in text
    assert '"Fn::GetAtt"' not in text
    assert '"Condition"' not in text
    assert set(json.loads(text)) == DATA


def test_keys_that_are_about_to_be_deleted_are_had_back_first(session: Any, template: dict[str, Any]) -> None:
    """A new secret could not bear their name, and every link would be dead."""
    leave(session)
    session.client("secretsmanager").delete_secret(SecretId="envoi-prod-key-ring", RecoveryWindowInDays=30)
    with pytest.raises(NotReady, match="restore-secret --secret-id envoi-prod-key-ring"):
        left_behind(session, find_place(session, PROD), PROD, template)


class Adopting:
    """The account with its CloudFormation scripted."""

    def __init__(self, session: Any, script: Scripted) -> None:
        self._session, self._script = session, script

    def client(self, service: str) -> Any:
        """A client."""
        return self._script.client if service == "cloudformation" else self._session.client(service)


def deployment(session: Any, script: Scripted, told: list[str], *, says: bool) -> Deployment:
    place: Place = find_place(session, PROD)
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return Deployment(
        Adopting(session, script), place, PROD, lambda _: says, told.append, lambda: at, lambda _: None
    )


def package_of(folder: Path, template: dict[str, Any]) -> Package:
    (folder / "sam.json").write_text(json.dumps(template))
    (folder / "deployment.zip").write_bytes(b"PK code")
    return Package(folder / "sam.json", folder / "deployment.zip")


def test_first_the_data_then_the_rest(session: Any, template: dict[str, Any], tmp_path: Path) -> None:
    """Two change sets, each shown and agreed to."""
    leave(session)
    script = Scripted("cloudformation").stack(None)
    expected = dict.fromkeys(("TemplateURL", "Capabilities"), ANYTHING)
    script.answers(
        "create_change_set",
        {"Id": CHANGE},
        StackName="envoi-prod",
        ChangeSetName="adopt-20260302-090000",
        ChangeSetType="IMPORT",
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": "prod"}],
        ResourcesToImport=ANYTHING,
        **expected,
    )
    script.change_set("CREATE_COMPLETE", "", IMPORTED).change_set("CREATE_COMPLETE", "", IMPORTED)
    plainly = {"ChangeSetName": CHANGE, "StackName": "envoi-prod"}  # an import knows no DisableRollback
    script.events().answers("execute_change_set", {}, **plainly)
    script.stack("IMPORT_IN_PROGRESS").stack("IMPORT_COMPLETE")
    script.stack("IMPORT_COMPLETE")
    script.answers(
        "create_change_set",
        {"Id": CHANGE},
        StackName="envoi-prod",
        ChangeSetName="deploy-20260302-090000",
        ChangeSetType="UPDATE",
        Parameters=ANYTHING,
        **expected,
    )
    script.change_set("CREATE_COMPLETE", "", ADDED).change_set("CREATE_COMPLETE", "", ADDED)
    script.events().answers("execute_change_set", {}, **plainly).stack("UPDATE_COMPLETE")
    script.stack("UPDATE_COMPLETE", PublicUrl="https://mail.example.com")
    told: list[str] = []
    with script:
        deployment(session, script, told, says=True).run(package_of(tmp_path, template), yes=False)
    assert any("has left its data: Table, KeyRing, Files" in line for line in told)
    assert "https://mail.example.com" in told[-1]


def test_whoever_says_no_keeps_the_data_as_it_lies(
    session: Any, template: dict[str, Any], tmp_path: Path
) -> None:
    """Nothing is imported, nothing made."""
    leave(session)
    script = Scripted("cloudformation").stack(None).answers("create_change_set", {"Id": CHANGE})
    script.change_set("CREATE_COMPLETE", "", IMPORTED).change_set("CREATE_COMPLETE", "", IMPORTED)
    script.answers("delete_change_set", {})
    with script, pytest.raises(Declined):
        deployment(session, script, [], says=False).run(package_of(tmp_path, template), yes=False)
