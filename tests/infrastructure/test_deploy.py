"""A deployment from an empty account on, on moto: what is uploaded, what is asked, what stands in the end."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.domain.user_pool import GROUPS
from infrastructure.deploy import Declined, Deployment
from infrastructure.deploy_changes import outputs, stack_status
from infrastructure.deploy_needs import Place, find_place
from infrastructure.packaging import Package
from infrastructure.stages import Stage, read_stage
from tests.infrastructure.scripted import Scripted

PROD = read_stage("prod")
NAME = "envoi-deploy-123456789012-eu-west-1"
TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "prod"},
        "LogDays": {"Type": "Number", "Default": 90},
    },
    "Resources": {"SendQueue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "envoi-prod-send"}}},
}
FUNCTION = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./deployment.zip"}}


class Person:
    """Somebody who is asked, and what they were told."""

    def __init__(self, *, says: bool) -> None:
        self.says = says
        self.asked: list[str] = []
        self.told: list[str] = []

    def answer(self, question: str) -> bool:
        """Always the same."""
        self.asked.append(question)
        return self.says


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """An account in which there is nothing."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with mock_aws():
        yield boto3.Session(region_name="eu-west-1")


def package_of(folder: Path, template: dict[str, Any]) -> Package:
    (folder / "sam.json").write_text(json.dumps(template))
    (folder / "deployment.zip").write_bytes(b"PK code")
    return Package(folder / "sam.json", folder / "deployment.zip")


def deploy(
    session: Any, package: Package, person: Person, *, yes: bool = False, stage: Stage = PROD
) -> Place:
    place = find_place(session, stage)
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    Deployment(session, place, stage, person.answer, person.told.append, lambda: at).run(package, yes=yes)
    return place


def test_an_empty_account_gets_its_stack(session: boto3.Session, tmp_path: Path) -> None:
    """A private bucket, the template in it, the changes shown and agreed to, the stack with the stage's values."""
    person = Person(says=True)
    deploy(session, package_of(tmp_path, TEMPLATE), person)
    cloudformation: Any = session.client("cloudformation")
    assert stack_status(cloudformation, "envoi-prod") == "CREATE_COMPLETE"
    (stack,) = cloudformation.describe_stacks(StackName="envoi-prod")["Stacks"]
    assert {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]} == {
        "Stage": "prod",
        "LogDays": "90",
    }
    assert person.asked == ["Make these 1 changes?"]
    assert any("SendQueue" in line for line in person.told)
    assert "make token STAGE=prod" in person.told[-1]


def test_a_stage_with_a_user_pool_names_its_groups(session: boto3.Session, tmp_path: Path) -> None:
    """A token would not count there."""
    person = Person(says=True)
    pool = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_Example"
    stage = Stage("prod", {**PROD.parameters, "CognitoUserPoolArn": pool}, keep_data=True)
    deploy(session, package_of(tmp_path, TEMPLATE), person, stage=stage)
    assert "make token" not in person.told[-1]
    assert all(group in person.told[-1] for group in GROUPS)
    blocked = session.client("s3").get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}


def test_again_it_changes_what_stands(session: boto3.Session, tmp_path: Path) -> None:
    """In the same bucket; the same code is not uploaded twice."""
    person = Person(says=True)
    deploy(session, package_of(tmp_path, TEMPLATE), person)
    more = {**TEMPLATE["Resources"], "Jobs": {"Type": "AWS::SQS::Queue"}}
    place = deploy(session, package_of(tmp_path, {**TEMPLATE, "Resources": more}), person)
    assert place.bucket_exists
    assert stack_status(session.client("cloudformation"), "envoi-prod") == "UPDATE_COMPLETE"
    assert len(session.client("sqs").list_queues()["QueueUrls"]) == 2
    keys = [each["Key"] for each in session.client("s3").list_objects_v2(Bucket=NAME)["Contents"]]
    assert [key.rpartition(".")[2] for key in sorted(keys, key=lambda key: key[-4:])].count("zip") == 1


def test_whoever_says_no_changes_nothing(session: boto3.Session, tmp_path: Path) -> None:
    """The change set is taken back."""
    with pytest.raises(Declined):
        deploy(session, package_of(tmp_path, TEMPLATE), Person(says=False))
    cloudformation: Any = session.client("cloudformation")
    assert stack_status(cloudformation, "envoi-prod") == "REVIEW_IN_PROGRESS"
    assert cloudformation.list_change_sets(StackName="envoi-prod")["Summaries"] == []


def test_yes_asks_nobody(session: boto3.Session, tmp_path: Path) -> None:
    """YES=1, for machines."""
    person = Person(says=False)
    deploy(session, package_of(tmp_path, TEMPLATE), person, yes=True)
    assert person.asked == []
    assert stack_status(session.client("cloudformation"), "envoi-prod") == "CREATE_COMPLETE"


def test_the_functions_are_told_where_their_code_is(session: boto3.Session, tmp_path: Path) -> None:
    """By the digest of what is in it, so that another code is another key; nothing of the template is lost."""
    template = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], "Deliver": FUNCTION}}
    with pytest.raises(Declined):
        deploy(session, package_of(tmp_path, template), Person(says=False))
    s3: Any = session.client("s3")
    objects = {each["Key"] for each in s3.list_objects_v2(Bucket=NAME)["Contents"]}
    (code,) = (key for key in objects if key.endswith(".zip"))
    (text,) = objects - {code}
    uploaded = json.loads(s3.get_object(Bucket=NAME, Key=text)["Body"].read())
    assert s3.get_object(Bucket=NAME, Key=code)["Body"].read() == b"PK code"
    assert uploaded["Resources"]["Deliver"]["Properties"]["CodeUri"] == f"s3://{NAME}/{code}"
    assert uploaded["Resources"]["SendQueue"] == TEMPLATE["Resources"]["SendQueue"]


@pytest.mark.parametrize("change", [{"Action": "Remove"}, {"Action": "Modify", "Replacement": "True"}])
def test_yes_is_no_answer_about_data(session: boto3.Session, tmp_path: Path, change: dict[str, str]) -> None:
    """A replaced table leaves everything in the old one: a person must say so."""
    resource = {**change, "LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table"}
    script = Scripted("cloudformation").stack("UPDATE_COMPLETE")
    script.answers("create_change_set", {"Id": "arn:aws:cloudformation:change"})
    script.change_set("CREATE_COMPLETE", "", resource).change_set("CREATE_COMPLETE", "", resource)
    script.answers("delete_change_set", {})
    person = Person(says=False)
    place = find_place(session, PROD)
    with script, pytest.raises(Declined):
        Deployment(_With(session, script), place, PROD, person.answer, person.told.append).run(
            package_of(tmp_path, TEMPLATE), yes=True
        )
    assert len(person.asked) == 1
    assert any("Table holds data" in line for line in person.told)


def test_where_it_answers_is_told() -> None:
    """The stack's own outputs; moto knows none of a stack that a change set made."""
    with Scripted("cloudformation").stack("CREATE_COMPLETE", PublicUrl="https://mail.example.com") as script:
        assert outputs(script.client, "envoi-prod") == {"PublicUrl": "https://mail.example.com"}


class _With:
    """The account with its CloudFormation scripted."""

    def __init__(self, session: boto3.Session, script: Scripted) -> None:
        self._session, self._script = session, script

    def client(self, service: str) -> Any:
        """A client."""
        if service == "cloudformation":
            return self._script.client
        make: Any = self._session.client
        return make(service)
