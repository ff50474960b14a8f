"""An operator at a stage as it was deployed: its own functions say where everything is."""

import json

import boto3
import pytest

from chalicelib import admin
from infrastructure import __main__ as infrastructure
from infrastructure.deploy_needs import Place
from infrastructure.deploy_upload import make_bucket, upload
from infrastructure.packaging import Package
from infrastructure.stages import read_stage
from tests.cloud.packages import Packaged
from tests.cloud.policies import FUNCTIONS
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


def test_the_real_package_is_uploaded_whole(stack: Stack, package: Packaged) -> None:
    """Every function of it is told where its code is, every parameter has a value, and again nothing is uploaded twice."""
    place = Place("123456789012", "eu-west-1", "envoi-deploy", bucket_exists=False, stack_status=None)
    s3 = boto3.client("s3")
    make_bucket(s3, place)
    built = Package(package.template_file, package.zip)
    uploaded = upload(s3, place, read_stage("prod"), built)
    assert upload(s3, place, read_stage("prod"), built) == uploaded
    keys = {each["Key"]: each["Size"] for each in s3.list_objects_v2(Bucket="envoi-deploy")["Contents"]}
    (code,) = (key for key in keys if key.endswith(".zip"))
    (text,) = keys.keys() - {code}
    assert keys[code] == package.zip.stat().st_size
    assert uploaded.template_url.endswith(f"/envoi-deploy/{text}")
    template = json.loads(s3.get_object(Bucket="envoi-deploy", Key=text)["Body"].read())
    functions = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Serverless::Function"
    ]
    assert len(functions) == len(FUNCTIONS)
    assert {each["CodeUri"] for each in functions} == {f"s3://envoi-deploy/{code}"}
    assert uploaded.parameters.keys() == template["Parameters"].keys()
    assert uploaded.parameters["Stage"] == "prod"
