"""What would be uploaded: every handler starts alone from the zip, and the zip holds every template."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
STARTS = """
import importlib, json, sys
module, _, name = sys.argv[1].partition(".")
handler = getattr(importlib.import_module(module), name)
assert callable(handler)
print(json.dumps(sorted({each.partition(".")[0] for each in sys.modules})))
"""
FUNCTIONS = {"release", "sweep", "deliver", "work", "feedback"}
SLOW_TO_IMPORT = {"boto3", "jinja2", "markdown_it", "idna", "zoneinfo"}


class Package:
    """The unpacked zip, and the template beside it."""

    def __init__(self, folder: Path) -> None:
        self.template: dict[str, Any] = json.loads((folder / "sam.json").read_text())
        self.code = folder / "code"
        with zipfile.ZipFile(folder / "deployment.zip") as archive:
            archive.extractall(self.code)

    def functions(self) -> dict[str, dict[str, Any]]:
        """The properties of every function, by its logical name."""
        resources = self.template["Resources"].items()
        return {
            name: each["Properties"]
            for name, each in resources
            if each["Type"] == "AWS::Serverless::Function"
        }


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Chalice's package of the tree as it is."""
    folder = tmp_path_factory.mktemp("package")
    chalice = Path(sys.executable).with_name("chalice")
    subprocess.run(  # noqa: S603 - our own program
        [chalice, "package", "--stage", "dev", folder],
        cwd=ROOT,
        env={**os.environ, "AWS_DEFAULT_REGION": "eu-west-1"},
        check=True,
        capture_output=True,
    )
    return Package(folder)


@pytest.mark.timeout(300)
def test_each_handler_starts_alone(package: Package) -> None:
    """In a fresh interpreter with nothing but the zip, as Lambda does it, and without what is slow to import.

    Every handler is ``app.…``: that of a blueprint's function would be another module, which never imports ``app``.
    """
    handlers = {each["Handler"] for each in package.functions().values()}
    assert handlers == {"app.app", *(f"app.{name}" for name in FUNCTIONS)}
    for handler in sorted(handlers):
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-S", "-c", STARTS, handler],
            cwd=package.code,
            env={"PYTHONPATH": str(package.code), "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert SLOW_TO_IMPORT.isdisjoint(json.loads(done.stdout))


def test_the_zip_holds_every_template(package: Package) -> None:
    """Chalice takes them through the link in ``vendor/``; a directory in its place would go stale."""
    link = ROOT / "vendor" / "templates"
    assert link.is_symlink()
    assert link.resolve() == ROOT / "templates"
    ours = {
        path.relative_to(ROOT): path.read_bytes()
        for path in (ROOT / "templates").rglob("*")
        if path.is_file()
    }
    assert ours
    for name, content in ours.items():
        assert (package.code / name).read_bytes() == content


def test_the_zip_holds_every_module(package: Package) -> None:
    """And the data files beside them."""
    folder = ROOT / "chalicelib"
    ours = {path.relative_to(ROOT) for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {name for name in ours if not (package.code / name).is_file()} == set()


def test_the_zip_is_small_enough(package: Package) -> None:
    """Lambda takes 250 MB unpacked; https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""
    assert sum(path.stat().st_size for path in package.code.rglob("*") if path.is_file()) < 100_000_000


def test_functions_are_wired_to_their_triggers(package: Package) -> None:
    """By the literal names of the stage, one message a call."""
    events = {
        properties["Handler"]: next(iter(properties["Events"].values()))
        for properties in package.functions().values()
        if properties["Handler"] != "app.app"
    }
    assert events["app.release"]["Properties"]["Schedule"] == "rate(1 hour)"
    assert events["app.sweep"]["Properties"]["Schedule"] == "rate(5 minutes)"
    for handler, queue in (("app.deliver", "envoi-dev-send"), ("app.work", "envoi-dev-jobs")):
        assert events[handler]["Type"] == "SQS"
        assert events[handler]["Properties"]["BatchSize"] == 1
        assert queue in json.dumps(events[handler]["Properties"]["Queue"])
    assert events["app.feedback"]["Type"] == "SNS"
    assert "envoi-dev-feedback" in json.dumps(events["app.feedback"]["Properties"]["Topic"])
