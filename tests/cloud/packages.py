"""The package of the tree as it is: made once for all workers of a test run."""

import fcntl
import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infrastructure.packaging import package
from infrastructure.stages import read_stage

BUCKET, KEY = "artifacts", "code.zip"
Resource = dict[str, Any]


@dataclass(frozen=True)
class Packaged:
    """``folder`` holds the template, the zip, and the zip unpacked."""

    folder: Path

    @property
    def zip(self) -> Path:
        """What Lambda is given."""
        return self.folder / "deployment.zip"

    @property
    def code(self) -> Path:
        """The same, unpacked."""
        return self.folder / "code"

    @property
    def template_file(self) -> Path:
        """What CloudFormation is given."""
        return self.folder / "sam.json"

    @cached_property
    def template(self) -> dict[str, Any]:
        """The same, read."""
        template: dict[str, Any] = json.loads(self.template_file.read_text())
        return template

    @cached_property
    def translated(self) -> dict[str, Any]:
        """What AWS makes of it: the Serverless transform, by AWS's own translator."""
        from boto3 import Session  # noqa: PLC0415 - slow to import, and few tests translate
        from samtranslator.parser.parser import Parser  # noqa: PLC0415 - as above
        from samtranslator.translator.translator import Translator  # noqa: PLC0415 - as above

        template = json.loads(self.template_file.read_text())
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                resource["Properties"]["CodeUri"] = f"s3://{BUCKET}/{KEY}"
        session = Session("key", "secret", region_name="eu-west-1")
        made: dict[str, Any] = Translator({}, Parser(), boto_session=session).translate(template, {})
        return made

    def of_type(self, kind: str) -> dict[str, Resource]:
        """The properties of the translated resources of a type, by their logical names."""
        found = self.translated["Resources"].items()
        return {name: each["Properties"] for name, each in found if each["Type"] == kind}


def packaged(stage: str, shared: Path) -> Packaged:
    """The package of a stage in a folder that several processes share; the first one makes it."""
    folder = shared / f"package-{stage}"
    with (shared / f"package-{stage}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "code").exists():
            made = package(read_stage(stage), folder)
            with zipfile.ZipFile(made.code) as archive:
                archive.extractall(folder / "code")
    return Packaged(folder)
