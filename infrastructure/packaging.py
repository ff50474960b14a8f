"""What is uploaded: Chalice's package with our template merged in and the zip slimmed."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from infrastructure.limits import beyond
from infrastructure.slim import slim
from infrastructure.stages import ROOT, Stage
from infrastructure.template import merge_template, untied

REGION = "eu-west-1"  # Chalice wants one; nothing in the package depends on it


@dataclass(frozen=True)
class Package:
    """The two files of a package; the template's ``CodeUri`` is the zip's name."""

    template: Path
    code: Path


class PackagingFailed(RuntimeError):
    """The package cannot be deployed; says what Chalice said, or which limits it is over."""


def package(stage: Stage, folder: Path) -> Package:
    """Make the package of the tree as it is.

    Raises:
        PackagingFailed: Chalice refused, or something is over a limit of AWS's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    merged = folder / "merge.json"
    merged.write_text(json.dumps(merge_template(stage)))
    _chalice(stage, "package", "--stage", stage.name, "--merge-template", str(merged), str(folder))
    merged.unlink()
    made = Package(folder / "sam.json", folder / "deployment.zip")
    template = untied(json.loads(made.template.read_text()))
    made.template.write_text(json.dumps(template, indent=1))
    slim(made.code, made.code)
    over = list(beyond(template, made.code))
    if over:
        raise PackagingFailed("\n".join(over))
    return made


def _chalice(stage: Stage, *arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [Path(sys.executable).with_name("chalice"), *arguments],
        cwd=ROOT,
        # Chalice imports the app, whose private routes then name the pool: the ARN itself stands in the API's definition, since
        # the stage serves a Deployment, and only another definition makes another one.
        env={
            "AWS_DEFAULT_REGION": REGION,
            **os.environ,
            "ENVOI_COGNITO_USER_POOL_ARN": stage.user_pool_arn,
        },
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise PackagingFailed(done.stderr or done.stdout)
