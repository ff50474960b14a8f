"""What would be uploaded: every handler starts alone from the zip, and the zip holds what functions need and no more."""

import ast
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infrastructure.slim import SERVICES, kept, slim
from tests.cloud.packages import Packaged

ROOT = Path(__file__).parents[2]
STARTS = """
import importlib, json, sys
module, _, name = sys.argv[1].partition(".")
handler = getattr(importlib.import_module(module), name)
assert callable(handler)
print(json.dumps(sorted(sys.modules)))
"""
SLOW_TO_IMPORT = {"boto3", "jinja2", "markdown_it", "idna", "zoneinfo"}
ZIP_LIMIT = 8_000_000  # bytes; 23.5 MB before it was slimmed
CLIENT_MAKERS = [*(ROOT / "chalicelib").glob("wiring*.py"), ROOT / "chalicelib" / "mail" / "clients.py"]


@pytest.mark.timeout(300)
def test_each_handler_starts_alone(package: Packaged) -> None:
    """In a fresh interpreter with nothing but the zip, as Lambda does it, and without what is slow to import: no flow before it is called.

    Every handler is ``app.…``: that of a blueprint's function would be another module, which never imports ``app``.
    """
    handlers = {each["Handler"] for each in package.of_type("AWS::Lambda::Function").values()}
    assert len(handlers) > 5
    for handler in sorted(handlers):
        assert handler.startswith("app.")
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-S", "-c", STARTS, handler],
            cwd=package.code,
            env={"PYTHONPATH": str(package.code), "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        modules = json.loads(done.stdout)
        assert SLOW_TO_IMPORT.isdisjoint(each.partition(".")[0] for each in modules)
        assert [each for each in modules if each.startswith("chalicelib.flows.")] == []


def test_the_zip_holds_every_template(package: Packaged) -> None:
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


def test_the_zip_holds_every_module(package: Packaged) -> None:
    """And the data files beside them."""
    folder = ROOT / "chalicelib"
    ours = {path.relative_to(ROOT) for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {name for name in ours if not (package.code / name).is_file()} == set()


def test_the_zip_is_slim(package: Packaged) -> None:
    """A cold start begins with fetching it. Chalice itself brings its runtime; nothing of its command line is there."""
    assert package.zip.stat().st_size < ZIP_LIMIT
    tops = {path.name for path in package.code.iterdir()}
    assert tops.isdisjoint({"pip", "setuptools", "wheel", "click", "inquirer", "yaml", "moto", "pytest"})


def test_the_zip_describes_the_services_that_are_called() -> None:
    """Those of which the wiring makes clients: one more could not be made in the cloud, one less is weight."""
    called = {
        node.args[0].value
        for path in CLIENT_MAKERS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "client"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert called == SERVICES


def test_every_module_of_the_zip_is_compiled(package: Packaged) -> None:
    """Lambda's disk is read-only: what is not compiled here is compiled at every cold start."""
    modules = [path for path in package.code.rglob("*.py") if path.parent.name != "bin"]
    tag = sys.implementation.cache_tag
    bare = [path for path in modules if not (path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc").exists()]
    assert bare == []


def test_the_same_code_makes_the_same_zip(package: Packaged, tmp_path: Path) -> None:
    """Names, order and times: a deployment without a change is none."""
    once, twice = tmp_path / "once.zip", tmp_path / "twice.zip"
    slim(package.zip, once)
    slim(package.zip, twice)
    with zipfile.ZipFile(once) as first, zipfile.ZipFile(twice) as second:
        assert [(each.filename, each.date_time) for each in first.infolist()] == [
            (each.filename, each.date_time) for each in second.infolist()
        ]


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [
        ("app.py", True),
        ("chalicelib/wiring.py", True),
        ("botocore/data/partitions.json", True),
        ("botocore/data/sesv2/2019-09-27/service-2.json.gz", True),
        ("botocore/data/sesv2/2019-09-27/examples-1.json", False),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("boto3/data/ec2/2016-11-15/resources-1.json", False),
        ("chalicelib/__pycache__/wiring.cpython-311.pyc", False),
    ],
)
def test_what_is_kept(name: str, *, is_kept: bool) -> None:
    """Descriptions of our services, and everything that is not known to be read by nobody."""
    assert kept(name) is is_kept
