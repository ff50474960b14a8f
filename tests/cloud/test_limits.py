"""What is over one of AWS's limits is refused before anything is uploaded, and by the limit's name."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infrastructure import limits, packaging
from infrastructure.limits import beyond
from infrastructure.packaging import PackagingFailed
from infrastructure.stages import read_stage
from tests.cloud.packages import Packaged

TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {}}


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A zip with nothing in it."""
    path = tmp_path / "code.zip"
    zipfile.ZipFile(path, "w").close()
    return path


def test_the_package_is_within_them(package: Packaged) -> None:
    """With room for what SAM makes of it."""
    assert list(beyond(package.template, package.zip)) == []
    assert list(beyond(package.translated, package.zip)) == []


def many(count: int) -> dict[str, Any]:
    """So many resources."""
    return {f"Topic{number}": TOPIC for number in range(count)}


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ({"Resources": many(501)}, "the template has 501 Resources, and CloudFormation takes 500"),
        (
            {"Parameters": {str(number): {} for number in range(201)}},
            "the template has 201 Parameters, and CloudFormation takes 200",
        ),
        ({"Description": "x" * 1_000_000}, "bytes, and CloudFormation takes 1,000,000"),
        (
            {
                "Resources": {
                    "ApiRole": {
                        "Type": "AWS::IAM::Role",
                        "Properties": {"Policies": [{"PolicyDocument": {"Statement": ["x" * 6_000]}}] * 2},
                    }
                }
            },
            "the policies of ApiRole have 12,036 characters, and IAM takes 10,240",
        ),
        (
            {
                "Resources": {
                    "Work": {
                        "Type": "AWS::Serverless::Function",
                        "Properties": {"Environment": {"Variables": {"A": "x" * 4_096}}},
                    }
                }
            },
            "the variables of Work have 4,104 bytes, and Lambda takes 4,096",
        ),
    ],
)
def test_each_limit_is_named(code: Path, template: dict[str, Any], sentence: str) -> None:
    """With what there is and what there may be."""
    (told,) = beyond(template, code)
    assert sentence in told


def test_so_is_the_codes(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Lambda unpacks it."""
    with zipfile.ZipFile(code, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("module.py", "x" * 2_000)
    monkeypatch.setattr(limits, "CODE_BYTES", 1_999)
    assert list(beyond({}, code)) == ["the code has 2,000 bytes unpacked, and Lambda takes 1,999"]


def test_a_package_over_a_limit_is_none(
    package: Packaged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packaging fails, and so nothing is deployed."""

    def chalice(*arguments: str) -> None:
        folder = Path(arguments[-1])
        (folder / "sam.json").write_text(json.dumps({**package.template, "Description": "x" * 1_000_000}))
        (folder / "deployment.zip").write_bytes(package.zip.read_bytes())

    monkeypatch.setattr(packaging, "_chalice", chalice)
    with pytest.raises(PackagingFailed, match="CloudFormation takes 1,000,000"):
        packaging.package(read_stage("prod"), tmp_path)
