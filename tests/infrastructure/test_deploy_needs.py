"""What is missing is said before anything is done."""

import json
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from infrastructure import __main__ as command
from infrastructure.deploy_needs import NO_CREDENTIALS, NO_REGION, NotReady, find_place
from infrastructure.stages import Stage, read_stage
from tests.infrastructure.scripted import Scripted

PROD = read_stage("prod")
ACCOUNT = {"Account": "123456789012", "UserId": "someone", "Arn": "arn:aws:iam::123456789012:user/someone"}
OURS = "envoi-deploy-123456789012-eu-west-1"


class Session:
    """A session whose services answer as scripted."""

    region_name = "eu-west-1"

    def __init__(self, **scripts: Scripted) -> None:
        self._scripts = scripts

    def get_credentials(self) -> object:
        """There are some."""
        return object()

    def client(self, service: str) -> Any:
        """A scripted one."""
        return self._scripts[service].client


def missing(*, bucket: str = "", **scripts: Scripted) -> tuple[str, ...]:
    scripts.setdefault("sts", Scripted("sts").answers("get_caller_identity", ACCOUNT))
    whose = {"Bucket": bucket or OURS, "ExpectedBucketOwner": ACCOUNT["Account"]}
    scripts.setdefault("s3", Scripted("s3").answers("head_bucket", {}, **whose))
    scripts.setdefault("cloudformation", Scripted("cloudformation").stack(None))
    for script in scripts.values():
        script.__enter__()
    with pytest.raises(NotReady) as refusal:
        find_place(Session(**scripts), PROD, bucket)
    return refusal.value.missing


def test_a_machine_without_anything_is_told_all_of_it_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Region and credentials, with how to set them; exit status 1, and nothing is asked of AWS."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for verb in ("ready", "deploy"):
        assert command.main([verb, "--stage", "prod"]) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert "Nothing was done" in told.err
        assert NO_REGION in told.err
        assert NO_CREDENTIALS in told.err


def test_an_unknown_stage_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are."""
    assert command.main(["deploy", "--stage", "staging"]) == 2
    assert "dev, prod" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"LogDay": "3"}, "no parameter LogDay"),
        ({"CustomDomain": "mail.example.com"}, "the parameter CertificateArn"),
    ],
)
def test_a_slip_in_the_configuration_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    parameters: dict[str, str],
    sentence: str,
) -> None:
    """CloudFormation would tell half of it halfway, and packaging only after the tests."""
    monkeypatch.setattr(command, "read_stage", lambda _: Stage("prod", parameters, keep_data=True))
    assert command.main(["ready", "--stage", "prod"]) == 2
    assert sentence in capsys.readouterr().err


def test_credentials_that_aws_refuses() -> None:
    """Expired ones, mostly."""
    (told,) = missing(sts=Scripted("sts").refuses("get_caller_identity", "ExpiredToken", status=403))
    assert "ExpiredToken at GetCallerIdentity" in told


def test_a_bucket_that_was_named_must_be_there() -> None:
    """Ours may be missing, for it is made."""
    (told,) = missing(bucket="mine", s3=Scripted("s3").refuses("head_bucket", "404", status=404))
    assert "there is no bucket mine" in told


def test_a_bucket_of_somebody_else_is_not_used() -> None:
    """Anybody could have taken the name; the code would go to them, and theirs into our functions."""
    s3 = Scripted("s3").refuses("head_bucket", "403", status=403)
    (told,) = missing(s3=s3)
    assert f"{OURS} is not ours" in told


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("ROLLBACK_COMPLETE", "can only be removed"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_IN_PROGRESS", "wait until it has ended"),
    ],
)
def test_a_stack_that_cannot_be_deployed_to(status: str, sentence: str) -> None:
    """It is known before the tests run, not after."""
    (told,) = missing(cloudformation=Scripted("cloudformation").stack(status))
    assert sentence in told


@mock_aws
def test_an_empty_account_is_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With region and credentials, nothing else is needed."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert command.main(["ready", "--stage", "prod"]) == 0
    assert "envoi-prod goes to account 123456789012, eu-west-1" in capsys.readouterr().out


def test_the_names_of_data_are_those_of_the_template() -> None:
    """Whoever marks another resource as kept must be asked about it, too."""
    from infrastructure.deploy import DATA  # noqa: PLC0415 - only here
    from infrastructure.template import merge_template  # noqa: PLC0415 - only here

    resources = merge_template(PROD)["Resources"]
    assert {name for name, each in resources.items() if each.get("DeletionPolicy") == "Retain"} == DATA
    assert json.dumps(sorted(DATA))
